//! One server at a time: an advisory lock on a file beside the store, which the system frees however the process ends.
//!
//! Must never be decided by what stands in the file: that is only for the person who meets it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;

use crate::error::OpenError;

/// The lock's file in the store's directory.
const NAME: &str = "midwatch.lock";

/// Bytes of the lock file that are shown.
const SHOWN: u64 = 200;

/// Holds the store until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock of a directory, or says who has it.
pub(crate) fn take(directory: &Path, now: Timestamp) -> Result<Lock, OpenError> {
    let path = directory.join(NAME);
    let io = |what| {
        let path = path.clone();
        move |source| OpenError::Io { what, path, source }
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(io("open the lock file"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::Locked { path: directory.to_owned(), holder: holder_of(&mut file) });
        }
        Err(TryLockError::Error(source)) => return Err(io("lock the file")(source)),
    }
    note(&mut file, now).map_err(io("write the lock file"))?;
    Ok(Lock { _file: file })
}

/// Who uses the store of this directory now; none when nobody does, or when it cannot be told. Takes the lock for a moment
/// where it is free, and changes nothing.
pub fn holder(directory: &Path) -> Option<String> {
    let mut file = File::open(directory.join(NAME)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder_of(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn note(file: &mut File, now: Timestamp) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "pid {}, since {now}", std::process::id())
}

fn holder_of(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(SHOWN).read_to_string(&mut text);
    let text = text.trim();
    if read.is_err() || text.is_empty() { "it does not say which".to_owned() } else { text.to_owned() }
}
