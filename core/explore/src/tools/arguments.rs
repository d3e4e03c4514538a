//! Arguments of tools: their schema as every provider takes it, and their reading with words for what is wrong.
//!
//! Must never panic on what a model wrote, nor take what it does not know: an argument that is not understood is refused, as
//! the answer would be another than was asked for. Start at [`schema`] and [`read`].

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::tool::ToolError;

/// The schema of arguments: an object whose members have one plain type each. No `$ref`, no `oneOf`, no `null`: providers
/// differ in what of them they take.
pub fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    if let Value::Object(members) = &mut schema {
        members.remove("title");
        members.remove("description");
        members.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    }
    // In one order, so that the prefix of a conversation is the same bytes in every build.
    schema.sort_all_objects();
    schema
}

/// Takes out what not every provider reads: that a member may be `null`, widths of integers, defaults that are `null`.
fn plain(schema: &mut Value) {
    let members = match schema {
        Value::Object(members) => members,
        Value::Array(items) => return items.iter_mut().for_each(plain),
        _ => return,
    };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = members.get_mut("enum") {
        choices.retain(|one| !one.is_null());
    }
    if let Some(Value::Array(mut any)) = members.remove("anyOf") {
        any.retain(|one| one.get("type").is_none_or(|t| t != "null"));
        match (any.len(), any.pop()) {
            (1, Some(Value::Object(only))) => {
                for (name, value) in only {
                    members.entry(name).or_insert(value);
                }
            }
            (_, last) => {
                any.extend(last);
                members.insert("anyOf".to_owned(), Value::Array(any));
            }
        }
    }
    if members.get("format").and_then(Value::as_str).is_some_and(|f| f.starts_with("uint") || f.starts_with("int")) {
        members.remove("format");
    }
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    members.values_mut().for_each(plain);
}

/// Reads arguments. What is `null` or an empty text counts as not given: models fill in what they leave open.
///
/// # Errors
/// When they are not as they must be, with what they must be.
pub fn read<T: DeserializeOwned + JsonSchema>(value: Value) -> Result<T, ToolError> {
    let given = match value {
        Value::Null => Map::new(),
        Value::Object(members) => members,
        _ => return Err(wrong::<T>("they must be a JSON object")),
    };
    let said = |value: &Value| !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
    let given: Map<String, Value> = given.into_iter().filter(|(_, value)| said(value)).collect();
    serde_json::from_value(Value::Object(given)).map_err(|why| wrong::<T>(&why.to_string()))
}

/// The words for a model that asked in a wrong way: why, and what there is to ask.
fn wrong<T: JsonSchema>(why: &str) -> ToolError {
    let schema = schema::<T>();
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let member = |(name, says): (&String, &Value)| {
        let kind = says["type"].as_str().unwrap_or("value");
        let open = if needed.contains(&name.as_str()) { "" } else { ", may be left out" };
        format!("`{name}` ({kind}{open})")
    };
    let all: Vec<String> = schema["properties"].as_object().into_iter().flatten().map(member).collect();
    let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    // Of what a model wrote no more is said back than it takes to see the mistake.
    let why: String = why.chars().take(200).collect();
    ToolError::Arguments(format!("the arguments cannot be read: {why}. They are: {all}"))
}
