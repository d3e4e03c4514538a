//! Errors a tired person can act on: where, what is wrong, what to do.
//!
//! Never carries the value of a secret. Start at [`ConfigError`]; `Problem` is the same before the
//! place is known.

use std::fmt;
use std::path::PathBuf;

use crate::quote::plain;

/// Where a value or a mistake came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A position in a configuration file; line and column count from 1, column in characters.
    /// Line 0 stands for the file as a whole.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Line, from 1; 0 for the whole file.
        line: u32,
        /// Column in characters, from 1; 0 for the whole file.
        column: u32,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
}

impl Place {
    /// The file as a whole, for mistakes that have no line.
    pub(crate) fn whole(path: &std::path::Path) -> Self {
        Self::File { path: path.to_owned(), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: 0, .. } => write!(f, "{}", plain(&path.to_string_lossy())),
            Self::File { path, line, column } => {
                write!(f, "{}:{line}:{column}", plain(&path.to_string_lossy()))
            }
            Self::Env(name) => write!(f, "environment variable {}", plain(name)),
            Self::Flag(name) => write!(f, "flag {}", plain(name)),
        }
    }
}

/// One mistake: its place, what is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}\n    {fix}")]
pub struct ConfigError {
    /// Where the mistake is.
    pub place: Place,
    /// What is wrong, in one line.
    pub what: String,
    /// What to do: the nearest valid key, the allowed range, or the next step.
    pub fix: String,
}

/// All mistakes found in one [`crate::load`], in the order file, environment, flags.
///
/// `Display` is one block per mistake: a line with place and mistake, an indented line with the
/// way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// A mistake whose place the caller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) what: String,
    pub(crate) fix: String,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }

    pub(crate) fn at(self, place: Place) -> ConfigError {
        ConfigError { place, what: self.what, fix: self.fix }
    }
}
