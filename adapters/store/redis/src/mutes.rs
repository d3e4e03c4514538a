//! Mutes: kept until they end, and a while longer, so that ending one twice is not an error.
//!
//! ```text
//! mutes         hash: ID -> the mute
//! mutes:until   sorted set by their end
//! mutes:number  grows with every mute: so two that come at the same time are counted one after the other
//! ```

use jiff::Timestamp;
use midwatch_service::id::MuteId;
use midwatch_service::mute::Mute;
use midwatch_service::port::store::{CommitError, MUTES_KEPT};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::rounds;
use crate::unit::{Cell, Unit};
use crate::value::{json, moment, number, parse, score};

/// A mute as it is kept: `until` moves when it is ended, the mute has the end it was made with. As text the end stands in
/// front, so that counting need not read the rest.
#[derive(Clone, Debug)]
struct Kept {
    until: Timestamp,
    mute: Mute,
}

impl Kept {
    fn text(&self) -> Result<String, Fault> {
        Ok(format!("{} {}", score(self.until), json(&self.mute)?))
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let (until, mute) = split(text)?;
        Ok(Self { until: moment(until)?, mute: parse("a mute", mute)? })
    }
}

fn split(text: &str) -> Result<(&str, &str), Fault> {
    text.split_once(' ').ok_or_else(|| Fault::Damaged(format!("`{text}` is no mute")))
}

fn all(keys: &Keys) -> String {
    keys.key("mutes")
}

fn by_end(keys: &Keys) -> String {
    keys.key("mutes:until")
}

fn cell(keys: &Keys, id: impl std::fmt::Display) -> Cell {
    Cell::field(all(keys), id.to_string())
}

pub(crate) fn write(unit: &mut Unit, now: Timestamp, mute: &Mute) -> Result<(), Fault> {
    let counter = Cell::text(unit.keys().key("mutes:number"));
    unit.want(counter.clone());
    let old = load(unit, mute.id)?;
    let count: u64 = unit.get(&counter)?.map_or(Ok(0), |text| number("count", &text))?;
    let others = in_force(unit, now)? - i64::from(old.is_some_and(|kept| kept.until > now));
    if u64::try_from(others).unwrap_or(0) >= MUTES_KEPT {
        return Err(CommitError::NotAllowed(format!("there are {MUTES_KEPT} mutes already; end one first")).into());
    }
    unit.set(counter, Some((count + 1).to_string()));
    keep(unit, &Kept { until: mute.until, mute: mute.clone() })
}

/// How many are in force: as it was read, and what this unit has changed since.
fn in_force(unit: &mut Unit, now: Timestamp) -> Result<i64, Fault> {
    let key = by_end(unit.keys());
    let there = unit.ask(["ZCOUNT", &key, &format!("({}", score(now)), "+inf"])?;
    let there: i64 = there.first().map_or(Ok(0), |count| number("count", count))?;
    let counts = |text: Option<&str>| -> Result<i64, Fault> {
        let until = text.map(|text| moment(split(text)?.0)).transpose()?;
        Ok(i64::from(until.is_some_and(|until| until > now)))
    };
    let all = all(unit.keys());
    let changed = unit.changed_in(&all).map(|(was, is)| Ok(counts(is)? - counts(was)?));
    Ok(there + changed.sum::<Result<i64, Fault>>()?)
}

pub(crate) fn end(unit: &mut Unit, now: Timestamp, id: MuteId) -> Result<(), Fault> {
    let old = load(unit, id)?.ok_or_else(|| CommitError::NotFound(format!("mute {id}")))?;
    keep(unit, &Kept { until: old.until.min(now), ..old })
}

fn keep(unit: &mut Unit, kept: &Kept) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    unit.set(cell(&keys, kept.mute.id), Some(kept.text()?));
    unit.enter(&by_end(&keys), &score(kept.until), &kept.mute.id.to_string());
    Ok(())
}

fn load(unit: &mut Unit, id: MuteId) -> Result<Option<Kept>, Fault> {
    let cell = cell(unit.keys(), id);
    unit.get(&cell)?.map(|text| Kept::parse(&text)).transpose()
}

pub(crate) fn list(unit: &mut Unit, now: Timestamp) -> Result<Vec<Mute>, Fault> {
    let keys = unit.keys().clone();
    let ids = unit.ask(["ZRANGEBYSCORE", &by_end(&keys), &format!("({}", score(now)), "+inf"])?;
    let kept =
        rounds::all(ids.iter().map(|id| unit.peek(&cell(&keys, id))?.map(|text| Kept::parse(&text)).transpose()))?;
    let kept = kept.into_iter().flatten().filter(|kept| kept.until > now);
    let mut mutes: Vec<Mute> = kept.map(|kept| kept.mute).collect();
    mutes.sort_by_key(|mute| (mute.at, mute.id));
    Ok(mutes)
}

/// Mutes that ended by a moment, the longest ago first.
pub(crate) fn ended(unit: &mut Unit, by: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let key = by_end(unit.keys());
    unit.ask(["ZRANGEBYSCORE", &key, "-inf", &score(by), "LIMIT", &skip.to_string(), &limit.to_string()])
}

/// Forgets one that ended.
pub(crate) fn forget(unit: &mut Unit, id: &str, by: Timestamp) -> Result<bool, Fault> {
    let keys = unit.keys().clone();
    let cell = cell(&keys, id);
    let kept: Option<Kept> = unit.get(&cell)?.map(|text| Kept::parse(&text)).transpose()?;
    if kept.is_none_or(|kept| kept.until > by) {
        return Ok(false);
    }
    unit.set(cell, None);
    unit.remove(&by_end(&keys), id);
    Ok(true)
}
