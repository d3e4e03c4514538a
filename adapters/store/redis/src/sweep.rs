//! Retention: what ended long ago goes, a bounded number at a time, in steps so small that nobody waits for them.
//!
//! Must never touch what lives, a message that is due, or the audit trail: each step is a unit of work that is refused when
//! what it removes has changed. Start at [`sweep`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::id::{JobId, ThreadId};
use midwatch_service::port::store::{Retention, SPENDING_KEPT, StoreError};

use crate::fault::Fault;
use crate::open::RedisStore;
use crate::rounds::all;
use crate::unit::Unit;
use crate::value::word;
use crate::{artifacts, events, feedback, heard, incidents, jobs, mutes, once, outbox, reports, spent, threads};

/// How many are removed in one step: a report takes its words along, a thread its messages.
const STEP: usize = 50;

/// How many of one kind that have to stay are passed over in one sweep.
const PASSED: usize = 10_000;

/// What is swept, in this order: incidents and jobs let threads go.
#[derive(Clone, Copy)]
enum Kind {
    Jobs,
    Spent,
    Incidents,
    Threads,
    Heard,
    Once,
    Mutes,
}

/// What one step did.
struct Stepped {
    removed: usize,
    /// Those that were looked at and have to stay.
    passed: usize,
    /// There may be more.
    more: bool,
}

pub(crate) async fn sweep(store: &RedisStore, now: Timestamp, retention: Retention) -> Result<u64, StoreError> {
    use Kind::{Heard, Incidents, Jobs, Mutes, Once, Spent, Threads};
    let mut left = retention.batch;
    for kind in [Jobs, Spent, Incidents, Threads, Heard, Once, Mutes] {
        let by = now.checked_sub(kind.age(retention)).unwrap_or(Timestamp::MIN);
        let mut passed = 0;
        while left > 0 && passed < PASSED {
            let stepped = store.change(|unit| step(unit, kind, by, passed, left.min(STEP))).await?;
            left = left.saturating_sub(stepped.removed);
            passed += stepped.passed;
            if !stepped.more {
                break;
            }
        }
    }
    Ok(u64::try_from(retention.batch - left).unwrap_or(u64::MAX))
}

impl Kind {
    /// How long it is kept.
    fn age(self, retention: Retention) -> Duration {
        match self {
            Kind::Jobs | Kind::Heard | Kind::Once => retention.jobs,
            Kind::Spent => retention.jobs.max(SPENDING_KEPT),
            Kind::Incidents | Kind::Threads | Kind::Mutes => retention.incidents,
        }
    }
}

fn step(unit: &mut Unit, kind: Kind, by: Timestamp, passed: usize, limit: usize) -> Result<Stepped, Fault> {
    let ids = match kind {
        Kind::Jobs => jobs::read::ended(unit, by, passed, limit),
        Kind::Spent => spent::old(unit, by, passed, limit),
        Kind::Incidents => incidents::closed(unit, by, passed, limit),
        Kind::Threads => threads::silent(unit, by, passed, limit),
        Kind::Heard => heard::ended(unit, by, passed, limit),
        Kind::Once => once::made(unit, by, passed, limit),
        Kind::Mutes => mutes::ended(unit, by, passed, limit),
    }?;
    let gone = all(ids.iter().map(|id| match kind {
        Kind::Jobs => job(unit, word("job", id)?),
        Kind::Spent => spent::forget(unit, id, by),
        Kind::Incidents => incident(unit, id),
        Kind::Threads => thread(unit, word("thread", id)?),
        Kind::Heard => heard::forget(unit, id),
        Kind::Once => once::forget(unit, id),
        Kind::Mutes => mutes::forget(unit, id, by),
    }))?;
    let removed = gone.iter().filter(|gone| **gone).count();
    Ok(Stepped { removed, passed: gone.len() - removed, more: ids.len() == limit })
}

/// A job with its history, artifacts, findable report, feedback and events. A dead letter has ended, too.
fn job(unit: &mut Unit, id: JobId) -> Result<bool, Fault> {
    let (found, forgotten) = (reports::forget(unit, id), jobs::cells::forget(unit, id));
    found?;
    let keys = unit.keys().clone();
    for key in [artifacts::of(&keys, id), feedback::of(&keys, id), events::stream(&keys, id)] {
        unit.effect(["DEL", &key]);
    }
    forgotten
}

/// A closed incident, unless a message of its thread is due.
fn incident(unit: &mut Unit, id: &str) -> Result<bool, Fault> {
    let Some(thread) = incidents::thread(unit, word("incident", id)?)? else { return Ok(false) };
    let due = outbox::due_in(unit.keys(), thread);
    if unit.size(&due)? > 0 {
        return Ok(false);
    }
    unit.below(&due, 1);
    incidents::forget(unit, word("incident", id)?)
}

/// A thread with its messages and memory, unless a job or an incident names it, or a message of it is due.
fn thread(unit: &mut Unit, id: ThreadId) -> Result<bool, Fault> {
    let keys = unit.keys().clone();
    let of_jobs = keys.key(format_args!("jobs:thread:{id}"));
    let namers = [incidents::of(&keys, id), of_jobs, outbox::due_in(&keys, id)];
    let counts = all(namers.iter().map(|set| unit.size(set)))?;
    if counts.iter().any(|count| *count > 0) {
        return Ok(false);
    }
    for set in &namers {
        unit.below(set, 1);
    }
    let (messages, forgotten) = (outbox::forget_thread(unit, id), threads::forget(unit, id));
    messages?;
    forgotten
}
