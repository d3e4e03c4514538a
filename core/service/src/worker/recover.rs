//! What a predecessor on an embedded store left: leases of a process that is dead.
//!
//! The store's lock lets one server use it, so at the start every lease is a dead process's, and waiting for its end would
//! cost minutes. Moving the clock of `reap` forward would not do: the store reckons the next attempt from the same clock.
//! So each such job is given back by showing the lease it was left with: the attempt does not count, but a job that brings
//! its process down does not do so for ever; the thread is told in the same commit.
//!
//! Must never run where another worker may be alive. Start at [`run`].

use midwatch_redact::Redacted;

use super::{Shared, keep};
use crate::backoff::{backoff, spread};
use crate::clock::after;
use crate::code::ErrorCode;
use crate::collision::Collisions;
use crate::job::{Job, JobError, JobState, LOST_ALLOWED, Lease, Task};
use crate::living::{self, Seen};
use crate::port::store::{CommitError, JobOutcome, StoreError, Write};
use crate::post::{LivingStatus, NewPost};
use crate::publish;

/// Rounds of at most 500 jobs; more than a server ever leased.
const ROUNDS: usize = 20;

/// Gives back what the predecessor held.
pub(super) async fn run(shared: &Shared) {
    if !shared.parts.settings.sole {
        return;
    }
    for _ in 0..ROUNDS {
        match round(shared).await {
            Ok(0) => return,
            Ok(jobs) => tracing::info!(jobs, "jobs of the process before were taken back"),
            Err(error) => {
                tracing::error!("jobs of the process before wait for the end of their leases: {error}");
                return;
            }
        }
    }
}

async fn round(shared: &Shared) -> Result<usize, StoreError> {
    let mut moved = 0;
    for mut job in shared.parts.store.jobs(&keep::leased()).await? {
        let Some(info) = job.lease.clone().filter(|info| info.worker != shared.parts.settings.worker) else { continue };
        let lease = Lease { job: job.spec.id, worker: info.worker, fence: job.fence };
        let write = given_back(shared, &mut job, lease);
        moved += usize::from(tell(shared, &job, vec![write]).await);
    }
    Ok(moved)
}

/// The write that gives a job back, and the job as it will be.
fn given_back(shared: &Shared, job: &mut Job, lease: Lease) -> Write {
    if let Some(cancel) = &job.cancel {
        job.state = JobState::Cancelled;
        return Write::Finish { lease, outcome: JobOutcome::Cancelled { reason: publish::stopped(cancel) } };
    }
    let message = "the process that worked on it ended in between".to_owned();
    let error = JobError { code: ErrorCode::E008, message };
    job.error = Some(error.clone());
    job.lost += 1;
    let over = job.lost > LOST_ALLOWED;
    (job.state, job.dead) = (if over { JobState::Failed } else { JobState::Pending }, over);
    let wait = spread(backoff(job.lost), (job.spec.id, job.lost));
    Write::Lost { lease, run_at: after(shared.now(), wait), error }
}

/// Commits these writes, and with them what the thread is told about a job that no worker holds any more; anew while others
/// write the same message. Whether it was written.
pub(super) async fn tell(shared: &Shared, job: &Job, writes: Vec<Write>) -> bool {
    let mut collisions = Collisions::default();
    let committed = loop {
        match tell_once(shared, job, writes.clone()).await {
            Err(error) if collisions.again(&error, shared.now()).await => {}
            committed => break committed,
        }
    };
    shared.parts.signals.post_written();
    committed.inspect_err(|error| tracing::error!(job = %job.spec.id, "cannot be given back: {error}")).is_ok()
}

async fn tell_once(shared: &Shared, job: &Job, mut writes: Vec<Write>) -> Result<(), CommitError> {
    let parts = &shared.parts;
    // A question has no part in the living message: only how it ended is told.
    let investigates = job.spec.task == Task::Investigate;
    let seen = match job.spec.thread.filter(|_| investigates) {
        Some(thread) => Seen::read(&*parts.store, thread).await?,
        None => None,
    };
    // Read after the message: who takes the job on from here writes the message after us, or makes this one stale.
    if writes.is_empty() && moved_on(shared, job).await? {
        return Ok(());
    }
    if let Some(seen) = &seen {
        let (status, note) = words(shared, job);
        let body = living::with_status(&seen.body, status);
        let body = note.iter().fold(body, |body, note| living::with_note(&body, note.clone()));
        let urgency = living::urgency(&body);
        writes.extend(seen.back(body, urgency));
    }
    if seen.is_some() || !investigates {
        writes.extend(ended(shared, job).map(Write::Post));
    }
    if writes.is_empty() { Ok(()) } else { parts.store.commit(parts.clock.now(), writes).await }
}

/// Whether a job is not any more as it is to be told: another worker took it, or someone stopped it.
async fn moved_on(shared: &Shared, job: &Job) -> Result<bool, StoreError> {
    let now = shared.parts.store.job(job.spec.id).await?;
    Ok(now.is_none_or(|now| (now.state, now.fence) != (job.state, job.fence)))
}

fn words(shared: &Shared, job: &Job) -> (Redacted<LivingStatus>, Option<Redacted<String>>) {
    let redactor = &shared.parts.redactor;
    let status = match job.state {
        JobState::Failed => LivingStatus::Failed { why: why(job) },
        JobState::Cancelled => LivingStatus::Cancelled { why: why(job) },
        _ => LivingStatus::Queued,
    };
    let again = !job.state.is_final();
    let note = again.then(|| redactor.redact_text(&format!("{}; it is tried again", why(job))));
    (redactor.seal(status), note)
}

fn ended(shared: &Shared, job: &Job) -> Option<NewPost> {
    let text = match job.state {
        JobState::Failed => format!("{}: {}", publish::nothing(&job.spec.task), why(job)),
        JobState::Cancelled => format!("Stopped: {}", why(job)),
        _ => return None,
    };
    Some(publish::ended(job.spec.id, job.spec.thread?, &text, &shared.parts.redactor))
}

fn why(job: &Job) -> String {
    match (&job.cancel, &job.error) {
        (Some(cancel), _) if job.state == JobState::Cancelled => publish::stopped(cancel),
        (_, Some(error)) => format!("{}: {}", error.code.as_str(), error.message),
        _ => format!("{}: the worker went silent", ErrorCode::E008.as_str()),
    }
}
