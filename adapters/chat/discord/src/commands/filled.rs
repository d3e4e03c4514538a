//! What was filled in, or is being filled in.
//!
//! Must never decide what a command means: it becomes the line that says it, and the one grammar reads that. Start at
//! [`words`].

use midwatch_conversation::command::grammar;
use midwatch_service::port::names::{Sought, Typed};
use serde_json::{Value, json};
use serenity::model::application::{CommandData, CommandDataOption, CommandDataOptionValue};

use super::{CHOICE_CAP, CHOICES};

/// The line that says what was filled in.
pub(crate) fn words(data: &CommandData) -> String {
    let (path, options) = leaf(data);
    let given: Vec<(&str, String)> =
        options.iter().filter_map(|option| Some((option.name.as_str(), value(option)?))).collect();
    let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
    grammar::filled(&path, &given)
}

/// What is being typed, where names can be offered for it.
pub(crate) fn typed(data: &CommandData) -> Option<Typed> {
    let (path, options) = leaf(data);
    let arguments = grammar::arguments(&path);
    let sought = |option: &CommandDataOption| arguments.iter().find(|it| it.name == option.name)?.sought;
    let beside = |wanted: Sought| {
        let named = options.iter().find(|option| !is_focused(option) && sought(option) == Some(wanted));
        named.and_then(value).filter(|value| !value.is_empty())
    };
    let focused = options.iter().find(|option| is_focused(option))?;
    Some(Typed {
        sought: sought(focused)?,
        begun: value(focused).unwrap_or_default(),
        cluster: beside(Sought::Cluster),
        namespace: beside(Sought::Namespace),
    })
}

/// Names as Discord offers them. One that is too long is left out: cut short it would be another name.
pub(crate) fn choices(names: &[String]) -> Value {
    let fits = |name: &&String| (1..=CHOICE_CAP).contains(&name.chars().count());
    names.iter().filter(fits).take(CHOICES).map(|name| json!({"name": name, "value": name})).collect()
}

/// The words that lead to the verb, and its options.
fn leaf(data: &CommandData) -> (Vec<&str>, &[CommandDataOption]) {
    let mut path = Vec::new();
    let mut options = data.options.as_slice();
    while let [CommandDataOption { name, value, .. }] = options
        && let CommandDataOptionValue::SubCommand(below) | CommandDataOptionValue::SubCommandGroup(below) = value
    {
        path.push(name.as_str());
        options = below;
    }
    (path, options)
}

fn is_focused(option: &CommandDataOption) -> bool {
    matches!(option.value, CommandDataOptionValue::Autocomplete { .. })
}

/// A value as text; none of a type that no option of ours has. Phones leave a blank behind a word that they complete.
fn value(option: &CommandDataOption) -> Option<String> {
    match &option.value {
        CommandDataOptionValue::String(text) | CommandDataOptionValue::Autocomplete { value: text, .. } => {
            Some(text.trim().to_owned())
        }
        CommandDataOptionValue::Boolean(yes) => Some(yes.to_string()),
        CommandDataOptionValue::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use midwatch_conversation::command::{Command, Parsed, Spot, parse};
    use proptest::prelude::*;

    use super::*;
    use crate::commands::definitions;

    /// An interaction's data as Discord sends it.
    fn data(options: Value) -> CommandData {
        serde_json::from_value(json!({"id": "1", "name": "midwatch", "type": 1, "options": options})).unwrap()
    }

    fn text(name: &str, value: &str) -> Value {
        json!({"name": name, "type": 3, "value": value})
    }

    fn focused(name: &str, value: &str) -> Value {
        json!({"name": name, "type": 3, "value": value, "focused": true})
    }

    fn verb(name: &str, options: &[Value]) -> Value {
        json!({"name": name, "type": 1, "options": options})
    }

    fn group(name: &str, below: Value) -> Value {
        json!({"name": name, "type": 2, "options": [below]})
    }

    #[test]
    fn what_was_filled_in_is_a_line() {
        let line = |options: Value| words(&data(json!([options])));
        let filled = [
            text("target-or-question", "why doesn't checkout start"),
            text("namespace", "shop "),
            text("since", "2 hours"),
        ];
        assert_eq!(
            line(verb("investigate", &filled)),
            "investigate --namespace=shop '--since=2 hours' why doesn't checkout start"
        );
        assert_eq!(line(group("pack", verb("disable", &[text("pack", "a b")]))), "pack disable 'a b'");
        assert_eq!(line(verb("doctor", &[])), "doctor");
        assert_eq!(line(verb("status", &[json!({"name": "deep", "type": 5, "value": true})])), "status --deep=true");
        assert_eq!(words(&data(json!([]))), "");
    }

    #[test]
    fn what_is_typed_is_known_with_what_stands_beside_it() {
        let typing = |options: Value| typed(&data(json!([options])));
        let workload = [focused("target-or-question", "che"), text("namespace", "shop"), text("cluster", "prod")];
        let expected = Typed {
            sought: Sought::Workload,
            begun: "che".into(),
            cluster: Some("prod".into()),
            namespace: Some("shop".into()),
        };
        assert_eq!(typing(verb("investigate", &workload)), Some(expected));
        let namespace = typing(verb("mute", &[text("alert", "X"), focused("namespace", "")])).unwrap();
        assert_eq!((namespace.sought, namespace.begun.as_str(), namespace.namespace), (Sought::Namespace, "", None));
        let pack = typing(group("pack", verb("enable", &[focused("pack", "cr")]))).unwrap();
        assert_eq!(pack.sought, Sought::Pack);
        assert_eq!(typing(verb("mute", &[focused("alert", "K")])), None, "no names are known for it");
        assert_eq!(typing(verb("investigate", &[text("namespace", "shop")])), None);
    }

    #[test]
    fn choices_are_within_discords_limits() {
        let names: Vec<String> = (0..40).map(|n| format!("shop-{n}")).chain([String::new()]).collect();
        let offered = choices(&names);
        assert_eq!(offered.as_array().unwrap().len(), CHOICES);
        assert_eq!(offered[0], json!({"name": "shop-0", "value": "shop-0"}));
        assert_eq!(choices(&["é".repeat(101), "é".repeat(100), String::new()]).as_array().unwrap().len(), 1);
    }

    /// Every option of every verb, as it is registered: the path to it, and whether it is the only words of its verb.
    fn options() -> Vec<(Vec<String>, Value)> {
        fn below(it: &Value, path: &[String]) -> Vec<(Vec<String>, Value)> {
            let mut path = path.to_vec();
            path.push(it["name"].as_str().unwrap().to_owned());
            let options = it["options"].as_array().unwrap();
            if it["type"] == 2 {
                return options.iter().flat_map(|it| below(it, &path)).collect();
            }
            options.iter().map(|option| (path.clone(), option.clone())).collect()
        }
        definitions()[0]["options"].as_array().unwrap().iter().flat_map(|it| below(it, &[])).collect()
    }

    proptest! {
        /// Whatever stands in an option that takes one value, the verb stays that verb.
        #[test]
        fn a_value_never_becomes_another_verb(
            chosen in proptest::sample::select(options()),
            value in "(--?[a-z]{1,8}[ =]?|[a-z]{0,8}|['\"\\\\ ;|$#—]|\\PC){1,9}",
        ) {
            let (path, option) = chosen;
            let filled = verb(path.last().unwrap(), &[text(option["name"].as_str().unwrap(), &value)]);
            let filled = if path.len() == 2 { group(&path[0], filled) } else { filled };
            let line = words(&data(json!([filled])));
            if let Ok(parsed) = parse(&line, Spot::Top) {
                let Parsed::Command(command) = parsed else { panic!("{line}") };
                let free = ["investigate", "ask"].contains(&path[0].as_str());
                prop_assert!(command.verb_name() == path[0] || free && matches!(command, Command::Help(_)), "{line}");
            }
        }
    }
}
