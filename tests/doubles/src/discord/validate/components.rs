//! Rows of buttons, and the inputs of a modal. <https://docs.discord.com/developers/components/reference>

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::check::{Check, below};

/// Rows of a message or a modal.
const ROWS: usize = 5;
/// Buttons of a row.
const BUTTONS: usize = 5;
/// Characters of a `custom_id`.
pub(super) const CUSTOM_ID: usize = 100;
const LABEL: usize = 80;

/// The rows of a message: buttons only.
pub(super) fn rows(check: &mut Check, map: &Map<String, Value>, at: &str) {
    let mut seen = BTreeSet::new();
    each(check, map, at, BUTTONS, |check, one, at| {
        let known = ["type", "id", "style", "label", "emoji", "custom_id", "sku_id", "url", "disabled"];
        let Some(button) = check.object(one, at, &known) else { return };
        if button.get("type") != Some(&Value::from(2)) {
            return check.problem(&below(at, "type"), "BASE_TYPE_CHOICES", "The double knows only buttons here.");
        }
        check.string(button, "label", at, (0, LABEL));
        let shown = ["label", "emoji"].iter().any(|name| button.get(*name).is_some_and(|value| !value.is_null()));
        if !shown {
            check.problem(at, "BUTTON_COMPONENT_LABEL_OR_EMOJI", "A button needs a label or an emoji.");
        }
        match button.get("style").and_then(Value::as_u64) {
            Some(1..=4) => {
                check.must(button, &["custom_id"], at);
                check.string(button, "custom_id", at, (1, CUSTOM_ID));
                if button.contains_key("url") {
                    check.problem(at, "BUTTON_COMPONENT_CUSTOM_ID_URL", "A url and a custom id exclude each other.");
                }
                let id = button.get("custom_id").and_then(Value::as_str).unwrap_or_default();
                if !seen.insert(id.to_owned()) {
                    let words = "Component custom id cannot be duplicated";
                    check.problem(&below(at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", words);
                }
            }
            Some(5) => {
                check.must(button, &["url"], at);
                check.address(button, "url", at);
            }
            _ => check.problem(&below(at, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6)."),
        }
    });
}

/// The inputs of a modal: one in each row.
pub(super) fn inputs(check: &mut Check, map: &Map<String, Value>, at: &str) {
    each(check, map, at, 1, |check, one, at| {
        let known = [
            "type",
            "id",
            "custom_id",
            "style",
            "label",
            "min_length",
            "max_length",
            "required",
            "value",
            "placeholder",
        ];
        let Some(input) = check.object(one, at, &known) else { return };
        if input.get("type") != Some(&Value::from(4)) {
            return check.problem(&below(at, "type"), "BASE_TYPE_CHOICES", "Value must be one of (4,).");
        }
        check.must(input, &["custom_id", "style", "label"], at);
        check.string(input, "custom_id", at, (1, CUSTOM_ID));
        check.string(input, "label", at, (1, 45));
        check.string(input, "placeholder", at, (0, 100));
        check.string(input, "value", at, (0, 4_000));
        for name in ["min_length", "max_length"] {
            if input.get(name).is_some_and(|given| given.as_u64().is_none_or(|given| given > 4_000)) {
                check.problem(&below(at, name), "NUMBER_TYPE_MAX", "int value should be less than or equal to 4000.");
            }
        }
    });
}

/// Each component of each row.
fn each(
    check: &mut Check,
    map: &Map<String, Value>,
    at: &str,
    most: usize,
    mut look: impl FnMut(&mut Check, &Value, &str),
) {
    let rows = check.list(map, "components", at, ROWS);
    for (number, row) in rows.iter().enumerate() {
        let at = format!("{}/{number}", below(at, "components"));
        let Some(row) = check.object(row, &at, &["type", "id", "components"]) else { continue };
        if row.get("type") != Some(&Value::from(1)) {
            check.problem(&below(&at, "type"), "BASE_TYPE_CHOICES", "Value must be one of (1,).");
        }
        let inner = check.list(row, "components", &at, most);
        if inner.is_empty() {
            check.problem(&below(&at, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
        }
        for (number, one) in inner.iter().enumerate() {
            look(check, one, &format!("{at}/components/{number}"));
        }
    }
}
