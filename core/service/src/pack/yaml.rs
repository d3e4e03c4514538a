//! A pack's YAML as a tree in which every key and value knows its line and column.
//!
//! serde's derive stops at the first mistake and does not know where an unknown key stands; one walk over this tree finds
//! all of them. Must never go deeper than [`DEPTH`] or follow aliases past [`REPLAYS`] nodes. Start at [`parse`].

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::mistakes::{Mistake, plain, quote};

/// Deepest nesting; a pack needs five levels.
const DEPTH: usize = 16;
/// Nodes that aliases may add: a list that is used twice is fine, a bomb is not.
const REPLAYS: usize = 10_000;

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Nothing,
    Flag(bool),
    /// A number in its decimal spelling.
    Number(String),
    Text(String),
    List(Vec<Located<Node>>),
    Map(Vec<Entry>),
}

/// A key and its value.
pub(super) type Entry = (Located<String>, Located<Node>);

/// Something with its line and column, both from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl<T> Located<T> {
    /// A mistake here.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Mistake {
        Mistake { line: self.line, column: self.column, message: message.into() }
    }
}

impl Node {
    /// What was found, for a message.
    pub(super) fn found(&self) -> String {
        match self {
            Node::Nothing => "nothing".to_owned(),
            Node::Flag(value) => format!("`{value}`"),
            Node::Number(text) | Node::Text(text) => quote(text),
            Node::List(_) => "a list".to_owned(),
            Node::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// Reads one YAML document.
pub(super) fn parse(text: &str) -> Result<Located<Node>, Mistake> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH, max_documents: 1 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: REPLAYS },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // A merge would hide where a value came from; as an ordinary key it is reported.
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options).map(located).map_err(|error| broken(&error))
}

fn broken(error: &serde_saphyr::Error) -> Mistake {
    let error = error.without_snippet();
    let number = |value| u32::try_from(value).unwrap_or(0);
    let (line, column) = error.location().map_or((0, 0), |at| (number(at.line()), number(at.column())));
    let text = error.to_string();
    // The place stands before the message already.
    let what = text.split(" at line ").next().unwrap_or_default();
    Mistake { line, column, message: plain(&format!("this is not valid YAML: {what}")) }
}

fn located<T>(spanned: Spanned<T>) -> Located<T> {
    let at = spanned.referenced;
    let number = |value| u32::try_from(value).unwrap_or(u32::MAX);
    Located { value: spanned.value, line: number(at.line()), column: number(at.column()) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Node>>()? {
            list.push(located(item));
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Spanned<Node>>()? {
            map.push((located(key), located(value)));
        }
        Ok(Node::Map(map))
    }
}
