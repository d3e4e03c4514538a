//! The state of a message and every index that follows from it: changed together, here only.

use jiff::Timestamp;
use midwatch_service::id::{PostKey, ThreadId};

use super::kept::Kept;
use super::lane::{Entry, Lane};
use crate::fault::Fault;
use crate::keys::Keys;
use crate::unit::{Cell, Unit};
use crate::value::{json, number, parse, score};

/// The hash of a message.
pub(super) fn post(keys: &Keys, key: &PostKey) -> String {
    keys.key(format_args!("post:{key}"))
}

/// Everything of a message but the words.
pub(super) fn state(keys: &Keys, key: &PostKey) -> Cell {
    Cell::field(post(keys, key), "state")
}

/// The words. The revision in the state vouches for them: a unit reads in the order of names, so these after the state.
pub(super) fn words(keys: &Keys, key: &PostKey) -> Cell {
    Cell::field(post(keys, key), "words")
}

/// The age of the youngest message.
pub(super) fn youngest(keys: &Keys) -> Cell {
    Cell::text(keys.key("posts:number"))
}

/// Messages of a thread that were never sent and are to be, the oldest first.
pub(super) fn queue(keys: &Keys, thread: ThreadId) -> Cell {
    Cell::text(keys.key(format_args!("posts:unsent:{thread}")))
}

/// The channels of a platform that have a message to take, now or later.
pub(super) fn channels(keys: &Keys, platform: &str) -> String {
    keys.key(format_args!("out:{platform}"))
}

/// Messages of a lane in the order they go.
pub(super) fn in_order(keys: &Keys, platform: &str, lane: Lane, channel: &str) -> String {
    keys.key(format_args!("out:{platform}:{}:{channel}", lane.as_str()))
}

/// Messages of a lane by the moment they are due.
pub(super) fn by_due(keys: &Keys, platform: &str, lane: Lane, channel: &str) -> String {
    keys.key(format_args!("due:{platform}:{}:{channel}", lane.as_str()))
}

fn all_due(keys: &Keys) -> String {
    keys.key("posts:open")
}

fn of_thread(keys: &Keys, thread: ThreadId) -> String {
    keys.key(format_args!("posts:thread:{thread}"))
}

/// Messages of a thread that are due, now or later.
pub(crate) fn due_in(keys: &Keys, thread: ThreadId) -> String {
    keys.key(format_args!("posts:due:{thread}"))
}

/// The state of a message.
pub(super) fn load(unit: &mut Unit, key: &PostKey) -> Result<Option<Kept>, Fault> {
    let cell = state(unit.keys(), key);
    unit.get(&cell)?.map(|text| parse("a message", &text)).transpose()
}

/// Keeps a message and what follows from it, also for those behind it in its thread.
pub(super) fn keep(unit: &mut Unit, key: &PostKey, old: Option<&Kept>, mut new: Kept) -> Result<(), Fault> {
    let (before, after) = (old.is_some_and(Kept::is_unsettled), new.is_unsettled());
    if before != after {
        let cell = queue(unit.keys(), new.thread);
        let mut queue = waiting(unit, &cell)?;
        let first = queue.first().cloned();
        if after {
            // By age: one that was given up and has a newer revision goes where it was.
            let place = queue.partition_point(|(number, _)| *number < new.number);
            queue.insert(place, (new.number, key.clone()));
            new.waits = place > 0;
        } else {
            queue.retain(|(_, other)| other != key);
        }
        let now_first = queue.first().cloned();
        unit.set(cell, if queue.is_empty() { None } else { Some(json(&queue)?) });
        if first != now_first {
            for (waits, other) in [(true, first.filter(|_| after)), (false, now_first)] {
                if let Some((_, other)) = other.filter(|(_, other)| other != key) {
                    turn(unit, &other, waits)?;
                }
            }
        }
    }
    put(unit, key, old, &new)
}

/// The queue of a thread: age and key of each.
fn waiting(unit: &mut Unit, cell: &Cell) -> Result<Vec<(u64, PostKey)>, Fault> {
    unit.get(cell)?.map_or_else(|| Ok(Vec::new()), |text| parse("the messages of a thread", &text))
}

/// Lets a message go, or has it wait again.
fn turn(unit: &mut Unit, key: &PostKey, waits: bool) -> Result<(), Fault> {
    let old = load(unit, key)?.ok_or_else(|| Fault::Damaged(format!("message {key} waits and is not there")))?;
    if old.waits == waits {
        return Ok(());
    }
    put(unit, key, Some(&old), &Kept { waits, ..old.clone() })
}

/// Writes a state, and brings the indexes from the old to the new one.
fn put(unit: &mut Unit, key: &PostKey, old: Option<&Kept>, new: &Kept) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    unit.set(state(&keys, key), Some(json(new)?));
    if old.is_none() {
        unit.enter(&of_thread(&keys, new.thread), "0", &key.0);
    }
    due(unit, &keys, key, new.thread, old.and_then(|old| old.due_at), new.due_at);
    let (before, after) = (old.and_then(|old| Entry::of(key, old)), Entry::of(key, new));
    if before == after {
        return Ok(());
    }
    let Kept { platform, channel, .. } = new;
    if let Some((lane, entry)) = &before {
        unit.remove(&in_order(&keys, platform, *lane, channel), &entry.text());
        if after.as_ref().is_none_or(|(other, _)| other != lane) {
            unit.remove(&by_due(&keys, platform, *lane, channel), &key.0);
        }
    }
    if let Some((lane, entry)) = &after {
        unit.enter(&in_order(&keys, platform, *lane, channel), "0", &entry.text());
        unit.enter(&by_due(&keys, platform, *lane, channel), &entry.due_at.to_string(), &key.0);
    }
    let channels = channels(&keys, platform);
    match (before.is_some(), after.is_some()) {
        (false, true) => unit.effect(["ZINCRBY", &channels, "1", channel]),
        (true, false) => {
            unit.effect(["ZINCRBY", &channels, "-1", channel]);
            unit.effect(["ZREMRANGEBYSCORE", &channels, "-inf", "0"]);
        }
        _ => {}
    }
    Ok(())
}

/// Messages that are not settled: of all, and of the thread.
fn due(
    unit: &mut Unit,
    keys: &Keys,
    key: &PostKey,
    thread: ThreadId,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
) {
    if before == after {
        return;
    }
    for set in [all_due(keys), due_in(keys, thread)] {
        match after {
            Some(at) => unit.enter(&set, &score(at), &key.0),
            None => unit.remove(&set, &key.0),
        }
    }
}

/// Forgets every message of a thread in which none is due.
pub(crate) fn forget_thread(unit: &mut Unit, thread: ThreadId) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let all = of_thread(&keys, thread);
    for key in unit.ask(["ZRANGE", &all, "0", "-1"])? {
        unit.effect(["DEL", &post(&keys, &PostKey(key))]);
    }
    unit.effect(["DEL", &all]);
    Ok(())
}

/// The next age.
pub(super) fn next_number(unit: &mut Unit) -> Result<u64, Fault> {
    let cell = youngest(unit.keys());
    let last: u64 = unit.get(&cell)?.map_or(Ok(0), |text| number("age of a message", &text))?;
    unit.set(cell, Some((last + 1).to_string()));
    Ok(last + 1)
}
