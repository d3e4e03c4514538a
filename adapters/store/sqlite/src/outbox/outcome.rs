//! What became of a message that was taken. Each statement changes a row only for the one who holds it now.

use jiff::Timestamp;
use midwatch_service::id::MessageId;
use midwatch_service::port::store::{AfterFailure, CommitError, PostLease};
use rusqlite::{Connection, named_params};

use crate::fault::Fault;
use crate::query::{change, first};
use crate::threads;
use crate::value::{int, micros, word};

pub(crate) fn sent(db: &Connection, now: Timestamp, held: &PostLease, message: &MessageId) -> Result<(), Fault> {
    // What is private is never edited: its order is by age alone.
    let sql = "UPDATE posts SET message = ?1, said_at = CASE private WHEN 0 THEN ?2 END, doubtful = 0, tries = 0,
                   why = NULL, taken_by = NULL, taken = NULL, due_at = CASE WHEN revision > taken THEN ?2 END
               WHERE key = ?3 AND fence = ?4 AND taken = ?5 RETURNING thread, private";
    let values = (&message.0, micros(now), &held.key.0, int(held.fence), int(held.revision));
    let sent = first(db, sql, values, |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))?;
    let (thread, is_private) = sent.ok_or_else(|| lost(held))?;
    if !is_private {
        threads::root(db, &thread, message)?;
    }
    threads::touch(db, now, word("thread", &thread)?)
}

pub(crate) fn not_sent(
    db: &Connection,
    now: Timestamp,
    held: &PostLease,
    next: AfterFailure,
    why: &str,
) -> Result<(), Fault> {
    let (again, doubtful) = match next {
        AfterFailure::Untried(at) => (Some(micros(at)), None),
        AfterFailure::Again(at) => (Some(micros(at)), Some(false)),
        AfterFailure::LookUp(at) => (Some(micros(at)), Some(true)),
        // Whether it is there may still be unknown: a newer revision has to look first.
        AfterFailure::GiveUp => (None, None),
    };
    let changed = change(
        db,
        "UPDATE posts SET doubtful = coalesce(:doubtful, doubtful), why = :why, taken_by = NULL, taken = NULL,
             tries = max(tries - :untried, 0),
             due_at = coalesce(:again, CASE WHEN revision > taken THEN :now END)
         WHERE key = :key AND fence = :fence AND taken = :revision",
        named_params! {
            ":doubtful": doubtful,
            ":why": why,
            ":untried": matches!(next, AfterFailure::Untried(_)),
            ":again": again,
            ":now": micros(now),
            ":key": held.key.0,
            ":fence": int(held.fence),
            ":revision": int(held.revision),
        },
    )?;
    if changed == 0 { Err(lost(held)) } else { Ok(()) }
}

fn lost(held: &PostLease) -> Fault {
    CommitError::PostLost(held.key.clone()).into()
}
