//! From a value as it was written to a typed one, or to a mistake with its place.
//!
//! Must never correct a value silently. Start at [`Section`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use super::mistakes::{Mistake, instead, quote};
use super::yaml::{Entry, Located, Node};

const SIZES: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// The keys of one mapping, each taken once.
pub(super) struct Section {
    entries: BTreeMap<String, Located<Node>>,
}

impl Section {
    /// The entries of a mapping; unknown and repeated keys are mistakes.
    pub(super) fn open(entries: Vec<Entry>, valid: &[&str], mistakes: &mut Vec<Mistake>) -> Self {
        let mut kept = BTreeMap::new();
        let mut lines: BTreeMap<String, u32> = BTreeMap::new();
        for (key, value) in entries {
            if !valid.contains(&key.value.as_str()) {
                let what = format!("there is no key {} here; {}", quote(&key.value), instead(&key.value, valid));
                mistakes.push(key.wrong(what));
            } else if let Some(line) = lines.get(&key.value) {
                let what = format!("the key `{}` is here for the second time; the first is in line {line}", key.value);
                mistakes.push(key.wrong(what));
            } else {
                lines.insert(key.value.clone(), key.line);
                kept.insert(key.value, value);
            }
        }
        Self { entries: kept }
    }

    /// The value of a key, as it was written.
    pub(super) fn take(&mut self, key: &str) -> Option<Located<Node>> {
        self.entries.remove(key)
    }

    /// Reads the value of a key into its place. What is not there stays as it is.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        into: &mut T,
        mistakes: &mut Vec<Mistake>,
        read: impl FnOnce(Located<Node>) -> Result<T, Mistake>,
    ) {
        match self.take(key).map(read) {
            Some(Ok(value)) => *into = value,
            Some(Err(mistake)) => mistakes.push(mistake),
            None => {}
        }
    }
}

fn expected(node: &Located<Node>, what: &str) -> Mistake {
    node.wrong(format!("this is {}; expected {what}", node.value.found()))
}

/// Text that is not empty.
pub(super) fn text(node: Located<Node>) -> Result<String, Mistake> {
    match &node.value {
        Node::Text(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(expected(&node, "text")),
    }
}

/// A whole number within bounds.
pub(super) fn count(node: &Located<Node>, least: u32, most: u32) -> Result<u32, Mistake> {
    let number = match &node.value {
        Node::Number(text) => text.parse().ok(),
        _ => None,
    };
    let fits = |n: &u32| (least..=most).contains(n);
    number.filter(fits).ok_or_else(|| expected(node, &format!("a whole number from {least} to {most}")))
}

/// A duration with its unit, within bounds.
pub(super) fn duration(node: &Located<Node>, least: &str, most: &str) -> Result<Duration, Mistake> {
    let parse = |text: &str| text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    let found = match &node.value {
        Node::Text(text) => parse(text),
        _ => None,
    };
    let fits = |d: &Duration| parse(least).is_some_and(|l| *d >= l) && parse(most).is_some_and(|m| *d <= m);
    let expects = format!("a duration with its unit from {least} to {most}, such as `90s`, `15m` or `1h30m`");
    found.filter(fits).ok_or_else(|| expected(node, &expects))
}

/// Yes or no.
pub(super) fn flag(node: &Located<Node>) -> Result<bool, Mistake> {
    match node.value {
        Node::Flag(value) => Ok(value),
        _ => Err(expected(node, "true or false")),
    }
}

/// US dollars up to 10,000, in millionths.
pub(super) fn dollars(node: &Located<Node>) -> Result<u64, Mistake> {
    let parse = |text: &str| {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        // Digits alone: `parse` takes a sign.
        let sound = !whole.is_empty() && part.len() <= 6 && digits(whole) && digits(part);
        let micros = whole.parse::<u64>().ok()?.checked_mul(1_000_000)?;
        let part = format!("{part:0<6}").parse::<u64>().ok()?;
        sound.then_some(micros + part).filter(|micros| *micros <= 10_000_000_000)
    };
    let found = match &node.value {
        Node::Number(text) => parse(text),
        _ => None,
    };
    found.ok_or_else(|| expected(node, "US dollars from 0 to 10000, such as `0.25`"))
}

/// A size with its unit, within bounds, in bytes.
pub(super) fn size(node: &Located<Node>, least: &str, most: &str) -> Result<u64, Mistake> {
    let parse = |text: &str| {
        let (unit, factor) = SIZES.iter().find(|(unit, _)| text.ends_with(unit))?;
        text.strip_suffix(unit)?.trim_end().parse::<u64>().ok()?.checked_mul(*factor)
    };
    let found = match &node.value {
        Node::Text(text) => parse(text),
        _ => None,
    };
    let fits = |bytes: &u64| parse(least).is_some_and(|l| *bytes >= l) && parse(most).is_some_and(|m| *bytes <= m);
    found.filter(fits).ok_or_else(|| expected(node, &format!("a size from {least} to {most}, such as `10MiB`")))
}

/// One of a few words.
pub(super) fn word<T: Copy>(node: &Located<Node>, words: &[(&str, T)]) -> Result<T, Mistake> {
    let valid: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let Node::Text(text) = &node.value else {
        return Err(expected(node, &format!("one of {}", valid.join(", "))));
    };
    words
        .iter()
        .find(|(word, _)| word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| node.wrong(format!("there is no {} here; {}", quote(text), instead(text, &valid))))
}

/// The items of a list that is not empty.
pub(super) fn list(node: Located<Node>, of: &str) -> Result<Vec<Located<Node>>, Mistake> {
    match node.value {
        Node::List(items) if !items.is_empty() => Ok(items),
        _ => Err(expected(&node, &format!("a list of {of}, with at least one"))),
    }
}

/// The entries of a mapping.
pub(super) fn mapping(node: Located<Node>, of: &str) -> Result<Vec<Entry>, Mistake> {
    match node.value {
        Node::Map(entries) => Ok(entries),
        _ => Err(expected(&node, &format!("a mapping with {of}"))),
    }
}

/// Every item read, or every mistake in them told.
pub(super) fn each<T>(
    items: Vec<Located<Node>>,
    mistakes: &mut Vec<Mistake>,
    mut read: impl FnMut(Located<Node>) -> Result<T, Mistake>,
) -> Vec<T> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        match read(item) {
            Ok(value) => values.push(value),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    values
}
