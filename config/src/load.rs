//! Putting the layers on top of each other: defaults, file, environment, flags.
//!
//! Never stops at the first mistake and never returns settings when there was one. Start at [`load`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{ConfigError, ConfigErrors, Place};
use crate::field::{self, Field};
use crate::node::{Located, Node};
use crate::quote::plain;
use crate::value::Wrong;
use crate::{Settings, combine, environment, file, flags, secret_files};

/// Where settings may come from. Nothing here is read from the process, so that tests decide all.
#[derive(Debug, Clone, Default)]
pub struct Sources<'a> {
    /// The file named by `--config`; it must exist.
    pub file: Option<&'a Path>,
    /// Environment variables: see [`crate::environment_of`].
    pub env: Vec<(String, String)>,
    /// Flags that set something: dotted key, value, and the flag's name with its dashes.
    pub flags: Vec<(&'static str, String, &'static str)>,
    /// Files that are tried in order when none is named: see [`crate::search_paths`].
    pub search: Vec<PathBuf>,
}

/// Checked settings and where they came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Where each dotted key got its value.
    pub origin: BTreeMap<String, Origin>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file, a variable or a flag.
    Set(Place),
    /// The secret file that the sibling setting with `_file` behind its name points to.
    SecretFile(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Set(place) => place.fmt(f),
            Self::SecretFile(path) => write!(f, "secret file {}", plain(&path.to_string_lossy())),
        }
    }
}

/// One setting given by one layer, not checked yet.
pub(crate) struct Assignment {
    pub(crate) field: &'static Field,
    pub(crate) value: Located<Node>,
    pub(crate) place: Place,
    /// The folder that relative paths in the value start from.
    pub(crate) base: Option<PathBuf>,
}

/// Loads the settings, or says everything that is wrong with them.
pub fn load(sources: &Sources<'_>) -> Result<Loaded, ConfigErrors> {
    let mut errors = Vec::new();
    let file = file::choose(sources).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let mut layers = match &file {
        Some(path) => file::layer(path, &mut errors),
        None => Vec::new(),
    };
    layers.extend(environment::layer(&sources.env, &mut errors));
    layers.extend(flags::layer(&sources.flags, &mut errors));

    let mut settings = Settings::default();
    let mut origin: BTreeMap<_, _> = field::all().map(|f| (f.key.to_owned(), Origin::Default)).collect();
    for assignment in layers {
        let place = assignment.place.clone();
        match apply(&assignment, &mut settings) {
            Ok(()) => _ = origin.insert(assignment.field.key.to_owned(), Origin::Set(place)),
            Err(mistakes) => errors.extend(mistakes),
        }
    }
    secret_files::fill(&mut settings, &mut origin, &mut errors);
    combine::check(&settings, &origin, &mut errors);
    if errors.is_empty() { Ok(Loaded { settings, origin, file }) } else { Err(ConfigErrors(errors)) }
}

fn apply(assignment: &Assignment, settings: &mut Settings) -> Result<(), Vec<ConfigError>> {
    let Assignment { field, value, place, base } = assignment;
    let at = |wrong: Wrong| {
        let place = match place {
            Place::File { path, .. } => Place::File { path: path.clone(), line: wrong.line, column: wrong.column },
            other => other.clone(),
        };
        wrong.value.at(place)
    };
    field.set(settings, value, base.as_deref()).map_err(|wrong| wrong.into_iter().map(at).collect())
}
