//! What a chat platform does for us: send, edit, and find what may have been sent.
//!
//! An implementation renders [`PostBody`] for its platform and never sends anything else. Only the outbox's sender calls it.
//! Start at [`ChatPlatform`].

use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::Redacted;

use crate::id::{MessageId, PostKey};
use crate::post::PostBody;
use crate::thread::Thread;

/// Why a message was not sent, or not surely.
#[derive(Debug, thiserror::Error)]
pub enum SendFailure {
    /// It was not sent; it can be tried again, not before this time has passed.
    #[error("not sent, to be tried again: {why}")]
    Retry {
        /// For the log.
        why: String,
        /// How long to wait at least.
        after: Option<Duration>,
    },
    /// It may have been sent: the connection broke, or no answer came.
    #[error("it is not known whether it was sent: {why}")]
    Unknown {
        /// For the log.
        why: String,
    },
    /// It will never be sent: the channel is gone, the bot is not in it.
    #[error("cannot be sent: {why}")]
    Refused {
        /// What to do, for the operator.
        why: String,
    },
}

/// What became of a search for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was sent.
    Sent(MessageId),
    /// It was not.
    NotSent,
    /// The platform cannot tell.
    Unknowable,
}

/// A chat platform.
#[async_trait]
pub trait ChatPlatform: Send + Sync {
    /// What threads call it: `console`.
    fn name(&self) -> &'static str;

    /// Sends a message. In a thread without a root this message becomes the root.
    ///
    /// # Errors
    /// See [`SendFailure`].
    async fn post(&self, thread: &Thread, key: &PostKey, body: &Redacted<PostBody>) -> Result<MessageId, SendFailure>;

    /// Edits a message that was sent.
    ///
    /// # Errors
    /// See [`SendFailure`]; a repeated edit does no harm.
    async fn edit(
        &self,
        thread: &Thread,
        key: &PostKey,
        message: &MessageId,
        body: &Redacted<PostBody>,
    ) -> Result<(), SendFailure>;

    /// Looks whether a message with this key was sent.
    ///
    /// # Errors
    /// When the platform could not be asked now.
    async fn find(&self, thread: &Thread, key: &PostKey) -> Result<Found, SendFailure>;
}
