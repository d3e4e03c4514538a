//! The command as it is registered with a guild, made from the grammar.
//!
//! The form and its limits: <https://docs.discord.com/developers/interactions/application-commands#application-command-object>.
//! Pure. Start at [`definitions`].

use midwatch_conversation::command::grammar::{self, Argument, Entry, Kind, Place, Verb};
use serde_json::{Value, json};

use super::NAME;

/// What the command says of itself.
const ABOUT: &str = "Find out why something fails, and on what evidence";

/// Characters of a description.
const ABOUT_CAP: usize = 100;

/// Characters that an option takes: the longest name of a cluster is shorter, and a form with all of its options full is
/// still heard whole (`midwatch_service::heard::TEXT_CAP`).
const VALUE_CAP: usize = 400;

/// Characters of a question or of words for `investigate`. What is longer in bytes than is heard is cut there, and told.
const WORDS_CAP: usize = 3_000;

/// Types of commands and options.
const CHAT_INPUT: u8 = 1;
const SUB_COMMAND: u8 = 1;
const SUB_COMMAND_GROUP: u8 = 2;
const STRING: u8 = 3;
const INTEGER: u8 = 4;
const BOOLEAN: u8 = 5;

/// Contexts and ways of installing: in a guild, by the guild.
const IN_GUILD: u8 = 0;

/// Every command of the application: `/midwatch`.
pub fn definitions() -> Vec<Value> {
    let options: Vec<Value> = grammar::entries().iter().map(entry).collect();
    vec![json!({
        "type": CHAT_INPUT,
        "name": NAME,
        "description": ABOUT,
        "options": options,
        // Who may do what is decided by `permissions`, for every platform alike.
        "default_member_permissions": Value::Null,
        "contexts": [IN_GUILD],
        "integration_types": [IN_GUILD],
    })]
}

fn entry(entry: &Entry) -> Value {
    match entry {
        Entry::Verb(verb) => subcommand(verb),
        Entry::Group { name, about, verbs } => {
            let verbs: Vec<Value> = verbs.iter().map(subcommand).collect();
            json!({"type": SUB_COMMAND_GROUP, "name": name, "description": shortened(about), "options": verbs})
        }
    }
}

fn subcommand(verb: &Verb) -> Value {
    // Discord takes required options only before all others.
    let (required, others): (Vec<&Argument>, Vec<&Argument>) = verb.arguments.iter().partition(|it| it.required);
    let options: Vec<Value> = required.into_iter().chain(others).map(option).collect();
    json!({"type": SUB_COMMAND, "name": verb.name, "description": shortened(&verb.about), "options": options})
}

fn option(argument: &Argument) -> Value {
    let kind = match argument.kind {
        Kind::Text | Kind::Choice(_) | Kind::Duration => STRING,
        Kind::Integer => INTEGER,
        Kind::Boolean => BOOLEAN,
    };
    let mut option = json!({
        "type": kind,
        "name": argument.name,
        "description": shortened(&argument.about),
        "required": argument.required,
    });
    match &argument.kind {
        Kind::Choice(values) => {
            option["choices"] = values.iter().map(|value| json!({"name": value, "value": value})).collect();
        }
        Kind::Text | Kind::Duration => {
            option["max_length"] = json!(if argument.place == Place::Words { WORDS_CAP } else { VALUE_CAP });
            option["autocomplete"] = json!(argument.sought.is_some());
        }
        Kind::Integer | Kind::Boolean => {}
    }
    option
}

/// A description within Discord's limit.
fn shortened(about: &str) -> String {
    if about.chars().count() <= ABOUT_CAP {
        return about.to_owned();
    }
    let head: String = about.chars().take(ABOUT_CAP - 1).collect();
    format!("{}\u{2026}", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything below, with how it is reached.
    fn all(value: &Value, path: &str) -> Vec<(String, Value)> {
        let path = format!("{path} {}", value["name"].as_str().unwrap());
        let below = value["options"].as_array().into_iter().flatten().flat_map(|option| all(option, &path));
        std::iter::once((path.trim().to_owned(), value.clone())).chain(below).collect()
    }

    fn everything() -> Vec<(String, Value)> {
        definitions().iter().flat_map(|command| all(command, "")).collect()
    }

    fn length(value: &Value) -> usize {
        value.as_str().map_or(0, |text| text.chars().count())
    }

    #[test]
    fn it_is_within_discords_limits() {
        for (path, it) in everything() {
            let name = it["name"].as_str().unwrap();
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
            assert!((1..=32).contains(&name.len()) && name.chars().all(allowed), "{path}");
            assert!((1..=100).contains(&length(&it["description"])), "{path}");
            let options = it["options"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert!(options.len() <= 25, "{path}");
            assert!(options.is_sorted_by_key(|option| option["required"] != json!(true)), "{path}");
            let choices = it["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert!(choices.len() <= 25 && choices.iter().all(|c| (1..=100).contains(&length(&c["name"]))), "{path}");
            assert!(choices.is_empty() || it["autocomplete"] != json!(true), "{path}");
        }
        // Names, descriptions and values of choices together; fewer than 8,000 characters in a command.
        let texts = |it: &Value| {
            let choices =
                it["choices"].as_array().into_iter().flatten().map(|c| length(&c["name"]) + length(&c["value"]));
            length(&it["name"]) + length(&it["description"]) + choices.sum::<usize>()
        };
        assert!(everything().iter().map(|(_, it)| texts(it)).sum::<usize>() < 8_000);
    }

    #[test]
    fn descriptions_are_whole() {
        let cut: Vec<String> = everything()
            .into_iter()
            .filter(|(_, it)| it["description"].as_str().unwrap().ends_with('\u{2026}'))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(cut, Vec::<String>::new());
        assert_eq!(shortened(&"é ".repeat(80)).chars().count(), ABOUT_CAP);
    }

    #[test]
    fn every_verb_is_a_form() {
        let shown = everything().into_iter().map(|(path, it)| {
            let few = it["choices"]
                .as_array()
                .map(|c| c.iter().map(|c| c["value"].to_string()).collect::<Vec<_>>().join("|"));
            let marks = [("required", "!"), ("autocomplete", " offers names")];
            let marks: String = marks.iter().filter(|(key, _)| it[key] == json!(true)).map(|(_, mark)| *mark).collect();
            format!("{} {path}{marks} {}\n", it["type"], few.unwrap_or_default()).replace(" \n", "\n")
        });
        insta::assert_snapshot!("forms", shown.collect::<String>());
    }
}
