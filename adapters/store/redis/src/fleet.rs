//! The processes that share the store, what is ordered of them, and what only one of them does.
//!
//! Must never forget an order because its process was away for a while. Start at [`announce`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::fleet::{Order, Orders, Replica};
use midwatch_service::id::WorkerId;
use midwatch_service::port::store::CommitError;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::unit::{Cell, Unit};
use crate::value::{json, moment, parse, score};

/// What is known of a process that is gone is kept for so long: should it come back, it hears what was ordered meanwhile.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Processes in one answer at most, and processes forgotten in one call.
const PAGE: &str = "999";
const FORGOTTEN: &str = "20";

fn cells(keys: &Keys, id: &str) -> (Cell, Cell) {
    let key = keys.key(format_args!("replica:{id}"));
    (Cell::field(key.clone(), "body"), Cell::field(key, "drain"))
}

fn kill_cell(unit: &Unit) -> Cell {
    Cell::text(unit.keys().key("kill"))
}

pub(crate) fn announce(
    unit: &mut Unit,
    replica: &Replica,
    now: Timestamp,
    gone_after: Duration,
) -> Result<Orders, Fault> {
    let (body, drain) = cells(unit.keys(), &replica.id.0);
    let set = unit.keys().key("replicas");
    unit.want(drain.clone());
    unit.want(kill_cell(unit));
    let long_ago = now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    let gone = unit.ask(["ZRANGE", &set, "-inf", &score(long_ago), "BYSCORE", "LIMIT", "0", FORGOTTEN])?;
    for id in gone.iter().filter(|id| **id != replica.id.0) {
        forget(unit, &set, id);
    }
    unit.set(body, Some(json(replica)?));
    unit.enter(&set, &score(after(now, gone_after)), &replica.id.0);
    let drain = unit.peek(&drain)?.map(|order| parse("an order to drain", &order)).transpose()?;
    Ok(Orders { drain, kill: kill_switch(unit)? })
}

fn forget(unit: &mut Unit, set: &str, id: &str) {
    let (body, drain) = cells(unit.keys(), id);
    unit.set(body, None);
    unit.set(drain, None);
    unit.remove(set, id);
}

pub(crate) fn leave(unit: &mut Unit, id: &WorkerId) -> Result<(), Fault> {
    let set = unit.keys().key("replicas");
    for what in led(unit)? {
        resign(unit, &what, id)?;
    }
    forget(unit, &set, &id.0);
    Ok(())
}

pub(crate) fn list(unit: &mut Unit, now: Timestamp) -> Result<Vec<Replica>, Fault> {
    let set = unit.keys().key("replicas");
    let there = unit.ask(["ZRANGE", &set, "-inf", "+inf", "BYSCORE", "LIMIT", "0", PAGE, "WITHSCORES"])?;
    let mut ids = Vec::new();
    for pair in there.chunks_exact(2) {
        if let [id, until] = pair
            && moment(until)? > now
        {
            let (body, drain) = cells(unit.keys(), id);
            unit.want(body);
            unit.want(drain);
            ids.push(id.clone());
        }
    }
    let mut replicas = Vec::new();
    for id in ids {
        let (body, drain) = cells(unit.keys(), &id);
        let (Some(body), ordered) = (unit.peek(&body)?, unit.peek(&drain)?.is_some()) else { continue };
        let replica: Replica = parse("a replica", &body)?;
        replicas.push(Replica { draining: replica.draining || ordered, ..replica });
    }
    replicas.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
    Ok(replicas)
}

pub(crate) fn kill_switch(unit: &mut Unit) -> Result<Option<Order>, Fault> {
    let cell = kill_cell(unit);
    unit.peek(&cell)?.map(|order| parse("the kill switch", &order)).transpose()
}

pub(crate) fn drain(unit: &mut Unit, id: &WorkerId, order: Option<&Order>) -> Result<(), Fault> {
    let (body, drain) = cells(unit.keys(), &id.0);
    if unit.get(&body)?.is_none() {
        return Err(CommitError::NotFound(format!("process {id}")).into());
    }
    unit.set(drain, order.map(json).transpose()?);
    Ok(())
}

pub(crate) fn kill(unit: &mut Unit, order: Option<&Order>) -> Result<(), Fault> {
    let order = order.map(json).transpose()?;
    unit.set(kill_cell(unit), order);
    Ok(())
}

/// Who does what is named, and until when.
#[derive(Serialize, Deserialize)]
struct Lead {
    by: WorkerId,
    until: Timestamp,
}

fn lead_cell(unit: &Unit, what: &str) -> Cell {
    Cell::field(unit.keys().key("leads"), what)
}

/// What is led by anybody; a handful of words that stand in the code.
fn led(unit: &mut Unit) -> Result<Vec<String>, Fault> {
    let leads = unit.keys().key("leads");
    unit.ask(["HKEYS", &leads])
}

pub(crate) fn lead(unit: &mut Unit, what: &str, id: &WorkerId, now: Timestamp, lease: Duration) -> Result<bool, Fault> {
    let cell = lead_cell(unit, what);
    let held: Option<Lead> = unit.get(&cell)?.map(|lead| parse("a lead", &lead)).transpose()?;
    if held.is_some_and(|lead| lead.by != *id && lead.until > now) {
        return Ok(false);
    }
    unit.set(cell, Some(json(&Lead { by: id.clone(), until: after(now, lease) })?));
    Ok(true)
}

pub(crate) fn resign(unit: &mut Unit, what: &str, id: &WorkerId) -> Result<(), Fault> {
    let cell = lead_cell(unit, what);
    let held: Option<Lead> = unit.get(&cell)?.map(|lead| parse("a lead", &lead)).transpose()?;
    if held.is_some_and(|lead| lead.by == *id) {
        unit.set(cell, None);
    }
    Ok(())
}
