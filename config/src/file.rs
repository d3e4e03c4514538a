//! The layer of the configuration file: finding it and reading it; `walk.rs` takes it apart.
//!
//! Never falls back to another file when the chosen one is broken. Start at [`layer`].

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::document::{self, Broken};
use crate::error::{ConfigError, Place, Problem};
use crate::load::{Assignment, Sources};
use crate::node::{Located, Node};
use crate::quote::{plain, quote};
use crate::walk;

/// Largest configuration file, in bytes.
const FILE_LIMIT: u64 = 1 << 20;
/// The variable that names the file when no flag does.
pub(crate) const FILE_VARIABLE: &str = "MIDWATCH_CONFIG";

/// The file that applies: the flag's, else the variable's, else the first that exists.
pub(crate) fn choose(sources: &Sources<'_>) -> Result<Option<PathBuf>, ConfigError> {
    let variable = sources.env.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
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
    Err(Problem::new(what, "check the path; relative paths start at the working directory").at(place))
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
    walk::assignments(path, root, errors)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let fail = |what: String, fix: &str| Problem::new(what, fix).at(Place::whole(path));
    let unreadable =
        |error: std::io::Error| fail(format!("the file cannot be read: {error}"), "check that this user may read it");
    // Asked before opening: to open a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(fail("this is not a regular file".to_owned(), "name the file itself, not its folder"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_LIMIT {
        let fix = "check that it is the right file: a configuration is a few KiB";
        return Err(fail("the file is larger than 1MiB".to_owned(), fix));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count();
        fail(format!("line {line} is not UTF-8 text"), "save the file as UTF-8")
    })
}

fn parse(path: &Path, text: &str) -> Result<Located<Node>, ConfigError> {
    let error = match document::parse(text) {
        Ok(root) => return Ok(root),
        Err(error) => error,
    };
    let Broken { line, column, what, fix } = error;
    let column = if line == 0 { 0 } else { column };
    let place = Place::File { path: path.to_owned(), line, column };
    Err(Problem::new(plain(&what), fix.unwrap_or_else(|| yaml_hint(text, line))).at(place))
}

/// What is probably the matter with the line where YAML stopped making sense.
fn yaml_hint(text: &str, line: u32) -> &'static str {
    let index = usize::try_from(line).unwrap_or(0).saturating_sub(1);
    let line = text.lines().nth(index).unwrap_or_default();
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    if line.get(..indent).is_some_and(|indent| indent.contains('\t')) {
        "YAML does not allow tabs at the start of a line: use spaces"
    } else {
        "look at this line and the one before it: indentation, a missing `:`, an open quote or bracket"
    }
}
