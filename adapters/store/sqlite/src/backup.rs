//! A copy of the store, also while it is written: SQLite's online backup from a connection of its own.
//!
//! All pages are copied in one step, that is, of one moment; the writer goes on meanwhile. Must never overwrite a file, nor
//! leave a half copy under the name that was asked for. To restore: stop the server, put the copy where the store's file is,
//! and remove the `-wal` and `-shm` beside it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use midwatch_service::port::store::StoreError;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::{BackupError, OpenError};
use crate::fault::Fault;
use crate::open::{FILE, SqliteStore};
use crate::{connection, schema};

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Size of the copy.
    pub bytes: u64,
}

/// Copies the store of a directory to a new file, readable by its owner only. Blocks until it is done and checked.
///
/// # Errors
/// See [`BackupError`]; nothing is left at `to` then.
pub fn backup(directory: &Path, to: &Path) -> Result<Copied, BackupError> {
    let from = directory.join(FILE);
    if !from.exists() {
        return Err(OpenError::Missing { path: from }.into());
    }
    refuse_to_overwrite(to)?;
    let source = connection::reader(&from).map_err(failed)?;
    schema::check(&source, &from)?;
    let half = Half::new(to)?;
    copy(&source, &half.0)?;
    // Between the look above and here somebody may have been quicker.
    refuse_to_overwrite(to)?;
    half.become_whole(to)
}

impl SqliteStore {
    /// Copies the store to a new file while it is open; see [`backup`].
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn backup(&self, to: &Path) -> Result<Copied, BackupError> {
        let (directory, to) = (self.directory().to_owned(), to.to_owned());
        tokio::task::spawn_blocking(move || backup(&directory, &to)).await.map_err(|_| BackupError::Stopped)?
    }
}

fn refuse_to_overwrite(to: &Path) -> Result<(), BackupError> {
    match to.symlink_metadata() {
        Ok(_) => Err(BackupError::Exists { path: to.to_owned() }),
        Err(_) => Ok(()),
    }
}

fn copy(source: &Connection, half: &Path) -> Result<(), BackupError> {
    let mut copy = Connection::open(half).map_err(failed)?;
    let step = Backup::new(source, &mut copy).and_then(|backup| backup.step(-1)).map_err(failed)?;
    if step != StepResult::Done {
        return Err(BackupError::Storage(StoreError::Busy("another program holds the file".to_owned())));
    }
    // The header says "write-ahead log" as the original's does; a copy is one file.
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).map_err(failed)?;
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if verdict == "ok" { Ok(()) } else { Err(BackupError::Damaged(verdict)) }
}

fn failed(error: rusqlite::Error) -> BackupError {
    BackupError::Storage(Fault::from(error).into_store())
}

/// A copy that is not finished, beside where it will be; removed when it does not get there.
struct Half(PathBuf);

impl Half {
    fn new(to: &Path) -> Result<Self, BackupError> {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let path = PathBuf::from(name);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|source| BackupError::Io { what: "make the copy", path: path.clone(), source })?;
        Ok(Self(path))
    }

    fn become_whole(self, to: &Path) -> Result<Copied, BackupError> {
        let io = |what| move |source| BackupError::Io { what, path: to.to_owned(), source };
        let file = File::open(&self.0).map_err(io("open the copy"))?;
        file.sync_all().map_err(io("flush the copy to the disk"))?;
        let bytes = file.metadata().map_err(io("look at the copy"))?.len();
        std::fs::rename(&self.0, to).map_err(io("name the copy"))?;
        let directory = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory).and_then(|opened| opened.sync_all()).map_err(io("flush the directory"))?;
        Ok(Copied { bytes })
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // Gone already when it was renamed.
        let _ = std::fs::remove_file(&self.0);
    }
}
