//! Words to entities, without a model: exact names, `app` labels, prefixes, near names, in this order.
//!
//! `deploy/checkout`, `shop/checkout`, `node worker-1`, `why is checkout slow`: every word is looked up; words of plain
//! English are skipped unless they stand behind a kind or a slash.

use std::collections::BTreeSet;

use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_diagnosis::view::View;

use super::names;
use crate::request::NoReport;

/// Targets that one question can name.
const TARGET_CAP: usize = 3;

/// English words of questions; they name nothing unless a kind stands before them.
#[rustfmt::skip] // a paragraph, not a column
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "alert", "all", "am", "an", "and", "any", "anything", "are", "as", "at",
    "available", "back", "bad", "be", "been", "before", "behind", "being", "broken", "but", "by", "can",
    "cannot", "cant", "cause", "caused", "check", "cluster", "come", "comes", "container", "containers",
    "could", "crash", "crashed", "crashes", "crashing", "dead", "deployed", "did", "do", "does", "doesnt",
    "doing", "done", "down", "error", "errors", "everything", "fail", "failed", "failing", "fails", "find",
    "fine", "for", "from", "full", "get", "gets", "getting", "going", "gone", "had", "happened", "happening",
    "has", "have", "healthy", "help", "hit", "how", "i", "if", "in", "into", "investigate", "is", "isnt",
    "issue", "issues", "it", "its", "just", "keep", "keeps", "killed", "last", "latency", "less", "like",
    "look", "many", "me", "memory", "missing", "more", "my", "namespace", "no", "not", "not-ready", "nothing",
    "now", "of", "off", "ok", "okay", "on", "one", "only", "or", "our", "out", "over", "pending", "please",
    "problem", "problems", "ready", "reason", "replicas", "request", "requests", "restart", "restarted",
    "restarting", "restarts", "rollout", "root", "run", "running", "runs", "same", "see", "serve", "serving",
    "since", "slow", "so", "some", "something", "start", "started", "starting", "starts", "state", "status",
    "still", "stop", "stopped", "stuck", "such", "than", "that", "the", "there", "these", "they", "this",
    "time", "timeout", "timeouts", "to", "today", "too", "trouble", "unavailable", "unhealthy", "unready", "up",
    "updated", "us", "was", "we", "went", "were", "what", "whats", "when", "where", "which", "who", "why",
    "will", "with", "working", "works", "would", "wrong", "yesterday", "you",
];

/// Namespaces that a question names: `shop/checkout`, `in namespace shop`, or a word that is one.
pub(super) fn namespaces(text: &str, readable: &[String]) -> BTreeSet<String> {
    let words = words(text);
    let is_namespace = |w: &str| readable.iter().any(|n| n == w);
    let mut found = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let after_kind = index > 0 && matches!(words[index - 1].as_str(), "namespace" | "ns");
        if let Some((left, _)) = word.split_once('/') {
            if Kind::parse(left).is_none() && is_namespace(left) {
                found.insert(left.to_owned());
            }
        } else if is_namespace(word) && (after_kind || words.len() == 1 || index > 0 && words[index - 1] == "in") {
            found.insert(word.clone());
        }
    }
    found
}

/// What a text names.
#[derive(Debug)]
pub(super) struct Named {
    /// The entities. Empty when it names none in particular ("what is broken?").
    pub(super) targets: Vec<EntityRef>,
    /// Names that nothing carries.
    pub(super) unknown: Vec<String>,
}

impl Named {
    /// Words of plain English are no names that somebody missed; those with a dash are.
    fn new(targets: Vec<EntityRef>, mut unknown: Vec<String>) -> Self {
        unknown.retain(|word| word.contains('-'));
        Self { targets, unknown }
    }
}

/// The entities that a text names. Empty when it names none in particular ("what is broken?").
///
/// # Errors
/// Several things fit, or a name fits nothing.
pub(super) fn targets(
    view: &View,
    text: &str,
    namespaces: &BTreeSet<String>,
    namespace_given: bool,
) -> Result<Named, NoReport> {
    let namespace = match namespaces.iter().collect::<Vec<_>>().as_slice() {
        [only] => only.as_str(),
        _ => "",
    };
    let words = words(text);
    let mut found: Vec<EntityRef> = Vec::new();
    let mut several: Option<NoReport> = None;
    let mut unknown: Vec<String> = Vec::new();
    let mut kind: Option<Kind> = None;
    for word in &words {
        let hint = kind.take();
        match look_up(view, word, namespace, hint.as_ref(), words.len() == 1) {
            Look::Skip => kind = Kind::parse(word).filter(|_| words.len() > 1),
            Look::Found(entities) => found.extend(entities),
            Look::Several(_) | Look::Unknown if namespaces.contains(word) => {}
            Look::Several(candidates) => {
                several.get_or_insert(NoReport::Ambiguous { asked: word.clone(), candidates });
            }
            Look::Unknown => unknown.push(word.clone()),
        }
    }
    // A word that names one thing decides; one that fits several is asked back only when none does.
    match (found.is_empty(), several) {
        (true, Some(several)) => Err(several),
        (true, None) => nothing_found(view, &words, unknown, namespaces, namespace_given),
        (false, _) => {
            let mut targets = names::fold(view, found);
            targets.truncate(TARGET_CAP);
            Ok(Named::new(targets, unknown))
        }
    }
}

/// A question without a name is about its namespace, also when it uses a name that nothing carries; a single word is a
/// name and nothing else.
fn nothing_found(
    view: &View,
    words: &[String],
    unknown: Vec<String>,
    namespaces: &BTreeSet<String>,
    namespace_given: bool,
) -> Result<Named, NoReport> {
    let name_like = unknown.iter().find(|w| w.contains(['-', '/', '.']) || words.len() == 1);
    let placed = namespace_given || !namespaces.is_empty();
    let asked = match (placed, words.len()) {
        (true, 2..) => None,
        (true, _) => name_like,
        (false, _) => name_like.or(unknown.first()),
    };
    match asked {
        None => Ok(Named::new(Vec::new(), unknown)),
        Some(asked) => {
            let bare = asked.rsplit('/').next().unwrap_or(asked);
            let namespace = namespaces.iter().next().map(String::as_str).unwrap_or_default();
            let namespace = if namespaces.len() == 1 { namespace } else { "" };
            let nearest = names::nearest(view, bare, namespace);
            // It may be among the pods that nobody could list: the report says so, and which rule is missing.
            if nearest.is_empty() && pods_hidden(view, namespaces) {
                return Ok(Named::new(Vec::new(), unknown));
            }
            Err(NoReport::NoMatch { asked: asked.clone(), nearest })
        }
    }
}

/// Whether a list of pods failed where something was looked for. What a recording leaves out is not hidden by anyone.
fn pods_hidden(view: &View, namespaces: &BTreeSet<String>) -> bool {
    let here = |ns: Option<&str>| namespaces.is_empty() || ns.is_none_or(|ns| namespaces.contains(ns));
    view.unread().any(|(kind, ns, why)| *kind == Kind::Pod && here(ns) && *why != ReadFailure::NotRecorded)
}

enum Look {
    /// Not a name: plain English, a kind, a namespace.
    Skip,
    Found(Vec<EntityRef>),
    Several(Vec<EntityRef>),
    Unknown,
}

fn look_up(view: &View, word: &str, namespace: &str, hint: Option<&Kind>, alone: bool) -> Look {
    if let Some((left, right)) = word.split_once('/') {
        return match Kind::parse(left) {
            Some(kind) => by_name(view, right, namespace, Some(&kind), true),
            None => by_name(view, right, left, hint, true),
        };
    }
    if hint.is_none() && !alone && (STOP_WORDS.contains(&word) || Kind::parse(word).is_some()) {
        return Look::Skip;
    }
    by_name(view, word, namespace, hint, alone)
}

fn by_name(view: &View, name: &str, namespace: &str, kind: Option<&Kind>, asked_for: bool) -> Look {
    if let Some(kind) = kind {
        let same = |e: &EntityRef| {
            e.name.eq_ignore_ascii_case(name) && (namespace.is_empty() || e.namespace.is_none() || e.ns() == namespace)
        };
        let of_kind: Vec<EntityRef> = view.names(kind).into_iter().filter(same).collect();
        if !of_kind.is_empty() {
            return several(of_kind);
        }
    }
    let exact = names::exact(view, name, namespace);
    if !exact.is_empty() {
        return several(exact);
    }
    for fitting in [names::prefixed(view, name, namespace), names::containing(view, name, namespace)] {
        if !fitting.is_empty() {
            return several(fitting);
        }
    }
    // Short words are near to anything; only what looks like a name is taken for a misspelt one.
    if asked_for || name.len() >= 5 {
        let near = names::near(view, name, namespace);
        if !near.is_empty() {
            return several(near);
        }
    }
    Look::Unknown
}

fn several(mut found: Vec<EntityRef>) -> Look {
    // A workload wins over companions of other kinds that happen to carry the name.
    let workloads: Vec<EntityRef> = found.iter().filter(|e| e.kind.is_workload()).cloned().collect();
    if workloads.len() == 1 {
        found = workloads;
    }
    if found.len() == 1 { Look::Found(found) } else { Look::Several(found) }
}

/// Words without the punctuation around them; slashes, dots and dashes inside stay.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace(['\'', '\u{2019}'], ""))
        // `0/1`, `10`, `99.9`: no name of anything is without a letter.
        .filter(|w| w.chars().any(char::is_alphabetic))
        .collect()
}

#[cfg(test)]
mod tests;
