//! The calls of tools in a stream, put together.
//!
//! Must never make room for what a server only names, or let two calls of one conversation share an id. Start at
//! [`Calls::piece`].

use std::collections::HashSet;

use genai::chat::ToolCall as Piece;
use midwatch_explore::port::{Arguments, ChatRequest, Message, ToolCall};
use serde_json::{Map, Value};

use crate::options::Provider;

/// Calls of one reply; those after it are not heard. A loop answers far fewer at once.
const CALLS_CAP: usize = 64;

/// Calls as far as they came.
pub(crate) struct Calls {
    provider: Provider,
    heard: Vec<Heard>,
}

struct Heard {
    id: String,
    name: String,
    arguments: String,
    signatures: Option<Vec<String>>,
}

impl Calls {
    pub(crate) fn new(provider: Provider) -> Self {
        Self { provider, heard: Vec::new() }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    /// Hears a piece. What it is differs by format: of OpenAI a part of the arguments, of Anthropic the arguments so far, of
    /// Gemini the whole call.
    pub(crate) fn piece(&mut self, piece: Piece) {
        let Piece { call_id, fn_name, fn_arguments, thought_signatures } = piece;
        let arguments = match fn_arguments {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let known = match self.provider {
            Provider::Gemini => None,
            Provider::Anthropic => self.heard.iter().position(|heard| heard.id == call_id),
            Provider::OpenAi | Provider::Azure => self.continued(&call_id, &fn_name),
        };
        if let Some(heard) = known.and_then(|at| self.heard.get_mut(at)) {
            if self.provider == Provider::Anthropic {
                heard.arguments = arguments;
            } else {
                heard.arguments.push_str(&arguments);
            }
        } else if self.heard.len() < CALLS_CAP {
            self.heard.push(Heard { id: call_id, name: fn_name, arguments, signatures: thought_signatures });
        }
    }

    /// Which call a piece of OpenAI's format belongs to. Only the first piece of a call has its id and its name; genai puts
    /// `call_INDEX` in the place of an id that is not there.
    fn continued(&self, id: &str, name: &str) -> Option<usize> {
        if let Some(at) = self.heard.iter().position(|heard| heard.id == id) {
            return Some(at);
        }
        if !name.is_empty() {
            return None;
        }
        let index = id.strip_prefix("call_").and_then(|index| index.parse::<usize>().ok());
        index.filter(|index| *index < self.heard.len()).or(self.heard.len().checked_sub(1))
    }

    /// The calls as the port has them, with the signatures of each.
    pub(crate) fn finish(self, request: &ChatRequest) -> (Vec<ToolCall>, Vec<Option<Vec<String>>>) {
        let mut used: HashSet<String> = earlier(request).map(|call| call.id.clone()).collect();
        let before = used.len();
        let mut signatures = Vec::new();
        let mut calls = Vec::new();
        for (at, heard) in self.heard.into_iter().enumerate() {
            let own = !heard.id.is_empty() && !heard.id.starts_with("call#") && !used.contains(&heard.id);
            let id = if own { heard.id } else { made_up(self.provider, &heard.name, before + at, &used) };
            used.insert(id.clone());
            signatures.push(heard.signatures);
            calls.push(ToolCall { id, name: heard.name, arguments: arguments(&heard.arguments) });
        }
        (calls, signatures)
    }
}

fn earlier(request: &ChatRequest) -> impl Iterator<Item = &ToolCall> {
    let calls = request.messages.iter().map(|message| match message {
        Message::Assistant { calls, .. } => calls.as_slice(),
        Message::User { .. } | Message::Tool { .. } => &[],
    });
    calls.flatten()
}

/// An id for a call that has none of its own. For Gemini in the shape that genai leaves out of what it sends, so that calls
/// and results are matched by their order, as the format has it.
fn made_up(provider: Provider, name: &str, from: usize, used: &HashSet<String>) -> String {
    let shape = |number: usize| match provider {
        Provider::Gemini => format!("call#{name}#{number}"),
        _ => format!("call_{number}"),
    };
    // One more than are used: one of them is free.
    (from..=from + used.len()).map(shape).find(|id| !used.contains(id)).unwrap_or_default()
}

/// Arguments must be an object; none at all are an empty one.
fn arguments(text: &str) -> Arguments {
    if text.trim().is_empty() {
        return Arguments::Given(Value::Object(Map::new()));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value @ Value::Object(_)) => Arguments::Given(value),
        _ => Arguments::Broken(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn piece(id: &str, name: &str, arguments: &str) -> Piece {
        let fn_arguments = Value::String(arguments.into());
        Piece { call_id: id.into(), fn_name: name.into(), fn_arguments, thought_signatures: None }
    }

    #[test]
    fn pieces_of_openai_find_their_call_by_its_index() {
        let mut calls = Calls::new(Provider::OpenAi);
        for (id, name, arguments) in [
            ("a", "one", ""),
            ("b", "two", "{\"n\""),
            ("call_0", "", "{}"),
            ("call_1", "", ":2}"),
            ("call_4000000000", "", ""),
        ] {
            calls.piece(piece(id, name, arguments));
        }
        let (calls, _) = calls.finish(&ChatRequest::default());
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[0].arguments, Arguments::Given(json!({})));
        assert_eq!(calls[1].arguments, Arguments::Given(json!({"n": 2})));
    }

    #[test]
    fn ids_are_unique_through_the_conversation() {
        let call = |id: &str| ToolCall { id: id.into(), name: "one".into(), arguments: Arguments::Given(json!({})) };
        let spoke = Message::Assistant { text: String::new(), calls: vec![call("call#one#0")], carried: None };
        let request = ChatRequest { messages: vec![spoke], ..ChatRequest::default() };
        let mut calls = Calls::new(Provider::Gemini);
        calls.piece(piece("call#one#0", "one", "{}"));
        calls.piece(piece("call#one#0", "one", "{}"));
        let (calls, _) = calls.finish(&request);
        let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["call#one#1", "call#one#2"]);
    }

    #[test]
    fn what_is_no_object_is_broken() {
        for text in ["{\"a\": ", "[1]", "\"text\"", "null"] {
            assert_eq!(arguments(text), Arguments::Broken(text.into()));
        }
        assert_eq!(arguments(" "), Arguments::Given(json!({})));
    }
}
