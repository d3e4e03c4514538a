//! The arguments of a call, from JSON, a form or the query.

use serde_json::{Map, Value, json};

/// Why a call is refused: the word, and what else the answer holds.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) more: Map<String, Value>,
}

impl Refusal {
    pub(super) fn of(error: &str) -> Self {
        Self { error: error.to_owned(), more: Map::new() }
    }

    /// With messages that tell what was wrong, as Slack's schemas give them.
    pub(super) fn told(error: &str, messages: &[String]) -> Self {
        let told: Vec<String> = messages.iter().map(|m| format!("[ERROR] {m}")).collect();
        let mut refusal = Self::of(error);
        refusal.more.insert("errors".to_owned(), json!(messages));
        refusal.more.insert("response_metadata".to_owned(), json!({"messages": told}));
        refusal
    }

    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        self.more.insert(field.to_owned(), value);
        self
    }

    pub(super) fn answer(&self) -> Value {
        let mut body = self.more.clone();
        body.insert("ok".to_owned(), json!(false));
        body.insert("error".to_owned(), json!(self.error));
        Value::Object(body)
    }
}

/// What a method answers, without `ok`.
pub(super) type Answer = Result<Value, Refusal>;

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Args(pub(super) Map<String, Value>);

impl Args {
    pub(super) fn from_form(text: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(text);
        Self(pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn must(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::told("invalid_arguments", &[format!("missing required field: {name}")]);
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(missing)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true" || text == "1",
            _ => false,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_u64().and_then(|n| usize::try_from(n).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A structured argument; in a form it is JSON in a string.
    pub(super) fn structured(&self, name: &str) -> Result<Option<Value>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                let invalid = |_| Refusal::told("invalid_arguments", &[format!("{name} is no JSON")]);
                serde_json::from_str(text).map(Some).map_err(invalid)
            }
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// A list, as JSON or separated by commas.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let words = |text: &str| text.split(',').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect();
        match self.0.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) => words(text),
            _ => Vec::new(),
        }
    }
}
