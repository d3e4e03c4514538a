//! Errors by code and pack, with examples.
//!
//! Pure. Start at [`Errors::take`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::code::ErrorCode;
use crate::id::JobId;
use crate::job::{Job, JobState};

/// Examples that are kept of one kind.
pub const EXAMPLES: usize = 3;

/// One of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The job.
    pub job: JobId,
    /// When it was accepted.
    pub at: Timestamp,
    /// What it said.
    pub message: String,
}

/// Errors of one code in one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup {
    /// The code.
    pub code: ErrorCode,
    /// The pack.
    pub pack: String,
    /// Jobs that ended with it.
    pub ended: u64,
    /// Jobs that had it in an attempt and are still tried.
    pub tried_again: u64,
    /// Those that are dead letters.
    pub dead: u64,
    /// The newest of them, at most [`EXAMPLES`].
    pub examples: Vec<Example>,
}

/// Errors of a window. Jobs have to come newest first.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    groups: BTreeMap<(ErrorCode, String), ErrorGroup>,
}

impl Errors {
    /// Counts a job that has an error; one that was stopped, or came to an end after all, has none any more.
    pub fn take(&mut self, job: &Job) {
        let Some(error) = &job.error else { return };
        if matches!(job.state, JobState::Completed | JobState::Cancelled) {
            return;
        }
        let (code, pack) = (error.code, job.spec.pack.name.clone());
        let group = self.groups.entry((code, pack.clone())).or_insert_with(|| ErrorGroup {
            code,
            pack,
            ended: 0,
            tried_again: 0,
            dead: 0,
            examples: Vec::new(),
        });
        if job.state.is_final() {
            group.ended += 1;
        } else {
            group.tried_again += 1;
        }
        group.dead += u64::from(job.dead);
        if group.examples.len() < EXAMPLES {
            let (at, message) = (job.spec.created_at, error.message.clone());
            group.examples.push(Example { job: job.spec.id, at, message });
        }
    }

    /// The kinds, those first that are most.
    pub fn groups(self) -> Vec<ErrorGroup> {
        let mut groups: Vec<_> = self.groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.ended + group.tried_again));
        groups
    }
}
