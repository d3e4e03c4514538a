//! What was heard: each thing once by its id, handled one after the other within its lane.
//!
//! ```text
//! heard:id:ID       hash: state (with the fence; of what is handled only that it is), words
//! heard:number      the age of the youngest
//! heard:lane:LANE   string: what is not handled in a lane, in order; only the first may be taken
//! heard:open        sorted set by age: all that is not handled; the bound of what may wait counts these
//! heard:first       sorted set by age: the first of each lane, as DUE/ID
//! heard:due         sorted set by the moment it is due: the same, as ID
//! heard:ended       sorted set by the moment it was handled, for the sweep
//! ```
//!
//! Must never forget an id before retention does, nor keep a body that is handled. Start at [`hear`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::clock::after;
use midwatch_service::heard::Heard;
use midwatch_service::id::WorkerId;
use midwatch_service::port::store::{CommitError, DueHeard, HeardLease};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::{Cell, Unit};
use crate::value::{json, moment, number, parse, score};

/// Entries that are read at first beyond what is wanted: those under way stand in front.
const AHEAD: usize = 16;

/// Entries that are looked at in one call at most.
const LOOKED_AT: usize = 4_096;

/// What was heard, without what it says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// It waits, or somebody handles it.
    Open(Open),
    /// It is handled.
    Handled,
}

impl State {
    fn is_due(&self, now: Timestamp) -> bool {
        matches!(self, State::Open(open) if open.due_at <= now)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    number: u64,
    lane: String,
    due_at: Timestamp,
    fence: u64,
    tries: u32,
    taken_by: Option<WorkerId>,
    why: Option<String>,
}

fn entry(keys: &Keys, id: &str) -> String {
    keys.key(format_args!("heard:id:{id}"))
}

fn state(keys: &Keys, id: &str) -> Cell {
    Cell::field(entry(keys, id), "state")
}

/// The words; the state vouches for them: a unit reads in the order of names, so these after the state.
fn words(keys: &Keys, id: &str) -> Cell {
    Cell::field(entry(keys, id), "words")
}

fn lane(keys: &Keys, lane: &str) -> Cell {
    Cell::text(keys.key(format_args!("heard:lane:{lane}")))
}

pub(crate) fn hear(unit: &mut Unit, now: Timestamp, heard: &Redacted<Heard>, bound: u64) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let (all, counter) = (keys.key("heard:open"), Cell::text(keys.key("heard:number")));
    unit.want(lane(&keys, &heard.lane()));
    unit.want(counter.clone());
    let live = unit.size(&all);
    if load(unit, &heard.id)?.is_some() {
        return Ok(());
    }
    let live = live?;
    if live >= bound {
        return Err(CommitError::Full { live, bound }.into());
    }
    unit.below(&all, bound);
    let last: u64 = unit.get(&counter)?.map_or(Ok(0), |text| number("age of what was heard", &text))?;
    unit.set(counter, Some((last + 1).to_string()));
    let cell = lane(&keys, &heard.lane());
    let mut waiting = lane_of(unit, &cell)?;
    waiting.push(heard.id.clone());
    unit.set(cell, Some(json(&waiting)?));
    unit.enter(&all, &(last + 1).to_string(), &heard.id);
    unit.set(words(&keys, &heard.id), Some(json(heard)?));
    let lane = heard.lane();
    let open = Open { number: last + 1, lane, due_at: now, fence: 0, tries: 0, taken_by: None, why: None };
    if waiting.len() == 1 {
        enter(unit, &heard.id, &open);
    }
    unit.set(state(&keys, &heard.id), Some(json(&State::Open(open))?));
    Ok(())
}

pub(crate) fn handled(unit: &mut Unit, now: Timestamp, taken: &HeardLease) -> Result<(), Fault> {
    let old = held(unit, taken)?;
    let keys = unit.keys().clone();
    leave(unit, &taken.id, &old);
    unit.remove(&keys.key("heard:open"), &taken.id);
    unit.enter(&keys.key("heard:ended"), &score(now), &taken.id);
    unit.set(words(&keys, &taken.id), None);
    unit.set(state(&keys, &taken.id), Some(json(&State::Handled)?));
    let cell = lane(&keys, &old.lane);
    let mut waiting = lane_of(unit, &cell)?;
    waiting.retain(|other| *other != taken.id);
    if let Some(first) = waiting.first() {
        match load(unit, first)? {
            Some(State::Open(open)) => enter(unit, first, &open),
            _ => return Err(Fault::Damaged(format!("`{first}` waits in a lane and was handled"))),
        }
    }
    unit.set(cell, if waiting.is_empty() { None } else { Some(json(&waiting)?) });
    Ok(())
}

pub(crate) fn not_handled(unit: &mut Unit, taken: &HeardLease, again: Timestamp, why: &str) -> Result<(), Fault> {
    let old = held(unit, taken)?;
    let new = Open { due_at: again, taken_by: None, why: Some(why.to_owned()), ..old.clone() };
    move_on(unit, &taken.id, &old, new)
}

pub(crate) fn take(
    unit: &mut Unit,
    worker: &WorkerId,
    now: Timestamp,
    lease: Duration,
    limit: usize,
) -> Result<Vec<DueHeard>, Fault> {
    let ids = due(unit, now, limit)?;
    let keys = unit.keys().clone();
    for id in &ids {
        unit.want(state(&keys, id));
        unit.want(words(&keys, id));
    }
    let until = after(now, lease);
    let taken = all(ids.into_iter().map(|id| one(unit, id, worker, now, until)))?;
    Ok(taken.into_iter().flatten().collect())
}

/// Takes one; none when another was faster, and its indexes were read a moment too early.
fn one(
    unit: &mut Unit,
    id: String,
    worker: &WorkerId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<DueHeard>, Fault> {
    let cell = words(unit.keys(), &id);
    let Some(State::Open(old)) = load(unit, &id)?.filter(|state| state.is_due(now)) else { return Ok(None) };
    let text = unit.peek(&cell)?.ok_or_else(|| Fault::Damaged(format!("`{id}` was heard and says nothing")))?;
    let heard = Redacted::kept(parse("what was heard", &text)?);
    let (fence, tries) = (old.fence + 1, old.tries);
    let new = Open { fence, tries: tries + 1, taken_by: Some(worker.clone()), due_at: until, ..old.clone() };
    move_on(unit, &id, &old, new)?;
    Ok(Some(DueHeard { taken: HeardLease { id, fence }, heard, tries }))
}

/// The first of each lane that is due, the oldest at the front.
fn due(unit: &mut Unit, now: Timestamp, limit: usize) -> Result<Vec<String>, Fault> {
    let key = unit.keys().key("heard:first");
    let (mut due, mut begin, mut page) = (Vec::new(), 0, limit.min(LOOKED_AT) + AHEAD);
    while due.len() < limit && begin < LOOKED_AT {
        let entries = unit.ask(["ZRANGE", &key, &begin.to_string(), &(begin + page - 1).to_string()])?;
        for entry in &entries {
            let (at, id) = entry.split_once('/').unwrap_or_default();
            let at: i64 = number("moment", at)?;
            if at <= now.as_microsecond() && due.len() < limit {
                due.push(id.to_owned());
            }
        }
        if entries.len() < page {
            break;
        }
        begin += page;
        page *= 2;
    }
    Ok(due)
}

pub(crate) fn next(unit: &mut Unit) -> Result<Option<Timestamp>, Fault> {
    let key = unit.keys().key("heard:due");
    let first = unit.ask(["ZRANGE", &key, "0", "0", "WITHSCORES"])?;
    first.get(1).map(|score| moment(score)).transpose()
}

/// Ids of what was handled by a moment, the longest ago first.
pub(crate) fn ended(unit: &mut Unit, by: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let key = unit.keys().key("heard:ended");
    unit.ask(["ZRANGEBYSCORE", &key, "-inf", &score(by), "LIMIT", &skip.to_string(), &limit.to_string()])
}

/// Forgets what was handled.
pub(crate) fn forget(unit: &mut Unit, id: &str) -> Result<bool, Fault> {
    let keys = unit.keys().clone();
    let Some(State::Handled) = load(unit, id)? else { return Ok(false) };
    unit.set(state(&keys, id), None);
    unit.remove(&keys.key("heard:ended"), id);
    Ok(true)
}

fn load(unit: &mut Unit, id: &str) -> Result<Option<State>, Fault> {
    let cell = state(unit.keys(), id);
    unit.get(&cell)?.map(|text| parse("what was heard", &text)).transpose()
}

fn lane_of(unit: &mut Unit, cell: &Cell) -> Result<Vec<String>, Fault> {
    unit.get(cell)?.map_or_else(|| Ok(Vec::new()), |text| parse("a lane", &text))
}

/// What is open, if the right to it is still worth something.
fn held(unit: &mut Unit, taken: &HeardLease) -> Result<Open, Fault> {
    match load(unit, &taken.id)? {
        Some(State::Open(open)) if open.fence == taken.fence && open.taken_by.is_some() => Ok(open),
        _ => Err(CommitError::HeardLost(taken.id.clone()).into()),
    }
}

/// Changes the first of a lane.
fn move_on(unit: &mut Unit, id: &str, old: &Open, new: Open) -> Result<(), Fault> {
    leave(unit, id, old);
    enter(unit, id, &new);
    let cell = state(unit.keys(), id);
    unit.set(cell, Some(json(&State::Open(new))?));
    Ok(())
}

/// It is the first of its lane: it may be taken.
fn enter(unit: &mut Unit, id: &str, open: &Open) {
    let keys = unit.keys().clone();
    unit.enter(&keys.key("heard:first"), &open.number.to_string(), &in_order(id, open));
    unit.enter(&keys.key("heard:due"), &score(open.due_at), id);
}

fn leave(unit: &mut Unit, id: &str, open: &Open) {
    let keys = unit.keys().clone();
    unit.remove(&keys.key("heard:first"), &in_order(id, open));
    unit.remove(&keys.key("heard:due"), id);
}

fn in_order(id: &str, open: &Open) -> String {
    format!("{}/{id}", open.due_at.as_microsecond())
}
