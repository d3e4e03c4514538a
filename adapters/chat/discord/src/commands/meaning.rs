//! Whether what is registered says the same as what should be.
//!
//! Discord gives back more than it was given: ids, versions, defaults, nulls. Two definitions say the
//! same when what a person sees and can fill in is the same. Pure. Start at [`parts`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What counts of a command or an option. `contexts` and `integration_types` do not: Discord keeps them for global commands.
const COUNTS: [&str; 12] = [
    "type",
    "name",
    "description",
    "required",
    "choices",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "autocomplete",
    "nsfw",
    "default_member_permissions",
];

/// Every command, group and subcommand by how it is written (`midwatch pack enable`), with what it says by itself.
pub(super) fn parts(commands: &[Value]) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for command in commands {
        // Commands on messages and people have names of their own, which may be the same.
        let kind = command["type"].as_u64().filter(|kind| *kind != 1);
        let path = kind.map(|kind| format!("({kind}) ")).unwrap_or_default();
        collect(command, &path, &mut found);
    }
    found
}

fn collect(it: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    let path = format!("{path}{}", it["name"].as_str().unwrap_or_default());
    let options = it["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (verbs, fields): (Vec<&Value>, Vec<&Value>) = options.iter().partition(|option| is_verb(option));
    let mut said = counting(it);
    said.insert("options".to_owned(), fields.into_iter().map(|field| Value::Object(counting(field))).collect());
    found.insert(path.clone(), Value::Object(said));
    for verb in verbs {
        collect(verb, &format!("{path} "), found);
    }
}

/// A subcommand or a group of them.
fn is_verb(option: &Value) -> bool {
    matches!(option["type"].as_u64(), Some(1 | 2))
}

/// What counts, without what says nothing: null, false, an empty list.
fn counting(it: &Value) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    let of = |key: &str| Some((key.to_owned(), it.get(key).filter(|value| says(value)).map(choices)?));
    COUNTS.into_iter().filter_map(of).collect()
}

/// Choices by name and value alone.
fn choices(value: &Value) -> Value {
    let Some(list) = value.as_array() else { return value.clone() };
    list.iter().map(|choice| serde_json::json!([choice["name"], choice["value"]])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::commands::definitions;

    /// As Discord gives a command back.
    fn given_back() -> Vec<Value> {
        let mut commands = definitions();
        for command in &mut commands {
            dress(command);
            let own = command.as_object_mut().unwrap();
            own.remove("contexts");
            own.insert("integration_types".into(), Value::Null);
            for (key, value) in [("id", "1"), ("application_id", "2"), ("guild_id", "3"), ("version", "4")] {
                own.insert(key.to_owned(), json!(value));
            }
            own.insert("nsfw".into(), json!(false));
        }
        commands
    }

    /// Defaults are left out, what is not set is null.
    fn dress(it: &mut Value) {
        let own = it.as_object_mut().unwrap();
        own.retain(|_, value| *value != json!(false));
        own.insert("name_localizations".into(), Value::Null);
        for list in ["options", "choices"] {
            own.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(dress);
        }
    }

    #[test]
    fn what_discord_adds_does_not_count() {
        assert_eq!(parts(&given_back()), parts(&definitions()));
    }

    #[test]
    fn what_a_person_sees_counts() {
        let verb = |change: fn(&mut Value)| {
            let mut commands = given_back();
            change(&mut commands[0]["options"][0]);
            let (before, after) = (parts(&definitions()), parts(&commands));
            let differ: Vec<String> =
                before.keys().filter(|path| before.get(*path) != after.get(*path)).cloned().collect();
            differ
        };
        assert_eq!(verb(|it| it["description"] = json!("x")), ["midwatch investigate"]);
        assert_eq!(verb(|it| it["options"][0]["autocomplete"] = json!(false)), ["midwatch investigate"]);
        assert_eq!(verb(|it| it["options"][1]["max_length"] = json!(7)), ["midwatch investigate"]);
        assert_eq!(verb(|it| it["options"].as_array_mut().unwrap().swap(0, 1)), ["midwatch investigate"]);
        assert_eq!(verb(|it| it["options"][4]["choices"][0]["value"] = json!("x")), ["midwatch investigate"]);
        assert_eq!(verb(|it| it["name"] = json!("why")), ["midwatch investigate"]);
        assert_eq!(verb(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn a_command_on_messages_is_another() {
        let both = [json!({"type": 1, "name": "x"}), json!({"type": 3, "name": "x"})];
        assert_eq!(parts(&both).into_keys().collect::<Vec<_>>(), ["(3) x", "x"]);
    }
}
