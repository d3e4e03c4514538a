//! Mutes: kept until they end, and a while longer, so that ending one twice is not an error.

use jiff::Timestamp;
use midwatch_service::id::MuteId;
use midwatch_service::mute::Mute;
use midwatch_service::port::store::{CommitError, MUTES_KEPT};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{count, json, micros, parse};

pub(crate) fn write(db: &Connection, now: Timestamp, mute: &Mute) -> Result<(), Fault> {
    let id = mute.id.to_string();
    let sql = "SELECT count(*) FROM mutes WHERE until > ?1 AND id <> ?2";
    let others = first(db, sql, (micros(now), &id), |row| Ok(count(row.get(0)?)))?;
    if others.is_some_and(|others| others >= MUTES_KEPT) {
        return Err(CommitError::NotAllowed(format!("there are {MUTES_KEPT} mutes already; end one first")).into());
    }
    change(
        db,
        "INSERT OR REPLACE INTO mutes (id, at, until, body) VALUES (?1, ?2, ?3, ?4)",
        (id, micros(mute.at), micros(mute.until), json(mute)?),
    )?;
    Ok(())
}

pub(crate) fn end(db: &Connection, now: Timestamp, id: MuteId) -> Result<(), Fault> {
    let sql = "UPDATE mutes SET until = min(until, ?1) WHERE id = ?2";
    match change(db, sql, (micros(now), id.to_string()))? {
        0 => Err(CommitError::NotFound(format!("mute {id}")).into()),
        _ => Ok(()),
    }
}

pub(crate) fn list(db: &Connection, now: Timestamp) -> Result<Vec<Mute>, Fault> {
    all(db, "SELECT body FROM mutes WHERE until > ?1 ORDER BY at, id", [micros(now)], |row| {
        parse("a mute", &row.get::<_, String>(0)?)
    })
}
