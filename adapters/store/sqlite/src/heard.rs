//! What was heard: each thing once by its id, handled one after the other within its lane.
//!
//! Of a lane only the first is not marked `waits`; handling it lets the next one go. Must never forget an id before
//! retention does, nor keep a body that is handled. Start at [`hear`].

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::clock::after;
use midwatch_service::heard::Heard;
use midwatch_service::id::WorkerId;
use midwatch_service::port::store::{CommitError, DueHeard, HeardLease};
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::query::{all, change, earliest, first};
use crate::value::{count, int, json, micros, parse, rows, small};

pub(crate) fn hear(db: &Connection, now: Timestamp, heard: &Redacted<Heard>, bound: u64) -> Result<(), Fault> {
    if first(db, "SELECT 1 FROM heard WHERE id = ?1", [&heard.id], |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let live = waiting(db)?;
    if live >= bound {
        return Err(CommitError::Full { live, bound }.into());
    }
    change(
        db,
        "INSERT INTO heard (id, lane, body, due_at, waits)
         SELECT ?1, ?2, ?3, ?4, EXISTS (SELECT 1 FROM heard WHERE lane = ?2 AND due_at IS NOT NULL)",
        (&heard.id, heard.lane(), json(heard)?, micros(now)),
    )?;
    Ok(())
}

fn waiting(db: &Connection) -> Result<u64, Fault> {
    let n = first(db, "SELECT n FROM counts WHERE name = 'heard'", [], |row| Ok(count(row.get(0)?)))?;
    n.ok_or_else(|| Fault::Damaged("the count of what was heard is missing".to_owned()))
}

pub(crate) fn handled(db: &Connection, now: Timestamp, held: &HeardLease) -> Result<(), Fault> {
    let lane = first(
        db,
        "SELECT lane FROM heard WHERE id = ?1 AND fence = ?2 AND taken_by IS NOT NULL",
        (&held.id, int(held.fence)),
        |row| Ok(row.get::<_, String>(0)?),
    )?
    .ok_or_else(|| lost(held))?;
    change(
        db,
        "UPDATE heard SET lane = NULL, body = NULL, due_at = NULL, taken_by = NULL, why = NULL, handled_at = ?2
         WHERE id = ?1",
        (&held.id, micros(now)),
    )?;
    change(
        db,
        "UPDATE heard SET waits = 0
         WHERE number = (SELECT min(number) FROM heard WHERE lane = ?1 AND due_at IS NOT NULL)",
        [lane],
    )?;
    Ok(())
}

pub(crate) fn not_handled(db: &Connection, held: &HeardLease, again: Timestamp, why: &str) -> Result<(), Fault> {
    let changed = change(
        db,
        "UPDATE heard SET due_at = ?3, why = ?4, taken_by = NULL
         WHERE id = ?1 AND fence = ?2 AND taken_by IS NOT NULL",
        (&held.id, int(held.fence), micros(again), why),
    )?;
    if changed == 0 { Err(lost(held)) } else { Ok(()) }
}

fn lost(held: &HeardLease) -> Fault {
    CommitError::HeardLost(held.id.clone()).into()
}

pub(crate) fn take(
    db: &Connection,
    worker: &WorkerId,
    now: Timestamp,
    lease: Duration,
    limit: usize,
) -> Result<Vec<DueHeard>, Fault> {
    let sql = "SELECT number FROM heard INDEXED BY heard_in_order
               WHERE due_at IS NOT NULL AND waits = 0 AND due_at <= ?1 ORDER BY number LIMIT ?2";
    let numbers: Vec<i64> = all(db, sql, (micros(now), rows(limit)), |row| Ok(row.get(0)?))?;
    let until = micros(after(now, lease));
    let sql = "UPDATE heard SET fence = fence + 1, tries = tries + 1, taken_by = ?2, due_at = ?3
               WHERE number = ?1 RETURNING id, fence, tries, body";
    numbers.into_iter().filter_map(|number| first(db, sql, (number, &worker.0, until), read).transpose()).collect()
}

fn read(row: &Row<'_>) -> Result<DueHeard, Fault> {
    Ok(DueHeard {
        taken: HeardLease { id: row.get("id")?, fence: count(row.get("fence")?) },
        heard: Redacted::kept(parse("what was heard", &row.get::<_, String>("body")?)?),
        tries: small(row.get("tries")?).saturating_sub(1),
    })
}

pub(crate) fn next(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let sql = "SELECT min(due_at) FROM heard INDEXED BY heard_by_due WHERE due_at IS NOT NULL AND waits = 0";
    earliest(db, sql, [])
}
