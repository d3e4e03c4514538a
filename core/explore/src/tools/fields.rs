//! The fields of one object, by path.
//!
//! Must never show a value of a Secret: none was ever kept.

use async_trait::async_trait;
use midwatch_agent::followup::session::{Fits, Needs};
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::shell::word;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::desk::{Desk, Reads};
use super::moments::brief;
use super::objects::or_none;
use crate::tool::{ToolError, ToolResult};

/// `get_fields`.
pub(super) struct Fields;

/// Which fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedFields {
    /// The object: `deployment/checkout`, `configmap/checkout-env`.
    object: String,
    /// Its namespace. Leave out when the name is clear without.
    #[serde(default)]
    namespace: Option<String>,
    /// Path of the fields, like `spec.template.spec.containers[0].env` or `data`. Leave out for all.
    #[serde(default)]
    path: Option<String>,
}

#[async_trait]
impl Reads for Fields {
    type Asked = AskedFields;
    const NAME: &'static str = "get_fields";
    const SET: &'static str = "kubernetes";
    const DESCRIPTION: &'static str = "Gives fields of one Kubernetes object as lines `path: value`: settings of containers, values of variables and of ConfigMaps, \
         selectors, rules, conditions. Only fields that matter for diagnosis are kept, and none that is empty, zero or false: that a field is \
         missing here does not mean that it is not set. Never values of Secrets; what looks like a secret is hidden.";

    async fn read(desk: &Desk, asked: AskedFields) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let found =
            open.find(Some(&asked.object), asked.namespace.as_deref(), Needs::Everything, Fits::Anything).await?;
        let Some(entity) = found.into_iter().next() else {
            return Err(ToolError::Arguments("name one object, like `deployment/checkout`".to_owned()));
        };
        let all = open.view()?.fields(&entity, open.session.redactor());
        let all = all.ok_or_else(|| ToolError::Failed(format!("{entity} was not found")))?.into_inner();
        let path = asked.path.as_deref().map(str::trim).unwrap_or_default();
        let part = at(&all, path).ok_or_else(|| no_path(&entity, &all, path))?;
        let mut lines = Vec::new();
        flat(part, &mut path.to_owned(), &mut lines);
        let count = lines.len();
        let what = if path.is_empty() { "fields".to_owned() } else { format!("fields under {path}") };
        let place = entity.namespace.as_ref().map(|ns| format!("-n {} ", word(ns))).unwrap_or_default();
        let command = format!("kubectl {place}get {} -o yaml", entity.slash());
        Ok(open.result(format!("{count} {what} of {entity}"), lines.join("\n"), command, Some(entity)))
    }
}

/// The part of a value at a path: `a.b[0].c`. A name in brackets chooses the item of that `name`. Names that hold dots are
/// tried as a whole.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let path = path.trim_start_matches('.');
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(members) => {
            let fits = |name: &&String| {
                path.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            // The longest name first: keys of ConfigMaps hold dots.
            let mut names: Vec<&String> = members.keys().filter(fits).collect();
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            names.into_iter().find_map(|name| at(&members[name], &path[name.len()..]))
        }
        Value::Array(items) => {
            let (key, rest) = path.strip_prefix('[')?.split_once(']')?;
            let item = match key.parse::<usize>() {
                Ok(index) => items.get(index),
                Err(_) => items.iter().find(|item| item["name"] == key || item["type"] == key),
            };
            at(item?, rest)
        }
        _ => None,
    }
}

fn no_path(entity: &EntityRef, all: &Value, path: &str) -> ToolError {
    // The longest part of the path that is there says where to go on.
    let ends = path.char_indices().filter(|(_, c)| matches!(c, '.' | '[')).map(|(end, _)| end);
    let parent = ends.rev().find_map(|end| at(all, &path[..end]).map(|value| (&path[..end], value)));
    let (place, there) = parent.unwrap_or(("", all));
    let names: Vec<String> = match there {
        Value::Object(members) => members.iter().filter(|(_, v)| !is_empty(v)).map(|(name, _)| name.clone()).collect(),
        Value::Array(items) => (0..items.len()).map(|index| format!("[{index}]")).collect(),
        _ => Vec::new(),
    };
    let place = if place.is_empty() { "it".to_owned() } else { format!("`{place}`") };
    ToolError::Failed(format!(
        "{entity} has no field `{}` that is kept; {place} has: {}",
        brief(path),
        or_none(&names.join(", "))
    ))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        // What has no value here is a key whose value is never read.
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A line for each value that says something.
fn flat(value: &Value, path: &mut String, lines: &mut Vec<String>) {
    let length = path.len();
    match value {
        _ if is_empty(value) => {}
        Value::Object(members) => {
            for (name, member) in members {
                path.push_str(if length == 0 { "" } else { "." });
                path.push_str(name);
                flat(member, path, lines);
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                flat(item, path, lines);
                path.truncate(length);
            }
        }
        Value::String(text) if text.contains('\n') => {
            lines.push(format!("{path}:"));
            lines.extend(text.lines().map(|line| format!("  {line}")));
        }
        Value::String(text) => lines.push(format!("{path}: {text}")),
        Value::Null => lines.push(format!("{path} (its value is never read)")),
        Value::Bool(_) | Value::Number(_) => lines.push(format!("{path}: {value}")),
    }
}
