//! What a chat platform does for us: send, edit, and find what may have been sent.
//!
//! An implementation renders [`PostBody`] for its platform and never sends anything else. Only the outbox's sender calls it.
//! Start at [`ChatPlatform`].

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::Redacted;

use crate::id::{MessageId, PostKey};
use crate::post::{PostBody, Private};
use crate::thread::Thread;

/// A kind of call that platforms limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// A new message.
    Post,
    /// An edit of one.
    Edit,
}

/// What a limit counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Calls of this kind in one channel.
    Channel,
    /// Calls of this kind in the whole workspace.
    Method,
    /// Every call in the workspace.
    Workspace,
}

/// A limit of a platform. A call passes only when every limit that counts it lets it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Which calls; none: all of them.
    pub call: Option<Call>,
    /// Counted together by this.
    pub scope: Scope,
    /// So many calls ...
    pub calls: NonZeroU32,
    /// ... in this time ...
    pub every: Duration,
    /// ... of which so many may come at once.
    pub burst: NonZeroU32,
}

/// Why a message was not sent, or not surely.
#[derive(Debug, thiserror::Error)]
pub enum SendFailure {
    /// It was not sent; it can be tried again, not before this time has passed.
    #[error("not sent, to be tried again: {why}")]
    Retry {
        /// For the log.
        why: String,
        /// How long to wait: when the platform says so, exactly that long.
        after: Option<Duration>,
        /// What else has to wait as long, when a limit of the platform was hit.
        hold: Option<Scope>,
    },
    /// It was not tried: what the platform said before asks to wait so long.
    #[error("not tried: the platform takes none for {} ms", after.as_millis())]
    Wait {
        /// How long.
        after: Duration,
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

    /// The limits of the platform; none by default.
    fn limits(&self) -> Vec<Limit> {
        Vec::new()
    }

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

    /// Whether a private answer that may have been shown can be shown again: where it replaces what was shown, it can.
    fn shows_again(&self, _private: &Private) -> bool {
        false
    }

    /// Looks whether a message with this key was sent.
    ///
    /// # Errors
    /// When the platform could not be asked now.
    async fn find(&self, thread: &Thread, key: &PostKey) -> Result<Found, SendFailure>;
}

/// Whether the program can speak in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It can.
    Member,
    /// It has to be invited first.
    NotMember,
}

/// What a platform knows about its channels and people. Only reads.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Whether the program can speak in a channel.
    ///
    /// # Errors
    /// When it could not be asked, in words for the log; then nothing is known.
    async fn membership(&self, channel: &str) -> Result<Membership, String>;

    /// The groups of a user that permissions may name, by handle and by id.
    ///
    /// # Errors
    /// When it could not be asked, in words for the log. No groups are assumed then: permissions only allow.
    async fn groups(&self, user: &str) -> Result<Vec<String>, String>;

    /// What to do so that the program can speak in a channel, for a person: `/invite @midwatch`.
    fn invitation(&self) -> String;
}
