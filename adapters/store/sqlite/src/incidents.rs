//! Incidents: one value each, kept whole, found by their keys. The revision that counts is the column's; the body has the
//! one it was written from, so that a large incident need not be copied to be written.

use std::collections::BTreeSet;

use midwatch_service::id::{IncidentId, ThreadId};
use midwatch_service::incident::{Incident, IncidentState};
use midwatch_service::port::store::CommitError;
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{count, int, json, micros, parse, rows, word};

pub(crate) fn write(db: &Connection, incident: &Incident) -> Result<(), Fault> {
    let id = incident.id.to_string();
    let stored = first(db, "SELECT revision FROM incidents WHERE id = ?1", [&id], |row| Ok(count(row.get(0)?)))?;
    if stored.unwrap_or(0) != incident.revision {
        return Err(CommitError::Stale.into());
    }
    let closed_at = match incident.state {
        IncidentState::Closed(at) => Some(micros(at)),
        IncidentState::Firing | IncidentState::Resolved(_) => None,
    };
    change(
        db,
        "INSERT INTO incidents (id, revision, opened_at, closed_at, thread, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, opened_at = excluded.opened_at,
             closed_at = excluded.closed_at, thread = excluded.thread, body = excluded.body",
        (
            &id,
            int(incident.revision + 1),
            micros(incident.opened_at),
            closed_at,
            incident.thread.to_string(),
            json(incident)?,
        ),
    )?;
    keys(db, &id, incident.keys.iter().collect(), closed_at.is_none())
}

/// Brings the keys of an incident up to date; most writes change none.
fn keys(db: &Connection, id: &str, wanted: BTreeSet<&String>, open: bool) -> Result<(), Fault> {
    let stored: Vec<(String, bool)> =
        all(db, "SELECT key, open FROM incident_keys WHERE incident = ?1", [id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (key, _) in stored.iter().filter(|(key, was)| !wanted.contains(key) || *was != open) {
        change(db, "DELETE FROM incident_keys WHERE incident = ?1 AND key = ?2", [id, key])?;
    }
    let kept: BTreeSet<&String> = stored.iter().filter(|(_, was)| *was == open).map(|(key, _)| key).collect();
    for key in wanted.difference(&kept) {
        let sql = "SELECT 1 FROM incident_keys WHERE key = ?1 AND open = 1";
        if open && first(db, sql, [key], |_| Ok(()))?.is_some() {
            return Err(CommitError::Stale.into());
        }
        change(db, "INSERT INTO incident_keys (key, incident, open) VALUES (?1, ?2, ?3)", (key, id, open))?;
    }
    Ok(())
}

pub(crate) fn load(db: &Connection, id: IncidentId) -> Result<Option<Incident>, Fault> {
    first(db, "SELECT body, revision FROM incidents WHERE id = ?1", [id.to_string()], read)
}

pub(crate) fn by_keys(db: &Connection, keys: &[String]) -> Result<Vec<Incident>, Fault> {
    let sql = "SELECT body, revision FROM incidents WHERE id IN (
                   SELECT incident FROM incident_keys WHERE open = 1 AND key IN (SELECT value FROM json_each(?1)))
               ORDER BY opened_at, id";
    all(db, sql, [json(&keys)?], read)
}

pub(crate) fn last_closed(db: &Connection, keys: &[String]) -> Result<Option<IncidentId>, Fault> {
    let sql = "SELECT id FROM incidents WHERE closed_at IS NOT NULL AND id IN (
                   SELECT incident FROM incident_keys WHERE open = 0 AND key IN (SELECT value FROM json_each(?1)))
               ORDER BY closed_at DESC, id DESC LIMIT 1";
    first(db, sql, [json(&keys)?], |row| word("incident", &row.get::<_, String>(0)?))
}

pub(crate) fn open(db: &Connection, limit: usize) -> Result<Vec<Incident>, Fault> {
    let sql = "SELECT body, revision FROM incidents WHERE closed_at IS NULL ORDER BY opened_at, id LIMIT ?1";
    all(db, sql, [rows(limit)], read)
}

pub(crate) fn of_thread(db: &Connection, thread: ThreadId) -> Result<Option<Incident>, Fault> {
    let sql = "SELECT body, revision FROM incidents WHERE thread = ?1 ORDER BY opened_at DESC, id DESC LIMIT 1";
    first(db, sql, [thread.to_string()], read)
}

fn read(row: &Row<'_>) -> Result<Incident, Fault> {
    let body: Incident = parse("an incident", row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
    Ok(Incident { revision: count(row.get(1)?), ..body })
}
