//! The living message while a job runs: status, steps and warnings, written seldom and never lost at the end.
//!
//! Must never write more often than [`PACE`] allows, nor touch how the alerts stand: that is the intake's part; nor the
//! message at all while a question is answered. Start at [`Attempt::tell`].

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::{Progress, StepState};
use midwatch_redact::{Redacted, Redactor};

use super::attempt::{Attempt, News};
use super::deadline::{Deadline, WARNINGS};
use super::log::Log;
use super::model::Growing;
use crate::clock::after;
use crate::collision::Collisions;
use crate::event::Level;
use crate::id::{JobId, ThreadId};
use crate::job::Task;
use crate::living::{self, Seen};
use crate::port::store::{CommitError, Write};
use crate::post::{LivingMessage, LivingStatus, PostBody};
use crate::publish;

/// The least time between two writes of one job's progress.
const PACE: Duration = Duration::from_millis(500);

/// What is to be told.
pub(super) struct Telling {
    news: Arc<News>,
    log: Log,
    growing: Arc<Growing>,
    status: Redacted<LivingStatus>,
    notes: Vec<Redacted<String>>,
    /// How many of [`WARNINGS`] were given.
    warned: usize,
    written: Timestamp,
    unwritten: bool,
}

impl Telling {
    pub(super) fn new(now: Timestamp, log: Log) -> Self {
        let status = Redacted::fixed("").map(|_| LivingStatus::Investigating);
        Self {
            news: Arc::new(News::new(log.clone())),
            log,
            growing: Arc::default(),
            status,
            notes: Vec::new(),
            warned: 0,
            written: now,
            unwritten: false,
        }
    }

    pub(super) fn news(&self) -> Arc<News> {
        Arc::clone(&self.news)
    }

    /// The answer that grows while a model speaks.
    pub(super) fn growing(&self) -> Arc<Growing> {
        Arc::clone(&self.growing)
    }

    /// Steps moved on.
    pub(super) fn changed(&mut self) {
        self.unwritten = true;
    }

    pub(super) fn status(&mut self, status: Redacted<LivingStatus>) {
        self.status = status;
    }

    pub(super) fn note(&mut self, note: Redacted<String>) {
        self.notes.push(note);
    }

    /// When the next warning or the next write is due.
    pub(super) fn wake(&self, deadline: &Deadline) -> Timestamp {
        let warning = WARNINGS.get(self.warned).map_or(Timestamp::MAX, |percent| deadline.at(*percent));
        let write = if self.unwritten { after(self.written, PACE) } else { Timestamp::MAX };
        warning.min(write)
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.unwritten && after(self.written, PACE) <= now
    }

    /// Adds the warnings whose time has come; a later one replaces an earlier one that was not told yet.
    pub(super) fn warn(&mut self, deadline: &Deadline, now: Timestamp, redactor: &Redactor) {
        let passed = WARNINGS.iter().filter(|percent| deadline.at(**percent) <= now).count();
        if let Some(percent) =
            passed.checked_sub(1).and_then(|last| WARNINGS.get(last)).filter(|_| passed > self.warned)
        {
            self.warned = passed;
            let text = deadline.warning(*percent, &doing(&self.news.steps()));
            let text = redactor.redact_text(&text);
            self.log.say(Level::Warn, self.news.step(), &text);
            self.note(text);
            self.unwritten = true;
        }
    }

    /// The message with everything that is to be told; `fresh` forgets what an earlier job said in it.
    fn compose(&self, body: Redacted<PostBody>, job: JobId, fresh: bool) -> Redacted<PostBody> {
        let body = if fresh { body.map(without_an_earlier_job) } else { body };
        let body = living::with_job(&living::with_status(&body, self.status.clone()), job);
        let steps = Redacted::gather(self.news.steps().iter().cloned());
        let body = living::with_steps(&body, steps);
        self.notes.iter().fold(body, |body, note| living::with_note(&body, note.clone()))
    }
}

/// What is being done, for a warning.
fn doing(steps: &[Redacted<Progress>]) -> String {
    let now = steps.iter().rev().find(|step| step.state == StepState::InProgress);
    now.map_or("opening the sources", |step| step.step.title()).to_owned()
}

fn without_an_earlier_job(body: &PostBody) -> PostBody {
    match body {
        PostBody::Living(living) => PostBody::Living(LivingMessage { notes: Vec::new(), ..living.clone() }),
        other => other.clone(),
    }
}

impl Attempt {
    /// Commits these writes and, in the same commit, the living message as it should now be.
    ///
    /// # Errors
    /// Those of the commit: nothing was written then.
    pub(super) async fn tell(&mut self, writes: Vec<Write>) -> Result<(), CommitError> {
        let parts = &self.shared.parts;
        // A question leaves the living message to investigations.
        let thread = self.job.spec.thread.filter(|_| self.job.spec.task == Task::Investigate);
        if let Some(thread) = thread {
            let mut collisions = Collisions::default();
            while let Err(error) = self.tell_in(thread, writes.clone()).await {
                if !collisions.again(&error, self.shared.now()).await {
                    return Err(error);
                }
            }
            parts.signals.post_written();
        } else if !writes.is_empty() {
            parts.store.commit(parts.clock.now(), writes).await?;
            parts.signals.post_written();
        }
        // Never the moment of the start again, which marks the first write.
        self.telling.written = self.shared.now().max(after(self.started, Duration::from_nanos(1)));
        self.telling.unwritten = false;
        Ok(())
    }

    /// The same, once: `CommitError::Stale` when another wrote the message meanwhile.
    async fn tell_in(&self, thread: ThreadId, mut writes: Vec<Write>) -> Result<(), CommitError> {
        let parts = &self.shared.parts;
        let seen = Seen::read(&*parts.store, thread).await?.unwrap_or_else(|| {
            let title = publish::title(&self.job.spec.request);
            let blank = PostBody::Living(LivingMessage { title, ..LivingMessage::default() });
            Seen::never(thread, self.redactor.seal(blank))
        });
        // The first write of the first attempt finds what the thread's last job said.
        let fresh = self.job.attempts + self.job.lost <= 1 && self.telling.written == self.started;
        let body = self.telling.compose(seen.body.clone(), self.job.spec.id, fresh);
        let urgency = living::urgency(&body);
        writes.extend(seen.back(body, urgency));
        parts.store.commit(parts.clock.now(), writes).await
    }
}
