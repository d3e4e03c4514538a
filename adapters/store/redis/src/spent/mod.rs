//! What language models took: kept once, summed up by day, so that the budget of a day is one read.
//!
//! ```text
//! spend:ID            string: what was spent
//! spent               sorted set by when: all; also spent:by:WHO, spent:on:JOB
//! ```
//!
//! Must never count a row twice. Start at [`write`]; the sums are in [`sums`].

mod sums;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_service::clock::after;
use midwatch_service::id::{JobId, SpendId};
use midwatch_service::port::store::SPENDING_ROWS;
use midwatch_service::spend::{DaySpend, Spend, Spender, day};
use serde::{Deserialize, Serialize};

use self::sums::both;
use crate::fault::Fault;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::{Cell, Unit};
use crate::value::{json, parse, score, word};

const DAY: Duration = Duration::from_hours(24);

/// The most that one number may be: a provider that reports more is not believed, and a million of them can be summed up (a
/// sum that overflows is an error in Redis).
const MOST: u64 = 1 << 40;

/// Rows of a part of a day that are read at first; then twice as many each time.
const PAGE: usize = 500;

/// What was spent, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    at: Timestamp,
    job: JobId,
    platform: String,
    user: String,
    model: String,
    used: ModelUse,
}

fn row(keys: &Keys, id: SpendId) -> Cell {
    Cell::text(keys.key(format_args!("spend:{id}")))
}

fn by_person(keys: &Keys, platform: &str, user: &str) -> String {
    keys.key(format_args!("spent:by:{platform}:{user}"))
}

fn on(keys: &Keys, job: JobId) -> String {
    keys.key(format_args!("spent:on:{job}"))
}

pub(crate) fn write(unit: &mut Unit, spend: &Spend) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let cell = row(&keys, spend.id);
    if unit.get(&cell)?.is_some() {
        return Ok(());
    }
    let Spend { id, at, job, actor, model, used } = spend.clone();
    let used = ModelUse {
        input: used.input.min(MOST),
        output: used.output.min(MOST),
        cached: used.cached.min(MOST),
        micro_usd: used.micro_usd.map(|cost| cost.min(MOST)),
        ..used
    };
    let new = Row { at, job, platform: actor.platform, user: actor.user, model, used };
    unit.set(cell, Some(json(&new)?));
    for set in sets(&keys, &new) {
        unit.enter(&set, &score(at), &id.to_string());
    }
    sums::add(unit, &new)
}

/// The sorted sets that a row stands in.
fn sets(keys: &Keys, row: &Row) -> [String; 3] {
    [keys.key("spent"), by_person(keys, &row.platform, &row.user), on(keys, row.job)]
}

pub(crate) fn since(unit: &mut Unit, since: Timestamp, by: Option<&Spender>) -> Result<ModelUse, Fault> {
    let mut sum = ModelUse::default();
    let whole = part_of_day(unit, since, by, |row| sum = both(sum, row.used))?;
    let days = sums::of_days(unit, whole, by)?;
    Ok(days.into_iter().fold(sum, both))
}

pub(crate) fn on_job(unit: &mut Unit, job: JobId) -> Result<ModelUse, Fault> {
    let (rows, mut sum) = (on(unit.keys(), job), ModelUse::default());
    each(unit, &rows, "-inf", "+inf", |row| sum = both(sum, row.used))?;
    Ok(sum)
}

/// By day, spender and model: the newest day first.
pub(crate) fn by_day(unit: &mut Unit, since: Timestamp) -> Result<Vec<DaySpend>, Fault> {
    let mut first: BTreeMap<(String, String, String), ModelUse> = BTreeMap::new();
    let whole = part_of_day(unit, since, None, |row| {
        let sum = first.entry((row.platform, row.user, row.model)).or_default();
        *sum = both(*sum, row.used);
    })?;
    let mut days = sums::tables(unit, whole)?;
    days.push((day(since), first));
    let rows = days.into_iter().flat_map(|(day, table)| {
        table.into_iter().map(move |((platform, user, model), used)| {
            let by = Spender { platform, user };
            DaySpend { day, by, model, used }
        })
    });
    Ok(rows.take(SPENDING_ROWS).collect())
}

/// A day that begins before a moment is read row by row; the beginning of the first day that is wanted whole.
fn part_of_day(
    unit: &mut Unit,
    since: Timestamp,
    by: Option<&Spender>,
    one: impl FnMut(Row),
) -> Result<Timestamp, Fault> {
    let begin = day(since);
    if begin == since {
        return Ok(begin);
    }
    let keys = unit.keys();
    let rows = by.map_or_else(|| keys.key("spent"), |by| by_person(keys, &by.platform, &by.user));
    let end = after(begin, DAY);
    each(unit, &rows, &score(since), &format!("({}", score(end)), one)?;
    Ok(end)
}

/// The rows in a part of a set.
fn each(unit: &mut Unit, set: &str, from: &str, to: &str, mut one: impl FnMut(Row)) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let (mut skip, mut page) = (0, PAGE);
    loop {
        let (begin, most) = (skip.to_string(), page.to_string());
        let ids = unit.ask(["ZRANGEBYSCORE", set, from, to, "LIMIT", &begin, &most])?;
        let rows = all(ids.iter().map(|id| unit.peek(&row(&keys, word("spending", id)?))))?;
        for text in rows.iter().flatten() {
            one(parse("what was spent", text)?);
        }
        if ids.len() < page {
            return Ok(());
        }
        skip += page;
        page *= 2;
    }
}

/// What was spent by a moment, the longest ago first.
pub(crate) fn old(unit: &mut Unit, by: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let spent = unit.keys().key("spent");
    unit.ask(["ZRANGEBYSCORE", &spent, "-inf", &score(by), "LIMIT", &skip.to_string(), &limit.to_string()])
}

/// Forgets it. A day that is wholly over by then goes with the first of its rows: nobody asks for it any more.
pub(crate) fn forget(unit: &mut Unit, id: &str, by: Timestamp) -> Result<bool, Fault> {
    let keys = unit.keys().clone();
    let cell = row(&keys, word("spending", id)?);
    let Some(text) = unit.get(&cell)? else { return Ok(false) };
    let old: Row = parse("what was spent", &text)?;
    unit.set(cell, None);
    for set in sets(&keys, &old) {
        unit.remove(&set, id);
    }
    sums::take_off(unit, &old, by)?;
    Ok(true)
}
