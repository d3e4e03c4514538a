//! A job as a row: what is searched for has its own column, the rest is JSON.

use midwatch_service::id::{JobId, WorkerId};
use midwatch_service::job::{Job, JobState, LeaseInfo, NewJob, Priority, Transition};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde::Serialize;

use crate::fault::Fault;
use crate::value::{count, int, json, micros, moment, optional, optional_moment, parse, small, word};

/// What [`read`] reads.
pub(crate) const COLUMNS: &str = "spec, state, attempts, lost, run_at, started_at, finished_at, worker, lease_until, fence, \
                                  cancel, error, result, dead";

pub(crate) fn read(row: &Row<'_>) -> Result<Job, Fault> {
    let (worker, until): (Option<String>, Option<i64>) = (row.get("worker")?, row.get("lease_until")?);
    let lease = match (worker, until) {
        (Some(worker), Some(until)) => Some(LeaseInfo { worker: WorkerId(worker), until: moment(until)? }),
        _ => None,
    };
    Ok(Job {
        spec: parse("a job", &row.get::<_, String>("spec")?)?,
        state: word("state of a job", &row.get::<_, String>("state")?)?,
        attempts: small(row.get("attempts")?),
        lost: small(row.get("lost")?),
        run_at: moment(row.get("run_at")?)?,
        started_at: optional_moment(row, "started_at")?,
        finished_at: optional_moment(row, "finished_at")?,
        lease,
        fence: count(row.get("fence")?),
        cancel: optional(row, "cancel")?,
        error: optional(row, "error")?,
        result: optional(row, "result")?,
        dead: row.get("dead")?,
    })
}

pub(crate) fn load(db: &Connection, id: JobId) -> Result<Option<Job>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
    db.prepare_cached(&sql)?.query_row([id.to_string()], |row| Ok(read(row))).optional()?.transpose()
}

pub(crate) fn insert(db: &Connection, spec: &NewJob) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO jobs (id, state, priority, created_at, run_at, attempts, fence, dedup, incident, thread, pack, spec)
         VALUES (:id, :state, :priority, :at, :at, 0, 0, :dedup, :incident, :thread, :pack, :spec)",
    )?
    .execute(named_params! {
        ":id": spec.id.to_string(),
        ":state": JobState::Pending.as_str(),
        ":priority": rank(spec.priority),
        ":at": micros(spec.created_at),
        ":dedup": spec.dedup,
        ":incident": spec.incident.map(|id| id.to_string()),
        ":thread": spec.thread.map(|id| id.to_string()),
        ":pack": spec.pack.name,
        ":spec": json(spec)?,
    })?;
    Ok(())
}

/// Writes what can change; what was handed in cannot.
pub(crate) fn save(db: &Connection, job: &Job) -> Result<(), Fault> {
    db.prepare_cached(
        "UPDATE jobs SET state = :state, attempts = :attempts, lost = :lost, run_at = :run_at, started_at = :started_at,
             finished_at = :finished_at, worker = :worker, lease_until = :lease_until, fence = :fence, cancel = :cancel,
             error = :error, result = :result, dead = :dead
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": job.spec.id.to_string(),
        ":state": job.state.as_str(),
        ":attempts": job.attempts,
        ":lost": job.lost,
        ":run_at": micros(job.run_at),
        ":started_at": job.started_at.map(micros),
        ":finished_at": job.finished_at.map(micros),
        ":worker": job.lease.as_ref().map(|lease| lease.worker.0.as_str()),
        ":lease_until": job.lease.as_ref().map(|lease| micros(lease.until)),
        ":fence": int(job.fence),
        ":cancel": some_json(job.cancel.as_ref())?,
        ":error": some_json(job.error.as_ref())?,
        ":result": some_json(job.result.as_ref())?,
        ":dead": job.dead,
    })?;
    Ok(())
}

fn some_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>, Fault> {
    value.map(json).transpose()
}

/// Adds a line to the history of a job.
pub(crate) fn record(db: &Connection, job: JobId, line: &Transition) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO transitions (job, at, before, after, attempt, worker, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        job.to_string(),
        micros(line.at),
        line.from.map(JobState::as_str),
        line.to.as_str(),
        line.attempt,
        line.worker.as_ref().map(|worker| worker.0.as_str()),
        &line.reason,
    ))?;
    Ok(())
}

pub(crate) fn transition(row: &Row<'_>) -> Result<Transition, Fault> {
    let before: Option<String> = row.get("before")?;
    Ok(Transition {
        at: moment(row.get("at")?)?,
        from: before.map(|state| word("state of a job", &state)).transpose()?,
        to: word("state of a job", &row.get::<_, String>("after")?)?,
        attempt: small(row.get("attempt")?),
        worker: row.get::<_, Option<String>>("worker")?.map(WorkerId),
        reason: row.get("reason")?,
    })
}

/// Priorities as numbers that order; they stand in the file, so they never change.
pub(crate) fn rank(priority: Priority) -> i64 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
    }
}

pub(crate) fn priority(rank: i64) -> Result<Priority, Fault> {
    [Priority::Low, Priority::Normal, Priority::High]
        .into_iter()
        .find(|priority| self::rank(*priority) == rank)
        .ok_or_else(|| Fault::Damaged(format!("{rank} is no priority")))
}
