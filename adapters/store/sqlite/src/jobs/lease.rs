//! Leases that are renewed, and leases that ended.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::job::{Lease, life};
use midwatch_service::port::store::{Beat, Reaped};
use rusqlite::{Connection, OptionalExtension as _};

use super::row::{COLUMNS, read};
use super::write::keep;
use crate::fault::Fault;
use crate::query::all;
use crate::value::{int, micros, parse};

/// Jobs taken back in one call: the writer is not held for longer than that takes.
const REAPED: usize = 500;

pub(crate) fn heartbeat(
    db: &Connection,
    leases: &[Lease],
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Beat>, Fault> {
    let until = after(now, lease);
    leases.iter().map(|lease| beat(db, lease, until)).collect()
}

fn beat(db: &Connection, lease: &Lease, until: Timestamp) -> Result<Beat, Fault> {
    // Only a job that is held has a lease_until.
    let cancel: Option<Option<String>> = db
        .prepare_cached(
            "UPDATE jobs SET lease_until = ?1
             WHERE id = ?2 AND worker = ?3 AND fence = ?4 AND lease_until IS NOT NULL RETURNING cancel",
        )?
        .query_row((micros(until), lease.job.to_string(), &lease.worker.0, int(lease.fence)), |row| row.get(0))
        .optional()?;
    Ok(match cancel {
        None => Beat::Lost,
        Some(None) => Beat::Held,
        Some(Some(cancel)) => Beat::Stop(parse("a request to stop", &cancel)?),
    })
}

pub(crate) fn reap(db: &Connection, now: Timestamp, backoff: fn(u32) -> Duration) -> Result<Vec<Reaped>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE lease_until <= ?1 ORDER BY lease_until, id LIMIT {REAPED}");
    let mut reaped = Vec::new();
    for mut job in all(db, &sql, [micros(now)], read)? {
        let (what, line) = life::reap(&mut job, now, backoff);
        keep(db, &job, &line)?;
        reaped.push(what);
    }
    Ok(reaped)
}
