//! One request and what came of it, as a line of JSON that a person can write, too.

use std::fmt::Write as _;

use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::port::{Arguments, ChatReply, ChatRequest, Message, ModelFacts, ModelFailure, Stop, ToolCall, Usage};
use crate::run::Brief;

/// What a model was and replied in one exploration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The model.
    pub facts: ModelFacts,
    /// What it was told and given.
    pub brief: Brief,
    /// What it said, in the order in which it did.
    pub exchanges: Vec<Exchange>,
}

/// One request and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was asked; none in lines that a person wrote, which are given in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedFor>,
    /// What it said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What it called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Called>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stop: Stop,
    /// What it took.
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage: Usage,
    /// Why there was no reply; all else counts for nothing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ModelFailure>,
}

/// What tells one request of a conversation from the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedFor {
    /// Ids of the calls whose results it brings.
    pub results_of: Vec<String>,
    /// SHA-256 of all of it in hexadecimal, without what only its provider reads.
    pub sha256: String,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Called {
    /// The provider's id; lines that a person wrote need none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments: an object, or the text that came in its place.
    pub arguments: Value,
}

/// Why lines are no exchanges.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no reply of a model: {error}")]
pub struct LinesError {
    line: usize,
    #[source]
    error: serde_json::Error,
}

impl AskedFor {
    /// Of a request.
    pub(super) fn of(request: &ChatRequest) -> Self {
        let mut results_of: Vec<String> = Vec::new();
        for message in request.messages.iter().rev() {
            match message {
                Message::Tool { call, .. } => results_of.push(call.clone()),
                Message::User { .. } => {}
                Message::Assistant { .. } => break,
            }
        }
        results_of.reverse();
        Self { results_of, sha256: digest(request) }
    }
}

/// What only the provider reads differs from run to run, and is not kept.
fn digest(request: &ChatRequest) -> String {
    let mut request = request.clone();
    for message in &mut request.messages {
        if let Message::Assistant { carried, .. } = message {
            *carried = None;
        }
    }
    // Its parts have no keys but texts: writing does not fail.
    let text = serde_json::to_vec(&request).unwrap_or_default();
    let mut digest = String::with_capacity(64);
    for byte in Sha256::digest(&text) {
        // Writing to a String cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

impl Exchange {
    /// What came of a request.
    pub(super) fn of(request: &ChatRequest, came: &Result<ChatReply, ModelFailure>) -> Self {
        let asked = Some(AskedFor::of(request));
        match came {
            Ok(ChatReply { text, calls, stop, usage, model: _, price: _, carried: _ }) => {
                let calls = calls.iter().map(Called::of).collect();
                Self { asked, text: text.clone(), calls, stop: *stop, usage: *usage, failure: None }
            }
            Err(failure) => Self { asked, failure: Some(failure.clone()), ..Self::default() },
        }
    }

    /// Reads lines; empty ones and those that begin with `#` are none. Calls without an id are given one.
    ///
    /// # Errors
    /// The first line that is something else.
    pub fn read(lines: &str) -> Result<Vec<Self>, LinesError> {
        let mut exchanges = Vec::new();
        let mut calls = 0;
        for (at, line) in lines.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let read: Result<Self, _> = serde_json::from_str(line);
            let mut exchange = read.map_err(|error| LinesError { line: at + 1, error })?;
            for call in &mut exchange.calls {
                calls += 1;
                if call.id.is_empty() {
                    call.id = format!("call-{calls}");
                }
            }
            exchanges.push(exchange);
        }
        Ok(exchanges)
    }

    /// As a model replies.
    pub(super) fn reply(&self, facts: &ModelFacts) -> Result<ChatReply, ModelFailure> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(ChatReply {
                text: self.text.clone(),
                calls: self.calls.iter().map(Called::call).collect(),
                stop: self.stop,
                usage: self.usage,
                model: facts.model.clone(),
                price: facts.price,
                carried: None,
            }),
        }
    }
}

impl Called {
    fn of(call: &ToolCall) -> Self {
        let arguments = match &call.arguments {
            Arguments::Given(value) => value.clone(),
            Arguments::Broken(text) => Value::String(text.clone()),
        };
        Self { id: call.id.clone(), name: call.name.clone(), arguments }
    }

    fn call(&self) -> ToolCall {
        let arguments = match &self.arguments {
            Value::Object(_) => Arguments::Given(self.arguments.clone()),
            Value::String(text) => Arguments::Broken(text.clone()),
            other => Arguments::Broken(other.to_string()),
        };
        ToolCall { id: self.id.clone(), name: self.name.clone(), arguments }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Redact for Conversation {
    fn redact(&mut self, redactor: &Redactor) {
        self.facts.provider.redact(redactor);
        self.brief.instructions.redact(redactor);
        self.exchanges.redact(redactor);
    }
}

impl Redact for Exchange {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
        self.calls.redact(redactor);
        match &mut self.failure {
            Some(
                ModelFailure::RateLimited { why, .. }
                | ModelFailure::Unavailable { why, .. }
                | ModelFailure::OutOfQuota(why)
                | ModelFailure::Unauthorised(why)
                | ModelFailure::TooLong(why)
                | ModelFailure::Refused(why)
                | ModelFailure::Garbled(why),
            ) => why.redact(redactor),
            Some(ModelFailure::TimedOut(_)) | None => {}
        }
    }
}

impl Redact for Called {
    fn redact(&mut self, redactor: &Redactor) {
        self.arguments.redact(redactor);
    }
}
