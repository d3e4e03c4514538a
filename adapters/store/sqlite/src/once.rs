//! What must happen once only: a mark for each, which says who it was.

use jiff::Timestamp;
use midwatch_service::port::store::CommitError;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{change, first};
use crate::value::micros;

pub(crate) fn mark(db: &Connection, now: Timestamp, key: &str, by: &str) -> Result<(), Fault> {
    let before = first(db, "SELECT by FROM once WHERE key = ?1", [key], |row| Ok(row.get::<_, String>(0)?))?;
    if let Some(by) = before {
        return Err(CommitError::Already { by }.into());
    }
    change(db, "INSERT INTO once (key, by, at) VALUES (?1, ?2, ?3)", (key, by, micros(now)))?;
    Ok(())
}
