//! Identities: what jobs, incidents, threads, workers and messages are called.
//!
//! Must never be made of anything a person typed without being told apart by its type. Start at [`JobId`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An identity that is made here: time-ordered, so that the newest is the last.
macro_rules! made_here {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new one.
            #[allow(clippy::new_without_default, reason = "a default that differs each time would surprise")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.simple().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::parse_str(text).map(Self).map_err(|_| NotAnId)
            }
        }
    )* };
}

made_here! {
    /// A job.
    JobId;
    /// An incident.
    IncidentId;
    /// A thread.
    ThreadId;
    /// An artifact of a job.
    ArtifactId;
    /// A mute.
    MuteId;
    /// Something that was spent.
    SpendId;
}

/// The text is no identity of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id; ids look like 0199d2c4a81f7b62a1c4e1f0a7c3b5d2")]
pub struct NotAnId;

/// A name that another side gave, told apart by its type.
macro_rules! given {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

given! {
    /// A worker: one process that runs jobs, new at every start.
    WorkerId;
    /// The idempotency key of a message: the same key is the same message, however often it is tried.
    PostKey;
    /// A message as its platform calls it (`ts` on Slack, a snowflake on Discord).
    MessageId;
}

impl WorkerId {
    /// A worker of this process.
    pub fn new(host: &str) -> Self {
        Self(format!("{host}-{}", Uuid::now_v7().simple()))
    }
}
