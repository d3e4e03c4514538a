//! Threads, and what is remembered of them.
//!
//! ```text
//! thread:ID                      string: the thread
//! threads:at:PLATFORM:CHANNEL\nROOT
//!                                string: the threads that hang on a message, the one opened first at the front
//! threads                        sorted set by the last thing that happened in it, for the sweep
//! memory:ID                      list: what is remembered, oldest first
//! ```

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::{MessageId, ThreadId};
use midwatch_service::port::store::CommitError;
use midwatch_service::thread::{ENTRIES_KEPT, Entry, NewEntry, Thread};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::unit::{Cell, Unit};
use crate::value::{json, parse, score};

fn thread(keys: &Keys, id: ThreadId) -> Cell {
    Cell::text(keys.key(format_args!("thread:{id}")))
}

fn hanging_on(keys: &Keys, platform: &str, channel: &str, root: &MessageId) -> Cell {
    Cell::text(keys.key(format_args!("threads:at:{platform}:{channel}\n{root}")))
}

fn by_activity(keys: &Keys) -> String {
    keys.key("threads")
}

fn memory_of(keys: &Keys, id: ThreadId) -> String {
    keys.key(format_args!("memory:{id}"))
}

pub(crate) fn open(unit: &mut Unit, now: Timestamp, new: &Thread) -> Result<(), Fault> {
    if load(unit, new.id)?.is_some() {
        return Ok(());
    }
    if let Some(root) = &new.root
        && at(unit, &new.platform, &new.channel, root)?.is_some()
    {
        return Err(CommitError::Stale.into());
    }
    keep(unit, new)?;
    let active = by_activity(unit.keys());
    unit.enter(&active, &score(now), &new.id.to_string());
    Ok(())
}

/// Writes a thread, and notes the message it hangs on.
fn keep(unit: &mut Unit, new: &Thread) -> Result<(), Fault> {
    let cell = thread(unit.keys(), new.id);
    unit.set(cell, Some(json(new)?));
    let Some(root) = &new.root else { return Ok(()) };
    let cell = hanging_on(unit.keys(), &new.platform, &new.channel, root);
    let mut threads = hung(unit, &cell)?;
    threads.push((new.opened_at, new.id));
    threads.sort_unstable();
    unit.set(cell, Some(json(&threads)?));
    Ok(())
}

fn hung(unit: &mut Unit, cell: &Cell) -> Result<Vec<(Timestamp, ThreadId)>, Fault> {
    unit.get(cell)?.map_or_else(|| Ok(Vec::new()), |text| parse("the threads on a message", &text))
}

/// Notes that something happens in a thread, so that a sweep sees it lives.
pub(crate) fn touch(unit: &mut Unit, now: Timestamp, id: ThreadId) -> Result<Thread, Fault> {
    let thread = load(unit, id)?.ok_or_else(|| CommitError::NotFound(format!("thread {id}")))?;
    let active = by_activity(unit.keys());
    unit.effect(["ZADD", &active, "GT", &score(now), &id.to_string()]);
    Ok(thread)
}

/// The first message of a thread that has no root becomes it; also when another thread was hung on it before its sender
/// could tell (refusing would send it twice).
pub(crate) fn root(unit: &mut Unit, id: ThreadId, message: &MessageId) -> Result<(), Fault> {
    match load(unit, id)? {
        Some(thread) if thread.root.is_none() => keep(unit, &Thread { root: Some(message.clone()), ..thread }),
        _ => Ok(()),
    }
}

pub(crate) fn remember(unit: &mut Unit, now: Timestamp, new: &NewEntry) -> Result<(), Fault> {
    touch(unit, now, new.thread)?;
    let memory = memory_of(unit.keys(), new.thread);
    unit.effect(["RPUSH", &memory, &json(&new.entry)?]);
    unit.effect(["LTRIM", &memory, &format!("-{ENTRIES_KEPT}"), "-1"]);
    Ok(())
}

pub(crate) fn load(unit: &mut Unit, id: ThreadId) -> Result<Option<Thread>, Fault> {
    let cell = thread(unit.keys(), id);
    unit.get(&cell)?.map(|text| parse("a thread", &text)).transpose()
}

pub(crate) fn at(unit: &mut Unit, platform: &str, channel: &str, root: &MessageId) -> Result<Option<Thread>, Fault> {
    let cell = hanging_on(unit.keys(), platform, channel, root);
    let Some((_, id)) = hung(unit, &cell)?.into_iter().next() else { return Ok(None) };
    load(unit, id)
}

pub(crate) fn memory(unit: &mut Unit, id: ThreadId) -> Result<Vec<Redacted<Entry>>, Fault> {
    let memory = memory_of(unit.keys(), id);
    let entries = unit.ask(["LRANGE", &memory, "0", "-1"])?;
    entries.iter().map(|text| Ok(Redacted::kept(parse("an entry of a thread", text)?))).collect()
}

/// Threads in which nothing has happened since, those silent for longest first.
pub(crate) fn silent(unit: &mut Unit, since: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let active = by_activity(unit.keys());
    let (skip, limit) = (skip.to_string(), limit.to_string());
    unit.ask(["ZRANGEBYSCORE", &active, "-inf", &score(since), "LIMIT", &skip, &limit])
}

/// Forgets a thread and its memory.
pub(crate) fn forget(unit: &mut Unit, id: ThreadId) -> Result<bool, Fault> {
    let keys = unit.keys().clone();
    let Some(Thread { platform, channel, root, .. }) = load(unit, id)? else { return Ok(false) };
    unit.remove(&by_activity(&keys), &id.to_string());
    unit.effect(["DEL", &memory_of(&keys, id)]);
    unit.set(thread(&keys, id), None);
    let Some(root) = root else { return Ok(true) };
    let cell = hanging_on(&keys, &platform, &channel, &root);
    let mut others = hung(unit, &cell)?;
    others.retain(|(_, other)| *other != id);
    unit.set(cell, if others.is_empty() { None } else { Some(json(&others)?) });
    Ok(true)
}
