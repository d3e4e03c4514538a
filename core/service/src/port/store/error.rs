//! Why a commit did not happen, and why the storage failed.

use super::ARTIFACT_CAP;
use crate::id::{JobId, PostKey};

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A live job has the same dedup key: this one.
    #[error("a job with the same key is under way: {0}")]
    Duplicate(JobId),
    /// The queue is full: of jobs, or of what was heard.
    #[error("the queue is full: {live} of {bound}")]
    Full {
        /// Jobs that live, or what waits to be handled.
        live: u64,
        /// The bound.
        bound: u64,
    },
    /// Someone else wrote the incident first, holds one of its keys, or opened a thread on the same message: read again.
    #[error("another writer was first")]
    Stale,
    /// The lease was lost: another worker has the job, or it has ended.
    #[error("the lease of job {0} was lost")]
    LeaseLost(JobId),
    /// The right to send a message was lost.
    #[error("the right to send message {0} was lost")]
    PostLost(PostKey),
    /// The right to handle what was heard was lost.
    #[error("the right to handle {0} was lost")]
    HeardLost(String),
    /// It happened before, and must happen once only.
    #[error("it was done before, by {by}")]
    Already {
        /// Who did it.
        by: String,
    },
    /// What the write is about is not there.
    #[error("there is no {0}")]
    NotFound(String),
    /// The write does not fit the state of what it is about.
    #[error("{0}")]
    NotAllowed(String),
    /// An artifact is too large.
    #[error("an artifact has {bytes} bytes; at most {ARTIFACT_CAP} are kept")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// Why the storage failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room; what to do stands in the words.
    #[error("no room in the store: {0}")]
    NoRoom(String),
    /// The store cannot be written: a read-only disk, wrong permissions.
    #[error("the store cannot be written: {0}")]
    ReadOnly(String),
    /// It is closed, or too busy to take more.
    #[error("the store does not take this now: {0}")]
    Busy(String),
    /// What is kept cannot be read: damaged, or of a newer version.
    #[error("the store cannot be read: {0}")]
    Damaged(String),
    /// Anything else, with its cause.
    #[error("the store failed: {what}")]
    Other {
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
