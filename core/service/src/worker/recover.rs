//! What a predecessor on an embedded store left: leases of a process that is dead.
//!
//! The store's lock lets one server use it, so at the start every lease is a dead process's, and waiting for its end would
//! cost minutes. Moving the clock of `reap` forward would not do: the store reckons the next attempt from the same clock.
//! So each such job is given back by showing the lease it was left with: the attempt does not count, but a job that brings
//! its process down does not do so for ever; the thread is told in the same commit.
//!
//! Must never run where another worker may be alive. Start at [`run`].

use super::{Shared, keep};
use crate::backoff::{backoff, spread};
use crate::clock::after;
use crate::code::ErrorCode;
use crate::given_back::Teller;
use crate::job::{Job, JobError, JobState, LOST_ALLOWED, Lease};
use crate::port::store::{JobOutcome, StoreError, Write};
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

/// Commits these writes, and with them what the thread is told about a job that no worker holds any more. Whether it was
/// written.
pub(super) async fn tell(shared: &Shared, job: &Job, writes: Vec<Write>) -> bool {
    let parts = &shared.parts;
    let teller =
        Teller { store: &*parts.store, clock: &*parts.clock, signals: &parts.signals, redactor: &parts.redactor };
    teller.tell(job, writes).await
}
