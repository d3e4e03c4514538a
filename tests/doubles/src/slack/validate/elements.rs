//! What can be pressed or chosen: <https://docs.slack.dev/reference/block-kit/block-elements>.

use serde_json::{Map, Value};

use super::check::Check;
use super::text;

/// Characters of an `action_id` and of a `block_id`.
const ID: usize = 255;
/// Characters on a button.
const LABEL: usize = 75;
/// Characters of a button's value.
const BUTTON_VALUE: usize = 2_000;
/// Characters of an option's text and value.
const OPTION: usize = 75;
const OPTION_VALUE: usize = 150;
/// Options of a menu, and of an overflow menu.
const OPTIONS: usize = 100;
const OVERFLOW: usize = 5;

/// Which elements a block takes.
pub(super) const PRESSED: &[&str] = &[
    "button",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
];
pub(super) const ACCESSORY: &[&str] = &[
    "button",
    "overflow",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "image",
];
pub(super) const INPUT: &[&str] = &["plain_text_input", "static_select", "users_select", "number_input"];
pub(super) const CONTEXT_ACTIONS: &[&str] = &["feedback_buttons", "icon_button"];

/// One element, of one of these types.
pub(super) fn element(check: &mut Check, value: &Value, at: &str, types: &[&str]) {
    let kind = value["type"].as_str().unwrap_or_default();
    if !types.contains(&kind) {
        check.problem(&format!("{at}/type"), &format!("must be one of: {}", types.join(", ")));
        return;
    }
    let (required, optional): (&[&str], &[&str]) = match kind {
        "button" => (&["type", "text"], &["action_id", "url", "value", "style", "confirm", "accessibility_label"]),
        "overflow" => (&["type", "options"], &["action_id", "confirm"]),
        "static_select" => (
            &["type"],
            &["action_id", "placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load"],
        ),
        "external_select" | "users_select" | "conversations_select" | "channels_select" => (
            &["type"],
            &[
                "action_id",
                "placeholder",
                "confirm",
                "focus_on_load",
                "min_query_length",
                "initial_option",
                "initial_user",
                "initial_conversation",
                "initial_channel",
                "filter",
                "default_to_current_conversation",
                "response_url_enabled",
            ],
        ),
        "image" => (&["type", "alt_text"], &["image_url", "slack_file"]),
        "plain_text_input" => (
            &["type"],
            &[
                "action_id",
                "placeholder",
                "initial_value",
                "multiline",
                "min_length",
                "max_length",
                "focus_on_load",
                "dispatch_action_config",
            ],
        ),
        "number_input" => (
            &["type", "is_decimal_allowed"],
            &["action_id", "initial_value", "min_value", "max_value", "placeholder", "focus_on_load"],
        ),
        "feedback_buttons" => (&["type", "positive_button", "negative_button"], &["action_id"]),
        "icon_button" => (
            &["type", "icon", "text"],
            &["action_id", "value", "confirm", "accessibility_label", "visible_to_user_ids"],
        ),
        _ => return,
    };
    let Some(map) = check.fields(value, at, required, optional) else { return };
    check.string(map, "action_id", at, ID);
    check.string(map, "value", at, BUTTON_VALUE);
    check.string(map, "accessibility_label", at, LABEL);
    check.string(map, "alt_text", at, 2_000);
    check.address(map, "url", at);
    check.address(map, "image_url", at);
    check.one_of(map, "style", at, &["primary", "danger"]);
    text::plain(check, map, "text", at, LABEL);
    text::plain(check, map, "placeholder", at, 150);
    options(check, map, at, if kind == "overflow" { OVERFLOW } else { OPTIONS });
    confirm(check, map, at);
    for name in ["positive_button", "negative_button"] {
        if let Some(button) = map.get(name) {
            let at = format!("{at}/{name}");
            let Some(map) = check.fields(button, &at, &["text", "value"], &["accessibility_label"]) else { continue };
            text::plain(check, map, "text", &at, LABEL);
            check.string(map, "value", &at, BUTTON_VALUE);
        }
    }
}

fn options(check: &mut Check, map: &Map<String, Value>, at: &str, most: usize) {
    for (index, option) in check.list(map, "options", at, (1, most)).iter().enumerate() {
        let at = format!("{at}/options/{index}");
        let Some(map) = check.fields(option, &at, &["text", "value"], &["description", "url"]) else { continue };
        text::any(check, map, "text", &at, OPTION);
        check.string(map, "value", &at, OPTION_VALUE);
        text::plain(check, map, "description", &at, OPTION);
    }
}

fn confirm(check: &mut Check, map: &Map<String, Value>, at: &str) {
    let Some(dialog) = map.get("confirm") else { return };
    let at = format!("{at}/confirm");
    let Some(map) = check.fields(dialog, &at, &["title", "text", "confirm", "deny"], &["style"]) else { return };
    text::plain(check, map, "title", &at, 100);
    text::any(check, map, "text", &at, 300);
    text::plain(check, map, "confirm", &at, 30);
    text::plain(check, map, "deny", &at, 30);
    check.one_of(map, "style", &at, &["primary", "danger"]);
}
