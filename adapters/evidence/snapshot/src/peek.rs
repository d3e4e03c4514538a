//! A first look at a data file: a few KiB of its beginning and end say what it is about.
//!
//! Must never decide alone what a file does not hold; `index` keeps a doubtful file in play for every kind. Start at
//! [`Peek::of`].

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use midwatch_diagnosis::entity::Kind;

use crate::text::{self, Parts};
use crate::words;

/// Bytes looked at from the beginning.
const HEAD: u64 = 16 * 1024;

/// Bytes looked at from the end.
const TAIL: u64 = 4 * 1024;

/// Deeper nesting than this is of no interest at the top of a file.
const DEPTH: usize = 32;

/// What the ends of a file say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peek {
    /// The kind in the list's own name: `PodList`. Nothing else can be in it.
    pub(crate) listed: Option<Kind>,
    /// The kind of the first object.
    pub(crate) first: Option<Kind>,
    /// Namespaces of the first and the last object; two of them show a list of all namespaces.
    pub(crate) namespaces: BTreeSet<String>,
    /// Whether it has the shape of something from the Kubernetes API.
    pub(crate) kubernetes: bool,
    /// Whether it is a list, and not objects one by one.
    pub(crate) list: bool,
    /// Kinds that a refusal in it speaks of.
    pub(crate) refused: Vec<Kind>,
    /// Whether it holds messages of kubectl and no data, or no bytes at all.
    pub(crate) no_data: bool,
}

impl Peek {
    /// Looks at a file.
    pub(crate) fn of(path: &Path) -> io::Result<Peek> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut head)?;
        let size = file.metadata()?.len();
        let mut tail = Vec::new();
        if size > HEAD {
            file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
            file.take(TAIL).read_to_end(&mut tail)?;
        } else {
            tail.clone_from(&head);
        }
        Ok(Self::of_parts(head, &tail))
    }

    fn of_parts(head: Vec<u8>, tail: &[u8]) -> Peek {
        let head = text::to_utf8(head);
        let Parts { data, messages } = text::part(&head);
        let mut peek = Peek { no_data: data.is_empty(), ..Peek::default() };
        peek.list = data.first() == Some(&b'[');
        peek.refused = messages.iter().filter_map(|m| words::refused_kind(m)).collect();
        let beginning = String::from_utf8_lossy(data);
        let ending = String::from_utf8_lossy(tail);
        if text::is_json(data) {
            scan_json(&beginning, |path, value| peek.take(path, value));
            peek.last_namespace(&ending, "\"namespace\":");
        } else {
            scan_yaml(&beginning, |path, value| peek.take(path, value));
            // kubectl sorts the fields of a list: its kind stands below the items.
            let own = ending.lines().rev().find_map(|l| l.strip_prefix("kind: "));
            peek.listed = peek.listed.take().or_else(|| own.and_then(list_kind));
            peek.last_namespace(&ending, " namespace:");
        }
        peek
    }

    /// One value of the file, by its path.
    fn take(&mut self, path: &str, value: &str) {
        match path {
            "kind" => {
                self.kubernetes = true;
                self.listed = self.listed.take().or_else(|| list_kind(value));
                if !value.ends_with("List") {
                    self.first.get_or_insert_with(|| Kind::named(value));
                }
            }
            "items[].kind" | "[].kind" => {
                self.kubernetes = true;
                self.first.get_or_insert_with(|| Kind::named(value));
            }
            "metadata.namespace" | "items[].metadata.namespace" | "[].metadata.namespace"
                if self.namespaces.is_empty() =>
            {
                self.namespaces.insert(value.to_owned());
            }
            "apiVersion" => self.kubernetes = true,
            "items" => (self.kubernetes, self.list) = (true, true),
            _ => {}
        }
    }

    /// The namespace of the last object, read from the end of the file; only where nothing but the metadata has one.
    fn last_namespace(&mut self, tail: &str, key: &str) {
        let known = self.listed.as_ref().or(self.first.as_ref());
        let plain = known.is_some_and(|k| {
            k.namespaced() && !matches!(k, Kind::Other(_) | Kind::RoleBinding | Kind::NetworkPolicy | Kind::Event)
        });
        if !plain || self.namespaces.is_empty() {
            return;
        }
        let last = tail.rfind(key).map(|at| tail[at + key.len()..].trim_start());
        let value = last.and_then(|l| l.split(['\n', '\r', ',', '}']).next()).map(unquote);
        self.namespaces.extend(value.filter(|v| !v.is_empty()).map(str::to_owned));
    }
}

fn unquote(value: &str) -> &str {
    value.trim().trim_matches('"')
}

/// `PodList` gives Pod.
fn list_kind(value: &str) -> Option<Kind> {
    unquote(value).strip_suffix("List").filter(|k| !k.is_empty()).map(Kind::named)
}

/// Calls `visit` with the path and value of every string near the top of a JSON text, which may end anywhere.
/// A key of the top level is visited, too, with an empty value.
fn scan_json(text: &str, mut visit: impl FnMut(&str, &str)) {
    let mut stack: Vec<(bool, String)> = Vec::new();
    let mut key_next = false;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}', '[', ']', ',', '"']) {
        let token = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match token {
            b'{' | b'[' if stack.len() >= DEPTH => return,
            b'{' | b'[' => stack.push((token == b'{', String::new())),
            b'}' | b']' => {
                stack.pop();
            }
            b',' => {}
            _ => {
                let Some(end) = string_end(rest) else { return };
                let value = &rest[..end];
                rest = &rest[end + 1..];
                if key_next {
                    if stack.len() == 1 && value == "items" {
                        visit(value, "");
                    }
                    if let Some(top) = stack.last_mut() {
                        value.clone_into(&mut top.1);
                    }
                } else if stack.len() <= 4 {
                    visit(&path(&stack), value);
                }
            }
        }
        let in_object = stack.last().is_some_and(|(object, _)| *object);
        key_next = in_object && matches!(token, b'{' | b',');
    }
}

/// Where a JSON string ends.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let end = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        end
    })
}

fn path(stack: &[(bool, String)]) -> String {
    let mut path = String::new();
    for (object, key) in stack {
        if !object {
            path.push_str("[]");
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    }
    path
}

/// The same for YAML as kubectl writes it: two spaces a level, lists not indented.
fn scan_yaml(text: &str, mut visit: impl FnMut(&str, &str)) {
    let mut list = false;
    let mut section = "";
    for line in text.lines().map(str::trim_end) {
        let item = line.starts_with("- ");
        let body = line.trim_start_matches([' ', '-']);
        let indent = line.len() - body.len();
        let Some((key, value)) = body.split_once(':') else { continue };
        let value = unquote(value);
        match (indent, list) {
            (0, _) => {
                list = key == "items";
                section = key;
                visit(key, value);
            }
            (2, true) => {
                section = key;
                visit(&format!("items[].{key}"), value);
            }
            (2, false) => visit(&format!("{section}.{key}"), value),
            (4, true) if !item => visit(&format!("items[].{section}.{key}"), value),
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "peek_tests.rs"]
mod tests;
