//! What a thread is told about a job that was taken from its worker: it waits again, or has ended.
//!
//! Must never tell of a job that has moved on meanwhile. Start at [`Teller::tell`].

use midwatch_redact::{Redacted, Redactor};

use crate::clock::Clock;
use crate::code::ErrorCode;
use crate::collision::Collisions;
use crate::job::{Job, JobState, Task};
use crate::living::{self, Seen};
use crate::port::store::{CommitError, Store, StoreError, Write};
use crate::post::{LivingStatus, NewPost};
use crate::publish;
use crate::signals::Signals;

/// Who tells it.
pub(crate) struct Teller<'a> {
    /// Everything durable.
    pub(crate) store: &'a dyn Store,
    /// The time.
    pub(crate) clock: &'a dyn Clock,
    /// Calls whoever sends it.
    pub(crate) signals: &'a Signals,
    /// Redacts it.
    pub(crate) redactor: &'a Redactor,
}

impl Teller<'_> {
    /// Commits these writes, and with them what the thread is told about the job; anew while others write the same message.
    /// Whether it was written.
    pub(crate) async fn tell(&self, job: &Job, writes: Vec<Write>) -> bool {
        let mut collisions = Collisions::default();
        let committed = loop {
            match self.tell_once(job, writes.clone()).await {
                Err(error) if collisions.again(&error, self.clock.now()).await => {}
                committed => break committed,
            }
        };
        self.signals.post_written();
        committed.inspect_err(|error| tracing::error!(job = %job.spec.id, "cannot be given back: {error}")).is_ok()
    }

    async fn tell_once(&self, job: &Job, mut writes: Vec<Write>) -> Result<(), CommitError> {
        // A question has no part in the living message: only how it ended is told.
        let investigates = job.spec.task == Task::Investigate;
        let seen = match job.spec.thread.filter(|_| investigates) {
            Some(thread) => Seen::read(self.store, thread).await?,
            None => None,
        };
        // Read after the message: who takes the job on from here writes the message after us, or makes this one stale.
        if writes.is_empty() && self.moved_on(job).await? {
            return Ok(());
        }
        if let Some(seen) = &seen {
            let (status, note) = self.words(job);
            let body = living::with_status(&seen.body, status);
            let body = note.iter().fold(body, |body, note| living::with_note(&body, note.clone()));
            let urgency = living::urgency(&body);
            writes.extend(seen.back(body, urgency));
        }
        if seen.is_some() || !investigates {
            writes.extend(self.ended(job).map(Write::Post));
        }
        if writes.is_empty() { Ok(()) } else { self.store.commit(self.clock.now(), writes).await }
    }

    /// Whether a job is not any more as it is to be told: another worker took it, or someone stopped it.
    async fn moved_on(&self, job: &Job) -> Result<bool, StoreError> {
        let now = self.store.job(job.spec.id).await?;
        Ok(now.is_none_or(|now| (now.state, now.fence) != (job.state, job.fence)))
    }

    fn words(&self, job: &Job) -> (Redacted<LivingStatus>, Option<Redacted<String>>) {
        let redactor = self.redactor;
        let status = match job.state {
            JobState::Failed => LivingStatus::Failed { why: why(job) },
            JobState::Cancelled => LivingStatus::Cancelled { why: why(job) },
            _ => LivingStatus::Queued,
        };
        let again = !job.state.is_final();
        let note = again.then(|| redactor.redact_text(&format!("{}; it is tried again", why(job))));
        (redactor.seal(status), note)
    }

    fn ended(&self, job: &Job) -> Option<NewPost> {
        let text = match job.state {
            JobState::Failed => format!("{}: {}", publish::nothing(&job.spec.task), why(job)),
            JobState::Cancelled => format!("Stopped: {}", why(job)),
            _ => return None,
        };
        Some(publish::ended(job.spec.id, job.spec.thread?, &text, self.redactor))
    }
}

fn why(job: &Job) -> String {
    match (&job.cancel, &job.error) {
        (Some(cancel), _) if job.state == JobState::Cancelled => publish::stopped(cancel),
        (_, Some(error)) => format!("{}: {}", error.code.as_str(), error.message),
        _ => format!("{}: the worker went silent", ErrorCode::E008.as_str()),
    }
}
