//! Settings that are lists of things with keys of their own: API keys, permission rules.
//!
//! Never stops at the first mistake of a list, and never quotes a value that may be secret. Start at [`Record`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Problem;
use crate::field::Field;
use crate::node::{Located, Node};
use crate::quote::{alternatives, quote};
use crate::scalar::is_whole;
use crate::suggest;
use crate::units::parse_usd;
use crate::value::{Wrong, place, scalar};
use url::Url;

/// One thing of a list.
pub(crate) trait Record: Sized {
    /// What the list is, as the end of "expected ...".
    const SHAPE: &'static str;
    /// How one is written.
    const EXAMPLE: &'static str;
    /// Its keys.
    const KEYS: &'static [&'static str];

    /// Reads one; mistakes are left in `entries`. None when there was one that leaves nothing to go on with.
    fn read(entries: &mut Entries<'_>) -> Option<Self>;

    /// As it would be written in the file, on one line, without secrets.
    fn show(&self) -> String;

    /// The text that two of a list may not share.
    fn identity(&self) -> Option<&str> {
        None
    }
}

/// A list of records, whatever they are.
pub(crate) trait RecordList {
    fn read(&mut self, field: &Field, node: &Located<Node>, base: Option<&Path>) -> Result<(), Vec<Wrong>>;
    fn show(&self) -> String;
    fn shape(&self) -> &'static str;
    fn example(&self) -> &'static str;
}

impl<R: Record> RecordList for Vec<R> {
    fn read(&mut self, field: &Field, node: &Located<Node>, base: Option<&Path>) -> Result<(), Vec<Wrong>> {
        let Node::List(items) = &node.value else {
            // Not the value itself: in a list of keys it may be one.
            let what = format!("`{}` is {}, expected {}", field.key, node.value.kind(), R::SHAPE);
            return Err(vec![place(node, Problem::new(what, field.example()))]);
        };
        let (mut found, mut wrong) = (Vec::with_capacity(items.len()), Vec::new());
        for (item, number) in items.iter().zip(1..) {
            let name = format!("item {number} of `{}`", field.key);
            let Some(mut entries) = Entries::open(name, item, R::KEYS, base, &mut wrong) else { continue };
            let record = R::read(&mut entries);
            if let Some(repeated) = record.as_ref().and_then(|one| repeats(one, &found)) {
                entries
                    .wrong_here(&format!("has the name {} of an earlier one", quote(&repeated)), "give each its own");
            }
            found.extend(record);
        }
        if wrong.is_empty() {
            *self = found;
            return Ok(());
        }
        Err(wrong)
    }

    fn show(&self) -> String {
        let all: Vec<_> = self.iter().map(Record::show).collect();
        format!("[{}]", all.join(", "))
    }

    fn shape(&self) -> &'static str {
        R::SHAPE
    }

    fn example(&self) -> &'static str {
        R::EXAMPLE
    }
}

fn repeats<R: Record>(one: &R, before: &[R]) -> Option<String> {
    let identity = one.identity()?;
    before.iter().any(|other| other.identity() == Some(identity)).then(|| identity.to_owned())
}

/// The keys and values of one record while it is read.
pub(crate) struct Entries<'a> {
    /// `item 2 of ...`.
    name: String,
    node: &'a Located<Node>,
    values: BTreeMap<&'a str, &'a Located<Node>>,
    base: Option<&'a Path>,
    wrong: &'a mut Vec<Wrong>,
}

impl<'a> Entries<'a> {
    /// Takes a record apart: keys that do not exist and keys that come twice are mistakes.
    fn open(
        name: String,
        node: &'a Located<Node>,
        known: &'static [&'static str],
        base: Option<&'a Path>,
        wrong: &'a mut Vec<Wrong>,
    ) -> Option<Self> {
        let Node::Map(entries) = &node.value else {
            let what = format!("{name} is {}, expected keys and values", node.value.kind());
            wrong.push(place(node, Problem::new(what, valid(known))));
            return None;
        };
        let mut values = BTreeMap::new();
        for (key, value) in entries {
            let at = |problem| Located { value: problem, line: key.line, column: key.column };
            if !known.contains(&key.value.as_str()) {
                let near = suggest::nearest_word(&key.value, known);
                let fix = near.map_or_else(|| valid(known), |near| format!("did you mean {}?", quote(near)));
                wrong.push(at(Problem::new(format!("unknown key {} in {name}", quote(&key.value)), fix)));
            } else if values.insert(key.value.as_str(), value).is_some() {
                let what = format!("the key {} in {name} is here for the second time", quote(&key.value));
                wrong.push(at(Problem::new(what, "keep one of them")));
            }
        }
        Some(Self { name, node, values, base, wrong })
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A mistake of the record as a whole.
    pub(crate) fn wrong_here(&mut self, what: &str, fix: &str) {
        let problem = Problem::new(format!("{} {what}", self.name), fix);
        self.wrong.push(place(self.node, problem));
    }

    /// A mistake of one value, which is not quoted.
    pub(crate) fn wrong_at(&mut self, key: &str, what: &str, fix: &str) {
        let node = self.values.get(key).copied().unwrap_or(self.node);
        let problem = Problem::new(format!("{} in {} {what}", quote(key), self.name), fix);
        self.wrong.push(place(node, problem));
    }

    /// One text; none when it is missing or was a mistake.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        match &self.values.get(key)?.value {
            Node::Text(text) if !text.trim().is_empty() && !text.contains(char::is_control) => Some(text.clone()),
            Node::Text(_) | Node::Nothing => {
                self.wrong_at(key, "is empty", "give a value, or remove the key");
                None
            }
            Node::Number(_) | Node::Flag(_) => {
                self.wrong_at(key, "is not text", "put it in quotes to make it text");
                None
            }
            other => {
                let what = format!("is {}, expected a text", other.kind());
                self.wrong_at(key, &what, "write one text");
                None
            }
        }
    }

    /// One id of another program, which may be a number; none when it is missing or was a mistake.
    pub(crate) fn id(&mut self, key: &str) -> Option<String> {
        match &self.values.get(key)?.value {
            Node::Number(digits) if is_whole(digits) => Some(digits.clone()),
            _ => self.text(key),
        }
    }

    /// One flag; none when it is missing or was a mistake.
    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        match &self.values.get(key)?.value {
            Node::Flag(flag) => Some(*flag),
            other => {
                let what = format!("is {}, expected true or false", other.kind());
                self.wrong_at(key, &what, "write true or false");
                None
            }
        }
    }

    /// The path of a file, from the folder of the configuration file on.
    pub(crate) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.text(key)?;
        Some(self.base.map_or_else(|| PathBuf::from(&text), |base| base.join(&text)))
    }

    /// An address of a server; none when it is missing or was a mistake.
    pub(crate) fn url(&mut self, key: &str) -> Option<Url> {
        if !self.has(key) {
            return None;
        }
        let text = self.text(key)?;
        let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let bare = |url: &Url| url.username().is_empty() && url.password().is_none();
        match Url::parse(text.trim()).ok().filter(fits) {
            Some(url) if bare(&url) => Some(url),
            Some(_) => {
                self.wrong_at(key, "holds a user or a password", "write the address alone");
                None
            }
            None => {
                self.wrong_at(key, "is no address", "begin with `http://` or `https://`");
                None
            }
        }
    }

    /// An amount of US dollars in millionths; none when it is missing or was a mistake.
    pub(crate) fn usd(&mut self, key: &str) -> Option<u64> {
        let amount = scalar(self.values.get(key)?).and_then(parse_usd);
        if amount.is_none() {
            self.wrong_at(key, "is no amount of US dollars", "write it like `0.25`");
        }
        amount
    }

    /// A list of texts; empty when the key is missing. An empty list is a mistake: it would mean everything.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(&node) = self.values.get(key) else { return Vec::new() };
        let one = std::slice::from_ref(node);
        let items = match &node.value {
            Node::List(items) => items.as_slice(),
            _ => one,
        };
        if items.is_empty() {
            self.wrong_at(key, "is an empty list", "list what is meant, or remove the key to mean all of them");
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match &item.value {
                Node::Text(text) if !text.trim().is_empty() => texts.push(text.clone()),
                other => {
                    let what = format!("an item of {} in {} is {}", quote(key), self.name, other.kind());
                    let fix = "write each item as one text, in quotes if need be";
                    self.wrong.push(place(item, Problem::new(what, fix)));
                }
            }
        }
        texts
    }

    /// A list of words of a fixed set.
    pub(crate) fn words(&mut self, key: &str, known: &'static [&'static str]) -> Vec<&'static str> {
        let mut words = Vec::new();
        for text in self.texts(key) {
            if let Some(word) = known.iter().find(|word| word.eq_ignore_ascii_case(text.trim())) {
                words.push(*word);
                continue;
            }
            let near = suggest::nearest_word(&text, known).map(|near| format!("did you mean {}?", quote(near)));
            let fix = near.unwrap_or_else(|| format!("expected {}", alternatives(known)));
            self.wrong_at(key, &format!("holds {}, which is none", quote(&text)), &fix);
        }
        words
    }

    /// A record inside this one.
    pub(crate) fn section(&mut self, key: &'static str, known: &'static [&'static str]) -> Option<Entries<'_>> {
        let node = self.values.get(key)?;
        let name = format!("`{key}` of {}", self.name);
        Entries::open(name, node, known, self.base, self.wrong)
    }
}

fn valid(known: &[&str]) -> String {
    format!("valid here: {}", alternatives(known).replace(" or ", ", "))
}
