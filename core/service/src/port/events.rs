//! The log of what happens inside jobs: appended fast, read in pages, followed live by any process that shares the store.
//!
//! Must never hold up a job: a log that takes nothing any more is said so, and the job goes on. Start at [`EventLog`].

use async_trait::async_trait;
use midwatch_redact::Redacted;
use tokio::sync::watch;

use super::store::StoreError;
use crate::event::{Cursor, JobEvent, Logged};
use crate::id::JobId;

/// The log takes no more now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log of events takes no more now: {waiting} wait to be written")]
pub struct Exhausted {
    /// How many wait.
    pub waiting: usize,
}

/// The log.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Takes an event, to be written with others a moment later; those of one job in the order they are given. Waits for room
    /// a second at most.
    ///
    /// # Errors
    /// When there is no room by then: the event is not taken.
    async fn append(&self, job: JobId, event: Redacted<JobEvent>) -> Result<(), Exhausted>;

    /// Returns when everything taken so far is written.
    ///
    /// # Errors
    /// When the storage failed; what was not written is lost.
    async fn flush(&self) -> Result<(), StoreError>;

    /// Events of a job after a place, oldest first, at most so many ([`PAGE`](crate::event::PAGE) at most). A place that this
    /// log never gave is as none.
    ///
    /// # Errors
    /// When the storage failed.
    async fn events(&self, job: JobId, after: Option<&Cursor>, limit: usize) -> Result<Vec<Logged>, StoreError>;

    /// Changes when something may have been written of a job, by whichever process; whoever follows reads then. A call may
    /// come without news, and may be lost with a connection: look by the clock as well.
    async fn follow(&self, job: JobId) -> watch::Receiver<u64>;
}
