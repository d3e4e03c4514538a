//! The formats: how a request is read, a reply and a refusal written.

mod anthropic;
mod gemini;
mod openai;

use serde_json::Value;

use super::asked::Asked;
use super::fault::Refusal;
use super::turn::Turn;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Chat completions; Azure's paths as well.
    OpenAi,
    /// Messages.
    Anthropic,
    /// `generateContent` and `streamGenerateContent`.
    Gemini,
}

/// One event of a stream.
pub(super) struct Event {
    pub(super) name: Option<&'static str>,
    pub(super) data: String,
}

impl Event {
    fn of(data: &Value) -> Self {
        Self { name: None, data: data.to_string() }
    }

    fn named(name: &'static str, data: &Value) -> Self {
        Self { name: Some(name), data: data.to_string() }
    }

    /// As it stands in the stream.
    pub(super) fn bytes(&self) -> String {
        let name = self.name.map(|name| format!("event: {name}\n")).unwrap_or_default();
        format!("{name}data: {}\n\n", self.data)
    }
}

impl Wire {
    /// Which one a path belongs to.
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = path.split('?').next().unwrap_or_default();
        match path {
            _ if path.ends_with("/chat/completions") => Some(Wire::OpenAi),
            _ if path.ends_with("/messages") => Some(Wire::Anthropic),
            _ if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") => Some(Wire::Gemini),
            _ => None,
        }
    }

    /// Fills in what the body says.
    pub(super) fn read(self, asked: &mut Asked) {
        match self {
            Wire::OpenAi => openai::read(asked),
            Wire::Anthropic => anthropic::read(asked),
            Wire::Gemini => gemini::read(asked),
        }
    }

    /// A whole reply.
    pub(super) fn whole(self, turn: &Turn, asked: &Asked) -> Value {
        match self {
            Wire::OpenAi => openai::whole(turn, asked),
            Wire::Anthropic => anthropic::whole(turn, asked),
            Wire::Gemini => gemini::whole(turn, asked),
        }
    }

    /// A reply as events of a stream.
    pub(super) fn events(self, turn: &Turn, asked: &Asked) -> Vec<Event> {
        match self {
            Wire::OpenAi => openai::events(turn, asked),
            Wire::Anthropic => anthropic::events(turn, asked),
            Wire::Gemini => gemini::events(turn, asked),
        }
    }

    /// A refusal: status and body.
    pub(super) fn refusal(self, refusal: Refusal, asked: &Asked) -> (u16, Value) {
        match self {
            Wire::OpenAi => openai::refusal(refusal, asked),
            Wire::Anthropic => anthropic::refusal(refusal, asked),
            Wire::Gemini => gemini::refusal(refusal, asked),
        }
    }

    /// How a stream says in its middle that the provider is overloaded.
    pub(super) fn overloaded(self, asked: &Asked) -> Event {
        let (_, body) = self.refusal(Refusal::Overloaded, asked);
        match self {
            Wire::Anthropic => Event::named("error", &body),
            Wire::OpenAi | Wire::Gemini => Event::of(&body),
        }
    }
}

/// A text in pieces of some letters: few enough that a giant one is no giant number of events.
fn pieces(text: &str) -> Vec<String> {
    let size = (text.len() / 200).max(7);
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(size).map(|piece| piece.iter().collect()).collect()
}

/// A member as text.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Content that is text, or parts of which some are text.
fn content_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// Arguments as JSON, or as the text they are.
fn parsed(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|_| Value::String(arguments.to_owned()))
}
