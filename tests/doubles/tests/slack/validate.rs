//! Blocks and metadata that Slack takes, and those it does not.

use midwatch_doubles::slack::validate::{is_too_long, message, metadata};
use rstest::rstest;
use serde_json::{Value, json};

fn long(length: usize) -> String {
    "x".repeat(length)
}

fn words(text: &str) -> Value {
    json!({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]})
}

fn button(label: &str, value: &str) -> Value {
    let text = json!({"type": "plain_text", "text": label});
    json!({"type": "actions", "elements": [{"type": "button", "action_id": "stop", "text": text, "value": value}]})
}

fn plan(status: &str) -> Value {
    let tasks = json!([{"task_id": "1", "title": "scope", "status": status, "details": words("2 of 3 pods")}]);
    json!({"type": "plan", "title": "Investigating", "tasks": tasks})
}

fn table(rows: usize, columns: usize, text: &str) -> Value {
    let row = vec![json!({"type": "raw_text", "text": text}); columns];
    json!({"type": "table", "rows": vec![row; rows], "column_settings": [{"align": "right", "is_wrapped": true}]})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

#[rstest]
#[case::section(section(&long(3_000)))]
#[case::header(json!({"type": "header", "text": {"type": "plain_text", "text": long(150)}}))]
#[case::context(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": "4.1 s, 19 reads"}]}))]
#[case::button(button(&long(75), &long(2_000)))]
#[case::plan(plan("in_progress"))]
#[case::table(table(100, 20, "cell"))]
#[case::markdown(json!({"type": "markdown", "text": long(12_000)}))]
#[case::rich(words("hello"))]
#[case::alert(json!({"type": "alert", "level": "error", "text": {"type": "mrkdwn", "text": "cause"}}))]
#[case::divider(json!({"type": "divider", "block_id": "line"}))]
fn a_good_block_is_taken(#[case] block: Value) {
    assert_eq!(message(&json!([block])), []);
}

#[rstest]
#[case::section_too_long(section(&long(3_001)), "/blocks/0/text/text")]
#[case::empty_text(section(""), "/blocks/0/text/text")]
#[case::section_of_nothing(json!({"type": "section"}), "/blocks/0")]
#[case::header_in_mrkdwn(json!({"type": "header", "text": {"type": "mrkdwn", "text": "a"}}), "/blocks/0/text/type")]
#[case::header_too_long(json!({"type": "header", "text": {"type": "plain_text", "text": long(151)}}), "/blocks/0/text/text")]
#[case::unknown_type(json!({"type": "heading"}), "/blocks/0/type")]
#[case::unknown_field(json!({"type": "divider", "color": "red"}), "/blocks/0/color")]
#[case::label_too_long(button(&long(76), "v"), "/blocks/0/elements/0/text/text")]
#[case::value_too_long(button("Stop", &long(2_001)), "/blocks/0/elements/0/value")]
#[case::unknown_status(plan("running"), "/blocks/0/tasks/0/status")]
#[case::too_many_rows(table(101, 1, "x"), "/blocks/0/rows")]
#[case::too_many_columns(table(1, 21, "x"), "/blocks/0/rows/0")]
#[case::cells_too_long(table(11, 1, &long(1_000)), "/blocks/0/rows")]
#[case::markdown_too_long(json!({"type": "markdown", "text": long(12_001)}), "/blocks/0/text")]
#[case::input_in_a_message(json!({"type": "input", "label": {}, "element": {}}), "/blocks/0/type")]
#[case::too_many_elements(json!({"type": "context", "elements": vec![json!({"type": "mrkdwn", "text": "a"}); 11]}), "/blocks/0/elements")]
#[case::no_words(json!({"type": "rich_text", "elements": [{"type": "text", "text": "a"}]}), "/blocks/0/elements/0/type")]
fn a_bad_block_is_refused_where_it_is_bad(#[case] block: Value, #[case] at: &str) {
    let problems = message(&json!([block]));
    assert!(problems.iter().any(|p| p.at == at), "{problems:?}");
}

#[test]
fn a_message_has_bounds_of_its_own() {
    let twice = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    assert_eq!(message(&twice)[0].at, "/blocks/1/block_id");
    assert_eq!(message(&json!(vec![json!({"type": "divider"}); 50])), []);
    assert_eq!(message(&json!(vec![json!({"type": "divider"}); 51]))[0].at, "/blocks");
    let markdown = json!({"type": "markdown", "text": long(6_001)});
    assert_eq!(message(&json!([markdown, markdown]))[0].at, "/blocks");
    assert_eq!(message(&json!([table(1, 1, "a"), table(1, 1, "b")]))[0].what, "only_one_table_allowed");
    assert!(!is_too_long(&vec![section(&long(2_900)); 4]));
    assert!(is_too_long(&vec![section(&long(2_990)); 4]));
}

#[rstest]
#[case::good(json!({"event_type": "midwatch_post", "event_payload": {"key": "a", "n": 1, "more": {"b": true}}}), "")]
#[case::no_type(json!({"event_payload": {}}), "invalid_metadata_format")]
#[case::no_payload(json!({"event_type": "a"}), "invalid_metadata_format")]
#[case::more_fields(json!({"event_type": "a", "event_payload": {}, "key": "b"}), "invalid_metadata_format")]
#[case::too_deep(json!({"event_type": "a", "event_payload": {"a": {"b": {"c": 1}}}}), "invalid_metadata_schema")]
#[case::too_large(json!({"event_type": "a", "event_payload": {"a": long(9_000)}}), "metadata_too_large")]
fn metadata_has_a_shape(#[case] value: Value, #[case] word: &str) {
    assert_eq!(metadata(&value).err().map_or("", |(word, _)| word), word);
}
