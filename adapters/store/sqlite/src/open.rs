//! Opening a store: a directory that is fit for it, one server at a time, the file brought up to date.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use midwatch_service::audit::ChainKey;

use crate::error::OpenError;
use crate::fault::Fault;
use crate::lock::Lock;
use crate::readers::Readers;
use crate::writer::Writer;
use crate::{connection, lock, mounts, schema};

/// The store's file in its directory. SQLite keeps `-wal` and `-shm` beside it while it is open; all three belong together.
pub const FILE: &str = "midwatch.db";

/// Where the kernel tells what is mounted.
const MOUNTS: &str = "/proc/self/mountinfo";

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory; made when it is not there, for its owner only.
    pub directory: PathBuf,
    /// Seals the audit trail.
    pub chain_key: ChainKey,
    /// The file grows to this many bytes at most; no bound without it. The write-ahead log (a few MiB) comes on top.
    pub max_bytes: Option<u64>,
    /// The moment it is, for whoever meets the lock.
    pub now: Timestamp,
}

/// A directory that no other server can open a store in, until this is dropped. What has to be made once beside a store
/// (the key of its audit trail) is made while one of these is held.
#[derive(Debug)]
pub struct Claimed {
    directory: PathBuf,
    lock: Lock,
}

impl Claimed {
    /// Makes the directory when it is not there, and takes its lock. `now` is for whoever meets the lock.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn take(directory: &Path, now: Timestamp) -> Result<Self, OpenError> {
        make(directory)?;
        let directory = local(directory)?;
        let lock = lock::take(&directory, now)?;
        Ok(Self { directory, lock })
    }

    /// The directory, without links.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether there is a store already.
    pub fn has_store(&self) -> bool {
        self.directory.join(FILE).exists()
    }

    /// Opens the store, or makes it. Blocks for as long as the disk takes; see [`SqliteStore::open`].
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(self, chain_key: ChainKey, max_bytes: Option<u64>) -> Result<SqliteStore, OpenError> {
        let Self { directory, lock } = self;
        let path = directory.join(FILE);
        own(&path)?;
        let mut db = connection::writer(&path, max_bytes).map_err(|error| storage(&path, error))?;
        schema::migrate(&mut db, &path)?;
        let readers = Arc::new(Readers::open(&path).map_err(|error| storage(&path, error))?);
        let writer = Writer::start(db).map_err(|source| OpenError::Io {
            what: "start the writer",
            path: path.clone(),
            source,
        })?;
        Ok(SqliteStore { readers, writer: Some(writer), key: Some(chain_key), directory, _lock: Some(lock) })
    }
}

/// Everything durable, in one file.
#[derive(Debug)]
pub struct SqliteStore {
    // In the order they are dropped: the writer's connection has to be the last one, because the last one empties the
    // write-ahead log, and a reader cannot; the lock is freed after that.
    pub(crate) readers: Arc<Readers>,
    pub(crate) writer: Option<Writer>,
    pub(crate) key: Option<ChainKey>,
    pub(crate) directory: PathBuf,
    _lock: Option<Lock>,
}

impl SqliteStore {
    /// Opens a store for the one server that writes it. Blocks for as long as the disk takes: some milliseconds.
    ///
    /// The process should have called [`outlive_file_size_limit`](crate::outlive_file_size_limit).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: Options) -> Result<Self, OpenError> {
        Claimed::take(&options.directory, options.now)?.open(options.chain_key, options.max_bytes)
    }

    /// Opens a store for reading, also while a server writes it; every write is refused.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_reader(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(FILE);
        if !path.exists() {
            return Err(OpenError::Missing { path });
        }
        let directory = local(directory)?;
        let db = connection::reader(&path).map_err(|error| storage(&path, error))?;
        schema::check(&db, &path)?;
        let readers = Arc::new(Readers::open(&path).map_err(|error| storage(&path, error))?);
        Ok(Self { readers, writer: None, key: None, directory, _lock: None })
    }

    /// The directory, without links.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

fn make(directory: &Path) -> Result<(), OpenError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|source| OpenError::Io {
        what: "make the directory",
        path: directory.to_owned(),
        source,
    })
}

/// The directory's own path, if it lies on a local file system.
fn local(directory: &Path) -> Result<PathBuf, OpenError> {
    let path = directory.canonicalize().map_err(|source| OpenError::Io {
        what: "find the directory",
        path: directory.to_owned(),
        source,
    })?;
    // Without the table (no Linux, no /proc) there is nothing to judge by.
    let mounted = std::fs::read_to_string(MOUNTS).unwrap_or_default();
    match mounts::network(&mounted, &path) {
        Some(kind) => Err(OpenError::Network { path, kind }),
        None => Ok(path),
    }
}

/// Makes the file if it is not there, for its owner only whatever the umask; SQLite gives its other files the same rights.
fn own(path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { what: "open the store for writing", path: path.to_owned(), source };
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.permissions().mode();
    if mode & 0o177 != 0 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(io)?;
    }
    Ok(())
}

fn storage(path: &Path, error: rusqlite::Error) -> OpenError {
    OpenError::Storage { path: path.to_owned(), source: Fault::from(error).into_store() }
}
