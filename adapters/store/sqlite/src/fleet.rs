//! The process that serves this store, and what is ordered of it.
//!
//! Must never tell of two: the store is embedded, so whoever announces itself is the only one. Start at [`announce`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::fleet::{Order, Orders, Replica};
use midwatch_service::id::WorkerId;
use midwatch_service::port::store::CommitError;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{json, micros, optional, parse};

pub(crate) fn announce(
    db: &Connection,
    replica: &Replica,
    now: Timestamp,
    gone_after: Duration,
) -> Result<Orders, Fault> {
    change(db, "DELETE FROM replicas WHERE id <> ?1", [&replica.id.0])?;
    let sql = "INSERT INTO replicas (id, body, until) VALUES (?1, ?2, ?3)
               ON CONFLICT (id) DO UPDATE SET body = excluded.body, until = excluded.until";
    change(db, sql, (&replica.id.0, json(replica)?, micros(after(now, gone_after))))?;
    let sql = "SELECT drain FROM replicas WHERE id = ?1";
    let drain = first(db, sql, [&replica.id.0], |row| optional(row, "drain"))?.flatten();
    Ok(Orders { drain, kill: kill_switch(db)? })
}

pub(crate) fn leave(db: &Connection, id: &WorkerId) -> Result<(), Fault> {
    change(db, "DELETE FROM replicas WHERE id = ?1", [&id.0])?;
    Ok(())
}

pub(crate) fn list(db: &Connection, now: Timestamp) -> Result<Vec<Replica>, Fault> {
    all(db, "SELECT body, drain FROM replicas WHERE until > ?1", [micros(now)], |row| {
        let replica: Replica = parse("a replica", &row.get::<_, String>(0)?)?;
        let ordered = row.get::<_, Option<String>>(1)?.is_some();
        Ok(Replica { draining: replica.draining || ordered, ..replica })
    })
}

pub(crate) fn kill_switch(db: &Connection) -> Result<Option<Order>, Fault> {
    first(db, "SELECT body FROM kill_switch", [], |row| parse("the kill switch", &row.get::<_, String>(0)?))
}

pub(crate) fn drain(db: &Connection, id: &WorkerId, order: Option<&Order>) -> Result<(), Fault> {
    let order = order.map(json).transpose()?;
    match change(db, "UPDATE replicas SET drain = ?2 WHERE id = ?1", (&id.0, order))? {
        0 => Err(CommitError::NotFound(format!("process {id}")).into()),
        _ => Ok(()),
    }
}

pub(crate) fn kill(db: &Connection, order: Option<&Order>) -> Result<(), Fault> {
    match order {
        Some(order) => change(db, "INSERT OR REPLACE INTO kill_switch (one, body) VALUES (1, ?1)", [json(order)?])?,
        None => change(db, "DELETE FROM kill_switch", [])?,
    };
    Ok(())
}
