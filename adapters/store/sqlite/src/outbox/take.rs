//! Messages that are due, handed to a sender for the time of a lease.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::clock::after;
use midwatch_service::id::{MessageId, PostKey, WorkerId};
use midwatch_service::port::store::{Closed, DuePost, PostLease, Share};
use midwatch_service::post::{PostBody, Urgency};
use rusqlite::{Connection, Row};

use super::choose::choose;
use super::write::urgency;
use crate::fault::Fault;
use crate::query::{earliest, first};
use crate::threads;
use crate::value::{count, micros, parse, small, word};

pub(crate) fn take(
    db: &Connection,
    worker: &WorkerId,
    platform: &str,
    now: Timestamp,
    lease: Duration,
    share: Share,
    closed: &Closed,
) -> Result<Vec<DuePost>, Fault> {
    let until = after(now, lease);
    let numbers = choose(db, platform, now, share, closed)?;
    numbers.into_iter().filter_map(|number| one(db, number, worker, until).transpose()).collect()
}

fn one(db: &Connection, number: i64, worker: &WorkerId, until: Timestamp) -> Result<Option<DuePost>, Fault> {
    let due_at = earliest(db, "SELECT due_at FROM posts WHERE number = ?1", [number])?;
    // `taken` still set: its last sender was lost, so nobody knows what it did.
    let sql = "UPDATE posts SET doubtful = doubtful OR taken IS NOT NULL, taken = revision, taken_by = ?2,
                   fence = fence + 1, tries = tries + 1, due_at = ?3
               WHERE number = ?1 RETURNING *";
    let Some(held) = first(db, sql, (number, &worker.0, micros(until)), read)? else { return Ok(None) };
    let thread = word("thread", &held.thread)?;
    let thread = threads::load(db, thread)?.ok_or_else(|| Fault::Damaged(format!("thread {thread} of a message")))?;
    let Held { taken, body, urgency, message, tries, doubtful, .. } = held;
    let due_at = due_at.ok_or_else(|| Fault::Damaged(format!("message {} was taken and not due", taken.key)))?;
    Ok(Some(DuePost { taken, thread, body, urgency, due_at, message, tries, doubtful }))
}

struct Held {
    taken: PostLease,
    thread: String,
    body: Redacted<PostBody>,
    urgency: Urgency,
    message: Option<MessageId>,
    tries: u32,
    doubtful: bool,
}

fn read(row: &Row<'_>) -> Result<Held, Fault> {
    Ok(Held {
        taken: PostLease {
            key: PostKey(row.get("key")?),
            revision: count(row.get("revision")?),
            fence: count(row.get("fence")?),
        },
        thread: row.get("thread")?,
        body: Redacted::kept(parse("a message", &row.get::<_, String>("body")?)?),
        urgency: urgency(row.get("urgency")?)?,
        message: row.get::<_, Option<String>>("message")?.map(MessageId),
        tries: small(row.get("tries")?).saturating_sub(1),
        doubtful: row.get("doubtful")?,
    })
}
