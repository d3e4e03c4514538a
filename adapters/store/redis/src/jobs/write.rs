//! What a commit does to jobs.

use jiff::Timestamp;
use midwatch_service::id::JobId;
use midwatch_service::job::{Actor, Cancel, Job, JobError, JobState, Lease, NewJob, Transition, life};
use midwatch_service::port::store::{CommitError, JobOutcome};

use super::cells::{insert, keep, load, want};
use crate::fault::Fault;
use crate::unit::{Cell, Unit};
use crate::value::word;

pub(crate) fn enqueue(unit: &mut Unit, now: Timestamp, spec: &NewJob, bound: Option<u64>) -> Result<(), Fault> {
    want(unit, [spec.id]);
    if let Some(other) = under_way(unit, spec.dedup.as_deref())? {
        return Err(CommitError::Duplicate(other).into());
    }
    if load(unit, spec.id)?.is_some() {
        return Err(CommitError::NotAllowed(format!("job {} was handed in before", spec.id)).into());
    }
    if let Some(bound) = bound {
        let live = unit.keys().key("jobs:live");
        let there = unit.size(&live)?;
        if there >= bound {
            return Err(CommitError::Full { live: there, bound }.into());
        }
        unit.below(&live, bound);
    }
    let job = insert(unit, spec.clone())?;
    let (to, reason) = (JobState::Pending, "handed in".to_owned());
    let line = Transition { at: now, from: None, to, attempt: 0, worker: None, reason };
    keep(unit, now, None, &job, Some(&line))
}

pub(crate) fn advance(unit: &mut Unit, now: Timestamp, lease: &Lease, to: JobState, reason: &str) -> Result<(), Fault> {
    let before = held(unit, lease)?;
    let mut job = before.clone();
    match life::advance(&mut job, to, reason, now)? {
        Some(line) => keep(unit, now, Some(&before), &job, Some(&line)),
        None => Ok(()),
    }
}

pub(crate) fn finish(unit: &mut Unit, now: Timestamp, lease: &Lease, outcome: &JobOutcome) -> Result<(), Fault> {
    moved(unit, now, lease, |job| life::finish(job, outcome, now))
}

pub(crate) fn retry(
    unit: &mut Unit,
    now: Timestamp,
    lease: &Lease,
    run_at: Timestamp,
    error: &JobError,
) -> Result<(), Fault> {
    moved(unit, now, lease, |job| life::retry(job, run_at, error, now))
}

pub(crate) fn lost(
    unit: &mut Unit,
    now: Timestamp,
    lease: &Lease,
    run_at: Timestamp,
    error: &JobError,
) -> Result<(), Fault> {
    moved(unit, now, lease, |job| life::lost(job, run_at, error, now))
}

pub(crate) fn hand_back(unit: &mut Unit, now: Timestamp, lease: &Lease, reason: &str) -> Result<(), Fault> {
    moved(unit, now, lease, |job| life::hand_back(job, reason, now))
}

pub(crate) fn cancel(unit: &mut Unit, now: Timestamp, id: JobId, cancel: &Cancel) -> Result<(), Fault> {
    let before = found(unit, id)?;
    let mut job = before.clone();
    let line = life::cancel(&mut job, cancel, now);
    keep(unit, now, Some(&before), &job, line.as_ref())
}

pub(crate) fn replay(unit: &mut Unit, now: Timestamp, id: JobId, by: &Actor) -> Result<(), Fault> {
    let before = found(unit, id)?;
    let mut job = before.clone();
    let line = life::replay(&mut job, by, now)?;
    if let Some(other) = under_way(unit, job.spec.dedup.as_deref())? {
        return Err(CommitError::Duplicate(other).into());
    }
    keep(unit, now, Some(&before), &job, Some(&line))
}

pub(crate) fn discard(unit: &mut Unit, now: Timestamp, id: JobId, by: &Actor) -> Result<(), Fault> {
    let before = found(unit, id)?;
    let mut job = before.clone();
    let line = life::discard(&mut job, by, now)?;
    keep(unit, now, Some(&before), &job, Some(&line))
}

/// A job that is held, moved, and kept.
fn moved(
    unit: &mut Unit,
    now: Timestamp,
    lease: &Lease,
    how: impl FnOnce(&mut Job) -> Transition,
) -> Result<(), Fault> {
    let before = held(unit, lease)?;
    let mut job = before.clone();
    let line = how(&mut job);
    keep(unit, now, Some(&before), &job, Some(&line))
}

fn found(unit: &mut Unit, id: JobId) -> Result<Job, Fault> {
    load(unit, id)?.ok_or_else(|| CommitError::NotFound(format!("job {id}")).into())
}

/// The job, if the lease still gives the right to it.
fn held(unit: &mut Unit, lease: &Lease) -> Result<Job, Fault> {
    load(unit, lease.job)?.filter(|job| holds(job, lease)).ok_or_else(|| CommitError::LeaseLost(lease.job).into())
}

/// Whether a lease still gives the right to a job.
pub(super) fn holds(job: &Job, lease: &Lease) -> bool {
    let same = job.lease.as_ref().is_some_and(|held| held.worker == lease.worker);
    job.state.is_leased() && job.fence == lease.fence && same
}

/// The live job with this key.
fn under_way(unit: &mut Unit, dedup: Option<&str>) -> Result<Option<JobId>, Fault> {
    let Some(dedup) = dedup else { return Ok(None) };
    let cell = Cell::field(unit.keys().key("jobs:dedup"), dedup);
    unit.get(&cell)?.map(|id| word("job", &id)).transpose()
}
