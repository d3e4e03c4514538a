//! Retention: what ended long ago goes, a bounded number at a time.
//!
//! Must never touch what lives, a message that is due, or the audit trail.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::port::store::{Retention, SPENDING_KEPT};
use rusqlite::Connection;

use crate::fault::Fault;
use crate::query::change;
use crate::value::{micros, rows};

/// Gives free pages (4 KiB each) back to the file system, so many in one sweep; the others are used again.
const VACUUM: &str = "PRAGMA incremental_vacuum(1000)";

/// Histories, artifacts, findable reports and feedback go with their job. A dead letter has ended, too.
const JOBS: &str =
    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at <= ?1 ORDER BY finished_at LIMIT ?2)";

/// What was spent.
const SPENT: &str = "DELETE FROM spent WHERE id IN (SELECT id FROM spent WHERE at <= ?1 ORDER BY at LIMIT ?2)";

const INCIDENTS: &str = "DELETE FROM incidents WHERE id IN (
    SELECT i.id FROM incidents AS i WHERE i.closed_at <= ?1
        AND NOT EXISTS (SELECT 1 FROM posts WHERE thread = i.thread AND due_at IS NOT NULL)
    ORDER BY i.closed_at LIMIT ?2)";

/// Messages and memory go with their thread.
const THREADS: &str = "DELETE FROM threads WHERE id IN (
    SELECT t.id FROM threads AS t WHERE t.active_at <= ?1
        AND NOT EXISTS (SELECT 1 FROM incidents WHERE thread = t.id)
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE thread = t.id)
        AND NOT EXISTS (SELECT 1 FROM posts WHERE thread = t.id AND due_at IS NOT NULL)
    ORDER BY t.active_at LIMIT ?2)";

/// Ids of what is handled.
const HEARD: &str = "DELETE FROM heard WHERE number IN (
    SELECT number FROM heard WHERE handled_at <= ?1 ORDER BY handled_at LIMIT ?2)";

const ONCE: &str = "DELETE FROM once WHERE key IN (SELECT key FROM once WHERE at <= ?1 ORDER BY at LIMIT ?2)";

const MUTES: &str = "DELETE FROM mutes WHERE id IN (SELECT id FROM mutes WHERE until <= ?1 ORDER BY until LIMIT ?2)";

pub(crate) fn sweep(db: &Connection, now: Timestamp, retention: Retention) -> Result<u64, Fault> {
    let Retention { jobs, incidents, .. } = retention;
    let mut removed = 0;
    for (sql, age) in [
        (JOBS, jobs),
        (SPENT, jobs.max(SPENDING_KEPT)),
        (INCIDENTS, incidents),
        (THREADS, incidents),
        (HEARD, jobs),
        (ONCE, jobs),
        (MUTES, incidents),
    ] {
        let before = micros(earlier(now, age));
        removed += change(db, sql, (before, rows(retention.batch.saturating_sub(removed))))?;
    }
    if removed > 0 {
        // Each step gives one page back; the statement has to be run to its end.
        let mut vacuum = db.prepare_cached(VACUUM)?;
        let mut steps = vacuum.query([])?;
        while steps.next()?.is_some() {}
    }
    Ok(u64::try_from(removed).unwrap_or(u64::MAX))
}

fn earlier(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}
