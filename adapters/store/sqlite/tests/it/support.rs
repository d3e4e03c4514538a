//! Opening stores, looking at their files, and this test binary as a child process.

use std::path::Path;
use std::process::{Command, Stdio};

use midwatch_conformance::given::{at, chain_key};
use midwatch_sqlite::{FILE, OpenError, Options, SqliteStore};

/// Tells a child which directory to work on; a test that is only for children does nothing without it.
pub(crate) const CHILD: &str = "MIDWATCH_TEST_STORE";

pub(crate) fn options(directory: &Path) -> Options {
    Options { directory: directory.to_owned(), chain_key: chain_key(), max_bytes: None, now: at(0) }
}

pub(crate) fn open(directory: &Path) -> SqliteStore {
    try_open(directory).unwrap()
}

pub(crate) fn try_open(directory: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(options(directory))
}

/// SQLite's own verdict on a file: `ok`.
pub(crate) fn integrity(file: &Path) -> String {
    let db = rusqlite::Connection::open(file).unwrap();
    db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

/// The store's file in a directory.
pub(crate) fn file(directory: &Path) -> std::path::PathBuf {
    directory.join(FILE)
}

/// A command that runs one test of this binary on a directory, after `before` (a program that starts another).
#[expect(clippy::disallowed_methods, reason = "a test runs itself as a child")]
pub(crate) fn child(before: &[&str], test: &str, directory: &Path) -> Command {
    let me = std::env::current_exe().unwrap();
    let mut words: Vec<&str> = before.to_vec();
    words.extend([me.to_str().unwrap(), "--exact", test, "--nocapture"]);
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .env(CHILD, directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}
