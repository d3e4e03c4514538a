//! What a person's client makes of a command that they type, from the commands that are registered.

use serde_json::{Value, json};

use super::options::GUILD;
use super::state::State;

/// The command of the app.
pub(super) const COMMAND: &str = "midwatch";

/// A subcommand as it is registered, by its name, or by that of its group and its own.
fn registered<'a>(state: &'a State, subcommand: &str) -> Option<&'a Value> {
    let command = state.world.commands.iter().find(|command| command["name"] == COMMAND);
    subcommand.split(' ').try_fold(command?, |known, name| {
        known["options"].as_array()?.iter().find(|option| option["name"] == name && is_above(option))
    })
}

/// Whether it is a subcommand or a group of them.
fn is_above(option: &Value) -> bool {
    matches!(option["type"].as_u64(), Some(1 | 2))
}

fn options_of(subcommand: Option<&Value>) -> &[Value] {
    subcommand.and_then(|known| known["options"].as_array()).map_or(&[], Vec::as_slice)
}

/// A subcommand with options by name. Nothing is checked when no command is registered.
pub(super) fn command(
    state: &State,
    subcommand: &str,
    options: &[(&str, &str)],
    focused: Option<(&str, &str)>,
) -> Value {
    let known = registered(state, subcommand);
    assert!(known.is_some() || state.world.commands.is_empty(), "no subcommand {subcommand} is registered");
    let all = options_of(known);
    let definition = |name: &str| {
        let found = all.iter().find(|option| option["name"] == name);
        assert!(found.is_some() || known.is_none(), "{subcommand} has no option {name}");
        found
    };
    let mut given: Vec<Value> = options.iter().map(|(name, text)| value(definition(name), name, text)).collect();
    if let Some((name, text)) = focused {
        let offers = definition(name).is_none_or(|option| option["autocomplete"] == true);
        assert!(offers, "{name} offers nothing");
        let kind = definition(name).map_or(3, |option| option["type"].as_u64().unwrap_or(3));
        given.push(json!({"name": name, "type": kind, "value": text, "focused": true}));
    } else {
        for option in all.iter().filter(|option| option["required"] == true) {
            let is_given = options.iter().any(|(name, _)| option["name"] == *name);
            assert!(is_given, "Discord does not send {subcommand} without {}", option["name"]);
        }
    }
    let id =
        state.world.commands.iter().find(|command| command["name"] == COMMAND).map(|command| command["id"].clone());
    json!({
        "id": id.unwrap_or_else(|| json!("900000000000000009")), "name": COMMAND, "type": 1, "guild_id": GUILD,
        "options": [{"type": 1, "name": subcommand, "options": given}],
    })
}

/// An option with its value, as its type wants it.
fn value(definition: Option<&Value>, name: &str, text: &str) -> Value {
    let kind = definition.and_then(|option| option["type"].as_u64()).unwrap_or(3);
    let parsed = match kind {
        4 => text.parse::<i64>().ok().map(|number| json!(number)),
        5 => text.parse::<bool>().ok().map(|flag| json!(flag)),
        10 => text.parse::<f64>().ok().map(|number| json!(number)),
        _ => Some(json!(text)),
    };
    let parsed = parsed.unwrap_or_else(|| panic!("Discord does not take {text:?} for {name}"));
    let choices = definition.and_then(|option| option["choices"].as_array()).map_or(&[][..], Vec::as_slice);
    let chosen = choices.is_empty() || choices.iter().any(|choice| choice["value"] == parsed);
    assert!(chosen, "{text:?} is no choice of {name}");
    let length = text.chars().count() as u64;
    let most = definition.and_then(|option| option["max_length"].as_u64()).unwrap_or(6_000);
    assert!(kind != 3 || length <= most, "{name} takes {most} characters, not {length}");
    json!({"name": name, "type": kind, "value": parsed})
}

/// A line: the subcommand, words, and `name:value`.
pub(super) fn line(state: &State, line: &str) -> Value {
    let mut words = line.split_whitespace();
    let mut subcommand = words.next().unwrap_or_default().to_owned();
    if registered(state, &subcommand).is_some_and(|known| known["type"] == 2) {
        subcommand = format!("{subcommand} {}", words.next().unwrap_or_default());
    }
    let all = options_of(registered(state, &subcommand));
    let names: Vec<&str> = all.iter().filter_map(|option| option["name"].as_str()).collect();
    let mut given: Vec<(String, Vec<&str>)> = Vec::new();
    for word in words {
        let begins = word.split_once(':').filter(|(name, _)| names.contains(name));
        match (begins, given.last_mut()) {
            (Some((name, first)), _) => {
                given.push((name.to_owned(), Some(first).filter(|first| !first.is_empty()).into_iter().collect()));
            }
            (None, Some((_, words))) => words.push(word),
            (None, None) => given.push((names.first().unwrap_or(&"words").to_string(), vec![word])),
        }
    }
    let given: Vec<(String, String)> = given.into_iter().map(|(name, words)| (name, words.join(" "))).collect();
    let given: Vec<(&str, &str)> = given.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    command(state, &subcommand, &given, None)
}
