//! What goes wrong inside a unit of work, and what the port calls it.
//!
//! Must never leave the crate. Start at [`Fault`].

use midwatch_service::port::store::{CommitError, StoreError};

/// Why a plan did not come to its end.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It asked for something that was not read yet: it is read now, and the plan begins anew.
    Missing,
    /// The write does not fit what is there.
    Refused(CommitError),
    /// What is kept does not read as what it should be.
    Damaged(String),
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
            Fault::Damaged(what) => CommitError::Storage(StoreError::Damaged(what)),
            Fault::Missing => {
                CommitError::Storage(StoreError::Busy("a decision never had all it asked for".to_owned()))
            }
        }
    }
}

/// The same for calls that can only fail because the storage does.
pub(crate) fn into_store(error: CommitError) -> StoreError {
    match error {
        CommitError::Storage(error) => error,
        other => StoreError::Other { what: "a write was refused".to_owned(), source: other.into() },
    }
}
