//! What must happen once only: a mark for each, which says who it was.
//!
//! ```text
//! once:KEY   string: who
//! once       sorted set by when, for the sweep
//! ```

use jiff::Timestamp;
use midwatch_service::port::store::CommitError;

use crate::fault::Fault;
use crate::keys::Keys;
use crate::unit::{Cell, Unit};
use crate::value::score;

fn cell(keys: &Keys, key: &str) -> Cell {
    Cell::text(keys.key(format_args!("once:{key}")))
}

pub(crate) fn mark(unit: &mut Unit, now: Timestamp, key: &str, by: &str) -> Result<(), Fault> {
    let cell = cell(unit.keys(), key);
    if let Some(by) = unit.get(&cell)? {
        return Err(CommitError::Already { by }.into());
    }
    unit.set(cell, Some(by.to_owned()));
    let marks = unit.keys().key("once");
    unit.enter(&marks, &score(now), key);
    Ok(())
}

/// Marks that were made by a moment, the longest ago first.
pub(crate) fn made(unit: &mut Unit, by: Timestamp, skip: usize, limit: usize) -> Result<Vec<String>, Fault> {
    let marks = unit.keys().key("once");
    unit.ask(["ZRANGEBYSCORE", &marks, "-inf", &score(by), "LIMIT", &skip.to_string(), &limit.to_string()])
}

/// Forgets a mark.
pub(crate) fn forget(unit: &mut Unit, key: &str) -> Result<bool, Fault> {
    let keys = unit.keys().clone();
    let cell = cell(&keys, key);
    let there = unit.get(&cell)?.is_some();
    unit.set(cell, None);
    unit.remove(&keys.key("once"), key);
    Ok(there)
}
