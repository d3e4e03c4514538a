//! Settings of jobs: how many run, how many wait, how often one is tried. Their deadline is the investigation's.
//!
//! Start at [`JobSettings`].

use std::time::Duration;

use crate::field::{Field, Slot};

/// How many investigations run and wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSettings {
    /// Jobs that run at the same time. 1 to 64, default 5.
    pub concurrency: u32,
    /// Jobs that may wait. 1 to 100,000, default 100.
    pub queue: u32,
    /// How long a job stays with a process that does not answer. 10 seconds to 1 hour, default 5 minutes.
    pub lease: Duration,
    /// Attempts in all. 1 to 10, default 3.
    pub attempts: u32,
    /// Utilisation, in percent, from which new jobs are refused. 10 to 100, default 90.
    pub refuse_at: u32,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self { concurrency: 5, queue: 100, lease: Duration::from_mins(5), attempts: 3, refuse_at: 90 }
    }
}

/// Fields of the section `jobs`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "jobs.concurrency",
        doc: "Jobs that run at the same time.",
        slot: Slot::Count { at: |s| &mut s.jobs.concurrency, min: 1, max: 64 },
    },
    Field {
        key: "jobs.queue",
        doc: "Jobs that may wait.",
        slot: Slot::Count { at: |s| &mut s.jobs.queue, min: 1, max: 100_000 },
    },
    Field {
        key: "jobs.lease",
        doc: "How long a job stays with a process that no longer answers before another takes it.",
        slot: Slot::Duration { at: |s| &mut s.jobs.lease, min: Duration::from_secs(10), max: Duration::from_hours(1) },
    },
    Field {
        key: "jobs.attempts",
        doc: "Attempts at a job in all, where trying again can help.",
        slot: Slot::Count { at: |s| &mut s.jobs.attempts, min: 1, max: 10 },
    },
    Field {
        key: "jobs.refuse_at",
        doc: "Utilisation from which new jobs are refused.",
        slot: Slot::Percent { at: |s| &mut s.jobs.refuse_at, min: 10, max: 100 },
    },
];
