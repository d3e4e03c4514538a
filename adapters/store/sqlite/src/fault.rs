//! What goes wrong inside, and what the port calls it: SQLite's codes become words with what to do next.
//!
//! Must never blame a full disk on the caller, nor call damage what a second try can mend. Start at [`Fault`].

use std::sync::Arc;

use midwatch_service::port::store::{CommitError, StoreError};
use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_WRITE;

/// Why a piece of work did not succeed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The write does not fit what is there.
    Refused(CommitError),
    /// SQLite failed.
    Sql(rusqlite::Error),
    /// What is kept does not read as what it should be.
    Damaged(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<CommitError> for Fault {
    fn from(error: CommitError) -> Self {
        Fault::Refused(error)
    }
}

impl Fault {
    pub(crate) fn into_commit(self) -> CommitError {
        match self {
            Fault::Refused(refused) => refused,
            other => CommitError::Storage(other.into_store()),
        }
    }

    pub(crate) fn into_store(self) -> StoreError {
        match self {
            Fault::Refused(CommitError::Storage(error)) => error,
            Fault::Refused(other) => StoreError::Other { what: "a write was refused".to_owned(), source: other.into() },
            Fault::Sql(error) => storage(&Arc::new(error)),
            Fault::Damaged(what) => StoreError::Damaged(what),
        }
    }
}

/// What SQLite's error means. Shared, because one failed commit has many callers.
pub(crate) fn storage(error: &Arc<rusqlite::Error>) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, _) = error.as_ref() else {
        return other("a statement failed", error);
    };
    let words = error.to_string();
    match failure.code {
        ErrorCode::DiskFull => StoreError::NoRoom(format!(
            "{words}; free space on its disk or raise the store's limit, it goes on by itself then"
        )),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => StoreError::ReadOnly(format!(
            "{words}; the directory and its files must be writable for the user Midwatch runs as"
        )),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StoreError::Busy(format!("{words}; another program holds the file (an open sqlite3 shell?)"))
        }
        ErrorCode::OperationInterrupted => StoreError::Busy("the call took too long and was stopped".to_owned()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Damaged(format!("{words}; stop the server and restore a backup"))
        }
        ErrorCode::SystemIoFailure if failure.extended_code == SQLITE_IOERR_WRITE => {
            other("the system refused a write (a quota, a limit on file sizes, a failing disk: see its log)", error)
        }
        ErrorCode::SystemIoFailure => other("the disk failed (see the system's log)", error),
        _ => other("a statement failed", error),
    }
}

fn other(what: &str, error: &Arc<rusqlite::Error>) -> StoreError {
    StoreError::Other { what: what.to_owned(), source: Box::new(Arc::clone(error)) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use rusqlite::ffi;

    use super::*;

    fn means(code: i32) -> StoreError {
        storage(&Arc::new(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)))
    }

    #[rstest]
    #[case::full(ffi::SQLITE_FULL, "no room in the store", "free space")]
    #[case::a_read_only_disk(ffi::SQLITE_READONLY, "cannot be written", "must be writable")]
    #[case::no_right_to_open(ffi::SQLITE_CANTOPEN, "cannot be written", "must be writable")]
    #[case::held_by_another(ffi::SQLITE_BUSY, "does not take this now", "another program")]
    #[case::damaged(ffi::SQLITE_CORRUPT, "cannot be read", "restore a backup")]
    #[case::a_refused_write(ffi::SQLITE_IOERR_WRITE, "the store failed", "a quota")]
    #[case::a_failing_disk(ffi::SQLITE_IOERR_FSYNC, "the store failed", "the disk failed")]
    fn codes_become_words_with_what_to_do(#[case] code: i32, #[case] what: &str, #[case] next: &str) {
        let words = means(code).to_string();
        assert!(words.contains(what) && words.contains(next), "{words}");
    }

    #[test]
    fn a_write_through_a_connection_that_only_reads_is_read_only() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x.db");
        crate::connection::writer(&path, None).unwrap().execute_batch("CREATE TABLE t (n)").unwrap();
        let error = crate::connection::reader(&path).unwrap().execute_batch("INSERT INTO t VALUES (1)").unwrap_err();
        assert!(matches!(Fault::from(error).into_store(), StoreError::ReadOnly(_)));
    }
}
