//! What was asked already: the same, nearly the same, to and fro.
//!
//! A model that reads the same again learns nothing and pays for it. Two calls are *the same* when tool and arguments are,
//! whatever the order of members, and what says nothing (null, empty) is left out. They are *nearly* the same when they
//! differ in numbers and times alone: another limit, another window. Another name is another call, however alike it looks:
//! `api-1` and `api-2` are two pods. Must never answer one conversation with a reproach for what another one asked. Start at
//! [`Asked::before`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use midwatch_diagnosis::report::EvidenceId;
use midwatch_redact::Redacted;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::trail::sorted;

/// Calls that differ in numbers alone and are made all the same: a wider window is a fair question, the fifth is not.
const VARIANTS: usize = 3;

/// Bytes from which on two equal results of different calls are one: "nothing found" is a result of its own each time.
const LONG: usize = 500;

/// What a call gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Gave {
    /// It stands on the shelf.
    Evidence(EvidenceId),
    /// Nothing, and why.
    Nothing(Redacted<String>),
}

/// A call in the form in which calls are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) exact: String,
    pub(crate) near: String,
}

impl Key {
    pub(crate) fn new(tool: &str, arguments: &Value) -> Self {
        let form = |rough: bool| format!("{tool} {}", essence(arguments, rough).map(sorted).unwrap_or_default());
        Self { exact: form(false), near: form(true) }
    }
}

/// What says something: no nulls, no empty texts and lists; `rough` leaves out numbers and times, too.
fn essence(value: &Value, rough: bool) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Number(_) if rough => None,
        Value::String(text) => {
            let text = text.trim();
            let says_nothing = text.is_empty() || (rough && is_measure(text));
            (!says_nothing).then(|| Value::from(text))
        }
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(|item| essence(item, rough)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(members) => {
            let members = members.iter().filter_map(|(name, member)| Some((name.clone(), essence(member, rough)?)));
            let members: serde_json::Map<String, Value> = members.collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        other => Some(other.clone()),
    }
}

/// A time or a span of time: `2026-11-22T10:00:00Z`, `15m`. A bare number in quotes may be a status code: it says more.
fn is_measure(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.len() - number.len();
    let span = (1..=3).contains(&unit) && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.');
    span || text.parse::<Timestamp>().is_ok()
}

/// What there is of a call that was asked before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Before {
    /// Nothing: it is to be made.
    New,
    /// The very same; `by_itself` when the same conversation asked it.
    Same { gave: Gave, by_itself: bool },
    /// Nearly the same, often enough.
    Nearly(Gave),
}

/// All calls of one exploration.
#[derive(Default)]
pub(crate) struct Asked {
    calls: Vec<(Key, usize, Gave)>,
    /// What results say, as digests: two that say the same are one.
    said: BTreeMap<[u8; 32], (EvidenceId, Key)>,
}

impl Asked {
    /// Whether a conversation may ask this.
    pub(crate) fn before(&self, track: usize, key: &Key) -> Before {
        let same: Vec<_> = self.calls.iter().filter(|(known, ..)| known.exact == key.exact).collect();
        if let Some((_, _, gave)) = same.last() {
            let by_itself = same.iter().any(|(_, by, _)| *by == track);
            return Before::Same { gave: gave.clone(), by_itself };
        }
        let near: Vec<_> = self.calls.iter().filter(|(known, by, _)| *by == track && known.near == key.near).collect();
        match near.last() {
            Some((_, _, gave)) if near.len() >= VARIANTS => Before::Nearly(gave.clone()),
            _ => Before::New,
        }
    }

    /// Remembers what a call gave.
    pub(crate) fn remember(&mut self, track: usize, key: Key, gave: Gave) {
        self.calls.push((key, track, gave));
    }

    /// The evidence that says just this, if there is one, and whether nearly the same call gave it.
    pub(crate) fn said_before(&self, key: &Key, print: &Print) -> Option<(EvidenceId, bool)> {
        let (id, by) = self.said.get(&print.digest)?;
        let near = by.near == key.near;
        (near || print.is_long).then_some((*id, near))
    }

    /// Remembers what a result says.
    pub(crate) fn says(&mut self, key: Key, print: &Print, id: EvidenceId) {
        self.said.insert(print.digest, (id, key));
    }
}

/// What results are compared by: they are large, and are gone to the shelf by the time that they are remembered.
pub(crate) struct Print {
    digest: [u8; 32],
    is_long: bool,
}

impl Print {
    pub(crate) fn of(text: &str) -> Self {
        Self { digest: Sha256::digest(text).into(), is_long: text.len() >= LONG }
    }
}

/// Whether the last rounds take turns: A, B, A, B.
pub(crate) fn to_and_fro(rounds: &[String]) -> bool {
    matches!(rounds, [.., a, b, c, d] if a == c && b == d && a != b)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::order(json!({"pod": "a", "lines": 5}), json!({"lines": 5, "pod": " a"}), true, true)]
    #[case::nulls(json!({"pod": "a"}), json!({"pod": "a", "grep": null, "words": []}), true, true)]
    #[case::another_limit(json!({"pod": "a", "lines": 100}), json!({"pod": "a", "lines": 120}), false, true)]
    #[case::another_window(json!({"pod": "a", "back": "15m"}), json!({"pod": "a", "back": "1h"}), false, true)]
    #[case::another_time(
        json!({"since": "2026-01-01T00:00:00Z"}), json!({"since": "2026-01-01T00:05:00Z"}), false, true
    )]
    #[case::another_pod(json!({"pod": "api-1"}), json!({"pod": "api-2"}), false, false)]
    #[case::another_flag(json!({"previous": true}), json!({"previous": false}), false, false)]
    fn calls_are_compared(#[case] one: Value, #[case] other: Value, #[case] same: bool, #[case] near: bool) {
        let (one, other) = (Key::new("read_log", &one), Key::new("read_log", &other));
        assert_eq!((one.exact == other.exact, one.near == other.near), (same, near));
    }

    #[test]
    fn taking_turns_is_seen() {
        let rounds = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        assert!(to_and_fro(&rounds("xabab")));
        assert!(!to_and_fro(&rounds("aaaa")));
        assert!(!to_and_fro(&rounds("abac")));
    }
}
