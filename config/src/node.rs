//! A value as it was written, before its setting gives it a type.
//!
//! Never decides whether a value is right. Start at [`Node`]; `document.rs` makes them from YAML,
//! [`from_text`] from a variable or a flag.

use crate::document;
use crate::error::Problem;
use crate::field::Slot;
use crate::quote::quote;

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Nothing,
    Flag(bool),
    /// A number in its decimal spelling.
    Number(String),
    Text(String),
    List(Vec<Located<Node>>),
    Map(Vec<(Located<String>, Located<Node>)>),
}

/// Something with its line and column, both from 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Node {
    /// What was found, for a message. Not for secrets: it quotes the value.
    pub(crate) fn found(&self) -> String {
        match self {
            Self::Number(text) => format!("the number {}", quote(text)),
            Self::Text(text) => quote(text),
            Self::Flag(value) => format!("`{value}`"),
            Self::Nothing | Self::List(_) | Self::Map(_) => self.kind().to_owned(),
        }
    }

    /// What kind of value was found; shows nothing of the value itself.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a section with keys of its own",
        }
    }
}

/// The value of a variable or a flag.
///
/// Text that starts like a YAML list or a quoted string is read as YAML; anything else is taken as
/// it stands, so that `#` and `: ` in a value lose their YAML meaning and need no quotes.
/// A single secret is never YAML, as a token may begin with anything; nor is an address, as `[::]:8080` is one.
pub(crate) fn from_text(text: &str, slot: &Slot) -> Result<Node, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::new("the value is empty", "unset it, or give a value; `[]` is the empty list"));
    }
    let yaml = match slot {
        Slot::Secret { .. } | Slot::Listen(_) => false,
        Slot::Headers(_) => text.starts_with('{'),
        _ => text.starts_with(['[', '"', '\'']) || text.starts_with("- "),
    };
    if !yaml {
        return Ok(Node::Text(text.to_owned()));
    }
    let problem = || {
        // The parser's own message may quote the value, which may be a secret.
        Problem::new(
            "the value starts like a YAML list or quoted text but does not end like one",
            "close the bracket or the quote, or put the whole value in single quotes",
        )
    };
    document::parse(text).map(|root| root.value).map_err(|_| problem())
}
