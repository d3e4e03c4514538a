//! What stands between us and a provider: secrets hidden for good, names masked where they must not leave, and turned back
//! in what comes.
//!
//! Must never let text pass in one direction only: what is kept of a conversation is kept with its names, and goes out
//! through here each time. Start at [`Veil::out`].

use midwatch_diagnosis::entity::EntityRef;
use midwatch_redact::{Mask, Redacted, Redactor};
use serde_json::Value;

/// Members of a JSON schema whose texts are words of JSON schema, or names of arguments:
/// <https://json-schema.org/draft/2020-12/json-schema-validation>.
const SCHEMA_WORDS: &[&str] = &["type", "format", "required", "$ref", "$schema"];

/// The way out and the way back.
#[derive(Clone, Debug)]
pub struct Veil {
    redactor: Redactor,
    mask: Option<Mask>,
}

impl Veil {
    /// With a mask where names must not leave.
    pub fn new(redactor: Redactor, mask: Option<Mask>) -> Self {
        Self { redactor, mask }
    }

    /// Learns the names of an object: its own and that of its namespace. Does nothing where names may leave.
    pub fn learn(&mut self, object: &EntityRef) {
        if let Some(mask) = &mut self.mask {
            mask.name(object.kind.as_str(), &object.name);
            mask.name("Namespace", object.ns());
        }
    }

    /// Whether names are masked.
    pub fn masks(&self) -> bool {
        self.mask.is_some()
    }

    /// Learns what looks like a name in a text of which nothing was read yet. Does nothing where names may leave.
    pub fn learn_text(&mut self, text: &str) {
        if self.masks() {
            for name in &crate::shaped::names(text) {
                self.learn(name);
            }
        }
    }

    /// Hides secrets with this from now on: one that learned more.
    pub fn hide_with(&mut self, redactor: Redactor) {
        self.redactor = redactor;
    }

    /// What may leave of every text of a JSON value, keys included.
    pub fn out_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.out(text).into_inner()),
            Value::Array(items) => items.iter().map(|item| self.out_value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, member)| (self.out(key).into_inner(), self.out_value(member))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The same for a JSON schema: its own words, and the names of arguments, stay.
    pub fn out_schema(&self, schema: &Value) -> Value {
        let Value::Object(members) = schema else {
            return match schema {
                Value::Array(items) => items.iter().map(|item| self.out_schema(item)).collect(),
                other => self.out_value(other),
            };
        };
        let is_its_own = |key: &str, member: &Value| SCHEMA_WORDS.contains(&key) && !member.is_object();
        let told = |(key, member): (&String, &Value)| {
            let member = if is_its_own(key, member) { member.clone() } else { self.out_schema(member) };
            (key.clone(), member)
        };
        members.iter().map(told).collect()
    }

    /// What may leave of a text.
    pub fn out(&self, text: &str) -> Redacted<String> {
        let safe = self.redactor.redact_text(text);
        self.mask.as_ref().map_or_else(|| safe.clone(), |mask| mask.hide(&safe))
    }

    /// What a text that came means here.
    pub fn back(&self, text: &str) -> String {
        self.mask.as_ref().map_or_else(|| text.to_owned(), |mask| mask.show(text))
    }

    /// The same for every text of a JSON value, keys included.
    pub fn back_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.back(text)),
            Value::Array(items) => items.iter().map(|item| self.back_value(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, member)| (self.back(key), self.back_value(member))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use midwatch_diagnosis::entity::Kind;
    use serde_json::json;

    use super::*;

    fn veil() -> Veil {
        let mut veil = Veil::new(Redactor::default(), Some(Mask::new()));
        veil.learn(&EntityRef::new(Kind::Deployment, "shop", "checkout"));
        veil
    }

    #[test]
    fn secrets_and_names_do_not_leave() {
        let out = veil().out("Deployment shop/checkout uses postgres://app:hunter2secret@db:5432/x");
        assert!(["hunter2secret", "checkout", "shop"].iter().all(|gone| !out.contains(gone)), "{}", out.as_str());
        assert!(out.starts_with("Deployment ns-1/deploy-1 uses postgres://app:"), "{}", out.as_str());
    }

    #[test]
    fn what_comes_is_turned_back_before_it_is_read() {
        let called = json!({"namespace": "ns-1", "names": ["Deploy-1", 3], "deploy-1": null});
        assert_eq!(
            veil().back_value(&called),
            json!({"namespace": "shop", "names": ["checkout", 3], "checkout": null})
        );
    }

    #[test]
    fn schemas_of_others_leave_without_secrets_and_names() {
        let mut veil = veil();
        veil.learn(&EntityRef::new(Kind::Deployment, "shop", "string"));
        let schema = json!({"type": "object", "required": ["checkout"], "properties": {"checkout": {
            "type": "string", "description": "as in postgres://app:hunter2secret@db/x of checkout", "enum": ["shop"]
        }}});
        let out = veil.out_schema(&schema);
        let told = out["properties"]["checkout"]["description"].as_str().unwrap();
        assert!(!told.contains("hunter2secret") && told.ends_with("of deploy-1"), "{told}");
        assert_eq!((&out["type"], &out["required"][0]), (&json!("object"), &json!("checkout")));
        assert_eq!(out["properties"]["checkout"]["type"], "string");
        assert_eq!(out["properties"]["checkout"]["enum"][0], "ns-1");
    }

    #[test]
    fn where_names_may_leave_only_secrets_stay() {
        let mut veil = Veil::new(Redactor::default(), None);
        veil.learn(&EntityRef::new(Kind::Deployment, "shop", "checkout"));
        assert_eq!(veil.out("shop/checkout").as_str(), "shop/checkout");
        assert_eq!(veil.back("deploy-1"), "deploy-1");
    }
}
