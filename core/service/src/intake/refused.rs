//! Why something was not taken, in words for whoever sent it.
//!
//! Start at [`Refused`].

use std::time::Duration;

use jiff::Timestamp;

use crate::code::ErrorCode;
use crate::port::store::{CommitError, StoreError};

/// Why something was not taken. Nothing of it was written then, but for the audit of a denied attempt.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Too much waits already.
    #[error("too many jobs wait (utilisation {:.0} %); try again in {} s", utilisation * 100.0, retry_after.as_secs())]
    Busy {
        /// (running + queued) / (slots + queue bound).
        utilisation: f64,
        /// When to try again.
        retry_after: Duration,
    },
    /// Someone asked for too much in too short a time.
    #[error("{why}; possible again in {}", crate::lifecycle::spoken(*retry_after))]
    TooMany {
        /// Whose limit, and which.
        why: String,
        /// When it is possible again.
        retry_after: Duration,
    },
    /// It must happen once only, and did.
    #[error("that was done already, by {by}")]
    Already {
        /// Who did it.
        by: String,
    },
    /// The process is about to stop.
    #[error("Midwatch is shutting down and takes nothing new; try again in a few seconds")]
    Draining,
    /// The kill switch is on.
    #[error("the kill switch is on, turned on by {by} at {at}: {reason}; nothing new is started until it is off")]
    Killed {
        /// Who turned it on.
        by: String,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// No rule allows it.
    #[error("{0}")]
    Denied(String),
    /// What was sent makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// What it is about is not there.
    #[error("{0}")]
    NotFound(String),
    /// What it is about is in another state.
    #[error("{0}")]
    Conflict(String),
    /// The pack that would do it is switched off, or there is none.
    #[error("{0}")]
    PackDisabled(String),
    /// There is no such pack.
    #[error("there is no pack `{name}`; there are: {known}")]
    UnknownPack {
        /// The name that was given.
        name: String,
        /// Those there are, with commas between them.
        known: String,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl Refused {
    /// The code, for a program.
    pub fn code(&self) -> ErrorCode {
        match self {
            Refused::Busy { .. } | Refused::Draining | Refused::Killed { .. } => ErrorCode::E008,
            Refused::TooMany { .. } => ErrorCode::E004,
            Refused::Denied(_) => ErrorCode::E005,
            Refused::Invalid(_) | Refused::Already { .. } | Refused::NotFound(_) | Refused::Conflict(_) => {
                ErrorCode::E002
            }
            Refused::PackDisabled(_) | Refused::UnknownPack { .. } => ErrorCode::E001,
            Refused::Storage(_) => ErrorCode::E007,
        }
    }
}

/// A commit of the intake failed for a reason that trying again does not mend.
impl From<CommitError> for Refused {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => Refused::Storage(error),
            CommitError::NotFound(what) => Refused::Invalid(format!("there is no {what}")),
            CommitError::NotAllowed(why) => Refused::Invalid(why),
            CommitError::Already { by } => Refused::Already { by },
            CommitError::Stale => {
                Refused::Storage(StoreError::Busy("others kept changing the same incident; try again".to_owned()))
            }
            other => Refused::Storage(StoreError::Other { what: "taking it in".to_owned(), source: Box::new(other) }),
        }
    }
}
