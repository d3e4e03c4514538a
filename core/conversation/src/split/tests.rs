//! Cuts where they may be, and nothing lost.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case("", 40, &[])]
#[case("short", 40, &["short"])]
#[case("one two three", 8, &["one two", "three"])]
#[case("one two", 7, &["one two"])]
#[case("abcdefgh", 3, &["abc", "def", "gh"])]
#[case("first line\nsecond line\nthird", 24, &["first line\nsecond line", "third"])]
#[case("a paragraph\nof two lines\n\nanother one", 30, &["a paragraph\nof two lines", "another one"])]
#[case("see `kubectl get pods` now", 18, &["see", "`kubectl get pods`", "now"])]
fn borders(#[case] text: &str, #[case] limit: usize, #[case] pieces: &[&str]) {
    assert_eq!(split(text, limit), pieces);
}

#[test]
fn a_block_that_has_no_room_begins_the_next_piece() {
    let text = "The last lines say this:\n```\nFATAL no DATABASE_URL\n```\nThat is all.";
    assert_eq!(split(text, 40), ["The last lines say this:", "```\nFATAL no DATABASE_URL\n```", "That is all."]);
}

#[test]
fn a_long_block_is_closed_and_opened_again() {
    let text = "```text\nline one of it\nline two of it\nline three\n```";
    assert_eq!(split(text, 45), ["```text\nline one of it\nline two of it\n```", "```text\nline three\n```"]);
    let one_line = format!("```\n{}\n```", "x".repeat(60));
    assert_eq!(split(&one_line, 40), [format!("```\n{}\n```", "x".repeat(32)), format!("```\n{}\n```", "x".repeat(28))]);
}

#[test]
fn a_block_that_is_left_open_is_closed() {
    assert_eq!(split("so:\n```\nline", 100), ["so:\n```\nline\n```"]);
}

/// Every line that is no fence, without its blanks.
fn substance(text: &str) -> String {
    text.lines().filter(|line| !line.trim().starts_with("```")).flat_map(str::chars).filter(|c| !c.is_whitespace()).collect()
}

fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "[a-zé ]{0,30}",
        1 => "[a-z]{30,90}",
        2 => Just("```".to_owned()),
        1 => Just("```rust".to_owned()),
        1 => Just("````".to_owned()),
        2 => Just(String::new()),
        1 => "[a-z]{1,5} `[a-z ]{1,10}` [a-z]{1,5}",
    ];
    proptest::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_is_too_long(text in text(), limit in 32_usize..200) {
        let pieces = split(&text, limit);
        for piece in &pieces {
            prop_assert!(piece.chars().count() <= limit, "{} > {limit}: {piece}", piece.chars().count());
            let open = piece.lines().fold(None, |open, line| state(open, line, limit));
            prop_assert_eq!(open, None, "an open block: {}", piece);
        }
        let all: String = pieces.iter().map(|piece| substance(piece)).collect();
        prop_assert_eq!(all, substance(&text));
    }

    #[test]
    fn anything_at_all_keeps_the_limit(text in "\\PC{0,100}[`\n a-z]{0,100}", limit in 1_usize..60) {
        for piece in split(&text, limit) {
            prop_assert!(piece.chars().count() <= limit, "{limit}: {piece:?}");
        }
    }
}
