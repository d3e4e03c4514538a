//! What every schema needs: fields that may be there, and how long they may be.

use std::fmt;

use serde_json::{Map, Value};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What, in Slack's words where they are known.
    pub what: String,
    /// Where, as a JSON pointer.
    pub at: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [json-pointer:{}]", self.what, self.at)
    }
}

/// A check under way.
#[derive(Default)]
pub(super) struct Check {
    pub(super) problems: Vec<Problem>,
}

impl Check {
    pub(super) fn problem(&mut self, at: &str, what: &str) {
        self.problems.push(Problem { what: what.to_owned(), at: at.to_owned() });
    }

    /// An object with these fields and no others.
    pub(super) fn fields<'a>(
        &mut self,
        value: &'a Value,
        at: &str,
        required: &[&str],
        optional: &[&str],
    ) -> Option<&'a Map<String, Value>> {
        let Some(map) = value.as_object() else {
            self.problem(at, "must be an object");
            return None;
        };
        for name in required.iter().filter(|name| !map.contains_key(**name)) {
            self.problem(at, &format!("missing required field: {name}"));
        }
        for name in map.keys().filter(|name| !required.contains(&name.as_str()) && !optional.contains(&name.as_str())) {
            self.problem(&format!("{at}/{name}"), &format!("invalid additional property: {name}"));
        }
        required.iter().all(|name| map.contains_key(*name)).then_some(map)
    }

    /// A text of at least one and at most so many characters, when it is there.
    pub(super) fn string(&mut self, map: &Map<String, Value>, name: &str, at: &str, most: usize) {
        let Some(value) = map.get(name) else { return };
        let at = format!("{at}/{name}");
        match value.as_str().map(|text| text.chars().count()) {
            None => self.problem(&at, "must be a string"),
            Some(0) => self.problem(&at, "must be more than 0 characters"),
            Some(length) if length > most => self.problem(&at, &format!("must be less than {} characters", most + 1)),
            Some(_) => {}
        }
    }

    /// One of these words, when it is there.
    pub(super) fn one_of(&mut self, map: &Map<String, Value>, name: &str, at: &str, allowed: &[&str]) {
        let Some(value) = map.get(name) else { return };
        if !value.as_str().is_some_and(|word| allowed.contains(&word)) {
            self.problem(&format!("{at}/{name}"), &format!("must be one of: {}", allowed.join(", ")));
        }
    }

    /// Yes or no, when it is there.
    pub(super) fn flag(&mut self, map: &Map<String, Value>, name: &str, at: &str) {
        if map.get(name).is_some_and(|value| !value.is_boolean()) {
            self.problem(&format!("{at}/{name}"), "must be a boolean");
        }
    }

    /// A web address, when it is there.
    pub(super) fn address(&mut self, map: &Map<String, Value>, name: &str, at: &str) {
        self.string(map, name, at, 3_000);
        let Some(text) = map.get(name).and_then(Value::as_str) else { return };
        if url::Url::parse(text).is_err() {
            self.problem(&format!("{at}/{name}"), "must be a valid URL");
        }
    }

    /// A list of so many things, when it is there.
    pub(super) fn list<'a>(
        &mut self,
        map: &'a Map<String, Value>,
        name: &str,
        at: &str,
        (least, most): (usize, usize),
    ) -> &'a [Value] {
        let Some(value) = map.get(name) else { return &[] };
        let at = format!("{at}/{name}");
        let Some(all) = value.as_array() else {
            self.problem(&at, "must be an array");
            return &[];
        };
        if all.len() < least {
            self.problem(&at, &format!("no fewer than {least} items allowed"));
        }
        if all.len() > most {
            self.problem(&at, &format!("no more than {most} items allowed"));
        }
        all
    }
}
