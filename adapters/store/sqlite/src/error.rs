//! Why a store cannot be opened or copied, said so that the reader can mend it.

use std::io;
use std::path::PathBuf;

use midwatch_service::port::store::StoreError;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory or a file in it cannot be used.
    #[error("{}: cannot {what}: {source}", path.display())]
    Io {
        /// What was tried: `make the directory`.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's words.
        #[source]
        source: io::Error,
    },
    /// It lies on a network file system, whose locks and shared memory cannot be relied on.
    #[error(
        "{}: this is on a network file system ({kind}), where SQLite loses data; give a directory on a local disk, or use \
         Redis as the store",
        path.display()
    )]
    Network {
        /// The directory.
        path: PathBuf,
        /// The file system: `nfs4`.
        kind: String,
    },
    /// Another server has it.
    #[error("{}: another server uses this store ({holder}); stop it first, or give another directory", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who, as the lock file says: `pid 4711, since 2026-11-22T08:00:00Z`.
        holder: String,
    },
    /// There is no store to read.
    #[error("{}: there is no store here; `midwatch serve` makes one at its first start", path.display())]
    Missing {
        /// The file that was expected.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "{}: written by a newer Midwatch (schema {found}; this one knows up to {known}); use that one, or restore a backup \
         made before the upgrade",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The file is a database of another program.
    #[error("{}: this is a database of another program; give another directory", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// SQLite cannot open it or bring it up to date.
    #[error("{}: {source}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something is there already.
    #[error("{}: exists already; a backup overwrites nothing, give another name", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("{}: cannot {what}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's words.
        #[source]
        source: io::Error,
    },
    /// Reading or writing the copy failed.
    #[error("the copy failed: {0}")]
    Storage(#[source] StoreError),
    /// The copy is damaged, so the store is.
    #[error("the copy failed its check, so the store is damaged: {0}; stop the server and restore an earlier backup")]
    Damaged(String),
    /// It was stopped before it was done.
    #[error("the copy was stopped before it was done")]
    Stopped,
}
