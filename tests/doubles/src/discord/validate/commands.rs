//! Commands of an application. <https://docs.discord.com/developers/interactions/application-commands>

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::check::{Check, below};

/// Commands, options of a command, and choices of an option.
const MANY: usize = 25;
/// Commands of a guild.
const COMMANDS: usize = 100;
/// Characters of names, descriptions and values of a command.
const TOGETHER: usize = 8_000;

const COMMAND: &[&str] = &[
    "id",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "default_permission",
    "integration_types",
    "contexts",
    "type",
    "nsfw",
];
const OPTION: &[&str] = &[
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "required",
    "choices",
    "options",
    "channel_types",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "autocomplete",
];

/// All commands of a guild.
pub(in crate::discord) fn commands(body: &Value, check: &mut Check) {
    let Some(all) = body.as_array() else {
        return check.problem("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    };
    if all.len() > COMMANDS {
        check.problem("", "BASE_TYPE_MAX_LENGTH", &format!("Must be {COMMANDS} or fewer in length."));
    }
    for (at, command) in all.iter().enumerate() {
        let at = at.to_string();
        let Some(map) = check.object(command, &at, COMMAND) else { continue };
        let typed = map.get("type").is_none_or(|kind| kind == 1);
        if !typed {
            check.problem(&below(&at, "type"), "BASE_TYPE_CHOICES", "The double knows only slash commands.");
        }
        named(check, map, &at);
        options(check, map, &at, 0);
        if size(command) > TOGETHER {
            check.problem(&at, "APPLICATION_COMMAND_TOO_LARGE", &format!("Command exceeds maximum size ({TOGETHER})"));
        }
    }
    unique(check, all, "");
}

/// Names are of small letters of any script, digits, `-` and `_`; descriptions have 1 to 100 characters.
fn named(check: &mut Check, map: &Map<String, Value>, at: &str) {
    check.must(map, &["name", "description"], at);
    check.string(map, "name", at, (1, 32));
    check.string(map, "description", at, (1, 100));
    let name = map.get("name").and_then(Value::as_str).unwrap_or_default();
    let fits = |c: char| c == '-' || c == '_' || c.is_alphanumeric();
    if !name.chars().all(fits) || name.to_lowercase() != name {
        check.problem(&below(at, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

fn options(check: &mut Check, map: &Map<String, Value>, at: &str, depth: usize) {
    let all = check.list(map, "options", at, MANY);
    let (mut optional, at) = (false, below(at, "options"));
    let nested = |option: &&Value| matches!(option["type"].as_u64(), Some(1 | 2));
    if all.iter().any(|option| nested(&option)) && !all.iter().all(|option| nested(&option)) {
        let words = "Sub-command and sub-command group option types are mutually exclusive to all other types";
        check.problem(&at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words);
    }
    for (number, option) in all.iter().enumerate() {
        let at = format!("{at}/{number}");
        let Some(map) = check.object(option, &at, OPTION) else { continue };
        check.must(map, &["type"], &at);
        named(check, map, &at);
        let required = map.get("required") == Some(&Value::Bool(true));
        if required && optional {
            let words = "Required options must be placed before non-required options";
            check.problem(&at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words);
        }
        optional |= !required;
        match map.get("type").and_then(Value::as_u64) {
            Some(1) if depth < 2 => options(check, map, &at, 2),
            Some(2) if depth < 1 => options(check, map, &at, 1),
            Some(3..=11) => value(check, map, &at),
            _ => check.problem(&below(&at, "type"), "BASE_TYPE_CHOICES", "This type of option cannot be here."),
        }
    }
    unique(check, all, &at);
}

/// An option that takes a value: choices, or an autocomplete, not both.
fn value(check: &mut Check, map: &Map<String, Value>, at: &str) {
    let choices = check.list(map, "choices", at, MANY);
    for (number, choice) in choices.iter().enumerate() {
        let at = format!("{at}/choices/{number}");
        let Some(map) = check.object(choice, &at, &["name", "name_localizations", "value"]) else { continue };
        check.must(map, &["name", "value"], &at);
        check.string(map, "name", &at, (1, 100));
    }
    if map.get("autocomplete") == Some(&Value::Bool(true)) {
        let words = "Autocomplete is only for text and numbers, and not together with choices";
        if !choices.is_empty() || !matches!(map.get("type").and_then(Value::as_u64), Some(3 | 4 | 10)) {
            check.problem(at, "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID", words);
        }
    }
    let limit = |name: &str, range: std::ops::RangeInclusive<u64>| {
        map.get(name).is_some_and(|given| !given.as_u64().is_some_and(|given| range.contains(&given)))
    };
    if limit("min_length", 0..=6_000) || limit("max_length", 1..=6_000) {
        check.problem(at, "NUMBER_TYPE_MAX", "int value should be between 0 and 6000.");
    }
}

fn unique(check: &mut Check, all: &[Value], at: &str) {
    let mut seen = BTreeSet::new();
    for (number, one) in all.iter().enumerate() {
        if !seen.insert(one["name"].as_str().unwrap_or_default()) {
            let words = "Command/Option names must be unique";
            check.problem(&below(at, &format!("{number}/name")), "APPLICATION_COMMANDS_DUPLICATE_NAME", words);
        }
    }
}

/// The characters that count together.
fn size(value: &Value) -> usize {
    let own = ["name", "description", "value"].iter().filter_map(|name| value[*name].as_str());
    let own: usize = own.map(|text| text.chars().count()).sum();
    let inner = ["options", "choices"].iter().filter_map(|name| value[*name].as_array());
    own + inner.flatten().map(size).sum::<usize>()
}
