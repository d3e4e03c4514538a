//! What an operator sees of past and present work: figures by pack, errors by code, jobs that take long.
//!
//! Everything is reckoned from the jobs themselves as the store has them, so that it is the same whichever process is asked.
//! Must never hold more of a job than a few numbers and a line, and never look at more than [`LOOKED`] jobs. Start at
//! [`scan`].

mod errors;
mod stats;

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;
use crate::id::JobId;
use crate::job::Job;
use crate::port::store::{JobFilter, Store, StoreError};

pub use errors::{EXAMPLES, ErrorGroup, Errors, Example};
pub use stats::{Quantiles, Stats, Tally};

/// Jobs that are looked at for one answer.
pub const LOOKED: usize = 20_000;

/// Jobs of one page.
const PAGE: usize = 500;

/// Ids order jobs by the clock of whoever made them; clocks of several machines differ by less than this.
const SLACK: Duration = Duration::from_mins(1);

/// How far a look went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Jobs that were accepted in the window and looked at.
    pub jobs: usize,
    /// Whether these are all of the window; else they are its newest.
    pub whole: bool,
}

/// Shows `each` the jobs that were accepted since a moment, newest first, within [`LOOKED`].
///
/// # Errors
/// When the storage failed.
pub async fn scan(store: &dyn Store, since: Timestamp, mut each: impl FnMut(Job)) -> Result<Scan, StoreError> {
    let mut before: Option<JobId> = None;
    let (mut jobs, mut looked) = (0, 0);
    while looked < LOOKED {
        let page = store.jobs(&JobFilter { before, limit: PAGE, ..JobFilter::default() }).await?;
        let (count, last) = (page.len(), page.last().map(|job| (job.spec.id, job.spec.created_at)));
        looked += count;
        for job in page.into_iter().filter(|job| job.spec.created_at >= since) {
            jobs += 1;
            each(job);
        }
        match last {
            Some((id, at)) if count == PAGE && after(at, SLACK) >= since => before = Some(id),
            _ => return Ok(Scan { jobs, whole: true }),
        }
    }
    Ok(Scan { jobs, whole: false })
}

/// How long a job's last attempt took; of one that runs, so far. None when it never began, or waits for another attempt.
pub fn execution(job: &Job, now: Timestamp) -> Option<Duration> {
    let end = if job.state.is_leased() { now } else { job.finished_at? };
    Some(between(job.started_at?, end))
}

/// How long a job waited from its acceptance to the start of its last attempt, earlier attempts and their pauses counted.
/// None when it never began.
pub fn waiting(job: &Job) -> Option<Duration> {
    Some(between(job.spec.created_at, job.started_at?))
}

/// From one moment to a later one; nothing when clocks disagree.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
