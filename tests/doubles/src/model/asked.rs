//! A request as a test sees it, whatever the format.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::Value;

use super::wire::Wire;

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which request it is, from 0.
    pub number: usize,
    /// The format.
    pub wire: Wire,
    /// Path and query.
    pub path: String,
    /// Headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, byte for byte.
    pub raw: Bytes,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// Whether the answer is to be streamed.
    pub streams: bool,
    /// The model that is asked.
    pub model: String,
    /// What it is told to be.
    pub system: String,
    /// The conversation.
    pub messages: Vec<Said>,
    /// What it may call.
    pub tools: Vec<AskedTool>,
    /// Whether it may call.
    pub choice: Chosen,
    /// Tokens of the reply.
    pub max_output: Option<u64>,
}

/// One message. What a format puts into one message (words and results of tools) is several here.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// What the model is told.
    User(String),
    /// What it said before.
    Assistant {
        /// The words.
        text: String,
        /// The calls.
        calls: Vec<Called>,
    },
    /// What a tool answered.
    Tool {
        /// The id of the call; empty where the format has none.
        call: String,
        /// The tool, where the format says it.
        name: String,
        /// The words.
        text: String,
    },
}

/// A call that the model made before.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// Its id; empty where the format has none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments; a string where they are sent as text that is no JSON.
    pub arguments: Value,
}

/// A tool that is offered.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedTool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its arguments.
    pub schema: Value,
}

/// Whether the model may call tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Nothing is said, or it may.
    Free,
    /// It must not.
    Words,
    /// It must call one.
    Any,
    /// It must call this one.
    Must(String),
}

impl Asked {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The words of the last message of the user.
    pub fn last_user(&self) -> &str {
        let said = self.messages.iter().rev().find_map(|said| match said {
            Said::User(text) => Some(text.as_str()),
            _ => None,
        });
        said.unwrap_or_default()
    }

    /// What the tools answered since the model spoke last, in order: names and words.
    pub fn results(&self) -> Vec<(&str, &str)> {
        let since = self.messages.iter().rposition(|said| matches!(said, Said::Assistant { .. }));
        let new = &self.messages[since.map_or(0, |at| at + 1)..];
        let named = |call: &str| {
            let calls = self.messages.iter().filter_map(|said| match said {
                Said::Assistant { calls, .. } => Some(calls),
                _ => None,
            });
            calls.flatten().find(|c| !call.is_empty() && c.id == call).map_or("", |c| c.name.as_str())
        };
        new.iter()
            .filter_map(|said| match said {
                Said::Tool { call, name, text } => {
                    Some((if name.is_empty() { named(call) } else { name.as_str() }, text.as_str()))
                }
                _ => None,
            })
            .collect()
    }

    /// Whether a tool is offered.
    pub fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|offered| offered.name == tool)
    }

    /// The whole body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}
