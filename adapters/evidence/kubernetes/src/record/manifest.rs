//! One object on its way into a recording: without what bloats it, without what must not be in it.
//!
//! Must never pass a text that the redactor did not see. Start at [`Manifest::new`].

use midwatch_redact::{Redact, Redactor};
use serde::Serialize;
use serde_json::{Map, Value};

/// Maps whose keys are names that people chose, so that a key may say that its value is a secret.
const NAMED_MAPS: &[&str] = &["data", "stringData", "binaryData", "annotations", "labels", "parameters"];

/// An object, to be redacted.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Manifest(Value);

impl Manifest {
    /// Takes the bulk away: who set which field (who set anything, and when, stays), what was last applied (it repeats the
    /// object), the images on nodes.
    pub(super) fn new(mut object: Value, api_version: &str, kind: &str) -> Self {
        if let Some(map) = object.as_object_mut() {
            map.entry("apiVersion").or_insert_with(|| api_version.into());
            map.entry("kind").or_insert_with(|| kind.into());
        }
        if let Some(managers) = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut) {
            for manager in managers.iter_mut().filter_map(Value::as_object_mut) {
                manager.retain(|key, _| matches!(key.as_str(), "manager" | "operation" | "time" | "subresource"));
            }
        }
        if let Some(notes) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            notes.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
        if let Some(status) = object.pointer_mut("/status").and_then(Value::as_object_mut) {
            status.remove("images");
        }
        Self(object)
    }
}

impl Redact for Manifest {
    fn redact(&mut self, redactor: &Redactor) {
        walk(&mut self.0, redactor);
    }
}

fn walk(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => text.redact(redactor),
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, redactor)),
        Value::Object(map) => fields(map, redactor),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fields(map: &mut Map<String, Value>, redactor: &Redactor) {
    // An environment variable, a header: the name beside a value says what the value is.
    let name = map.get("name").and_then(Value::as_str).map(str::to_owned);
    for (key, value) in map.iter_mut() {
        match (key.as_str(), value) {
            ("value", Value::String(text)) => match &name {
                Some(name) => text.redact_named(name, redactor),
                None => text.redact(redactor),
            },
            (key, Value::Object(inner)) if NAMED_MAPS.contains(&key) => named(inner, redactor),
            (_, value) => walk(value, redactor),
        }
    }
}

fn named(map: &mut Map<String, Value>, redactor: &Redactor) {
    for (key, value) in map.iter_mut() {
        match value {
            Value::String(text) => text.redact_named(key, redactor),
            other => walk(other, redactor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bulk_goes_times_stay_and_secrets_are_hidden() {
        let pod = json!({
            "metadata": {
                "name": "api", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "shop"},
                "managedFields": [{"manager": "kubectl", "operation": "Update", "time": "2026-11-22T04:00:00Z",
                    "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {}}}],
            },
            "spec": {"containers": [{"env": [
                {"name": "DB_PASSWORD", "value": "hunter2-is-long"},
                {"name": "TOKEN_FROM", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
            ]}]},
        });
        let sealed = Redactor::default().seal(Manifest::new(pod, "v1", "Pod"));
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("fieldsV1") && !text.contains("last-applied"), "{text}");
        assert!(text.contains(r#""time":"2026-11-22T04:00:00Z""#) && text.contains(r#""key":"password""#), "{text}");
        assert!(text.contains(r#""kind":"Pod""#) && text.contains(r#""team":"shop""#), "{text}");
    }
}
