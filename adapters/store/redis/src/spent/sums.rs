//! The sums of days: they follow from the rows, and change with them.
//!
//! ```text
//! spent:days                sorted set by when they began: the days that have a sum
//! spent:day:DAY             hash: the sum of a day
//! spent:day:DAY:by:WHO      hash: the same of one person
//! spent:day:DAY:table       hash: the same by person and model
//! ```
//!
//! What is swept is taken off; a day that is wholly over goes with the first of its rows. Start at [`add`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_service::clock::after;
use midwatch_service::port::store::SPENDING_ROWS;
use midwatch_service::spend::{Spender, day};

use super::{DAY, Row};
use crate::fault::Fault;
use crate::keys::Keys;
use crate::rounds::all;
use crate::unit::Unit;
use crate::value::{json, number, parse, score};

/// What one person took of one model: platform, user, model.
type Table = BTreeMap<(String, String, String), ModelUse>;

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

fn table_of(keys: &Keys, begin: Timestamp) -> String {
    keys.key(format_args!("spent:day:{}:table", begin.as_second()))
}

/// Adds a row to the sums of its day.
pub(super) fn add(unit: &mut Unit, row: &Row) -> Result<(), Fault> {
    let (begin, days) = (day(row.at), days(unit.keys()));
    unit.enter(&days, &score(begin), &begin.as_second().to_string());
    change(unit, row, "")
}

/// Takes a row off, or the whole day when it was over by a moment: nobody asks for it any more.
pub(super) fn take_off(unit: &mut Unit, row: &Row, by: Timestamp) -> Result<(), Fault> {
    let (keys, begin) = (unit.keys().clone(), day(row.at));
    if after(begin, DAY) > by {
        return change(unit, row, "-");
    }
    for sum in sums(&keys, row) {
        unit.effect(["DEL", &sum]);
    }
    unit.effect(["DEL", &table_of(&keys, begin)]);
    unit.remove(&days(&keys), &begin.as_second().to_string());
    Ok(())
}

fn change(unit: &mut Unit, row: &Row, sign: &str) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let ModelUse { requests, calls, input, output, cached, micro_usd } = row.used;
    let numbers = [
        ("rows", 1),
        ("requests", u64::from(requests)),
        ("calls", u64::from(calls)),
        ("input", input),
        ("output", output),
        ("cached", cached),
        ("priced", u64::from(micro_usd.is_some())),
        ("micro_usd", micro_usd.unwrap_or(0)),
    ];
    let table = table_of(&keys, day(row.at));
    for (name, number) in numbers.into_iter().filter(|(_, number)| *number > 0) {
        let by = format!("{sign}{number}");
        for sum in sums(&keys, row) {
            unit.effect(["HINCRBY", &sum, name, &by]);
        }
        let field = json(&(&row.platform, &row.user, &row.model, name))?;
        unit.effect(["HINCRBY", &table, &field, &by]);
    }
    Ok(())
}

/// The sums that a row is part of.
fn sums(keys: &Keys, row: &Row) -> [String; 2] {
    let begin = day(row.at);
    [of_day(keys, begin, None), of_day(keys, begin, Some((&row.platform, &row.user)))]
}

/// The sum of each day from one on.
pub(super) fn of_days(unit: &mut Unit, from: Timestamp, by: Option<&Spender>) -> Result<Vec<ModelUse>, Fault> {
    let by = by.map(|by| (by.platform.as_str(), by.user.as_str()));
    let begins = begins(unit, from)?;
    all(begins.into_iter().map(|begin| {
        let sum = of_day(unit.keys(), begin, by);
        let mut used = ModelUse::default();
        let mut priced = false;
        for (field, value) in pairs(&unit.ask(["HGETALL", &sum])?)? {
            priced |= field == "priced" && value > 0;
            set(&mut used, field, value);
        }
        Ok(ModelUse { micro_usd: used.micro_usd.filter(|_| priced).or(priced.then_some(0)), ..used })
    }))
}

/// What was spent in each day from one on by person and model, the newest day first.
pub(super) fn tables(unit: &mut Unit, from: Timestamp) -> Result<Vec<(Timestamp, Table)>, Fault> {
    let begins = begins(unit, from)?;
    // Every day that has a sum has a row.
    all(begins.into_iter().rev().take(SPENDING_ROWS).map(|begin| {
        let key = table_of(unit.keys(), begin);
        Ok((begin, table(&unit.ask(["HGETALL", &key])?)?))
    }))
}

fn table(fields: &[String]) -> Result<Table, Fault> {
    let mut table = Table::new();
    let (mut rows, mut priced) = (BTreeMap::new(), BTreeMap::new());
    for (field, value) in pairs(fields)? {
        let (platform, user, model, name): (String, String, String, String) = parse("a row of a day", field)?;
        let who = (platform, user, model);
        match name.as_str() {
            "rows" => drop(rows.insert(who, value)),
            "priced" => drop(priced.insert(who, value)),
            name => set(table.entry(who).or_default(), name, value),
        }
    }
    table.retain(|who, _| rows.get(who).is_some_and(|count| *count > 0));
    for (who, used) in &mut table {
        let is_priced = priced.get(who).is_some_and(|count| *count > 0);
        used.micro_usd = is_priced.then(|| used.micro_usd.unwrap_or(0));
    }
    Ok(table)
}

/// The days from one on that have a sum, oldest first.
fn begins(unit: &mut Unit, from: Timestamp) -> Result<Vec<Timestamp>, Fault> {
    let days = days(unit.keys());
    let days = unit.ask(["ZRANGEBYSCORE", &days, &score(from), "+inf"])?;
    let begins = days.iter().map(|day| {
        let begin = Timestamp::from_second(number("day", day)?);
        begin.map_err(|_| Fault::Damaged(format!("`{day}` is no day")))
    });
    begins.collect()
}

fn pairs(fields: &[String]) -> Result<Vec<(&str, u64)>, Fault> {
    let pairs = fields.chunks_exact(2).filter_map(|pair| match pair {
        [field, value] => {
            Some(number::<i64>("sum", value).map(|value| (field.as_str(), u64::try_from(value).unwrap_or(0))))
        }
        _ => None,
    });
    pairs.collect()
}

fn set(used: &mut ModelUse, name: &str, value: u64) {
    let small = u32::try_from(value).unwrap_or(u32::MAX);
    match name {
        "requests" => used.requests = small,
        "calls" => used.calls = small,
        "input" => used.input = value,
        "output" => used.output = value,
        "cached" => used.cached = value,
        "micro_usd" => used.micro_usd = Some(value),
        _ => {}
    }
}

/// Both together; the cost is the sum of those that are known.
pub(super) fn both(a: ModelUse, b: ModelUse) -> ModelUse {
    let costs = [a.micro_usd, b.micro_usd];
    let micro_usd = costs.iter().flatten().copied().reduce(u64::saturating_add);
    ModelUse { micro_usd, ..a.and(b) }
}
