//! Nothing is lost without a word, nothing leaves unredacted, and every line can be reached.

use midwatch_diagnosis::verdict::Verdict;
use proptest::prelude::*;

use super::*;

/// A connection string and a token that the redactor knows by their form.
const SECRETS: [&str; 2] = ["hunter2secret", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"];

fn planted(secret: &str) -> String {
    format!("url=postgres://app:{secret}@db:5432/x token ghp_16C7e42F292c6912E7710c838347Ae178B4a end")
}

fn shelf(room: Room) -> Shelf {
    Shelf::with_room(None, Redactor::default(), room)
}

fn result(text: impl Into<String>) -> ToolResult {
    ToolResult { summary: "a log".to_owned(), text: text.into(), ..ToolResult::default() }
}

/// All lines of an item, read as a model does: from what is shown, then on by number, as each answer says.
fn read_all(shelf: &Shelf, id: EvidenceId) -> Vec<String> {
    let all = shelf.item(id).unwrap().text.lines().count();
    let mut read: Vec<String> = Vec::new();
    while read.len() < all {
        let said = shelf.read(id, &Wanted::Lines { from: read.len() + 1, to: None }).unwrap();
        let before = read.len();
        for line in said.lines() {
            let number = format!("{}: ", read.len() + 1);
            if let Some(text) = line.strip_prefix(&number) {
                read.push(text.to_owned());
            }
        }
        assert!(read.len() > before, "no way on: {said}");
    }
    read
}

#[test]
fn numbers_continue_those_of_the_report() {
    let report = Redactor::default().seal(midwatch_agent::render::sample::report(Verdict::Cause, ""));
    let held = report.ledger.iter().count();
    assert!(held > 2);
    let mut shelf = Shelf::new(Some(&report), Redactor::default());
    let first = shelf.put("read_log", result("x"));
    assert_eq!(first.to_string(), format!("e{}", held + 1));
    assert_eq!(shelf.put("read_log", result("y")).to_string(), format!("e{}", held + 2));
    for (id, piece) in report.ledger.iter() {
        let item = shelf.item(id).unwrap();
        assert_eq!((&*item.text, item.of_report), (&piece.text().to_owned(), true));
        assert!(!item.summary.is_empty());
        assert_eq!(shelf.piece(id, piece.text()), None, "the report holds it");
    }
    assert!(matches!(shelf.read("e999".parse().unwrap(), &Wanted::Lines { from: 1, to: None }),
        Err(ToolError::Arguments(why)) if why.contains(&format!("e{}", held + 2))));
}

#[test]
fn secrets_do_not_get_onto_the_shelf() {
    let mut shelf = shelf(Room::default());
    let id = shelf.put(
        "read_log",
        ToolResult {
            summary: planted(SECRETS[0]),
            text: format!("one\n{}\nthree", planted(SECRETS[0])),
            command: format!("psql postgres://app:{}@db/x", SECRETS[0]),
            ..ToolResult::default()
        },
    );
    let item = shelf.item(id).unwrap();
    let read = shelf.read(id, &Wanted::Grep { words: "token".to_owned() }).unwrap();
    let piece = shelf.piece(id, "the token `url=postgres` is used").unwrap();
    for said in [&*shelf.shown(id, 10_000), &*item.text, &*item.summary, &*item.command, &*read, piece.text()] {
        assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
    }
}

#[test]
fn what_fits_is_shown_whole_and_what_does_not_as_head_and_tail() {
    let mut shelf = shelf(Room::default());
    let short = shelf.put("read_log", result("one\ntwo"));
    assert_eq!(*shelf.shown(short, 100), "a log\none\ntwo");
    let lines: Vec<String> = (1..=1000).map(|n| format!("line {n} of the log")).collect();
    let long = shelf.put("read_log", result(lines.join("\n")));
    let said = shelf.shown(long, 1000);
    insta::assert_snapshot!(said.lines().filter(|l| l.starts_with('[')).collect::<String>(), @r#"[949 of 1000 lines left out here, 18913 bytes: lines 33 to 981. Read on with read_evidence: {"id": "e2", "from_line": 33, "to_line": 432} or {"id": "e2", "grep": "words"}]"#);
    assert!(said.contains("line 1 of the log\n") && said.ends_with("line 1000 of the log") && said.len() < 1300);
}

#[rstest::rstest]
#[case::any_case_and_order(
    "POOL exhausted",
    "2 of 4 lines hold `pool exhausted`\n2: pool exhausted 100/100\n4: Exhausted the Pool"
)]
#[case::none("absent", "0 of 4 lines hold `absent`")]
#[case::no_pattern("1.0/100", "0 of 4 lines hold `1.0/100`")]
fn words_are_found(#[case] words: &str, #[case] said: &str) {
    let mut shelf = shelf(Room::default());
    let id = shelf.put("read_log", result("start\npool exhausted 100/100\nok\nExhausted the Pool\n"));
    assert_eq!(*shelf.read(id, &Wanted::Grep { words: words.to_owned() }).unwrap(), said);
}

#[rstest::rstest]
#[case(0, None)]
#[case(5, None)]
#[case(3, Some(2))]
fn lines_that_are_not_there_are_told(#[case] from: usize, #[case] to: Option<usize>) {
    let mut shelf = shelf(Room::default());
    let id = shelf.put("read_log", result("a\nb\nc\nd"));
    let why = shelf.read(id, &Wanted::Lines { from, to }).unwrap_err().to_string();
    assert!(why.contains("1 to 4"), "{why}");
}

#[test]
fn what_is_too_much_is_cut_and_said() {
    let mut shelf = shelf(Room { each: 100_000, total: 150_000 });
    let line = "a line of forty-nine bytes, to be read as a line.";
    let text = format!("{line}\n").repeat(4000);
    let (first, second, third) =
        (shelf.put("t", result(&text)), shelf.put("t", result(&text)), shelf.put("t", result(&text)));
    let sizes = [first, second, third].map(|id| shelf.item(id).unwrap().text.len());
    assert_eq!(sizes, [100_000, 50_000, 16_350], "of what comes last a little is kept all the same");
    assert_eq!(shelf.item(first).unwrap().beyond, Beyond { lines: 2000, bytes: 100_000 });
    assert!(
        shelf
            .shown(first, 500)
            .ends_with("[cut off here: 2000 more lines, 100000 bytes, were too much to keep; ask for less]")
    );
    let end = shelf.read(first, &Wanted::Lines { from: 1999, to: None }).unwrap();
    assert!(end.contains("2000: a line") && end.contains("cut off here"), "{end}");
}

#[rstest::rstest]
#[case::numbers("the pool had 100 of 100 connections", "pool exhausted 100/100 for db-main")]
#[case::quotes("it says `retry budget spent`", "ERROR retry budget spent")]
#[case::names("db-main does not answer", "pool exhausted 100/100 for db-main")]
#[case::number_is_no_part("exit code 13", "exit code 13 at last")]
#[case::two_lines("`retry budget spent` after 100/100", "pool exhausted 100/100 for db-main\nERROR retry budget spent")]
#[case::nothing_shared("solar flares", "a log\nstarting\nexit code 137")]
fn the_lines_a_claim_stands_on_are_found(#[case] claim: &str, #[case] lines: &str) {
    let mut shelf = shelf(Room::default());
    let log =
        "starting\nexit code 137\npool exhausted 100/100 for db-main\nERROR retry budget spent\nexit code 13 at last";
    let id = shelf.put("read_log", result(log));
    let piece = shelf.piece(id, claim).unwrap();
    assert_eq!(piece.text(), lines);
    assert!(matches!(piece.excerpt, Excerpt::Answer { ref tool, .. } if tool == "read_log"));
}

#[test]
fn of_a_long_line_the_part_that_matters_is_cited() {
    let mut shelf = shelf(Room::default());
    let id = shelf.put("t", result(format!("{} code=E_4711 {}", "x ".repeat(400), "y ".repeat(400))));
    let piece = shelf.piece(id, "it failed with E_4711").unwrap();
    assert!(piece.text().contains("E_4711") && piece.text().len() < 400, "{}", piece.text());
}

#[rstest::rstest]
#[case(serde_json::json!({"id": "e3", "from_line": 4, "to_line": 9}), Some(("e3", Wanted::Lines { from: 4, to: Some(9) })))]
#[case(serde_json::json!({"id": "E3", "grep": "", "from_line": null}), Some(("e3", Wanted::Lines { from: 1, to: None })))]
#[case(serde_json::json!({"id": "e3", "grep": "pool"}), Some(("e3", Wanted::Grep { words: "pool".into() })))]
#[case(serde_json::json!({"id": "e3", "grep": "pool", "from_line": 2}), None)]
#[case(serde_json::json!({"id": "x"}), None)]
#[case(serde_json::json!({"id": "e3", "range": "1-2"}), None)]
#[case(serde_json::json!([1]), None)]
fn calls_are_read(#[case] given: serde_json::Value, #[case] wanted: Option<(&str, Wanted)>) {
    let wanted = wanted.map(|(id, wanted)| (id.parse().unwrap(), wanted));
    assert_eq!(parse(&given).ok(), wanted);
}

#[test]
fn a_model_is_told_how_to_read_on() {
    let told = spec();
    assert_eq!(told.name, "read_evidence");
    assert_eq!(told.schema["required"], serde_json::json!(["id"]));
}

proptest! {
    #[test]
    fn head_and_tail_never_overlap_and_every_line_is_reached(
        lines in prop::collection::vec("[a-z ]{0,60}", 0..300),
        long in prop::option::of(1900_usize..9000),
        cap in 0_usize..4000,
    ) {
        let mut lines: Vec<String> = lines.into_iter().enumerate().map(|(n, text)| format!("{n}:{text}|")).collect();
        lines.extend(long.map(|n| format!("long:{}", "é".repeat(n))));
        let mut shelf = shelf(Room::default());
        let id = shelf.put("t", ToolResult { text: lines.join("\n"), ..ToolResult::default() });
        let item = shelf.item(id).unwrap();
        prop_assert_eq!(item.text.replace('\n', ""), lines.concat(), "nothing is lost");
        prop_assert_eq!(read_all(&shelf, id).concat(), lines.concat());
        let said = shelf.shown(id, cap).into_inner();
        let marks: Vec<&str> = said.lines().filter(|line| line.starts_with('[')).collect();
        if item.text.len() <= cap {
            prop_assert_eq!(&said, item.text.trim_end_matches('\n'));
        } else {
            prop_assert_eq!(marks.len(), 1);
            let left_out: usize = marks[0][1..].split(' ').next().unwrap().parse().unwrap();
            let shown = said.lines().count() - 1;
            prop_assert_eq!(shown + left_out, item.text.lines().count());
            let kept: Vec<&str> = said.lines().filter(|line| !line.starts_with('[')).collect();
            let whole: Vec<&str> = item.text.lines().collect();
            let head = said.lines().position(|line| line.starts_with('[')).unwrap();
            prop_assert_eq!(&kept[..head], &whole[..head]);
            prop_assert_eq!(&kept[head..], &whole[whole.len() - (kept.len() - head)..]);
        }
    }

    #[test]
    fn no_cut_lets_a_secret_through(before in 0_usize..600, room in 1_usize..400) {
        let text = format!("{}{}\n", "x".repeat(before), planted(SECRETS[0]));
        let mut shelf = shelf(Room { each: room, total: room });
        let id = shelf.put("t", result(text));
        let said = shelf.item(id).unwrap().text.to_string();
        prop_assert!(SECRETS.iter().all(|secret| !said.contains(&secret[..8])), "{}", said);
    }

    #[test]
    fn any_claim_over_any_text_gives_a_piece(text in "\\PC{0,400}", claim in "\\PC{0,120}") {
        let mut shelf = shelf(Room::default());
        let id = shelf.put("t", result(text));
        let piece = shelf.piece(id, &claim).unwrap();
        prop_assert!(piece.text().lines().count() <= 9 && piece.text().len() < 4000);
    }
}
