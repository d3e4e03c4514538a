//! A job as cells, and its indexes: always both, from what it was to what it is.
//!
//! Start at [`load`] and [`keep`].

use jiff::Timestamp;
use midwatch_service::id::JobId;
use midwatch_service::job::{Cancel, Job, JobError, JobResult, JobState, LeaseInfo, NewJob, Transition};
use midwatch_service::port::store::CommitError;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::{Keys, rank};
use crate::unit::{Cell, Unit};
use crate::value::{json, parse, score};

/// What changes in a job, as it is kept.
#[derive(Serialize, Deserialize)]
struct Life {
    state: JobState,
    attempts: u32,
    lost: u32,
    run_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    lease: Option<LeaseInfo>,
    fence: u64,
    cancel: Option<Cancel>,
    error: Option<JobError>,
    result: Option<JobResult>,
    dead: bool,
}

fn cells(keys: &Keys, id: JobId) -> (Cell, Cell) {
    let key = keys.job(id);
    (Cell::field(key.clone(), "spec"), Cell::field(key, "life"))
}

/// Says that jobs will be asked for.
pub(crate) fn want(unit: &mut Unit, ids: impl IntoIterator<Item = JobId>) {
    for id in ids {
        let (spec, life) = cells(unit.keys(), id);
        unit.want(spec);
        unit.want(life);
    }
}

/// A job as it is; the unit is applied only while it is that. What was handed in never changes.
pub(crate) fn load(unit: &mut Unit, id: JobId) -> Result<Option<Job>, Fault> {
    want(unit, [id]);
    let (spec, life) = cells(unit.keys(), id);
    let Some(life) = unit.get(&life)? else { return Ok(None) };
    let spec = unit.peek(&spec)?.ok_or_else(|| Fault::Damaged(format!("job {id} has lost what was handed in")))?;
    let life: Life = parse("a job", &life)?;
    Ok(Some(Job {
        spec: parse("a job", &spec)?,
        state: life.state,
        attempts: life.attempts,
        lost: life.lost,
        run_at: life.run_at,
        started_at: life.started_at,
        finished_at: life.finished_at,
        lease: life.lease,
        fence: life.fence,
        cancel: life.cancel,
        error: life.error,
        result: life.result,
        dead: life.dead,
    }))
}

/// Several jobs, in the order given; those that are not there left out.
pub(crate) fn load_all(unit: &mut Unit, ids: &[JobId]) -> Result<Vec<Job>, Fault> {
    want(unit, ids.iter().copied());
    let mut jobs = Vec::with_capacity(ids.len());
    for id in ids {
        jobs.extend(load(unit, *id)?);
    }
    Ok(jobs)
}

/// Keeps a job that was handed in.
pub(crate) fn insert(unit: &mut Unit, spec: NewJob) -> Result<Job, Fault> {
    let job = Job {
        state: JobState::Pending,
        attempts: 0,
        lost: 0,
        run_at: spec.created_at,
        started_at: None,
        finished_at: None,
        lease: None,
        fence: 0,
        cancel: None,
        error: None,
        result: None,
        dead: false,
        spec,
    };
    let (spec, life) = cells(unit.keys(), job.spec.id);
    unit.set(spec, Some(json(&job.spec)?));
    unit.set(life, Some(body(&job)?));
    let id = job.spec.id.to_string();
    for key in fixed(unit.keys(), &job.spec) {
        unit.enter(&key, "0", &id);
    }
    Ok(job)
}

/// The sets a job is in for as long as it is kept.
pub(crate) fn fixed(keys: &Keys, spec: &NewJob) -> Vec<String> {
    let mut sets = vec![keys.key("jobs"), keys.key(format_args!("jobs:pack:{}", spec.pack.name))];
    sets.extend(spec.incident.map(|incident| keys.key(format_args!("jobs:incident:{incident}"))));
    sets.extend(spec.thread.map(|thread| keys.key(format_args!("jobs:thread:{thread}"))));
    sets
}

/// Saves a job, moves it in the indexes, and adds a line to its history. `before` is what it was in this unit; none when it is
/// new.
pub(crate) fn keep(
    unit: &mut Unit,
    now: Timestamp,
    before: Option<&Job>,
    job: &Job,
    line: Option<&Transition>,
) -> Result<(), Fault> {
    let (_, cell) = cells(unit.keys(), job.spec.id);
    unit.set(cell, Some(body(job)?));
    let (was, is) = (before.map(|job| indexes(unit.keys(), job)).unwrap_or_default(), indexes(unit.keys(), job));
    for entry in
        was.iter().filter(|entry| !is.iter().any(|other| other.key == entry.key && other.member == entry.member))
    {
        unit.remove(&entry.key, &entry.member);
    }
    for entry in is.iter().filter(|entry| !was.contains(entry)) {
        unit.enter(&entry.key, &entry.score, &entry.member);
    }
    let waited = before.is_some_and(|job| job.state == JobState::Pending);
    let waits = job.state == JobState::Pending;
    if waited && !waits {
        // In one of the two: a claim moves it from the second to the first.
        let (ready, later) = ready_or_later(unit.keys(), job);
        unit.effect(["ZREM", &ready.key, &ready.member]);
        unit.effect(["ZREM", &later.key, &later.member]);
    } else if waits && !waited {
        let (ready, later) = ready_or_later(unit.keys(), job);
        let entry = if job.run_at <= now { ready } else { later };
        unit.enter(&entry.key, &entry.score, &entry.member);
    }
    match &job.spec.dedup {
        Some(dedup) if before.is_none_or(|job| job.state.is_final()) != job.state.is_final() => {
            let cell = Cell::field(unit.keys().key("jobs:dedup"), dedup.clone());
            unit.set(cell, (!job.state.is_final()).then(|| job.spec.id.to_string()));
        }
        _ => {}
    }
    if let Some(line) = line {
        let key = unit.keys().key(format_args!("job:{}:history", job.spec.id));
        unit.effect(["RPUSH", &key, &json(line)?]);
    }
    Ok(())
}

/// Refuses what is about a job that is not there.
pub(crate) fn must_exist(unit: &mut Unit, id: JobId) -> Result<(), Fault> {
    let (spec, _) = cells(unit.keys(), id);
    match unit.get(&spec)? {
        Some(_) => Ok(()),
        None => Err(CommitError::NotFound(format!("job {id}")).into()),
    }
}

/// Forgets a job that has ended, with its history.
pub(crate) fn forget(unit: &mut Unit, id: JobId) -> Result<bool, Fault> {
    let Some(job) = load(unit, id)?.filter(|job| job.state.is_final()) else { return Ok(false) };
    let member = id.to_string();
    for entry in indexes(unit.keys(), &job) {
        unit.remove(&entry.key, &entry.member);
    }
    for key in fixed(unit.keys(), &job.spec) {
        unit.remove(&key, &member);
    }
    let history = unit.keys().key(format_args!("job:{id}:history"));
    unit.effect(["DEL", &history]);
    let (spec, life) = cells(unit.keys(), id);
    unit.set(spec, None);
    unit.set(life, None);
    Ok(true)
}

/// A place in a sorted set.
#[derive(PartialEq, Eq)]
struct Entry {
    key: String,
    score: String,
    member: String,
}

/// Where a job stands because of what it is now.
fn indexes(keys: &Keys, job: &Job) -> Vec<Entry> {
    let id = job.spec.id.to_string();
    let entry = |key: String, score: String| Entry { key, score, member: id.clone() };
    let mut entries = vec![entry(keys.state(job.state), "0".to_owned())];
    let accepted = score(job.spec.created_at);
    if !job.state.is_final() {
        entries.push(entry(keys.key("jobs:live"), accepted.clone()));
    }
    if job.state == JobState::Pending {
        entries.push(entry(keys.key("jobs:waiting"), score(job.run_at)));
        entries.push(entry(keys.rank("pending", job.spec.priority), accepted));
    }
    if let Some(lease) = &job.lease {
        entries.push(entry(keys.key("jobs:leases"), score(lease.until)));
    }
    if let Some(finished) = job.finished_at.filter(|_| job.state.is_final()) {
        entries.push(entry(keys.key("jobs:ended"), score(finished)));
    }
    if job.dead {
        entries.push(entry(keys.key("jobs:dead"), "0".to_owned()));
    }
    entries
}

/// The set of those that can be leased, and the set of those whose moment has not come.
fn ready_or_later(keys: &Keys, job: &Job) -> (Entry, Entry) {
    let (id, accepted) = (job.spec.id.to_string(), score(job.spec.created_at));
    let later = format!("{}:{accepted}:{id}", rank(job.spec.priority));
    (
        Entry { key: keys.rank("ready", job.spec.priority), score: accepted, member: id },
        Entry { key: keys.key("jobs:later"), score: score(job.run_at), member: later },
    )
}

fn body(job: &Job) -> Result<String, Fault> {
    json(&Life {
        state: job.state,
        attempts: job.attempts,
        lost: job.lost,
        run_at: job.run_at,
        started_at: job.started_at,
        finished_at: job.finished_at,
        lease: job.lease.clone(),
        fence: job.fence,
        cancel: job.cancel.clone(),
        error: job.error.clone(),
        result: job.result.clone(),
        dead: job.dead,
    })
}
