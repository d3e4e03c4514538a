//! JSON values: every text in them.

use serde_json::Value;

use crate::redact::Redact;
use crate::redactor::Redactor;

/// Member names are of the format that the value is in, and stay.
impl Redact for Value {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Value::String(text) => text.redact(redactor),
            Value::Array(items) => items.redact(redactor),
            Value::Object(members) => members.values_mut().for_each(|member| member.redact(redactor)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
