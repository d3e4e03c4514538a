//! What each key is called. All of them begin with one hash tag, so that they share a slot of a cluster and one script may
//! touch any of them.
//!
//! Conventions: moments are microseconds since 1970, as scores and in text; ids are 32 hexadecimal digits, in the order they
//! were made, so sorted sets of score 0 hold them in that order; what is read as a whole is JSON. A key has one type for ever.
//!
//! ```text
//! schema                     the layout of these keys, 1
//! mark                       a number that grows with every check
//! took:ID                    a commit that was applied, for whoever asks again (goes by itself)
//! job:ID                     hash: spec (as it was handed in), life (everything that changes, with the fence)
//! job:ID:history             list: the lines of its history
//! jobs                       sorted set, score 0: all; also jobs:state:STATE, jobs:dead, jobs:incident:ID, jobs:thread:ID,
//!                            jobs:pack:NAME
//! jobs:live                  sorted set by acceptance: what has not ended; the bound of the queue counts these
//! jobs:waiting               sorted set by the moment it is due: every pending job
//! jobs:pending:RANK          sorted set by acceptance: pending jobs of one priority
//! jobs:ready:RANK            the same, only those whose moment had come when it was last looked
//! jobs:later                 sorted set by the moment it is due: the other pending jobs, as RANK:ACCEPTED:ID
//! jobs:leases                sorted set by the end of the lease: jobs that a worker holds
//! jobs:ended                 sorted set by the end: jobs that have ended, for the sweep
//! jobs:dedup                 hash: key -> the live job that has it
//! jobs:leased                a number: jobs leased so far, for the turn of those that wait long
//! replica:ID                 hash: body (a process as it last said of itself), drain (its order to drain)
//! replicas                   sorted set by the moment it counts as gone
//! kill                       the kill switch, when it is on
//! leads                      hash: what only one process does -> who, and until when
//! calls                      capped stream: calls between processes
//! events:ID                  capped stream: what happens inside a job; also the channel where each is published
//! ```
//!
//! What the other parts keep stands at the head of their files: `outbox`, `heard`, `threads`, `incidents`, `trail`, and so forth.
//!
//! Must never be made from anything but the prefix and words given here. Start at [`Keys::key`].

use std::fmt;
use std::sync::Arc;

use midwatch_service::id::JobId;
use midwatch_service::job::{JobState, Priority};

use crate::unit::Cell;

/// The names of one installation's keys. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: Arc<str>,
}

impl Keys {
    /// Keys under a hash tag.
    pub(crate) fn new(tag: &str) -> Self {
        Self { prefix: format!("{{{tag}}}:").into() }
    }

    /// A key by its words: `keys.key(format_args!("job:{id}"))`.
    pub(crate) fn key(&self, words: impl fmt::Display) -> String {
        format!("{}{words}", self.prefix)
    }

    /// The hash of a job.
    pub(crate) fn job(&self, id: JobId) -> String {
        self.key(format_args!("job:{id}"))
    }

    /// Jobs in one state.
    pub(crate) fn state(&self, state: JobState) -> String {
        self.key(format_args!("jobs:state:{}", state.as_str()))
    }

    /// A set of one priority: `pending`, `ready`.
    pub(crate) fn rank(&self, set: &str, priority: Priority) -> String {
        self.key(format_args!("jobs:{set}:{}", rank(priority)))
    }
}

/// Priorities as numbers that order; they stand in keys, so they never change.
pub(crate) fn rank(priority: Priority) -> u8 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
    }
}

impl Cell {
    /// A string key.
    pub(crate) fn text(key: String) -> Self {
        Self { key, field: None }
    }

    /// A field of a hash.
    pub(crate) fn field(key: String, field: impl Into<String>) -> Self {
        Self { key, field: Some(field.into()) }
    }
}
