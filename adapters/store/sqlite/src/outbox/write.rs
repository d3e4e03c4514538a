//! Messages that come in, and what one says.

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::PostKey;
use midwatch_service::port::store::CommitError;
use midwatch_service::post::{NewPost, PostBody, Urgency};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::{change, first};
use crate::threads;
use crate::value::{count, json, micros, parse};

pub(crate) fn post(db: &Connection, now: Timestamp, new: &NewPost) -> Result<(), Fault> {
    threads::touch(db, now, new.thread)?;
    let (thread, body) = (new.thread.to_string(), json(&new.body)?);
    let old = first(db, "SELECT thread, body FROM posts WHERE key = ?1", [&new.key.0], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    match old {
        None => insert(db, now, new, &thread, &body),
        Some((other, _)) if other != thread => {
            Err(CommitError::NotAllowed(format!("message {} belongs to thread {other}", new.key)).into())
        }
        Some((_, same)) if same == body => Ok(()),
        Some(_) => revise(db, now, new, &body),
    }
}

fn insert(db: &Connection, now: Timestamp, new: &NewPost, thread: &str, body: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO posts (key, thread, platform, channel, urgency, revision, body, private, due_at)
               SELECT ?1, id, platform, channel, ?3, 1, ?4, ?5, ?6 FROM threads WHERE id = ?2";
    change(db, sql, (&new.key.0, thread, rank(new.urgency), body, is_private(new), micros(now)))?;
    Ok(())
}

/// A newer revision. One that waits keeps the moment it waits for (the platform asked for it); one under way stays so, and
/// what became of that is heard first.
fn revise(db: &Connection, now: Timestamp, new: &NewPost, body: &str) -> Result<(), Fault> {
    let sql = "UPDATE posts SET revision = revision + 1, body = ?2, tries = 0, private = ?5,
                   urgency = CASE WHEN due_at IS NULL THEN ?3 ELSE min(urgency, ?3) END,
                   due_at = CASE WHEN taken IS NULL THEN max(coalesce(due_at, ?4), ?4) ELSE due_at END
               WHERE key = ?1";
    change(db, sql, (&new.key.0, body, rank(new.urgency), micros(now), is_private(new)))?;
    Ok(())
}

/// No platform edits these: each revision is a new message.
fn is_private(new: &NewPost) -> bool {
    matches!(*new.body, PostBody::Private(_))
}

/// Refuses the commit unless a message is at the revision that was read.
pub(crate) fn unchanged(db: &Connection, key: &PostKey, revision: Option<u64>) -> Result<(), Fault> {
    let now = first(db, "SELECT revision FROM posts WHERE key = ?1", [&key.0], |row| Ok(count(row.get(0)?)))?;
    if now == revision { Ok(()) } else { Err(CommitError::Stale.into()) }
}

/// What a message says, and in which revision.
pub(crate) fn written(db: &Connection, key: &PostKey) -> Result<Option<(u64, Redacted<PostBody>)>, Fault> {
    first(db, "SELECT revision, body FROM posts WHERE key = ?1", [&key.0], |row| {
        Ok((count(row.get(0)?), Redacted::kept(parse("a message", &row.get::<_, String>(1)?)?)))
    })
}

pub(crate) fn body(db: &Connection, key: &PostKey) -> Result<Option<Redacted<PostBody>>, Fault> {
    first(db, "SELECT body FROM posts WHERE key = ?1", [&key.0], |row| {
        Ok(Redacted::kept(parse("a message", &row.get::<_, String>(0)?)?))
    })
}

/// Urgencies as numbers that order; they stand in the file, so they never change without a step of the schema.
pub(super) fn rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Opening => 0,
        Urgency::Report => 1,
        Urgency::Notice => 2,
        Urgency::Finding => 3,
        Urgency::Progress => 4,
    }
}

/// The urgency of a number.
pub(super) fn urgency(rank: i64) -> Result<Urgency, Fault> {
    match rank {
        0 => Ok(Urgency::Opening),
        1 => Ok(Urgency::Report),
        2 => Ok(Urgency::Notice),
        3 => Ok(Urgency::Finding),
        4 => Ok(Urgency::Progress),
        other => Err(Fault::Damaged(format!("{other} is no urgency"))),
    }
}
