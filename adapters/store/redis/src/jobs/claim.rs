//! Leasing pending jobs: by priority, then age, and every so often by age alone.
//!
//! Before it, jobs whose moment has come are moved from `later` to `ready` ([`promote`]), so that a claim never walks past the
//! many that wait for another attempt. Both sets are indexes: whether a job may be leased is decided on the job.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::id::{JobId, WorkerId};
use midwatch_service::job::{Job, JobState, Lease, LeaseInfo, Leased, Priority, Transition};
use midwatch_service::port::store::{PATIENCE, StoreError, TURN};
use redis::Script;

use super::cells::{keep, load_all};
use crate::fault::Fault;
use crate::keys::Keys;
use crate::link::{Link, Request};
use crate::unit::{Cell, Unit};
use crate::value::{number, score, word};

/// Jobs leased in one call at most; a worker has fewer slots.
const AT_ONCE: usize = 200;

/// Jobs that are looked at beyond those wanted: some were taken by others meanwhile, or are due a moment later by this clock.
const SPARE: usize = 16;

static PROMOTE: std::sync::LazyLock<Script> = std::sync::LazyLock::new(|| Script::new(include_str!("promote.lua")));

/// Moves jobs whose moment has come to where they are leased from.
pub(crate) async fn promote(link: &Link, keys: &Keys, now: Timestamp) -> Result<(), StoreError> {
    let mut script = PROMOTE.key(keys.key("jobs:later"));
    for priority in [Priority::Low, Priority::Normal, Priority::High] {
        script.key(keys.rank("ready", priority));
    }
    script.arg(score(now));
    link.run(Request::Script(&script), link.deadline()).await
}

/// Candidates of a claim, in the order they are taken.
struct Candidates {
    /// By priority, then age.
    urgent: Vec<Job>,
    /// Those that have been due for a minute or more, the longest first.
    patient: Vec<Job>,
}

pub(crate) fn claim(
    unit: &mut Unit,
    worker: &WorkerId,
    now: Timestamp,
    lease: Duration,
    slots: usize,
) -> Result<Vec<Leased>, Fault> {
    let slots = slots.min(AT_ONCE);
    if slots == 0 {
        return Ok(Vec::new());
    }
    let counter = Cell::text(unit.keys().key("jobs:leased"));
    unit.want(counter.clone());
    let mut candidates = candidates(unit, now, slots)?;
    if candidates.urgent.is_empty() && candidates.patient.is_empty() {
        return Ok(Vec::new());
    }
    let mut turn: u64 = unit.get(&counter)?.map_or(Ok(0), |text| number("count", &text))?;
    let mut leased = Vec::new();
    while leased.len() < slots {
        let Some(before) = candidates.next((turn + 1).is_multiple_of(TURN)) else { break };
        let job = begun(&before, worker, now, after(now, lease));
        keep(unit, now, Some(&before), &job, Some(&line(&job, worker, now)))?;
        let lease = Lease { job: job.spec.id, worker: worker.clone(), fence: job.fence };
        leased.push(Leased { job, lease });
        turn += 1;
    }
    unit.set(counter, Some(turn.to_string()));
    Ok(leased)
}

impl Candidates {
    fn next(&mut self, fair: bool) -> Option<Job> {
        let from = if fair && !self.patient.is_empty() || self.urgent.is_empty() {
            &mut self.patient
        } else {
            &mut self.urgent
        };
        let job = (!from.is_empty()).then(|| from.remove(0))?;
        self.urgent.retain(|other| other.spec.id != job.spec.id);
        self.patient.retain(|other| other.spec.id != job.spec.id);
        Some(job)
    }
}

fn candidates(unit: &mut Unit, now: Timestamp, slots: usize) -> Result<Candidates, Fault> {
    let limit = (slots + SPARE).to_string();
    let long_ago = now.checked_sub(PATIENCE).unwrap_or(Timestamp::MIN);
    let waiting = unit.keys().key("jobs:waiting");
    let patient = unit.ask(["ZRANGE", &waiting, "-inf", &score(long_ago), "BYSCORE", "LIMIT", "0", &limit]);
    let urgent: Vec<_> = [Priority::High, Priority::Normal, Priority::Low]
        .into_iter()
        .map(|priority| {
            let ready = unit.keys().rank("ready", priority);
            unit.ask(["ZRANGE", &ready, "-inf", "+inf", "BYSCORE", "LIMIT", "0", &limit])
        })
        .collect();
    let (patient, urgent) = (ids(patient?)?, ids(urgent.into_iter().collect::<Result<Vec<_>, _>>()?.concat())?);
    let urgent: Vec<JobId> = urgent.into_iter().take(slots + SPARE).collect();
    super::cells::want(unit, patient.iter().chain(&urgent).copied());
    let due = |limit: Timestamp| move |job: &Job| job.state == JobState::Pending && job.run_at <= limit;
    let patient = load_all(unit, &patient)?.into_iter().filter(due(long_ago)).collect();
    let urgent = load_all(unit, &urgent)?.into_iter().filter(due(now)).collect();
    Ok(Candidates { urgent, patient })
}

fn ids(words: Vec<String>) -> Result<Vec<JobId>, Fault> {
    words.iter().map(|id| word("job", id)).collect()
}

fn begun(job: &Job, worker: &WorkerId, now: Timestamp, until: Timestamp) -> Job {
    Job {
        state: JobState::Initializing,
        attempts: job.attempts + 1,
        fence: job.fence + 1,
        started_at: Some(now),
        lease: Some(LeaseInfo { worker: worker.clone(), until }),
        ..job.clone()
    }
}

fn line(job: &Job, worker: &WorkerId, now: Timestamp) -> Transition {
    Transition {
        at: now,
        from: Some(JobState::Pending),
        to: JobState::Initializing,
        attempt: job.attempts,
        worker: Some(worker.clone()),
        reason: "leased".to_owned(),
    }
}
