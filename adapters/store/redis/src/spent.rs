//! What language models took: kept once, summed up by day, so that the budget of a day is one read.
//!
//! ```text
//! spend:ID            string: what was spent
//! spent               sorted set by when: all; also spent:by:WHO, spent:on:JOB
//! spent:days          sorted set by when they began: the days that have a sum
//! spent:day:DAY       hash: the sum of a day; spent:day:DAY:by:WHO the same of one person
//! ```
//!
//! A sum follows from the rows of its day: what is swept is taken off, and goes with the last row.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_service::clock::after;
use midwatch_service::id::{JobId, SpendId};
use midwatch_service::port::store::SPENDING_ROWS;
use midwatch_service::spend::{DaySpend, Spend, Spender, day};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::{Cell, Unit};
use crate::value::{json, number, parse, score, word};

/// The most that one number may be: a provider that reports more is not believed, and a million of them can be summed up (a
/// sum that overflows is an error in Redis).
const MOST: u64 = 1 << 40;

/// Rows of a part of a day that are read at first; then twice as many each time.
const PAGE: usize = 500;

/// Rows that are looked at for [`by_day`] at least.
const LOOKED: usize = 50_000;

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

fn days(keys: &Keys) -> String {
    keys.key("spent:days")
}

fn of_day(keys: &Keys, begin: Timestamp, by: Option<(&str, &str)>) -> String {
    let day = begin.as_second();
    match by {
        None => keys.key(format_args!("spent:day:{day}")),
        Some((platform, user)) => keys.key(format_args!("spent:day:{day}:by:{platform}:{user}")),
    }
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
    let begin = day(at);
    unit.enter(&days(&keys), &score(begin), &begin.as_second().to_string());
    add(unit, &new, "");
    Ok(())
}

/// The sorted sets that a row stands in.
fn sets(keys: &Keys, row: &Row) -> [String; 3] {
    [keys.key("spent"), by_person(keys, &row.platform, &row.user), on(keys, row.job)]
}

/// Adds a row to the sums of its day, or takes it off with a minus.
fn add(unit: &mut Unit, row: &Row, sign: &str) {
    let keys = unit.keys().clone();
    let ModelUse { requests, calls, input, output, cached, micro_usd } = row.used;
    let numbers = [
        ("requests", u64::from(requests)),
        ("calls", u64::from(calls)),
        ("input", input),
        ("output", output),
        ("cached", cached),
        ("priced", u64::from(micro_usd.is_some())),
        ("micro_usd", micro_usd.unwrap_or(0)),
    ];
    for sum in sums(&keys, row) {
        for (field, number) in numbers.into_iter().filter(|(_, number)| *number > 0) {
            unit.effect(["HINCRBY", &sum, field, &format!("{sign}{number}")]);
        }
    }
}

/// The sums that a row is part of.
fn sums(keys: &Keys, row: &Row) -> [String; 2] {
    let begin = day(row.at);
    [of_day(keys, begin, None), of_day(keys, begin, Some((&row.platform, &row.user)))]
}

pub(crate) fn since(unit: &mut Unit, since: Timestamp, by: Option<&Spender>) -> Result<ModelUse, Fault> {
    let keys = unit.keys().clone();
    let by = by.map(|by| (by.platform.as_str(), by.user.as_str()));
    let begin = day(since);
    // A day that begins before the moment is read row by row, the others are summed up.
    let (sum, whole) = if begin == since {
        (ModelUse::default(), begin)
    } else {
        let rows = by.map_or_else(|| keys.key("spent"), |(platform, user)| by_person(&keys, platform, user));
        let end = after(begin, Duration::from_hours(24));
        (rows_of(unit, &rows, &score(since), &format!("({}", score(end)))?, end)
    };
    let days = unit.ask(["ZRANGEBYSCORE", &days(&keys), &score(whole), "+inf"])?;
    let sums = all(days.iter().map(|day| {
        let begin: i64 = number("day", day)?;
        let begin = Timestamp::from_second(begin).map_err(|_| Fault::Damaged(format!("{begin} is no day")))?;
        summed(&unit.ask(["HGETALL", &of_day(&keys, begin, by)])?)
    }))?;
    Ok(sums.into_iter().fold(sum, both))
}

pub(crate) fn on_job(unit: &mut Unit, job: JobId) -> Result<ModelUse, Fault> {
    let rows = on(unit.keys(), job);
    rows_of(unit, &rows, "-inf", "+inf")
}

/// By day, spender and model, from the newest rows: sums of a day do not tell models apart.
pub(crate) fn by_day(unit: &mut Unit, since: Timestamp) -> Result<Vec<DaySpend>, Fault> {
    let keys = unit.keys().clone();
    let (set, from) = (keys.key("spent"), score(since));
    let mut sums: BTreeMap<(Reverse<Timestamp>, String, String, String), ModelUse> = BTreeMap::new();
    let (mut skip, mut page) = (0, PAGE);
    while skip < LOOKED {
        let (begin, most) = (skip.to_string(), page.to_string());
        let ids = unit.ask(["ZREVRANGEBYSCORE", &set, "+inf", &from, "LIMIT", &begin, &most])?;
        let rows = all(ids.iter().map(|id| unit.peek(&row(&keys, word("spending", id)?))))?;
        for text in rows.iter().flatten() {
            let Row { at, platform, user, model, used, .. } = parse("what was spent", text)?;
            let sum = sums.entry((Reverse(day(at)), platform, user, model)).or_default();
            *sum = both(*sum, used);
        }
        if ids.len() < page {
            break;
        }
        skip += page;
        page *= 2;
    }
    let told = sums.into_iter().take(SPENDING_ROWS).map(|((Reverse(day), platform, user, model), used)| DaySpend {
        day,
        by: Spender { platform, user },
        model,
        used,
    });
    Ok(told.collect())
}

/// The sum of the rows in a part of a set.
fn rows_of(unit: &mut Unit, set: &str, from: &str, to: &str) -> Result<ModelUse, Fault> {
    let keys = unit.keys().clone();
    let (mut sum, mut skip, mut page) = (ModelUse::default(), 0, PAGE);
    loop {
        let (begin, most) = (skip.to_string(), page.to_string());
        let ids = unit.ask(["ZRANGEBYSCORE", set, from, to, "LIMIT", &begin, &most])?;
        let rows = all(ids.iter().map(|id| unit.peek(&row(&keys, word("spending", id)?))))?;
        for text in rows.iter().flatten() {
            sum = both(sum, parse::<Row>("what was spent", text)?.used);
        }
        if ids.len() < page {
            return Ok(sum);
        }
        skip += page;
        page *= 2;
    }
}

/// Both together; the cost is the sum of those that are known.
fn both(a: ModelUse, b: ModelUse) -> ModelUse {
    let costs = [a.micro_usd, b.micro_usd];
    let micro_usd = costs.iter().flatten().copied().reduce(u64::saturating_add);
    ModelUse { micro_usd, ..a.and(b) }
}

/// A sum from its fields.
fn summed(fields: &[String]) -> Result<ModelUse, Fault> {
    let mut sum = ModelUse::default();
    let (mut priced, mut cost) = (0_u64, 0_u64);
    for pair in fields.chunks_exact(2) {
        let [field, value] = pair else { continue };
        let value = u64::try_from(number::<i64>("sum", value)?).unwrap_or(0);
        match field.as_str() {
            "requests" => sum.requests = u32::try_from(value).unwrap_or(u32::MAX),
            "calls" => sum.calls = u32::try_from(value).unwrap_or(u32::MAX),
            "input" => sum.input = value,
            "output" => sum.output = value,
            "cached" => sum.cached = value,
            "priced" => priced = value,
            "micro_usd" => cost = value,
            _ => {}
        }
    }
    sum.micro_usd = (priced > 0).then_some(cost);
    Ok(sum)
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
    let begin = day(old.at);
    if after(begin, Duration::from_hours(24)) > by {
        add(unit, &old, "-");
        return Ok(true);
    }
    for sum in sums(&keys, &old) {
        unit.effect(["DEL", &sum]);
    }
    unit.remove(&days(&keys), &begin.as_second().to_string());
    Ok(true)
}
