//! Rich text: <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>.

use serde_json::{Map, Value};

use super::check::Check;

const STYLES: &[&str] = &["bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"];

/// Sections, lists, code and quotes.
pub(super) fn elements(check: &mut Check, map: &Map<String, Value>, at: &str) {
    for (index, element) in check.list(map, "elements", at, (1, 1_000)).iter().enumerate() {
        group(check, element, &format!("{at}/elements/{index}"));
    }
}

fn group(check: &mut Check, value: &Value, at: &str) {
    let kind = value["type"].as_str().unwrap_or_default();
    let (required, optional): (&[&str], &[&str]) = match kind {
        "rich_text_section" => (&["type", "elements"], &[]),
        "rich_text_preformatted" => (&["type", "elements"], &["border", "language"]),
        "rich_text_quote" => (&["type", "elements"], &["border"]),
        "rich_text_list" => (&["type", "elements", "style"], &["indent", "offset", "border"]),
        _ => return check.problem(&format!("{at}/type"), &format!("unsupported type: {kind}")),
    };
    let Some(map) = check.fields(value, at, required, optional) else { return };
    let is_list = kind == "rich_text_list";
    if is_list {
        check.one_of(map, "style", at, &["bullet", "ordered"]);
    }
    for (index, inner) in check.list(map, "elements", at, (0, 1_000)).iter().enumerate() {
        let at = format!("{at}/elements/{index}");
        match inner["type"].as_str() {
            Some("rich_text_section") if is_list => group(check, inner, &at),
            _ if is_list => check.problem(&format!("{at}/type"), "must be rich_text_section"),
            _ => inline(check, inner, &at),
        }
    }
}

fn inline(check: &mut Check, value: &Value, at: &str) {
    let kind = value["type"].as_str().unwrap_or_default();
    let (required, optional): (&[&str], &[&str]) = match kind {
        "text" => (&["type", "text"], &["style"]),
        "link" => (&["type", "url"], &["text", "unsafe", "style"]),
        "user" => (&["type", "user_id"], &["style"]),
        "usergroup" => (&["type", "usergroup_id"], &["style"]),
        "channel" => (&["type", "channel_id"], &["style"]),
        "emoji" => (&["type", "name"], &["unicode", "style"]),
        "date" => (&["type", "timestamp", "format"], &["url", "fallback", "style"]),
        "broadcast" => (&["type", "range"], &["style"]),
        "color" => (&["type", "value"], &["style"]),
        _ => return check.problem(&format!("{at}/type"), &format!("unsupported type: {kind}")),
    };
    let Some(map) = check.fields(value, at, required, optional) else { return };
    check.string(map, "text", at, super::SHOWN);
    check.address(map, "url", at);
    check.one_of(map, "range", at, &["here", "channel", "everyone"]);
    if let Some(style) = map.get("style") {
        check.fields(style, &format!("{at}/style"), &[], STYLES);
    }
}
