//! The values that were learned, and the search over them.
//!
//! Must never print a value, and never search one so short that ordinary words would go.
//! Start at [`Literals::find`].

use crate::forms;
use crate::hit::{Hit, Rule};
use crate::kind::SecretKind;
use crate::quoting;
use crate::values;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const RULE: Rule = Rule { name: "learned-value", why: "It is the value of a variable that holds a secret." };

/// Values shorter than this count only when they stand apart: `hunter2`, but not `hunter2000`.
const APART_BELOW: usize = 12;

/// Learned values by text.
#[derive(Clone)]
pub(crate) struct Literals {
    min: usize,
    max: usize,
    values: BTreeMap<String, SecretKind>,
    dropped: usize,
    search: OnceLock<Search>,
}

#[derive(Clone)]
struct Search {
    /// None: nothing learned, or (never seen) too large to build; then `forms` is searched one by one.
    automaton: Option<AhoCorasick>,
    forms: Vec<(String, SecretKind)>,
}

impl Default for Literals {
    fn default() -> Self {
        Self::new(6, 10_000)
    }
}

impl Literals {
    pub(crate) fn new(min: usize, max: usize) -> Self {
        Self { min: min.max(4), max, values: BTreeMap::new(), dropped: 0, search: OnceLock::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(crate) fn learn(&mut self, kind: SecretKind, value: &str) {
        let value = value.trim();
        if value.len() < self.min || values::is_common_word(value) || self.values.contains_key(value) {
            return;
        }
        self.values.insert(value.to_owned(), kind);
        self.search = OnceLock::new();
        // Twice the bound before sorting, so that learning stays linear.
        if self.values.len() >= self.max.saturating_mul(2) {
            self.keep_longest();
        }
    }

    fn keep_longest(&mut self) {
        let excess = self.values.len().saturating_sub(self.max);
        if excess == 0 {
            return;
        }
        let mut by_length: Vec<_> = std::mem::take(&mut self.values).into_iter().collect();
        by_length.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        by_length.truncate(self.max);
        self.values.extend(by_length);
        self.dropped += excess;
    }

    pub(crate) fn build(&mut self) {
        self.keep_longest();
        self.search();
    }

    fn search(&self) -> &Search {
        self.search.get_or_init(|| Search::over(&self.values))
    }

    /// Every place where a learned value stands.
    pub(crate) fn find(&self, text: &str, hits: &mut Vec<Hit>) {
        if self.values.is_empty() {
            return;
        }
        let search = self.search();
        let Some(automaton) = &search.automaton else {
            return search.find_slowly(text, hits);
        };
        for found in automaton.find_overlapping_iter(text) {
            if let Some((form, kind)) = search.forms.get(found.pattern().as_usize()) {
                keep(text, found.start(), form, *kind, hits);
            }
        }
    }
}

impl Search {
    fn over(values: &BTreeMap<String, SecretKind>) -> Self {
        let forms: Vec<_> = values
            .iter()
            .flat_map(|(value, kind)| forms::of(value).into_iter().map(move |form| (form, *kind)))
            .collect();
        let automaton =
            AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(forms.iter().map(|(form, _)| form)).ok();
        Self { automaton, forms }
    }

    fn find_slowly(&self, text: &str, hits: &mut Vec<Hit>) {
        for (form, kind) in &self.forms {
            text.match_indices(form.as_str()).for_each(|(start, _)| keep(text, start, form, *kind, hits));
        }
    }
}

fn keep(text: &str, start: usize, form: &str, kind: SecretKind, hits: &mut Vec<Hit>) {
    let end = start + form.len();
    if form.len() >= APART_BELOW || quoting::stands_apart(text.as_bytes(), start, end) {
        hits.push(Hit::new(start..end, kind, RULE));
    }
}
