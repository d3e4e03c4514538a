//! Secrets in files: any secret setting `x` has a sibling `x_file` that names a file to read it from.
//!
//! Never shows what it read; `SecretString` keeps it out of `Debug`. Start at [`read_secret`].

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::quote::plain;

/// Largest secret file, in bytes.
pub const SECRET_FILE_LIMIT: usize = 64 * 1024;

/// Shortest literal that may be redacted, in characters: a shorter one is part of ordinary words.
pub(crate) const SHORTEST_LITERAL: usize = 4;

/// Why a secret could not be read from its file. Every variant names the file and never its content.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be opened or read.
    #[error("secret file {} cannot be read: {error}", plain(&.path.to_string_lossy()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("secret file {} is not a regular file", plain(&.0.to_string_lossy()))]
    NotAFile(PathBuf),
    /// Nothing is left after the newline at its end is removed.
    #[error("secret file {} is empty", plain(&.0.to_string_lossy()))]
    Empty(PathBuf),
    /// It has more than [`SECRET_FILE_LIMIT`] bytes.
    #[error("secret file {} is larger than 64KiB", plain(&.0.to_string_lossy()))]
    TooLarge(PathBuf),
    /// It is not UTF-8.
    #[error("secret file {} is not UTF-8 text", plain(&.0.to_string_lossy()))]
    NotText(PathBuf),
    /// A line is too short to be redacted.
    #[error("line {line} of secret file {} has fewer than 4 characters", plain(&.path.to_string_lossy()))]
    ShortLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl SecretFileError {
    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path and that this user may read the file",
            Self::NotAFile(_) => "name the file itself, not its folder",
            Self::Empty(_) => "write the secret into it, or remove the setting",
            Self::TooLarge(_) => "check that it is the right file: a secret is small",
            Self::NotText(_) => "save it as UTF-8 text",
            Self::ShortLine { .. } => "remove the line: redacting so short a text would blank out ordinary words",
        }
    }
}

/// The secret in a file: all of it, without the newline at its end.
pub fn read_secret(path: &Path) -> Result<SecretString, SecretFileError> {
    let bytes = read_limited(path)?;
    let text = String::from_utf8(bytes).map_err(|_| SecretFileError::NotText(path.to_owned()))?;
    let trimmed = text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t));
    if trimmed.trim().is_empty() {
        return Err(SecretFileError::Empty(path.to_owned()));
    }
    Ok(SecretString::from(trimmed))
}

/// The secrets in a file, one per line; blank lines do not count, `#` has no meaning.
pub fn read_secret_lines(path: &Path) -> Result<Vec<SecretString>, SecretFileError> {
    let all = read_secret(path)?;
    let mut secrets = Vec::new();
    for (index, line) in all.expose_secret().lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if too_short(line) {
            return Err(SecretFileError::ShortLine { path: path.to_owned(), line: index + 1 });
        }
        secrets.push(SecretString::from(line));
    }
    Ok(secrets)
}

/// Whether a literal would blank out ordinary words.
pub(crate) fn too_short(literal: &str) -> bool {
    literal.chars().count() < SHORTEST_LITERAL
}

fn read_limited(path: &Path) -> Result<Vec<u8>, SecretFileError> {
    let unreadable = |error| SecretFileError::Unreadable { path: path.to_owned(), error };
    // Asked before opening: to open a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(SecretFileError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let limit = SECRET_FILE_LIMIT as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() > SECRET_FILE_LIMIT {
        return Err(SecretFileError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}
