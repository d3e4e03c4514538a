//! The living message as it was read, and the same written back: only if nobody wrote it in between.
//!
//! Intake and workers of several processes write this message, each its own part, and none may write back the other's part
//! as it was before. So a part is written back only together with the revision it was read at. Start at [`Seen::read`].

use midwatch_redact::Redacted;

use super::key;
use crate::id::ThreadId;
use crate::port::store::{Store, StoreError, Write};
use crate::post::{NewPost, PostBody, Urgency};

/// A living message, and at which revision it was read.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its thread.
    pub thread: ThreadId,
    /// The revision; none when it was never written.
    pub revision: Option<u64>,
    /// What it said.
    pub body: Redacted<PostBody>,
}

impl Seen {
    /// Reads it; none when it was never written.
    ///
    /// # Errors
    /// When the storage failed.
    pub async fn read(store: &dyn Store, thread: ThreadId) -> Result<Option<Self>, StoreError> {
        let written = store.written(&key(thread)).await?;
        Ok(written.map(|(revision, body)| Self { thread, revision: Some(revision), body }))
    }

    /// One that was never written, and would begin like this.
    pub fn never(thread: ThreadId, body: Redacted<PostBody>) -> Self {
        Self { thread, revision: None, body }
    }

    /// Writes it with a new body. The whole commit is `CommitError::Stale` when it was written since it was read.
    pub fn back(&self, body: Redacted<PostBody>, urgency: Urgency) -> [Write; 2] {
        let (key, thread) = (key(self.thread), self.thread);
        let unless_written = Write::IfPost { key: key.clone(), revision: self.revision };
        [unless_written, Write::Post(NewPost { key, thread, urgency, body })]
    }
}
