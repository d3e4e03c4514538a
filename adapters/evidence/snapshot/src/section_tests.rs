//! One container's part of a log file of many, however it arrives.

use proptest::prelude::*;

use super::*;

fn of(container: &str) -> ContainerRef {
    ContainerRef { namespace: "n".into(), pod: "p".into(), container: container.into() }
}

fn sections(text: &[u8], container: &str, chunk: usize) -> (String, Outcome) {
    let mut out = Vec::new();
    let mut sections = Sections::new(&of(container));
    for piece in text.chunks(chunk.max(1)) {
        sections.push(piece, &mut |bytes| out.extend_from_slice(bytes));
    }
    let outcome = sections.finish(&mut |bytes| out.extend_from_slice(bytes));
    (String::from_utf8_lossy(&out).into_owned(), outcome)
}

fn marked(container: &str, body: &str) -> String {
    format!(
        "==== START logs for container {container} of pod n/p ====\n{body}==== END logs for container {container} of pod n/p ====\n"
    )
}

#[test]
fn each_container_has_its_own() {
    let text = marked("init", "") + &marked("a", "one\ntwo\n") + &marked("b", "three");
    for chunk in [1, 7, 100, 10_000] {
        assert_eq!(sections(text.as_bytes(), "init", chunk), (String::new(), Outcome::Found));
        assert_eq!(sections(text.as_bytes(), "a", chunk), ("one\ntwo\n".into(), Outcome::Found));
        assert_eq!(sections(text.as_bytes(), "b", chunk), ("three".into(), Outcome::Found), "no line break at the end");
        assert_eq!(sections(text.as_bytes(), "c", chunk), (String::new(), Outcome::Absent));
        let windows = text.replace('\n', "\r\n");
        assert_eq!(sections(windows.as_bytes(), "a", chunk), ("one\r\ntwo\r\n".into(), Outcome::Found));
        let with_mark = format!("\u{feff}{text}");
        assert_eq!(sections(with_mark.as_bytes(), "a", chunk), ("one\ntwo\n".into(), Outcome::Found));
    }
}

#[test]
fn look_alikes_stay_text() {
    let quoted = "==== START logs for container a of pod n/other ====\nx\n==== END logs for container a of pod n/other ====\n\
                  ==== END logs for container b of pod n/p ====\n  ==== START logs for container b of pod n/p ====\n\
                  ==== END logs for container a of pod n/p ==== said someone\n";
    assert_eq!(sections(marked("a", quoted).as_bytes(), "a", 33), (quoted.to_owned(), Outcome::Found));
}

#[test]
fn cut_plain_and_empty() {
    let text = "==== START logs for container a of pod n/p ====\none\n";
    assert_eq!(sections(text.as_bytes(), "a", 5), ("one\n".into(), Outcome::Cut));
    let next = text.to_owned() + &marked("b", "two\n");
    assert_eq!(sections(next.as_bytes(), "a", 5), ("one\n".into(), Outcome::Found));
    assert_eq!(sections(next.as_bytes(), "b", 5), ("two\n".into(), Outcome::Found));
    assert_eq!(sections(b"one\ntwo", "a", 2), ("one\ntwo".into(), Outcome::Plain));
    assert_eq!(sections(b"", "a", 2), (String::new(), Outcome::Plain));
}

#[test]
fn a_line_without_end_is_not_held() {
    let long = "x".repeat(100_000);
    let text = marked("a", &long);
    let mut sections_of = Sections::new(&of("a"));
    for piece in text.as_bytes().chunks(4096) {
        sections_of.push(piece, &mut |_| {});
        assert!(sections_of.held.len() <= HOLD);
    }
    assert_eq!(sections(text.as_bytes(), "a", 4096), (long, Outcome::Found));
}

proptest! {
    #[test]
    fn chunks_change_nothing(
        parts in prop::collection::vec(
            prop_oneof![
                "(==== (START|END) logs for container [ab] of pod n/[po] ====\r?\n?){0,3}",
                "[a-z =]{0,20}\n?",
                (500_usize..600).prop_map(|n| "y".repeat(n)),
            ],
            0..12,
        ),
        marks in any::<bool>(),
        chunk in 1_usize..700,
    ) {
        let start = if marks { "==== START logs for container a of pod n/p ====\n" } else { "" };
        let text = start.to_owned() + &parts.concat();
        prop_assert_eq!(sections(text.as_bytes(), "a", chunk), sections(text.as_bytes(), "a", usize::MAX));
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), chunk in 1_usize..50) {
        sections(&bytes, "a", chunk);
    }
}
