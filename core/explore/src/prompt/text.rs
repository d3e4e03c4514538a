//! Puts a text for a model together of parts that may leave.
//!
//! Must never take a part that went neither through the veil nor is written in our source. Start at [`Text`].

use std::fmt::Display;

use midwatch_redact::Redacted;

use super::mark;
use crate::port::Message;
use crate::veil::Veil;

/// A text in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    parts: Vec<Redacted<String>>,
}

impl Text {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Words of our own.
    pub(crate) fn ours(mut self, words: &'static str) -> Self {
        self.parts.push(Redacted::fixed(words));
        self
    }

    /// A number, an id: no text of the outside is `Copy` and `'static`.
    pub(crate) fn plain<S: Display + Copy + 'static>(mut self, value: S) -> Self {
        self.parts.push(Redacted::fixed("").map_with(value, |value, _| value.to_string()));
        self
    }

    /// What is safe already.
    pub(crate) fn safe(mut self, text: Redacted<String>) -> Self {
        self.parts.push(text);
        self
    }

    /// A text of the outside, secrets hidden and names masked, marked as data.
    pub(crate) fn data(self, origin: &str, text: &str, veil: &Veil) -> Self {
        self.safe(mark::data(origin, &veil.out(text)))
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    pub(crate) fn done(self) -> Redacted<String> {
        Redacted::gather(self.parts).map(|parts| parts.concat())
    }

    /// As a message to the model.
    pub(crate) fn told(self) -> Redacted<Message> {
        self.done().map(|text| Message::User { text: text.clone() })
    }
}
