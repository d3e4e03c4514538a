//! The wordings that are signatures.
//!
//! Start at [`matched`]. A rule is a literal to look for (one Aho-Corasick pass finds them all), a regular
//! expression that must then match, and what it means. The tables stand in the files beside this one; the order of
//! `FAMILIES`, then of rows, is the order of preference: the most specific cause first.
//!
//! A strong rule is wording nobody writes unless it happened, and counts at any level. A weak rule counts only on
//! lines that are not calm, in the message itself, and when the words around it do not deny it.

mod config;
mod connect;
mod denial;
mod program;
mod resource;
mod success;
mod trust;
mod values;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::signature::{Signature, Values};
use super::view::View;
pub(super) use success::Success;

/// One wording.
#[derive(Debug)]
struct Rule {
    signature: Signature,
    strong: bool,
    /// Literal that must occur, in any case.
    needle: &'static str,
    /// Expression that must match; `{host}`, `{port}`, `{path}` and `{env}` stand for the usual ones.
    pattern: &'static str,
}

/// A rule that counts at any level.
const fn strong(signature: Signature, needle: &'static str, pattern: &'static str) -> Rule {
    Rule { signature, strong: true, needle, pattern }
}

/// A rule that counts only where the words around it allow.
const fn weak(signature: Signature, needle: &'static str, pattern: &'static str) -> Rule {
    Rule { signature, strong: false, needle, pattern }
}

/// All tables, the most specific first.
const FAMILIES: [&[Rule]; 10] = [
    denial::KUBERNETES,
    resource::LIMITS,
    trust::CERTIFICATES,
    config::SETTINGS,
    resource::STORAGE,
    connect::NETWORK,
    trust::CREDENTIALS,
    program::RULES,
    config::VALIDATION,
    denial::LAST,
];

/// What the rules say about one line.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// The failure it words, if any.
    pub(super) hit: Option<(Signature, Values)>,
    /// The wording says it will be tried again.
    pub(super) retried: bool,
    /// What it says works.
    pub(super) success: Success,
    /// It announces a start of the program.
    pub(super) starts: bool,
}

/// What a literal belongs to.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Rule(u16),
    Success,
    Starts,
    Retry,
}

/// An expression that is compiled when its literal first occurs: most never do.
type Lazy = LazyLock<Option<Regex>, Box<dyn FnOnce() -> Option<Regex> + Send>>;

/// The compiled tables.
struct Engine {
    needles: Option<AhoCorasick>,
    marks: Vec<Mark>,
    rules: Vec<(&'static Rule, Lazy)>,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::new);

impl Engine {
    fn new() -> Self {
        let mut rules = Vec::new();
        let mut literals = Vec::new();
        let mut marks = Vec::new();
        for rule in FAMILIES.iter().flat_map(|family| family.iter()) {
            literals.push(rule.needle);
            marks.push(Mark::Rule(u16::try_from(rules.len()).unwrap_or(u16::MAX)));
            let pattern = rule.pattern;
            let build: Box<dyn FnOnce() -> Option<Regex> + Send> = Box::new(move || compile(pattern));
            rules.push((rule, LazyLock::new(build)));
        }
        for (words, mark) in
            [(success::WORDS, Mark::Success), (success::STARTS, Mark::Starts), (success::RETRIES, Mark::Retry)]
        {
            literals.extend(words);
            marks.extend(words.iter().map(|_| mark));
        }
        let needles =
            AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(literals).ok();
        Self { needles, marks, rules }
    }
}

/// All text of the tables: the words in it are the ones that matter.
pub(super) fn wording() -> impl Iterator<Item = &'static str> {
    let tables = FAMILIES.iter().flat_map(|family| family.iter()).flat_map(|rule| [rule.needle, rule.pattern]);
    let words = [success::WORDS, success::STARTS, success::RETRIES];
    tables.chain(words.into_iter().flatten().copied())
}

/// Builds a rule's expression.
fn compile(pattern: &str) -> Option<Regex> {
    let full = pattern
        .replace("{host}", r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)")
        .replace("{port}", r"(?P<port>\d{1,5})")
        .replace("{path}", r#"(?P<path>/[^\s'":,;)]*)"#)
        .replace("{env}", r"(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,})");
    Regex::new(&full).ok()
}

/// Reads one line. `calm` is whether its level is `Info` or below.
pub(super) fn matched(view: &View, calm: bool) -> Matched {
    let mut out = Matched::default();
    let Some(needles) = &ENGINE.needles else {
        return out;
    };
    let mut candidates: Vec<u16> = Vec::new();
    let mut says_success = false;
    for found in needles.find_overlapping_iter(&view.text) {
        match ENGINE.marks.get(found.pattern().as_usize()) {
            Some(Mark::Rule(index)) => candidates.push(*index),
            Some(Mark::Success) => says_success = true,
            Some(Mark::Starts) => out.starts = true,
            Some(Mark::Retry) => out.retried = true,
            None => {}
        }
    }
    candidates.sort_unstable();
    candidates.dedup();
    let calm = calm || success::is_answered(&view.text);
    let message = view.text.get(..view.message_len).unwrap_or(&view.text);
    out.hit = candidates.iter().find_map(|index| try_rule(*index, &view.text, message, calm, view.stated.is_error()));
    out.starts = out.starts && out.hit.is_none() && success::starts(message);
    if says_success {
        out.success = success::read(message, out.hit.is_some());
    }
    out
}

/// One candidate: its signature and values when it holds.
fn try_rule(index: u16, text: &str, message: &str, calm: bool, is_error: bool) -> Option<(Signature, Values)> {
    let (rule, regex) = ENGINE.rules.get(usize::from(index))?;
    if calm && !rule.strong {
        return None;
    }
    let scope = if rule.strong { text } else { message };
    let captures = regex.as_ref()?.captures(scope)?;
    let whole = captures.get(0)?;
    let (before, after) = (&scope[..whole.start()], &scope[whole.end()..]);
    if (calm || !rule.strong) && success::is_denied(before, after) {
        return None;
    }
    if rule.signature == Signature::ConnectionReset && success::is_client(before) {
        return None;
    }
    if rule.signature == Signature::MissingConfiguration && !is_error && success::has_default(after) {
        return None;
    }
    Some((rule.signature, values::read(rule.signature, regex.as_ref()?, &captures, text)))
}

#[cfg(test)]
mod tests {
    use super::{ENGINE, FAMILIES};

    #[test]
    fn every_rule_compiles_and_its_needle_is_plain() {
        assert!(ENGINE.needles.is_some());
        for (rule, regex) in &ENGINE.rules {
            assert!(regex.is_some(), "{}", rule.pattern);
            assert!(rule.needle.len() >= 3, "{}", rule.needle);
        }
        assert_eq!(ENGINE.rules.len(), FAMILIES.iter().map(|family| family.len()).sum::<usize>());
    }
}
