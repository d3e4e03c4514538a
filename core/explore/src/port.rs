//! The port of language models: one request, one reply.
//!
//! Must never hold anything that one provider alone understands, but for what has to be given back to it unread
//! ([`Carried`]). Start at [`ChatModel`].

use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A language model.
///
/// Implementations keep a time limit of their own for every request, never retry (that is [`crate::model`]'s), and never
/// send anything but what they are given.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// What it is.
    fn facts(&self) -> &ModelFacts;

    /// Asks it. What it says is told to `hear` as it comes; the whole is in the reply.
    ///
    /// # Errors
    /// Why there is no reply that can be used.
    async fn chat(&self, request: &Redacted<ChatRequest>, hear: Hear<'_>) -> Result<ChatReply, ModelFailure>;
}

/// Whoever listens while a model speaks.
pub type Hear<'a> = &'a (dyn Fn(Delta<'_>) + Send + Sync);

/// A piece of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delta<'a> {
    /// More of its text.
    Text(&'a str),
    /// What was heard so far is void: the request is made again.
    Again,
}

/// What is known of a model beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// As the configuration calls it: `main`.
    pub name: String,
    /// Who gets what is sent, for the audit trail: `anthropic at https://api.example.com`.
    pub provider: String,
    /// As the provider calls it.
    pub model: String,
    /// Tokens of request and reply together.
    pub context: u64,
    /// Tokens of one reply.
    pub max_output: u32,
    /// Whether it calls tools by itself; else the structured-text protocol of [`crate::model`] stands before it.
    pub calls_tools: bool,
    /// Whether names are masked before they leave for it.
    pub masks_names: bool,
    /// What tokens cost; none when nobody said.
    pub price: Option<Price>,
}

/// What a million tokens cost, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Sent.
    pub input: u64,
    /// Sent and found in the provider's cache.
    pub cached: u64,
    /// Sent and put into the provider's cache.
    pub cache_write: u64,
    /// Answered.
    pub output: u64,
}

impl Price {
    /// What a use costs, in millionths of a US dollar, rounded up.
    pub fn of(&self, usage: &Usage) -> u64 {
        let fresh = usage.input.saturating_sub(usage.cached).saturating_sub(usage.cache_write);
        let parts = [
            (fresh, self.input),
            (usage.cached, self.cached),
            (usage.cache_write, self.cache_write),
            (usage.output, self.output),
        ];
        let sum: u128 = parts.iter().map(|(tokens, price)| u128::from(*tokens) * u128::from(*price)).sum();
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// What is asked. `system` and `tools` are the same through one conversation and come first, so that providers find them in
/// their cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// What it is told to be and to do.
    pub system: String,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// What it may call.
    pub tools: Vec<ToolSpec>,
    /// Whether it may call.
    pub choice: Choice,
    /// Tokens of the reply.
    pub max_output: u32,
}

/// Whether a model may call tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// As it likes.
    #[default]
    Free,
    /// It must answer in words.
    Words,
    /// It must call this one.
    Must(String),
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "role")]
pub enum Message {
    /// What it is told.
    User {
        /// The words.
        text: String,
    },
    /// What it said.
    Assistant {
        /// The words; may be empty.
        text: String,
        /// What it called.
        calls: Vec<ToolCall>,
        /// What its provider wants back.
        carried: Option<Carried>,
    },
    /// What a tool answered.
    Tool {
        /// The call it answers.
        call: String,
        /// The tool.
        name: String,
        /// The words.
        text: String,
    },
}

/// What a provider wants back with the message it came with, such as signed thinking. Never read by us, never shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried(pub Value);

/// What a model calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The call's id, by the provider.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Arguments,
}

/// The arguments of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arguments {
    /// As they should be: a JSON object.
    Given(Value),
    /// Text that is no JSON object.
    Broken(String),
}

/// A tool as a model is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// 1 to 64 letters, digits, `_` and `-`: what every provider takes.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// Its arguments: a JSON schema of an object.
    pub schema: Value,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatReply {
    /// Its words; may be empty.
    pub text: String,
    /// What it wants called.
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    pub stop: Stop,
    /// What it took.
    pub usage: Usage,
    /// The model that answered, as the provider calls it.
    pub model: String,
    /// What the tokens of the model that answered cost: another one may stand in for that of [`ChatModel::facts`]. None when
    /// nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// What its provider wants back.
    pub carried: Option<Carried>,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It had no more to say, or wants tools called.
    #[default]
    End,
    /// `max_output` was reached: it is cut off.
    Length,
    /// The provider would not have it said.
    Filtered,
}

/// Tokens of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Sent, those of the cache included.
    pub input: u64,
    /// Of `input`, found in the provider's cache.
    pub cached: u64,
    /// Of `input`, put into the provider's cache.
    pub cache_write: u64,
    /// Answered.
    pub output: u64,
}

/// Why there is no reply. `why` is for the log and the operator; it passes the redactor before a thread sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ModelFailure {
    /// Too many requests or tokens in a time; it says when to come again, perhaps.
    #[error("the provider limits the rate: {why}")]
    RateLimited {
        /// Its words.
        why: String,
        /// When to come again.
        after: Option<Duration>,
    },
    /// Down, overloaded, unreachable: another try may help.
    #[error("the provider is not available: {why}")]
    Unavailable {
        /// What was seen.
        why: String,
        /// When to come again.
        after: Option<Duration>,
    },
    /// No whole reply within the time limit.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The account has no money or quota left: another try does not help, another model may.
    #[error("the provider's quota is used up: {0}")]
    OutOfQuota(String),
    /// The key is wrong or may not use this model.
    #[error("the provider refuses the key: {0}")]
    Unauthorised(String),
    /// The conversation is longer than the model takes.
    #[error("the conversation is too long for the model: {0}")]
    TooLong(String),
    /// The request is not as the provider wants it, or there is no such model.
    #[error("the provider refuses the request: {0}")]
    Refused(String),
    /// An answer that cannot be read.
    #[error("the provider's answer cannot be read: {0}")]
    Garbled(String),
}

impl ModelFailure {
    /// Whether the same request may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            ModelFailure::RateLimited { .. }
            | ModelFailure::Unavailable { .. }
            | ModelFailure::TimedOut(_)
            | ModelFailure::Garbled(_) => true,
            ModelFailure::OutOfQuota(_)
            | ModelFailure::Unauthorised(_)
            | ModelFailure::TooLong(_)
            | ModelFailure::Refused(_) => false,
        }
    }

    /// When the provider wants to be asked again.
    pub fn after(&self) -> Option<Duration> {
        match self {
            ModelFailure::RateLimited { after, .. } | ModelFailure::Unavailable { after, .. } => *after,
            _ => None,
        }
    }
}

impl Redact for Message {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Message::User { text } | Message::Tool { text, .. } => text.redact(redactor),
            Message::Assistant { text, calls, .. } => {
                text.redact(redactor);
                calls.redact(redactor);
            }
        }
    }
}

impl Redact for ToolCall {
    fn redact(&mut self, redactor: &Redactor) {
        match &mut self.arguments {
            Arguments::Given(value) => redact_value(value, redactor),
            Arguments::Broken(text) => text.redact(redactor),
        }
    }
}

impl Redact for ToolSpec {
    fn redact(&mut self, redactor: &Redactor) {
        self.description.redact(redactor);
        redact_value(&mut self.schema, redactor);
    }
}

impl Redact for ChatRequest {
    fn redact(&mut self, redactor: &Redactor) {
        self.system.redact(redactor);
        self.messages.redact(redactor);
        self.tools.redact(redactor);
    }
}

/// Every text in a JSON value, names of members included: a model may put anything there.
fn redact_value(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => text.redact(redactor),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(item, redactor)),
        Value::Object(members) => {
            let redacted = std::mem::take(members).into_iter().map(|(mut name, mut member)| {
                name.redact(redactor);
                redact_value(&mut member, redactor);
                (name, member)
            });
            *members = redacted.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_the_cache_costs_its_own_price() {
        let price = Price { input: 3_000_000, cached: 300_000, cache_write: 3_750_000, output: 15_000_000 };
        let usage = Usage { input: 10_000, cached: 8_000, cache_write: 1_000, output: 200 };
        // 1,000 fresh at 3 $, 8,000 cached at 0.3 $, 1,000 written at 3.75 $, 200 answered at 15 $ a million.
        assert_eq!(price.of(&usage), 3_000 + 2_400 + 3_750 + 3_000);
    }

    #[test]
    fn secrets_in_arguments_do_not_leave() {
        let mut call = ToolCall {
            id: "1".into(),
            name: "read_log".into(),
            arguments: Arguments::Given(serde_json::json!({
                "grep": ["postgres://app:hunter2secret@db:5432/x"], "redis://:hunter2secret@db:6379": 1
            })),
        };
        call.redact(&Redactor::default());
        assert!(!serde_json::to_string(&call).unwrap().contains("hunter2secret"));
    }
}
