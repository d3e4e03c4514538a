//! Names in questions: `checkout`, `deploy/checkout`, `the checkout pod`, `pod checkout-abc in shop`.
//!
//! Must never take a word of plain English for a name unless a kind stands before it. Start at [`target`].

use midwatch_diagnosis::entity::Kind;

use super::phrase::Word;

/// What a target says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// What the thread is about: `it`, `the pod`.
    Here,
    /// A name, `kind/name`, `namespace/name`.
    Named(String),
}

impl Target {
    pub(super) fn name(self) -> Option<String> {
        match self {
            Target::Here => None,
            Target::Named(name) => Some(name),
        }
    }
}

/// Words that stand for what the thread is about.
const POINTING: &[&str] = &["it", "this", "that", "them", "pod", "pods", "container", "deployment", "service", "workload", "app", "application"];

/// Words of English that stand where a name could.
#[rustfmt::skip] // a paragraph, not a column
const PLAIN: &[&str] = &[
    "a", "about", "after", "again", "ago", "all", "alert", "alerts", "also", "am", "an", "and", "any", "anyone", "anything", "are", "as", "at", "bad",
    "be", "been", "before", "being", "better", "both", "broken", "but", "by", "can", "case", "cause", "clear", "coming", "could", "day", "did", "do",
    "does", "done", "down", "each", "either", "else", "enough", "error", "errors", "event", "events", "ever", "every", "everyone", "everything", "few", "fine", "first", "for",
    "from", "full", "general", "get", "go", "going", "good", "got", "great", "had", "happened", "has", "have", "he", "her", "here", "him", "his", "hour",
    "how", "i", "if", "in", "interesting", "into", "is", "issue", "its", "just", "last", "later", "latest", "less", "like", "line", "lines", "log",
    "logs", "looks", "lot", "many", "may", "me", "mess", "metrics", "might", "mind", "mine", "minute", "more", "most", "much", "my", "near", "new", "next", "nice", "no", "none", "not",
    "nothing", "now", "of", "off", "ok", "okay", "old", "on", "one", "ones", "only", "or", "other", "others", "our", "ours", "out", "over", "own",
    "past", "people", "please", "previous", "problem", "prod", "production", "question", "recent", "reason", "right", "same", "see", "she", "since", "slow", "so", "some", "somebody",
    "someone", "something", "soon", "staging", "still", "stuff", "such", "sure", "team", "than", "thanks", "thats", "the", "their", "these", "they", "thing", "things", "those",
    "through", "time", "to", "today", "tomorrow", "tonight", "too", "two", "until", "up", "us", "useful", "useless", "very", "was", "we", "weird", "well", "were", "what",
    "when", "where", "which", "while", "who", "whole", "why", "will", "with", "without", "work", "working", "would", "wrong", "yes", "yesterday", "yet",
    "you", "your", "yours",
    // what people say of logs, events and changes
    "above", "add", "attach", "available", "below", "clean", "crazy", "empty", "exist", "find", "found", "gone", "grab", "huge", "look", "need", "noisy",
    "pretty", "read", "saw", "say", "seem", "seems", "send", "sent", "shipping", "spam", "stop", "stopped", "strange", "tons", "want", "yep", "loads",
];

/// A target in some words, all of them. None when they are no target.
pub(super) fn target(words: &[Word]) -> Option<Target> {
    let words: Vec<&str> = words.iter().map(|word| word.low.as_str()).collect();
    let (words, namespace) = place(&words);
    let words = match words {
        ["the" | "our" | "my" | "this" | "that", rest @ ..] if !rest.is_empty() => rest,
        words => words,
    };
    let here = |word: &str| POINTING.contains(&word);
    match (words, namespace) {
        ([word], None) if here(word) => Some(Target::Here),
        ([], Some(namespace)) | (["namespace" | "ns"], Some(namespace)) => Some(Target::Named(format!("namespace/{namespace}"))),
        (["namespace" | "ns", name], None) | ([name, "namespace"], None) if is_name(name) => {
            Some(Target::Named(format!("namespace/{name}")))
        }
        // A namespace says more than a kind, and a target has room for one of them.
        ([kind, name], namespace) if Kind::parse(kind).is_some() && is_spelt(name) => {
            Some(Target::Named(namespace.map_or_else(|| format!("{kind}/{name}"), |ns| format!("{ns}/{name}"))))
        }
        ([name, kind], namespace) if is_name(name) && (here(kind) || Kind::parse(kind).is_some()) => named(name, namespace),
        ([name], namespace) if is_name(name) => named(name, namespace),
        _ => None,
    }
}

fn named(name: &str, namespace: Option<&str>) -> Option<Target> {
    let bare = name.rsplit('/').next().unwrap_or(name);
    Some(Target::Named(namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{bare}"))))
}

/// The namespace at the end: `in shop`, `in namespace shop`, `in the shop namespace`, `-n shop`.
fn place<'a, 'b>(words: &'b [&'a str]) -> (&'b [&'a str], Option<&'a str>) {
    match words {
        [rest @ .., "in", "the", name, "namespace" | "ns"]
        | [rest @ .., "in", "the" | "namespace" | "ns", name]
        | [rest @ .., "in" | "-n" | "--namespace", name]
            if is_name(name) && !name.contains('/') =>
        {
            (rest, Some(name))
        }
        words => (words, None),
    }
}

/// Whether it can be a name and is no word of plain English.
pub(super) fn is_name(word: &str) -> bool {
    is_spelt(word) && word.len() > 1 && !PLAIN.contains(&word) && Kind::parse(word).is_none() && !POINTING.contains(&word)
}

/// Whether it is spelt like a name: `checkout`, `shop/checkout-7d9f`, `api.example`.
pub(super) fn is_spelt(word: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '_');
    let ends = |c: char| c.is_ascii_alphanumeric();
    word.len() <= 253 && word.chars().all(inside) && word.starts_with(ends) && word.ends_with(ends) && word.chars().any(|c| c.is_ascii_alphabetic())
}

/// Whether it may be a verb of a sentence: `adding logs`, `logs attached`.
pub(super) fn is_form_of_verb(word: &str) -> bool {
    (word.ends_with("ing") || word.ends_with("ed")) && !word.contains(['-', '/'])
}

/// Whether it can be nothing but a name: `checkout-abc`, `deploy/checkout`.
pub(super) fn is_surely_name(word: &str) -> bool {
    is_name(word) && word.contains(['-', '/', '.'])
}
