//! Reads of jobs.

use jiff::Timestamp;
use midwatch_service::id::JobId;
use midwatch_service::job::{Job, JobState, Priority, Transition};
use midwatch_service::port::store::{JobFilter, Load};

pub(crate) use super::cells::load;
use super::cells::load_all;
use crate::fault::Fault;
use crate::keys::Keys;
use crate::unit::Unit;
use crate::value::{moment, parse, score, word};

/// Jobs in one page at most.
const PAGE: usize = 500;

/// Lines of a history in one answer at most; a job's life has a few dozen.
const LINES: &str = "9999";

/// Jobs that are loaded at a time while a page is filled.
const STEP: usize = 100;

/// Newest first. Walks the smallest index that holds all of them, a step at a time, until the page is full.
pub(crate) fn list(unit: &mut Unit, filter: &JobFilter) -> Result<Vec<Job>, Fault> {
    let limit = filter.limit.min(PAGE);
    let sets = sets(unit.keys(), filter);
    let (mut jobs, mut before) = (Vec::new(), filter.before);
    while jobs.len() < limit {
        let ids = newest(unit, &sets, before)?;
        before = ids.last().copied();
        let full = ids.len() == STEP;
        jobs.extend(load_all(unit, &ids)?.into_iter().filter(|job| fits(filter, job)));
        if !full {
            break;
        }
    }
    jobs.truncate(limit);
    Ok(jobs)
}

/// The sets that together hold every job a filter lets through.
fn sets(keys: &Keys, filter: &JobFilter) -> Vec<String> {
    if filter.dead {
        return vec![keys.key("jobs:dead")];
    }
    if let Some(incident) = filter.incident {
        return vec![keys.key(format_args!("jobs:incident:{incident}"))];
    }
    if let Some(thread) = filter.thread {
        return vec![keys.key(format_args!("jobs:thread:{thread}"))];
    }
    if !filter.states.is_empty() {
        return filter.states.iter().map(|state| keys.state(*state)).collect();
    }
    match &filter.pack {
        Some(pack) => vec![keys.key(format_args!("jobs:pack:{pack}"))],
        None => vec![keys.key("jobs")],
    }
}

/// The newest ids of some sets, older than one.
fn newest(unit: &mut Unit, sets: &[String], before: Option<JobId>) -> Result<Vec<JobId>, Fault> {
    let from = before.map_or_else(|| "+".to_owned(), |id| format!("({id}"));
    let step = STEP.to_string();
    let answers: Vec<_> =
        sets.iter().map(|set| unit.ask(["ZRANGE", set, &from, "-", "BYLEX", "REV", "LIMIT", "0", &step])).collect();
    let words = answers.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    let mut ids: Vec<JobId> = words.iter().map(|id| word("job", id)).collect::<Result<_, _>>()?;
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    ids.truncate(STEP);
    Ok(ids)
}

fn fits(filter: &JobFilter, job: &Job) -> bool {
    let same = |wanted: Option<_>, is| wanted.is_none() || wanted == is;
    (filter.states.is_empty() || filter.states.contains(&job.state))
        && (!filter.dead || job.dead)
        && same(filter.incident, job.spec.incident)
        && (filter.thread.is_none() || filter.thread == job.spec.thread)
        && filter.pack.as_ref().is_none_or(|pack| *pack == job.spec.pack.name)
}

pub(crate) fn history(unit: &mut Unit, id: JobId) -> Result<Vec<Transition>, Fault> {
    let key = unit.keys().key(format_args!("job:{id}:history"));
    unit.ask(["LRANGE", &key, "0", LINES])?.iter().map(|line| parse("a line of a history", line)).collect()
}

pub(crate) fn next_due(unit: &mut Unit) -> Result<Option<Timestamp>, Fault> {
    let (waiting, leases) = (unit.keys().key("jobs:waiting"), unit.keys().key("jobs:leases"));
    let (waiting, leases) = (first(unit, &waiting), first(unit, &leases));
    Ok(waiting?.into_iter().chain(leases?).min())
}

/// The lowest moment in a set.
pub(crate) fn first(unit: &mut Unit, set: &str) -> Result<Option<Timestamp>, Fault> {
    let found = unit.ask(["ZRANGE", set, "0", "0", "WITHSCORES"])?;
    found.get(1).map(|score| moment(score)).transpose()
}

pub(crate) fn load_now(unit: &mut Unit) -> Result<Load, Fault> {
    let states = [JobState::Pending, JobState::Initializing, JobState::Running, JobState::Completing];
    let mut sets: Vec<String> = states.iter().map(|state| unit.keys().state(*state)).collect();
    sets.extend([unit.keys().key("jobs:dead"), unit.keys().key("posts:open")]);
    let counts: Vec<_> = sets.iter().map(|set| unit.size(set)).collect();
    let counts: Vec<u64> = counts.into_iter().collect::<Result<_, _>>()?;
    let [pending, initializing, running, completing, dead, posts] = counts.as_slice() else {
        return Ok(Load::default());
    };
    Ok(Load { pending: *pending, running: initializing + running + completing, dead: *dead, posts: *posts })
}

pub(crate) fn waiting(unit: &mut Unit) -> Result<Vec<(Priority, u64, Timestamp)>, Fault> {
    let ranks = [Priority::High, Priority::Normal, Priority::Low];
    let answers: Vec<_> = ranks
        .into_iter()
        .map(|priority| {
            let set = unit.keys().rank("pending", priority);
            let (count, oldest) = (unit.size(&set), first(unit, &set));
            Ok((priority, count?, oldest?))
        })
        .collect();
    let answers: Vec<(Priority, u64, Option<Timestamp>)> = answers.into_iter().collect::<Result<_, Fault>>()?;
    Ok(answers
        .into_iter()
        .filter_map(|(priority, count, oldest)| oldest.map(|oldest| (priority, count, oldest)))
        .collect())
}

/// Jobs that had ended by a moment, the longest ago first.
pub(crate) fn ended(unit: &mut Unit, by: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let ended = unit.keys().key("jobs:ended");
    unit.ask(["ZRANGEBYSCORE", &ended, "-inf", &score(by), "LIMIT", &skip.to_string(), &limit.to_string()])
}
