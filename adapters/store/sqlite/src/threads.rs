//! Threads, and what is remembered of them.

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::{MessageId, ThreadId};
use midwatch_service::port::store::CommitError;
use midwatch_service::thread::{ENTRIES_KEPT, Entry, NewEntry, Thread};
use rusqlite::{Connection, Row};

use crate::fault::Fault;
use crate::query::{all, change, first};
use crate::value::{json, micros, moment, parse, rows, word};

pub(crate) fn open(db: &Connection, now: Timestamp, thread: &Thread) -> Result<(), Fault> {
    if let Some(root) = &thread.root
        && let Some(other) = at(db, &thread.platform, &thread.channel, &root.0)?
        && other.id != thread.id
        && load(db, thread.id)?.is_none()
    {
        return Err(CommitError::Stale.into());
    }
    change(
        db,
        "INSERT INTO threads (id, platform, channel, root, opened_at, active_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO NOTHING",
        (
            thread.id.to_string(),
            &thread.platform,
            &thread.channel,
            thread.root.as_ref().map(|root| root.0.as_str()),
            micros(thread.opened_at),
            micros(now),
        ),
    )?;
    Ok(())
}

/// Notes that something happens in a thread; so that a sweep sees it lives.
pub(crate) fn touch(db: &Connection, now: Timestamp, id: ThreadId) -> Result<(), Fault> {
    let sql = "UPDATE threads SET active_at = max(active_at, ?1) WHERE id = ?2";
    match change(db, sql, (micros(now), id.to_string()))? {
        0 => Err(CommitError::NotFound(format!("thread {id}")).into()),
        _ => Ok(()),
    }
}

/// The first message of a thread that has no root becomes it; also when another thread was hung on it before its sender
/// could tell (refusing would send it twice).
pub(crate) fn root(db: &Connection, id: &str, message: &MessageId) -> Result<(), Fault> {
    change(db, "UPDATE threads SET root = ?1 WHERE id = ?2 AND root IS NULL", [&message.0, id])?;
    Ok(())
}

pub(crate) fn remember(db: &Connection, now: Timestamp, new: &NewEntry) -> Result<(), Fault> {
    touch(db, now, new.thread)?;
    let id = new.thread.to_string();
    change(db, "INSERT INTO memory (thread, entry) VALUES (?1, ?2)", (&id, json(&new.entry)?))?;
    let sql = "DELETE FROM memory WHERE thread = ?1 AND number <= (
                   SELECT number FROM memory WHERE thread = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)";
    change(db, sql, (&id, rows(ENTRIES_KEPT)))?;
    Ok(())
}

pub(crate) fn load(db: &Connection, id: ThreadId) -> Result<Option<Thread>, Fault> {
    first(db, "SELECT * FROM threads WHERE id = ?1", [id.to_string()], read)
}

pub(crate) fn at(db: &Connection, platform: &str, channel: &str, root: &str) -> Result<Option<Thread>, Fault> {
    let sql = "SELECT * FROM threads WHERE platform = ?1 AND channel = ?2 AND root = ?3 ORDER BY opened_at, id LIMIT 1";
    first(db, sql, [platform, channel, root], read)
}

pub(crate) fn memory(db: &Connection, id: ThreadId) -> Result<Vec<Redacted<Entry>>, Fault> {
    all(db, "SELECT entry FROM memory WHERE thread = ?1 ORDER BY number", [id.to_string()], |row| {
        Ok(Redacted::kept(parse("an entry of a thread", &row.get::<_, String>(0)?)?))
    })
}

fn read(row: &Row<'_>) -> Result<Thread, Fault> {
    Ok(Thread {
        id: word("thread", &row.get::<_, String>("id")?)?,
        platform: row.get("platform")?,
        channel: row.get("channel")?,
        root: row.get::<_, Option<String>>("root")?.map(MessageId),
        opened_at: moment(row.get("opened_at")?)?,
    })
}
