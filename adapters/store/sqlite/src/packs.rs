//! Packs that were switched.

use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{all, change};

pub(crate) fn switch(db: &Connection, name: &str, enabled: bool) -> Result<(), Fault> {
    change(db, "INSERT OR REPLACE INTO packs (name, enabled) VALUES (?1, ?2)", (name, enabled))?;
    Ok(())
}

pub(crate) fn list(db: &Connection) -> Result<Vec<(String, bool)>, Fault> {
    all(db, "SELECT name, enabled FROM packs ORDER BY name", [], |row| Ok((row.get(0)?, row.get(1)?)))
}
