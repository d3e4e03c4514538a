//! Blocks: <https://docs.slack.dev/reference/block-kit/blocks>.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::check::Check;
use super::{elements, rich, table, text};

/// Tasks of a plan.
const TASKS: usize = 50;
/// What a task can be.
const STATUSES: &[&str] = &["pending", "in_progress", "complete", "error"];

/// One block. Some are for views only.
pub(super) fn block(check: &mut Check, value: &Value, at: &str, in_view: bool) {
    let kind = value["type"].as_str().unwrap_or_default();
    let (required, optional): (&[&str], &[&str]) = match kind {
        "section" => (&[], &["text", "fields", "accessory", "expand"]),
        "header" | "alert" => (&["text"], &["level"]),
        "divider" => (&[], &[]),
        "image" => (&["alt_text"], &["image_url", "slack_file", "title"]),
        "actions" | "context" | "context_actions" | "rich_text" => (&["elements"], &[]),
        "markdown" => (&["text"], &[]),
        "table" => (&["rows"], &["column_settings"]),
        "data_table" => (&["rows", "caption"], &["page_size", "row_header_column_index"]),
        "plan" => (&["title"], &["tasks"]),
        "task_card" => (TASK, TASK_OPTIONS),
        "input" if in_view => (&["label", "element"], &["hint", "optional", "dispatch_action"]),
        _ => return check.problem(&format!("{at}/type"), &format!("unsupported type: {kind}")),
    };
    let required: Vec<&str> = required.iter().chain(&["type"]).copied().collect();
    let optional: Vec<&str> = optional.iter().chain(&["block_id"]).copied().collect();
    let Some(map) = check.fields(value, at, &required, &optional) else { return };
    check.string(map, "block_id", at, 255);
    match kind {
        "section" => section(check, map, at),
        "header" => text::plain(check, map, "text", at, 150),
        "image" => image(check, map, at),
        "actions" => each(check, map, at, 25, elements::PRESSED),
        "context_actions" => each(check, map, at, 5, elements::CONTEXT_ACTIONS),
        "context" => context(check, map, at),
        "rich_text" => rich::elements(check, map, at),
        "markdown" => check.string(map, "text", at, super::MARKDOWN),
        "table" => table::table(check, map, at),
        "data_table" => table::data(check, map, at),
        "plan" => plan(check, map, at),
        "task_card" => task(check, map, at),
        "alert" => {
            text::any(check, map, "text", at, 200);
            check.one_of(map, "level", at, &["default", "info", "warning", "error", "success"]);
        }
        "input" => {
            text::plain(check, map, "label", at, 2_000);
            elements::element(check, &map["element"], &format!("{at}/element"), elements::INPUT);
        }
        _ => {}
    }
}

fn section(check: &mut Check, map: &Map<String, Value>, at: &str) {
    if !map.contains_key("text") && !map.contains_key("fields") {
        check.problem(at, "missing required field: text");
    }
    text::any(check, map, "text", at, 3_000);
    for (index, field) in check.list(map, "fields", at, (1, 10)).iter().enumerate() {
        text::object(check, field, &format!("{at}/fields/{index}"), 2_000, &["plain_text", "mrkdwn"]);
    }
    if let Some(accessory) = map.get("accessory") {
        elements::element(check, accessory, &format!("{at}/accessory"), elements::ACCESSORY);
    }
    check.flag(map, "expand", at);
}

fn image(check: &mut Check, map: &Map<String, Value>, at: &str) {
    if map.contains_key("image_url") == map.contains_key("slack_file") {
        check.problem(at, "exactly one of image_url and slack_file is required");
    }
    check.address(map, "image_url", at);
    check.string(map, "alt_text", at, 2_000);
    text::plain(check, map, "title", at, 2_000);
}

fn each(check: &mut Check, map: &Map<String, Value>, at: &str, most: usize, types: &[&str]) {
    for (index, element) in check.list(map, "elements", at, (1, most)).iter().enumerate() {
        elements::element(check, element, &format!("{at}/elements/{index}"), types);
    }
}

fn context(check: &mut Check, map: &Map<String, Value>, at: &str) {
    for (index, element) in check.list(map, "elements", at, (1, 10)).iter().enumerate() {
        let at = format!("{at}/elements/{index}");
        match element["type"].as_str() {
            Some("image") => elements::element(check, element, &at, &["image"]),
            // The schema of sections is used here too: no more than 3,000.
            _ => text::object(check, element, &at, 3_000, &["plain_text", "mrkdwn"]),
        }
    }
}

const TASK: &[&str] = &["task_id", "title"];
const TASK_OPTIONS: &[&str] = &["status", "details", "output", "sources", "icon", "hide_title"];

fn plan(check: &mut Check, map: &Map<String, Value>, at: &str) {
    check.string(map, "title", at, 3_000);
    let mut ids = BTreeSet::new();
    for (index, one) in check.list(map, "tasks", at, (0, TASKS)).iter().enumerate() {
        let at = format!("{at}/tasks/{index}");
        let optional: Vec<&str> = TASK_OPTIONS.iter().chain(&["type", "block_id"]).copied().collect();
        let Some(map) = check.fields(one, &at, TASK, &optional) else { continue };
        check.one_of(map, "type", &at, &["task_card"]);
        task(check, map, &at);
        if !ids.insert(map["task_id"].to_string()) {
            check.problem(&format!("{at}/task_id"), "must be unique in the plan");
        }
    }
}

fn task(check: &mut Check, map: &Map<String, Value>, at: &str) {
    check.string(map, "task_id", at, 255);
    check.string(map, "title", at, 3_000);
    check.one_of(map, "status", at, STATUSES);
    check.flag(map, "hide_title", at);
    for name in ["details", "output"] {
        let Some(shown) = map.get(name) else { continue };
        let at = format!("{at}/{name}");
        let Some(map) = check.fields(shown, &at, &["type", "elements"], &["block_id"]) else { continue };
        check.one_of(map, "type", &at, &["rich_text"]);
        check.list(map, "elements", &at, (1, 1));
        rich::elements(check, map, &at);
    }
    for (index, source) in check.list(map, "sources", at, (0, 100)).iter().enumerate() {
        let at = format!("{at}/sources/{index}");
        let Some(map) = check.fields(source, &at, &["type", "url", "text"], &[]) else { continue };
        check.one_of(map, "type", &at, &["url"]);
        check.address(map, "url", &at);
    }
}
