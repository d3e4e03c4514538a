//! YAML text to a tree of [`Node`]s in which every key and value knows its line and column.
//!
//! Why a tree and not `#[derive(Deserialize)]` on the settings: serde stops at the first mistake and
//! knows neither where an unknown key stands nor which line a duplicate repeats. serde-saphyr's
//! `Spanned` gives a place to every node when it is asked for at every level, duplicates are passed
//! through to the visitor on request, so one walk over this tree finds all mistakes.
//!
//! Never recurses deeper than [`DEPTH`] or expands aliases past [`REPLAYS`] nodes, and never puts a
//! piece of the text in a message: it may be a secret. Start at [`parse`].

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Options, Spanned};

use crate::node::{Located, Node};

/// Deepest nesting; settings need five levels.
const DEPTH: usize = 16;
/// Nodes that aliases may add: a copied list is fine, a bomb is not.
const REPLAYS: usize = 10_000;

/// Why a text is not a document, with the place when the parser knows it.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) what: String,
    /// What to do, when the mistake is one of the known ones.
    pub(crate) fix: Option<&'static str>,
}

/// Reads one YAML document; text without any content is `Node::Nothing`.
pub(crate) fn parse(text: &str) -> Result<Located<Node>, Broken> {
    if has_no_content(text) {
        return Ok(Located { value: Node::Nothing, line: 1, column: 1 });
    }
    serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options()).map(located).map_err(|error| broken(&error))
}

/// Whether there are only blank lines, comments and document markers.
fn has_no_content(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#') || line == "---" || line == "...")
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH, max_documents: 1 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: REPLAYS },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // A merge would hide where a value came from; as an ordinary key it is reported.
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // `off` is a log level and `no` may be a literal: only true and false are flags.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// The parser's words for a mistake, and ours: what and fix. Matched by text because errors inside
/// an alias arrive wrapped, with nothing of their kind left but the text.
const PLAINLY: &[(&str, &str, &str)] = &[
    (
        "unknown anchor",
        "a value starts with `*` and so stands for an anchor, which does not exist",
        "put the value in quotes to make it text: `\"*_DSN\"`",
    ),
    ("recursion limit", "values are nested too deeply", "settings are at most five levels deep"),
    ("Depth {", "values are nested too deeply", "settings are at most five levels deep"),
    ("ocuments", "there is more than one document in the file", "keep one and remove the `---` between them"),
    ("recursive references", "an anchor contains itself", "write the value out"),
    ("alias", "aliases (`*name`) copy too many values", "write the values out"),
    ("budget breached", "the file holds too many values", "check that it is the right file"),
];

fn broken(error: &Error) -> Broken {
    let error = error.without_snippet();
    let (line, column) = error
        .location()
        .map_or((0, 0), |at| (u32::try_from(at.line()).unwrap_or(0), u32::try_from(at.column()).unwrap_or(0)));
    let text = error.to_string();
    if let Some((_, what, fix)) = PLAINLY.iter().find(|(needle, ..)| text.contains(needle)) {
        return Broken { line, column, what: (*what).to_owned(), fix: Some(fix) };
    }
    // The place stands before the message already.
    let what = text.split(" at line ").next().unwrap_or_default();
    Broken { line, column, what: format!("this is not valid YAML: {what}"), fix: None }
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
