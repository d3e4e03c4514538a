//! Threads as files: `<thread>.json` is what was posted, `<thread>.txt` is the same to be read.
//!
//! Must never leave half a file: each is written beside its place, flushed to the disk and renamed, so that a process that
//! is killed at any point leaves the old state or the new one. A message stands in the file before it counts as sent; so
//! whether it was sent can always be told. Start at [`Threads::load`].

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use midwatch_service::id::{MessageId, PostKey, ThreadId};
use serde::{Deserialize, Serialize};

/// Bytes of one thread's file. Past it the oldest texts go; which messages there were stays known.
pub(super) const THREAD_CAP: usize = 4 * 1024 * 1024;

/// Stands where a text was removed.
const REMOVED: &str = "(removed: this thread outgrew its file)\n";

/// Why a thread's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("{} cannot be read: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is damaged ({source}); repair it, or move it away to begin the thread's file anew", .path.display())]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("{} cannot be written: {source}; is the disk full or read-only?", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} has reached {THREAD_CAP} bytes; nothing more can be posted in this thread", .path.display())]
    Full { path: PathBuf },
}

/// What was posted in a thread, in order.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ThreadFile {
    /// The channel it is in.
    pub(super) channel: String,
    /// The messages.
    pub(super) messages: Vec<Message>,
}

/// One message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// Its idempotency key.
    pub(super) key: PostKey,
    /// What we call it: its number in the thread.
    pub(super) id: MessageId,
    /// How often it was edited.
    pub(super) edits: u64,
    /// What it says, in its newest revision.
    pub(super) text: String,
    /// Of a message that is edited: the lines of this revision that were worth printing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) told: Vec<String>,
}

/// The directory of all threads.
#[derive(Debug)]
pub(super) struct Threads {
    dir: PathBuf,
}

impl Threads {
    /// Opens the directory, makes it if it is not there, and removes what an earlier process left half done.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        for entry in fs::read_dir(dir)?.flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().ends_with(".tmp") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { dir: dir.to_owned() })
    }

    /// What was posted in a thread so far.
    pub(super) fn load(&self, thread: ThreadId) -> Result<ThreadFile, FileError> {
        let path = self.path(thread, "json");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ThreadFile::default()),
            Err(source) => return Err(FileError::Read { path, source }),
        };
        let mut bytes = Vec::new();
        // One byte more than any file of ours has: a larger one is not ours, and does not parse once it is cut.
        let cap = u64::try_from(THREAD_CAP).unwrap_or(u64::MAX).saturating_add(1);
        if let Err(source) = file.take(cap).read_to_end(&mut bytes) {
            return Err(FileError::Read { path, source });
        }
        serde_json::from_slice(&bytes).map_err(|source| FileError::Damaged { path, source })
    }

    /// Keeps a thread, and the same to be read.
    pub(super) fn save(&self, thread: ThreadId, file: &mut ThreadFile) -> Result<(), FileError> {
        let path = self.path(thread, "json");
        let json = self.fitting(&path, file)?;
        self.replace(&path, &json)?;
        let text: String = file.messages.iter().map(|m| m.text.as_str()).collect();
        self.replace(&self.path(thread, "txt"), text.as_bytes())
    }

    /// As JSON, below the cap. The first message stays, and so do the newest.
    fn fitting(&self, path: &Path, file: &mut ThreadFile) -> Result<Vec<u8>, FileError> {
        let encode = |file: &ThreadFile| {
            serde_json::to_vec(file).map_err(|e| FileError::Write { path: path.to_owned(), source: e.into() })
        };
        let mut json = encode(file)?;
        let mut over = json.len().saturating_sub(THREAD_CAP);
        if over == 0 {
            return Ok(json);
        }
        for message in file.messages.iter_mut().skip(1) {
            if over == 0 {
                break;
            }
            // Escaping only makes a text longer, so this removes at least what is counted.
            over = over.saturating_sub(message.text.len().saturating_sub(REMOVED.len() + 1));
            REMOVED.clone_into(&mut message.text);
        }
        json = encode(file)?;
        if json.len() > THREAD_CAP { Err(FileError::Full { path: path.to_owned() }) } else { Ok(json) }
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let beside = path.with_added_extension("tmp");
        let written = File::create(&beside)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, path))
            // The rename is durable once the directory is.
            .and_then(|()| File::open(&self.dir)?.sync_all());
        written.map_err(|source| {
            // What is left beside would be removed at the next start; on a full disk its room is needed now.
            let _ = fs::remove_file(&beside);
            FileError::Write { path: path.to_owned(), source }
        })
    }

    /// Removes threads in which nothing was posted for so long; how many files.
    pub(super) fn sweep(&self, older_than: Duration) -> io::Result<usize> {
        let Some(horizon) = SystemTime::now().checked_sub(older_than) else { return Ok(0) };
        let mut removed = 0;
        for entry in fs::read_dir(&self.dir)?.flatten() {
            let path = entry.path();
            let ours = path.extension().is_some_and(|e| e == "json" || e == "txt");
            let old = entry.metadata().and_then(|m| m.modified()).is_ok_and(|at| at < horizon);
            if ours && old && fs::remove_file(&path).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn path(&self, thread: ThreadId, ending: &str) -> PathBuf {
        self.dir.join(format!("{thread}.{ending}"))
    }
}

impl ThreadFile {
    /// The message of a key.
    pub(super) fn find(&mut self, key: &PostKey) -> Option<&mut Message> {
        self.messages.iter_mut().find(|m| m.key == *key)
    }

    /// The id of the next message.
    pub(super) fn next_id(&self) -> MessageId {
        MessageId(format!("m{}", self.messages.len() + 1))
    }
}
