//! Leasing pending jobs: by priority, then age, and every so often by age alone.
//!
//! The indexes are named: left alone, SQLite takes the one by state and sorts the whole queue.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::id::WorkerId;
use midwatch_service::job::{Job, JobState, Lease, Leased, Transition};
use midwatch_service::port::store::{PATIENCE, TURN};
use rusqlite::{Connection, OptionalExtension as _};

use super::row::{COLUMNS, read, record};
use crate::fault::Fault;
use crate::value::{count, int, micros};

/// By priority: jobs of one priority in the order they were accepted. Walks past those whose time has not come.
const URGENT: &str = "SELECT id FROM jobs INDEXED BY jobs_by_priority WHERE state = 'pending' AND run_at <= ?1
                      ORDER BY priority DESC, created_at, id LIMIT 1";

/// The one that has been due for longest.
const PATIENT: &str = "SELECT id FROM jobs INDEXED BY jobs_by_run_at WHERE state = 'pending' AND run_at <= ?1
                       ORDER BY run_at, id LIMIT 1";

pub(crate) fn claim(
    db: &Connection,
    worker: &WorkerId,
    now: Timestamp,
    lease: Duration,
    slots: usize,
) -> Result<Vec<Leased>, Fault> {
    let mut leased = Vec::new();
    let before = count(db.prepare_cached("SELECT value FROM meta WHERE name = 'leased'")?.query_row([], |r| r.get(0))?);
    let mut turn = before;
    let until = after(now, lease);
    while leased.len() < slots {
        let long_ago = now.checked_sub(PATIENCE).unwrap_or(Timestamp::MIN);
        let fair = (turn + 1).is_multiple_of(TURN);
        let patient = if fair { one(db, PATIENT, long_ago, worker, now, until)? } else { None };
        let job = match patient {
            Some(job) => job,
            None => match one(db, URGENT, now, worker, now, until)? {
                Some(job) => job,
                None => break,
            },
        };
        record(db, job.spec.id, &begun(&job, worker, now))?;
        let lease = Lease { job: job.spec.id, worker: worker.clone(), fence: job.fence };
        leased.push(Leased { job, lease });
        turn += 1;
    }
    if turn != before {
        db.prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'leased'")?.execute([int(turn)])?;
    }
    Ok(leased)
}

/// Leases the job that `choose` gives for jobs due by `due`.
fn one(
    db: &Connection,
    choose: &str,
    due: Timestamp,
    worker: &WorkerId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Job>, Fault> {
    let sql = format!(
        "UPDATE jobs SET state = 'initializing', attempts = attempts + 1, fence = fence + 1, worker = ?2,
             started_at = ?3, lease_until = ?4
         WHERE id = ({choose}) RETURNING {COLUMNS}"
    );
    db.prepare_cached(&sql)?
        .query_row((micros(due), &worker.0, micros(now), micros(until)), |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn begun(job: &Job, worker: &WorkerId, now: Timestamp) -> Transition {
    Transition {
        at: now,
        from: Some(JobState::Pending),
        to: JobState::Initializing,
        attempt: job.attempts,
        worker: Some(worker.clone()),
        reason: "leased".to_owned(),
    }
}
