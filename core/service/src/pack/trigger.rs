//! When a pack is taken: matchers on alerts, verbs, channels.
//!
//! `alerts` is `all`; or matchers that must all fit, as a list of texts or a mapping of labels to values; or a list of such
//! lists, of which one must fit. Start at [`triggers`].

use super::Triggers;
use super::matcher::{AllOf, Matcher};
use super::mistakes::Mistake;
use super::read::is_all;
use super::values::{self, Section, each};
use super::yaml::{Entry, Located, Node};
use crate::policy::Verb;

/// Alternatives, and matchers of each, that a pack may have.
const MATCHERS_CAP: usize = 100;

pub(super) fn triggers(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> Triggers {
    let mut found = Triggers::default();
    let entries = match values::mapping(node, "triggers") {
        Ok(entries) => entries,
        Err(mistake) => {
            mistakes.push(mistake);
            return found;
        }
    };
    let mut section = Section::open(entries, &["alerts", "verbs", "channels"], mistakes);
    if let Some(node) = section.take("alerts") {
        found.alerts = alerts(node, mistakes);
    }
    if let Some(items) = items(&mut section, "verbs", mistakes) {
        let words = [Verb::Investigate, Verb::Ask].map(|verb| (verb.as_str(), verb));
        found.verbs = each(items, mistakes, |item| values::word(&item, &words)).into_iter().collect();
    }
    if let Some(place) = section.take("channels") {
        if found.verbs.is_empty() {
            mistakes.push(place.wrong("`channels` says where `verbs` count, and there are none"));
        }
        match values::list(place, "channels") {
            Ok(items) => found.channels = each(items, mistakes, values::text),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    found
}

fn items(section: &mut Section, key: &str, mistakes: &mut Vec<Mistake>) -> Option<Vec<Located<Node>>> {
    match values::list(section.take(key)?, key) {
        Ok(items) => Some(items),
        Err(mistake) => {
            mistakes.push(mistake);
            None
        }
    }
}

fn alerts(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> Vec<AllOf> {
    if is_all(&node) {
        return vec![AllOf::default()];
    }
    let inner = |node: &Located<Node>| matches!(node.value, Node::List(_));
    match node.value {
        Node::List(items) if items.len() > MATCHERS_CAP => {
            mistakes.extend(items.first().map(|item| item.wrong(format!("at most {MATCHERS_CAP} matchers are read"))));
            Vec::new()
        }
        Node::List(items) if !items.is_empty() && items.iter().all(inner) => {
            items.into_iter().map(|item| all_of(item, mistakes)).collect()
        }
        value => vec![all_of(Located { value, line: node.line, column: node.column }, mistakes)],
    }
}

/// Matchers that must all fit: a list of texts and mappings, one mapping, or one text.
fn all_of(node: Located<Node>, mistakes: &mut Vec<Mistake>) -> AllOf {
    let place = Located { value: (), line: node.line, column: node.column };
    let before = mistakes.len();
    let parts = match node.value {
        Node::List(items) => items,
        value => vec![Located { value, ..node }],
    };
    let mut matchers = Vec::new();
    for part in parts {
        match part.value {
            Node::Text(ref text) => match AllOf::parse(text) {
                Ok(AllOf(more)) => matchers.extend(more),
                Err(error) => mistakes.push(part.wrong(error.to_string())),
            },
            Node::Map(entries) => matchers.extend(each_equal(entries, mistakes)),
            Node::List(_) => mistakes.push(part.wrong("either every item is a list of matchers, or none is")),
            ref other => {
                mistakes.push(
                    part.wrong(format!("this is {}; expected a matcher: `severity=\"critical\"`", other.found())),
                );
            }
        }
    }
    if matchers.is_empty() && mistakes.len() == before {
        mistakes.push(place.wrong("no matcher is here; to take every alert write `alerts: all`"));
    }
    AllOf(matchers)
}

/// `severity: critical`: labels with exactly these values.
fn each_equal(entries: Vec<Entry>, mistakes: &mut Vec<Mistake>) -> Vec<Matcher> {
    let mut matchers = Vec::new();
    for (label, value) in entries {
        match &value.value {
            _ if label.value.is_empty() => mistakes.push(label.wrong("a label has a name")),
            Node::Text(text) => matchers.push(Matcher::equal(&label.value, text)),
            other => mistakes.push(value.wrong(format!("this is {}; expected text in quotes", other.found()))),
        }
    }
    matchers
}
