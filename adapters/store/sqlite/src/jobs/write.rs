//! What a commit does to jobs.

use jiff::Timestamp;
use midwatch_service::id::JobId;
use midwatch_service::job::{Actor, Cancel, Job, JobError, JobState, Lease, NewJob, Transition, life};
use midwatch_service::port::store::{CommitError, JobOutcome};
use rusqlite::{Connection, OptionalExtension as _};

use super::row::{insert, load, record, save};
use crate::fault::Fault;
use crate::value::{count, word};

pub(crate) fn enqueue(db: &Connection, now: Timestamp, spec: &NewJob, bound: Option<u64>) -> Result<(), Fault> {
    if let Some(other) = under_way(db, spec.dedup.as_deref())? {
        return Err(CommitError::Duplicate(other).into());
    }
    if load(db, spec.id)?.is_some() {
        return Err(CommitError::NotAllowed(format!("job {} was handed in before", spec.id)).into());
    }
    if let Some(bound) = bound {
        let live = live(db)?;
        if live >= bound {
            return Err(CommitError::Full { live, bound }.into());
        }
    }
    insert(db, spec)?;
    let (to, reason) = (JobState::Pending, "handed in".to_owned());
    record(db, spec.id, &Transition { at: now, from: None, to, attempt: 0, worker: None, reason })
}

pub(crate) fn advance(db: &Connection, now: Timestamp, lease: &Lease, to: JobState, reason: &str) -> Result<(), Fault> {
    let mut job = held(db, lease)?;
    match life::advance(&mut job, to, reason, now)? {
        Some(line) => keep(db, &job, &line),
        None => Ok(()),
    }
}

pub(crate) fn finish(db: &Connection, now: Timestamp, lease: &Lease, outcome: &JobOutcome) -> Result<(), Fault> {
    let mut job = held(db, lease)?;
    let line = life::finish(&mut job, outcome, now);
    keep(db, &job, &line)
}

pub(crate) fn retry(
    db: &Connection,
    now: Timestamp,
    lease: &Lease,
    run_at: Timestamp,
    error: &JobError,
) -> Result<(), Fault> {
    let mut job = held(db, lease)?;
    let line = life::retry(&mut job, run_at, error, now);
    keep(db, &job, &line)
}

pub(crate) fn lost(
    db: &Connection,
    now: Timestamp,
    lease: &Lease,
    run_at: Timestamp,
    error: &JobError,
) -> Result<(), Fault> {
    let mut job = held(db, lease)?;
    let line = life::lost(&mut job, run_at, error, now);
    keep(db, &job, &line)
}

pub(crate) fn hand_back(db: &Connection, now: Timestamp, lease: &Lease, reason: &str) -> Result<(), Fault> {
    let mut job = held(db, lease)?;
    let line = life::hand_back(&mut job, reason, now);
    keep(db, &job, &line)
}

pub(crate) fn cancel(db: &Connection, now: Timestamp, id: JobId, cancel: &Cancel) -> Result<(), Fault> {
    let mut job = found(db, id)?;
    match life::cancel(&mut job, cancel, now) {
        Some(line) => keep(db, &job, &line),
        None => save(db, &job),
    }
}

pub(crate) fn replay(db: &Connection, now: Timestamp, id: JobId, by: &Actor) -> Result<(), Fault> {
    let mut job = found(db, id)?;
    let line = life::replay(&mut job, by, now)?;
    if let Some(other) = under_way(db, job.spec.dedup.as_deref())? {
        return Err(CommitError::Duplicate(other).into());
    }
    keep(db, &job, &line)
}

pub(crate) fn discard(db: &Connection, now: Timestamp, id: JobId, by: &Actor) -> Result<(), Fault> {
    let mut job = found(db, id)?;
    let line = life::discard(&mut job, by, now)?;
    keep(db, &job, &line)
}

/// Saves a job and the line of its history.
pub(super) fn keep(db: &Connection, job: &Job, line: &Transition) -> Result<(), Fault> {
    save(db, job)?;
    record(db, job.spec.id, line)
}

fn found(db: &Connection, id: JobId) -> Result<Job, Fault> {
    Ok(load(db, id)?.ok_or_else(|| CommitError::NotFound(format!("job {id}")))?)
}

/// The job, if the lease still gives the right to it.
fn held(db: &Connection, lease: &Lease) -> Result<Job, Fault> {
    let job = load(db, lease.job)?.filter(|job| {
        let same = job.lease.as_ref().is_some_and(|held| held.worker == lease.worker);
        job.state.is_leased() && job.fence == lease.fence && same
    });
    Ok(job.ok_or(CommitError::LeaseLost(lease.job))?)
}

/// The live job with this key.
fn under_way(db: &Connection, dedup: Option<&str>) -> Result<Option<JobId>, Fault> {
    let Some(dedup) = dedup else { return Ok(None) };
    let id: Option<String> = db
        .prepare_cached(
            "SELECT id FROM jobs WHERE dedup = ?1
             AND state IN ('pending', 'initializing', 'running', 'awaiting_approval', 'completing')",
        )?
        .query_row([dedup], |row| row.get(0))
        .optional()?;
    id.map(|id| word("job", &id)).transpose()
}

fn live(db: &Connection) -> Result<u64, Fault> {
    let n: i64 = db
        .prepare_cached(
            "SELECT sum(n) FROM counts
             WHERE name IN ('pending', 'initializing', 'running', 'awaiting_approval', 'completing')",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(count(n))
}
