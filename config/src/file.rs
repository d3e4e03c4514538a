//! The layer of the configuration file: finding it, reading it, walking it.
//!
//! Never falls back to another file when the chosen one is broken. Start at [`layer`].

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::document::{self, Broken};
use crate::error::{ConfigError, Place, Problem};
use crate::field;
use crate::load::{Assignment, Sources};
use crate::node::{Located, Node};
use crate::quote::{plain, quote};
use crate::suggest::{self, Meant};

/// Largest configuration file, in bytes.
const FILE_LIMIT: u64 = 1 << 20;
/// The variable that names the file when no flag does.
pub(crate) const FILE_VARIABLE: &str = "MIDWATCH_CONFIG";

/// The file that applies: the flag's, else the variable's, else the first that exists.
pub(crate) fn choose(sources: &Sources<'_>) -> Result<Option<PathBuf>, ConfigError> {
    let variable = sources
        .env
        .iter()
        .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
    let named = match (sources.file, variable) {
        (Some(path), _) => Some((path.to_owned(), Place::Flag("--config"))),
        (None, Some((name, value))) => Some((PathBuf::from(value), Place::Env(name.clone()))),
        (None, None) => None,
    };
    let Some((path, place)) = named else {
        return Ok(sources.search.iter().find(|path| path.exists()).cloned());
    };
    if path.exists() {
        return Ok(Some(path));
    }
    let what = format!("there is no file {}", quote(&path.to_string_lossy()));
    Err(Problem::new(
        what,
        "check the path; relative paths start at the working directory",
    )
    .at(place))
}

/// Everything the file sets, and all its mistakes.
pub(crate) fn layer(path: &Path, errors: &mut Vec<ConfigError>) -> Vec<Assignment> {
    let root = match read(path).and_then(|text| parse(path, &text)) {
        Ok(root) => root,
        Err(error) => {
            errors.push(error);
            return Vec::new();
        }
    };
    let mut walk = Walk {
        path,
        errors,
        found: Vec::new(),
    };
    walk.root(root);
    walk.found
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let fail = |what: String, fix: &str| Problem::new(what, fix).at(Place::whole(path));
    let unreadable = |error: std::io::Error| {
        fail(
            format!("the file cannot be read: {error}"),
            "check that this user may read it",
        )
    };
    // Asked before opening: to open a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(fail(
            "this is not a regular file".to_owned(),
            "name the file itself, not its folder",
        ));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_LIMIT {
        let fix = "check that it is the right file: a configuration is a few KiB";
        return Err(fail("the file is larger than 1MiB".to_owned(), fix));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error
            .as_bytes()
            .iter()
            .take(good)
            .filter(|byte| **byte == b'\n')
            .count();
        fail(
            format!("line {line} is not UTF-8 text"),
            "save the file as UTF-8",
        )
    })
}

fn parse(path: &Path, text: &str) -> Result<Located<Node>, ConfigError> {
    let error = match document::parse(text) {
        Ok(root) => return Ok(root),
        Err(error) => error,
    };
    let Broken { line, column, what } = error;
    let place = Place::File {
        path: path.to_owned(),
        line,
        column: if line == 0 { 0 } else { column },
    };
    Err(Problem::new(
        format!("this is not valid YAML: {}", plain(&what)),
        yaml_hint(text, line),
    )
    .at(place))
}

/// What is probably the matter with the line where YAML stopped making sense.
fn yaml_hint(text: &str, line: u32) -> &'static str {
    let index = usize::try_from(line).unwrap_or(0).saturating_sub(1);
    let line = text.lines().nth(index).unwrap_or_default();
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    if line
        .get(..indent)
        .is_some_and(|indent| indent.contains('\t'))
    {
        "YAML does not allow tabs at the start of a line: use spaces"
    } else {
        "look at this line and the one before it: indentation, a missing `:`, an open quote or bracket"
    }
}

/// One pass over the tree; mistakes do not stop it.
struct Walk<'a> {
    path: &'a Path,
    errors: &'a mut Vec<ConfigError>,
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
                format!(
                    "the file is {}, expected sections with settings",
                    other.kind()
                ),
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
                let found = format!(
                    "{} is {}, expected a section with keys of its own",
                    quote(name),
                    other.kind()
                );
                self.wrong(
                    (value.line, value.column),
                    found,
                    suggest::valid_at(Some(name)),
                );
            }
        }
    }

    fn setting(&mut self, section: &str, leaf: &Located<String>, value: Located<Node>) {
        let Some(field) = field::find(&format!("{section}.{}", leaf.value)) else {
            return self.unknown(leaf, Some(section));
        };
        let place = self.place(value.line, value.column);
        let base = self.path.parent().map(Path::to_owned);
        self.found.push(Assignment {
            field,
            value,
            place,
            base,
        });
    }

    fn unknown(&mut self, key: &Located<String>, section: Option<&str>) {
        let name = quote(&key.value);
        let what = match section {
            Some(section) => format!("unknown key {name} in {}", quote(section)),
            None => format!("unknown key {name}"),
        };
        let dotted = section.map_or_else(
            || key.value.clone(),
            |section| format!("{section}.{}", key.value),
        );
        let fix = match (key.value.as_str(), suggest::for_key(&dotted)) {
            ("<<", _) => "merge keys are not supported: write the settings out".to_owned(),
            (_, Some(Meant::Section(near))) => format!("did you mean {}?", quote(near)),
            (_, Some(Meant::Key(near))) => meant(near, section),
            (_, None) => suggest::valid_at(section),
        };
        self.wrong((key.line, key.column), what, fix);
    }

    /// The entries without those whose key came before, which are mistakes.
    fn without_repeats(
        &mut self,
        entries: Vec<(Located<String>, Located<Node>)>,
        section: Option<&str>,
    ) -> Vec<(Located<String>, Located<Node>)> {
        let mut first = HashMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if let Some(line) = first.get(&key.value) {
                let inside = section
                    .map(|section| format!(" in {}", quote(section)))
                    .unwrap_or_default();
                let what = format!(
                    "the key {}{inside} is here for the second time",
                    quote(&key.value)
                );
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
        self.errors.push(Problem::new(what, fix).at(place));
    }

    fn place(&self, line: u32, column: u32) -> Place {
        Place::File {
            path: self.path.to_owned(),
            line,
            column,
        }
    }
}

/// The hint for a key; one that lives elsewhere is named with its section.
fn meant(near: &str, section: Option<&str>) -> String {
    match near.split_once('.') {
        Some((there, leaf)) if Some(there) == section => format!("did you mean {}?", quote(leaf)),
        Some((there, leaf)) => format!(
            "did you mean {} in the section {}?",
            quote(leaf),
            quote(there)
        ),
        None => format!("did you mean {}?", quote(near)),
    }
}
