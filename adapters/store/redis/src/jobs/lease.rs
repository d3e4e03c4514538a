//! Leases that are renewed, and leases that ended.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_service::clock::after;
use midwatch_service::id::JobId;
use midwatch_service::job::{Job, Lease, LeaseInfo, life};
use midwatch_service::port::store::{Beat, Reaped};

use super::cells::{keep, load, load_all, want};
use super::write::holds;
use crate::fault::Fault;
use crate::unit::Unit;
use crate::value::{score, word};

/// Jobs taken back in one call.
const REAPED: &str = "200";

pub(crate) fn heartbeat(
    unit: &mut Unit,
    leases: &[Lease],
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Beat>, Fault> {
    want(unit, leases.iter().map(|lease| lease.job));
    let until = after(now, lease);
    leases.iter().map(|lease| beat(unit, now, lease, until)).collect()
}

fn beat(unit: &mut Unit, now: Timestamp, lease: &Lease, until: Timestamp) -> Result<Beat, Fault> {
    let Some(before) = load(unit, lease.job)?.filter(|job| holds(job, lease)) else { return Ok(Beat::Lost) };
    let info = LeaseInfo { worker: lease.worker.clone(), until };
    let job = Job { lease: Some(info), ..before.clone() };
    keep(unit, now, Some(&before), &job, None)?;
    Ok(job.cancel.map_or(Beat::Held, Beat::Stop))
}

pub(crate) fn reap(unit: &mut Unit, now: Timestamp, backoff: fn(u32) -> Duration) -> Result<Vec<Reaped>, Fault> {
    let leases = unit.keys().key("jobs:leases");
    let ended = unit.ask(["ZRANGE", &leases, "-inf", &score(now), "BYSCORE", "LIMIT", "0", REAPED])?;
    let ids: Vec<JobId> = ended.iter().map(|id| word("job", id)).collect::<Result<_, _>>()?;
    let mut reaped = Vec::new();
    for before in load_all(unit, &ids)? {
        if before.lease.as_ref().is_none_or(|lease| lease.until > now) {
            continue;
        }
        let mut job = before.clone();
        let (what, line) = life::reap(&mut job, now, backoff);
        keep(unit, now, Some(&before), &job, Some(&line))?;
        reaped.push(what);
    }
    Ok(reaped)
}
