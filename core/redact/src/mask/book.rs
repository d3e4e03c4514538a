//! Which name has which placeholder.
//!
//! Must never give a placeholder twice, nor one that is a name itself.

use std::collections::{BTreeMap, BTreeSet};

/// Names that every cluster has: they tell nothing, and masking them would spoil every text.
const PUBLIC: &[&str] = &["default", "kube-system", "kube-public", "kube-node-lease", "kubernetes", "localhost"];

/// Names and placeholders, both ways.
#[derive(Clone, Default)]
pub(super) struct Book {
    /// Learned names in small letters with `-`, and what their placeholders begin with.
    kinds: BTreeMap<String, &'static str>,
    /// First words of learned names: most words of a text begin none.
    firsts: BTreeSet<String>,
    /// Length of the longest learned name.
    longest: usize,
    /// What was masked, exactly as it was written.
    given: BTreeMap<String, (&'static str, u32)>,
    /// What each placeholder stands for.
    back: BTreeMap<(&'static str, u32), String>,
    /// The last number of each kind.
    last: BTreeMap<&'static str, u32>,
}

impl Book {
    /// How many names were given a placeholder.
    pub(super) fn len(&self) -> usize {
        self.given.len()
    }

    /// Learns a name; of a name of two kinds the first counts.
    pub(super) fn learn(&mut self, prefix: &'static str, name: &str) {
        let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let key = plain(name);
        let says_nothing = name.len() < 2 || !name.contains(|c: char| c.is_ascii_alphabetic());
        if says_nothing || PUBLIC.contains(&key.as_str()) || self.kinds.contains_key(&key) {
            return;
        }
        let first = key.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        self.firsts.insert(first.to_owned());
        self.longest = self.longest.max(key.len());
        self.kinds.insert(key, prefix);
        self.place(name, prefix);
    }

    /// Length of the longest learned name that begins here and ends with a word.
    pub(super) fn longest(&self, text: &str, start: usize) -> Option<usize> {
        let rest = text.get(start..)?;
        let word = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if !self.firsts.contains(&plain(&rest[..word])) {
            return None;
        }
        let reach = rest.len().min(self.longest);
        let ends = (word..=reach).rev().filter(|end| rest.is_char_boundary(*end) && super::words::ends(rest, *end));
        ends.into_iter().find(|end| self.kinds.contains_key(&plain(&rest[..*end])))
    }

    /// The placeholder of what was found, new if it has none yet. What is no learned name is of the kind `otherwise`.
    pub(super) fn hidden(&mut self, found: &str, otherwise: &'static str) -> String {
        let (prefix, number) = match self.given.get(found) {
            Some(place) => *place,
            None => self.place(found, self.kinds.get(&plain(found)).copied().unwrap_or(otherwise)),
        };
        format!("{prefix}-{number}")
    }

    /// What a placeholder stands for.
    pub(super) fn shown(&self, prefix: &'static str, number: u32) -> Option<&str> {
        self.back.get(&(prefix, number)).map(String::as_str)
    }

    fn place(&mut self, name: &str, prefix: &'static str) -> (&'static str, u32) {
        let last = self.last.get(prefix).copied().unwrap_or(0);
        let is_name = |number: &u32| self.kinds.contains_key(&format!("{prefix}-{number}"));
        let number = (last + 1..u32::MAX).find(|number| !is_name(number)).unwrap_or(u32::MAX);
        self.last.insert(prefix, number);
        self.given.insert(name.to_owned(), (prefix, number));
        self.back.insert((prefix, number), name.to_owned());
        (prefix, number)
    }
}

/// As names are compared: `CHECKOUT_API` is `checkout-api`.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}
