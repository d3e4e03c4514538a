//! One pass over the tree of a configuration file: what it sets, and every mistake in it.
//!
//! Never stops at a mistake, and never lists more than [`MOST`] of them: past that the file is
//! another program's. Start at [`assignments`].

use std::collections::HashMap;
use std::path::Path;

use crate::error::{ConfigError, Place, Problem};
use crate::field;
use crate::load::Assignment;
use crate::node::{Located, Node};
use crate::quote::quote;
use crate::suggest::{self, Meant};

/// Most mistakes of one file that are worth reading.
const MOST: usize = 25;

type Entry = (Located<String>, Located<Node>);

/// Everything the file sets; its mistakes are added to `errors`.
pub(crate) fn assignments(path: &Path, root: Located<Node>, errors: &mut Vec<ConfigError>) -> Vec<Assignment> {
    let mut walk = Walk { path, mistakes: Vec::new(), found: Vec::new() };
    walk.root(root);
    let more = walk.mistakes.len() > MOST;
    errors.extend(walk.mistakes.into_iter().take(MOST));
    if more {
        let what = format!("there are more than {MOST} mistakes in this file");
        errors.push(Problem::new(what, "check that it is the right file").at(Place::whole(path)));
    }
    walk.found
}

struct Walk<'a> {
    path: &'a Path,
    mistakes: Vec<ConfigError>,
    found: Vec<Assignment>,
}

impl Walk<'_> {
    fn root(&mut self, root: Located<Node>) {
        let at = (root.line, root.column);
        match root.value {
            Node::Nothing => {}
            Node::Map(entries) => {
                for (key, value) in self.without_repeats(entries, None) {
                    self.section(&key, value);
                }
            }
            other => self.wrong(
                at,
                format!("the file is {}, expected sections with settings", other.kind()),
                suggest::valid_at(None),
            ),
        }
    }

    fn section(&mut self, key: &Located<String>, value: Located<Node>) {
        let name = key.value.as_str();
        if !field::sections().contains(&name) {
            return self.unknown(key, None);
        }
        match value.value {
            // A section whose lines are all commented out.
            Node::Nothing => {}
            Node::Map(entries) => {
                for (leaf, value) in self.without_repeats(entries, Some(name)) {
                    self.setting(name, &leaf, value);
                }
            }
            other => {
                let found = format!("{} is {}, expected a section with keys of its own", quote(name), other.kind());
                self.wrong((value.line, value.column), found, suggest::valid_at(Some(name)));
            }
        }
    }

    fn setting(&mut self, section: &str, leaf: &Located<String>, value: Located<Node>) {
        let Some(field) = field::find(&format!("{section}.{}", leaf.value)) else {
            return self.unknown(leaf, Some(section));
        };
        let place = self.place(value.line, value.column);
        let base = self.path.parent().map(Path::to_owned);
        self.found.push(Assignment { field, value, place, base });
    }

    fn unknown(&mut self, key: &Located<String>, section: Option<&str>) {
        // Looking for the nearest key costs time that no one gains from past the limit.
        if self.mistakes.len() > MOST {
            return;
        }
        let name = quote(&key.value);
        let what = match section {
            Some(section) => format!("unknown key {name} in {}", quote(section)),
            None => format!("unknown key {name}"),
        };
        let dotted = section.map_or_else(|| key.value.clone(), |section| format!("{section}.{}", key.value));
        let fix = match (key.value.as_str(), suggest::for_key(&dotted)) {
            ("<<", _) => "merge keys are not supported: write the settings out".to_owned(),
            (_, Some(Meant::Section(near))) => format!("did you mean {}?", quote(near)),
            (_, Some(Meant::Key(near))) => meant(near, section),
            (_, None) => suggest::valid_at(section),
        };
        self.wrong((key.line, key.column), what, fix);
    }

    /// The entries without those whose key came before, which are mistakes.
    fn without_repeats(&mut self, entries: Vec<Entry>, section: Option<&str>) -> Vec<Entry> {
        let mut first = HashMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if let Some(line) = first.get(&key.value) {
                let inside = section.map(|section| format!(" in {}", quote(section))).unwrap_or_default();
                let what = format!("the key {}{inside} is here for the second time", quote(&key.value));
                let fix = format!("the first is in line {line}: keep one of them");
                self.wrong((key.line, key.column), what, fix);
            } else {
                first.insert(key.value.clone(), key.line);
                kept.push((key, value));
            }
        }
        kept
    }

    fn wrong(&mut self, (line, column): (u32, u32), what: String, fix: String) {
        let place = self.place(line, column);
        self.mistakes.push(Problem::new(what, fix).at(place));
    }

    fn place(&self, line: u32, column: u32) -> Place {
        Place::File { path: self.path.to_owned(), line, column }
    }
}

/// The hint for a key; one that lives elsewhere is named with its section.
fn meant(near: &str, section: Option<&str>) -> String {
    match near.split_once('.') {
        Some((there, leaf)) if Some(there) == section => format!("did you mean {}?", quote(leaf)),
        Some((there, leaf)) => format!("did you mean {} in the section {}?", quote(leaf), quote(there)),
        None => format!("did you mean {}?", quote(near)),
    }
}
