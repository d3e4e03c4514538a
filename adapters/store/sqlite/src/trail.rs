//! The audit trail: sealed here, on the writer's thread, because only there the order of commits is known.

use midwatch_service::audit::{ChainKey, Entry, GENESIS, Sealed};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{count, int, json, parse, rows};

pub(crate) fn add(db: &Connection, key: &ChainKey, entry: &Entry) -> Result<(), Fault> {
    let last = first(db, "SELECT number, seal FROM audit ORDER BY number DESC LIMIT 1", [], |row| {
        Ok((count(row.get(0)?), row.get::<_, String>(1)?))
    })?;
    let (before, previous) = last.unwrap_or_else(|| (0, GENESIS.to_owned()));
    let number = before + 1;
    let seal = key.seal(&previous, number, entry);
    change(db, "INSERT INTO audit (number, entry, seal) VALUES (?1, ?2, ?3)", (int(number), json(entry)?, seal))?;
    Ok(())
}

pub(crate) fn page(db: &Connection, after: u64, limit: usize) -> Result<Vec<Sealed>, Fault> {
    let sql = "SELECT number, entry, seal FROM audit WHERE number > ?1 ORDER BY number LIMIT ?2";
    all(db, sql, (int(after), rows(limit)), |row| {
        Ok(Sealed {
            number: count(row.get(0)?),
            entry: parse("an entry of the audit trail", &row.get::<_, String>(1)?)?,
            seal: row.get(2)?,
        })
    })
}
