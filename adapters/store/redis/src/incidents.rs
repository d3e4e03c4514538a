//! Incidents: one value each, kept whole, found by their keys. The revision that counts is the head's; the body has the one
//! it was written from, so that a large incident need not be copied to be written.
//!
//! ```text
//! incident:ID           hash: head (revision, moments, thread, keys), body
//! incidents:key:KEY     string: the incident that is not closed and holds the key
//! incidents:was:KEY     sorted set by the moment they were closed: closed ones that held it
//! incidents:open        sorted set by the moment they were opened: those not closed
//! incidents:closed      sorted set by the moment they were closed: the others
//! incidents:thread:ID   sorted set by the moment they were opened: those of a thread
//! ```
//!
//! Start at [`write`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_service::id::{IncidentId, ThreadId};
use midwatch_service::incident::{Incident, IncidentState};
use midwatch_service::port::store::CommitError;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::{Cell, Unit};
use crate::value::{json, moment, parse, score, word};

/// What is decided on: small, and checked; the body follows from its revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    revision: u64,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    thread: ThreadId,
    keys: BTreeSet<String>,
}

impl Head {
    /// The keys that it holds now.
    fn holds(&self) -> impl Iterator<Item = &String> {
        self.keys.iter().filter(|_| self.closed_at.is_none())
    }
}

fn entry(keys: &Keys, id: IncidentId) -> String {
    keys.key(format_args!("incident:{id}"))
}

fn head(keys: &Keys, id: IncidentId) -> Cell {
    Cell::field(entry(keys, id), "head")
}

fn body(keys: &Keys, id: IncidentId) -> Cell {
    Cell::field(entry(keys, id), "body")
}

fn holder(keys: &Keys, key: &str) -> Cell {
    Cell::text(keys.key(format_args!("incidents:key:{key}")))
}

fn was_held(keys: &Keys, key: &str) -> String {
    keys.key(format_args!("incidents:was:{key}"))
}

/// The incidents of a thread.
pub(crate) fn of(keys: &Keys, thread: ThreadId) -> String {
    keys.key(format_args!("incidents:thread:{thread}"))
}

pub(crate) fn write(unit: &mut Unit, incident: &Incident) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let id = incident.id;
    for key in &incident.keys {
        unit.want(holder(&keys, key));
    }
    let old = load_head(unit, id)?;
    if old.as_ref().map_or(0, |head| head.revision) != incident.revision {
        return Err(CommitError::Stale.into());
    }
    let closed_at = match incident.state {
        IncidentState::Closed(at) => Some(at),
        IncidentState::Firing | IncidentState::Resolved(_) => None,
    };
    let new = Head {
        revision: incident.revision + 1,
        opened_at: incident.opened_at,
        closed_at,
        thread: incident.thread,
        keys: incident.keys.iter().cloned().collect(),
    };
    hold(unit, id, old.as_ref(), &new)?;
    index(unit, id, old.as_ref(), Some(&new));
    unit.set(head(&keys, id), Some(json(&new)?));
    unit.set(body(&keys, id), Some(json(incident)?));
    Ok(())
}

/// Gives up the keys that it holds no more, and takes those it did not hold.
fn hold(unit: &mut Unit, id: IncidentId, old: Option<&Head>, new: &Head) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let before: BTreeSet<&String> = old.into_iter().flat_map(Head::holds).collect();
    let after: BTreeSet<&String> = new.holds().collect();
    for key in before.difference(&after) {
        unit.set(holder(&keys, key), None);
    }
    for key in after.difference(&before) {
        let cell = holder(&keys, key);
        if unit.get(&cell)?.is_some() {
            return Err(CommitError::Stale.into());
        }
        unit.set(cell, Some(id.to_string()));
    }
    Ok(())
}

/// Brings the sorted sets from the old head to the new one; none: it is forgotten.
fn index(unit: &mut Unit, id: IncidentId, old: Option<&Head>, new: Option<&Head>) {
    let keys = unit.keys().clone();
    let places = |head: Option<&Head>| head.map(|head| places(&keys, head)).unwrap_or_default();
    let (before, after) = (places(old), places(new));
    let id = id.to_string();
    let kept: BTreeSet<&String> = after.iter().map(|(key, _)| key).collect();
    for (key, _) in before.iter().filter(|(key, _)| !kept.contains(key)) {
        unit.remove(key, &id);
    }
    for (key, at) in after.difference(&before) {
        unit.enter(key, at, &id);
    }
}

/// The sorted sets in which an incident stands, each with its score.
fn places(keys: &Keys, head: &Head) -> BTreeSet<(String, String)> {
    let opened = score(head.opened_at);
    let mut places = BTreeSet::from([(of(keys, head.thread), opened.clone())]);
    match head.closed_at.map(score) {
        None => {
            places.insert((keys.key("incidents:open"), opened));
        }
        Some(closed) => {
            places.extend(head.keys.iter().map(|key| (was_held(keys, key), closed.clone())));
            places.insert((keys.key("incidents:closed"), closed));
        }
    }
    places
}

fn load_head(unit: &mut Unit, id: IncidentId) -> Result<Option<Head>, Fault> {
    let cell = head(unit.keys(), id);
    unit.get(&cell)?.map(|text| parse("an incident", &text)).transpose()
}

/// One incident: its revision and its body read at once, for who read them writes on them.
pub(crate) fn load(unit: &mut Unit, id: IncidentId) -> Result<Option<Incident>, Fault> {
    let key = entry(unit.keys(), id);
    let read = unit.ask(["HMGET", &key, "head", "body"])?;
    let [head, body] = read.as_slice() else { return Ok(None) };
    let (head, body): (Head, Incident) = (parse("an incident", head)?, parse("an incident", body)?);
    Ok(Some(Incident { revision: head.revision, ..body }))
}

/// Several; those that are gone by then are left out.
fn load_all(unit: &mut Unit, ids: impl IntoIterator<Item = IncidentId>) -> Result<Vec<Incident>, Fault> {
    Ok(all(ids.into_iter().map(|id| load(unit, id)))?.into_iter().flatten().collect())
}

fn is_open(incident: &Incident) -> bool {
    !matches!(incident.state, IncidentState::Closed(_))
}

fn ids(texts: &[String]) -> Result<Vec<IncidentId>, Fault> {
    texts.iter().map(|text| word("incident", text)).collect()
}

pub(crate) fn by_keys(unit: &mut Unit, wanted: &[String]) -> Result<Vec<Incident>, Fault> {
    let holders = all(wanted.iter().map(|key| {
        let cell = holder(unit.keys(), key);
        unit.peek(&cell)?.map(|id| word("incident", &id)).transpose()
    }))?;
    let holders: BTreeSet<IncidentId> = holders.into_iter().flatten().collect();
    let mut found = load_all(unit, holders)?;
    // Read a moment later: it may have been closed, or have given the key up.
    found.retain(|incident| is_open(incident) && incident.keys.iter().any(|key| wanted.contains(key)));
    found.sort_by_key(|incident| (incident.opened_at, incident.id));
    Ok(found)
}

pub(crate) fn last_closed(unit: &mut Unit, wanted: &[String]) -> Result<Option<IncidentId>, Fault> {
    let newest = all(wanted.iter().map(|key| {
        let closed = was_held(unit.keys(), key);
        match unit.ask(["ZRANGE", &closed, "0", "0", "REV", "WITHSCORES"])?.as_slice() {
            [id, at] => Ok(Some((moment(at)?, word("incident", id)?))),
            _ => Ok(None),
        }
    }))?;
    Ok(newest.into_iter().flatten().max().map(|(_, id)| id))
}

pub(crate) fn open(unit: &mut Unit, limit: usize) -> Result<Vec<Incident>, Fault> {
    let Some(last) = limit.checked_sub(1) else { return Ok(Vec::new()) };
    let last = i64::try_from(last).unwrap_or(i64::MAX).to_string();
    let open = unit.keys().key("incidents:open");
    let ids = ids(&unit.ask(["ZRANGE", &open, "0", &last])?)?;
    let mut open = load_all(unit, ids)?;
    open.retain(is_open);
    Ok(open)
}

pub(crate) fn of_thread(unit: &mut Unit, thread: ThreadId) -> Result<Option<Incident>, Fault> {
    let of_thread = of(unit.keys(), thread);
    let newest = ids(&unit.ask(["ZRANGE", &of_thread, "0", "0", "REV"])?)?;
    Ok(load_all(unit, newest)?.pop())
}

/// Incidents that were closed by a moment, the longest ago first.
pub(crate) fn closed(unit: &mut Unit, by: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let closed = unit.keys().key("incidents:closed");
    unit.ask(["ZRANGEBYSCORE", &closed, "-inf", &score(by), "LIMIT", &skip.to_string(), &limit.to_string()])
}

/// The thread of an incident that is closed.
pub(crate) fn thread(unit: &mut Unit, id: IncidentId) -> Result<Option<ThreadId>, Fault> {
    Ok(load_head(unit, id)?.filter(|head| head.closed_at.is_some()).map(|head| head.thread))
}

/// Forgets a closed incident.
pub(crate) fn forget(unit: &mut Unit, id: IncidentId) -> Result<bool, Fault> {
    let Some(old) = load_head(unit, id)?.filter(|head| head.closed_at.is_some()) else { return Ok(false) };
    let keys = unit.keys().clone();
    index(unit, id, Some(&old), None);
    unit.set(head(&keys, id), None);
    unit.set(body(&keys, id), None);
    Ok(true)
}
