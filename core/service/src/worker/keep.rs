//! What a worker does beside its jobs: keeps leases, heeds wishes to stop, takes back what others dropped, removes what is
//! old, and counts.
//!
//! Must never stop because one look failed. Start at [`run`].

use std::collections::BTreeSet;
use std::time::Duration;

use super::log::Log;
use super::{Forever, Halt, LOOK, SWEEP, Shared, recover};
use crate::backoff::{backoff, spread};
use crate::clock::after;
use crate::event::Level;
use crate::fleet::Order;
use crate::health::Status;
use crate::job::{Cancel, Job, JobState, Lease};
use crate::port::store::{Beat, JobFilter, Reaped, StoreError};

/// Heartbeats are never further apart than this, however long the lease.
const BEAT: Duration = Duration::from_secs(10);

/// Sweeps in a row, so that a large backlog does not hold up the store for long.
const BATCHES: usize = 20;

/// Runs all of it for ever.
pub(super) async fn run(shared: &Shared) -> Forever {
    tokio::select! {
        never = beats(shared) => never,
        never = reaps(shared) => never,
        never = sweeps(shared) => never,
        never = figures(shared) => never,
    }
}

async fn pause(shared: &Shared, time: Duration) {
    shared.parts.clock.sleep_until(after(shared.now(), time)).await;
}

/// Renews the leases, a third of their time apart at most. Between two renewals, reads alone tell who wants a job to stop:
/// that is felt within a second and costs no write.
async fn beats(shared: &Shared) -> Forever {
    let every = (shared.parts.settings.lease / 3).min(BEAT);
    let mut renewed = shared.now();
    loop {
        pause(shared, LOOK.min(every)).await;
        stop_disabled(shared);
        stop_killed(shared);
        let due = after(renewed, every) <= shared.now();
        let looked = if due { renew(shared).await } else { look(shared).await };
        match looked {
            Ok(()) if due => renewed = shared.now(),
            Ok(()) => {}
            Err(error) => {
                tracing::error!("leases cannot be kept: {error}");
                shared.report_health(Status::Degraded, &format!("leases cannot be kept: {error}"));
            }
        }
    }
}

/// Jobs whose pack was switched off. One that is gone since it was read again goes on in the jobs that run by it.
fn stop_disabled(shared: &Shared) {
    let packs = &shared.parts.packs;
    let is_off = |name: &str| !packs.is_enabled(name) && packs.pack(name).is_some();
    for held in shared.held().values().filter(|held| is_off(&held.pack)) {
        held.halt(Halt::PackOff);
    }
}

/// All jobs, while the kill switch is on. They end, and their threads are told by whom; those that wait go on waiting.
fn stop_killed(shared: &Shared) {
    let Some(Order { by, reason, at }) = shared.parts.signals.standing.kill() else { return };
    let cancel = Cancel { by, reason: format!("the kill switch: {reason}"), at };
    for held in shared.held().values() {
        held.halt(Halt::Cancelled(cancel.clone()));
    }
}

async fn renew(shared: &Shared) -> Result<(), StoreError> {
    let leases: Vec<Lease> = shared.held().values().map(|held| held.lease.clone()).collect();
    if leases.is_empty() {
        return Ok(());
    }
    let beats = shared.parts.store.heartbeat(&leases, shared.now(), shared.parts.settings.lease).await?;
    let held = shared.held();
    for (lease, beat) in leases.iter().zip(beats) {
        let halt = match beat {
            Beat::Held => continue,
            Beat::Stop(cancel) => Halt::Cancelled(cancel),
            Beat::Lost => Halt::Lost,
        };
        if let Some(held) = held.get(&lease.job).filter(|held| held.lease == *lease) {
            held.halt(halt);
        }
    }
    Ok(())
}

async fn look(shared: &Shared) -> Result<(), StoreError> {
    if shared.held().is_empty() {
        return Ok(());
    }
    let jobs = shared.parts.store.jobs(&leased()).await?;
    let held = shared.held();
    for job in jobs {
        let ours = held.get(&job.spec.id).filter(|held| held.lease.fence == job.fence);
        if let (Some(held), Some(cancel)) = (ours, job.cancel) {
            held.halt(Halt::Cancelled(cancel));
        }
    }
    Ok(())
}

/// The jobs that a worker holds.
pub(super) fn leased() -> JobFilter {
    let states = JobState::ALL.into_iter().filter(|state| state.is_leased()).collect();
    JobFilter { states, limit: 500, ..JobFilter::default() }
}

/// Takes back jobs whose worker went silent. Workers do not look at the same moment.
async fn reaps(shared: &Shared) -> Forever {
    let every = (shared.parts.settings.lease / 10).max(Duration::from_secs(1));
    for round in 0_u64.. {
        match shared.parts.store.reap(shared.now(), backoff).await {
            Ok(reaped) => {
                for one in reaped {
                    tell(shared, &one).await;
                }
            }
            Err(error) => tracing::error!("expired leases cannot be taken back: {error}"),
        }
        pause(shared, spread(every, (&shared.parts.settings.worker, round))).await;
    }
    std::future::pending().await
}

/// The store has moved the job; its thread is told.
async fn tell(shared: &Shared, reaped: &Reaped) {
    let (Reaped::Again(id) | Reaped::Dead(id) | Reaped::Cancelled(id)) = reaped;
    tracing::warn!(job = %id, "a worker went silent: {reaped:?}");
    shared.parts.signals.jobs.notify_one();
    shared.parts.signals.job_changed();
    let job: Option<Job> = match shared.parts.store.job(*id).await {
        Ok(job) => job,
        Err(error) => {
            tracing::error!(job = %id, "the thread cannot be told: {error}");
            None
        }
    };
    if let Some(job) = job {
        shared.count(job.state, &job.spec.pack.name);
        let text = format!("the worker went silent; the job is {}", job.state.as_str());
        Log::of(shared, &job).say(Level::Warn, None, &shared.parts.redactor.redact_text(&text));
        recover::tell(shared, &job, Vec::new()).await;
    }
}

/// Removes what has ended long ago.
async fn sweeps(shared: &Shared) -> Forever {
    let settings = &shared.parts.settings;
    loop {
        pause(shared, settings.sweep_every).await;
        if !shared.parts.signals.standing.leads(SWEEP, shared.now()) {
            continue;
        }
        for _ in 0..BATCHES {
            match shared.parts.store.sweep(shared.now(), settings.retention).await {
                Ok(0) => break,
                Ok(rows) => tracing::debug!(rows, "old rows removed"),
                Err(error) => {
                    tracing::error!("old rows cannot be removed: {error}");
                    break;
                }
            }
        }
    }
}

/// Keeps the gauges of this worker true; those of all are [`Gauges`](crate::metrics::Gauges)'.
async fn figures(shared: &Shared) -> Forever {
    let metrics = &shared.parts.metrics;
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    metrics.slots.set(signed(shared.parts.settings.slots));
    loop {
        let (busy, threads) = {
            let held = shared.held();
            (held.len(), held.values().filter_map(|held| held.thread).collect::<BTreeSet<_>>().len())
        };
        metrics.busy.set(signed(busy));
        metrics.threads.set(signed(threads));
        pause(shared, LOOK).await;
    }
}
