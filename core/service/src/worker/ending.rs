//! How an attempt ends: one commit with the job's end, its artifacts, its posts, what the thread remembers, and the audit.
//!
//! Must never write a part of it alone, nor anything once the lease is lost. Start at [`conclude`].

use std::time::Duration;

use midwatch_agent::render;
use midwatch_diagnosis::report::Report;
use midwatch_redact::Redacted;

use super::attempt::{Attempt, End, Made};
use super::{Ended, Halt, deadline, recover};
use crate::audit;
use crate::backoff::{backoff, spread};
use crate::clock::after;
use crate::code::ErrorCode;
use crate::event::Level;
use crate::id::ArtifactId;
use crate::job::{JobError, JobResult, JobState};
use crate::port::store::{ARTIFACT_CAP, Artifact, CommitError, JobOutcome, Write};
use crate::post::LivingStatus;
use crate::publish;
use crate::search::Findable;
use crate::thread::{Entry, NewEntry, Speaker};

/// How often the last commit is tried while the storage fails: with 0.2 s, 0.4 s and so forth between, 12 s in all. What
/// is not written by then is found by the lease's end and done again.
const TRIES: u32 = 6;

/// Writes how the attempt ended.
pub(super) async fn conclude(mut attempt: Attempt, end: End) -> Ended {
    let (writes, to) = match end {
        End::Lost => return attempt.lost(),
        End::Report(made) => attempt.reported(*made),
        End::Answer(made) => attempt.answered(&made.0, made.1.as_ref()),
        End::NotAsked(spent) => attempt.not_asked(&spent),
        End::Failed(error) => attempt.failed(error),
        End::TooLate => attempt.too_late(),
        End::Cancelled(cancel) => attempt.stopped(publish::stopped(&cancel)),
        End::PackOff => {
            let pack = &attempt.job.spec.pack.name;
            let why = format!("{}: pack {pack} is switched off, or not there any more", ErrorCode::E001.as_str());
            attempt.stopped(why)
        }
        End::HandBack => attempt.handed_back(),
    };
    match attempt.commit(writes).await {
        Ok(()) => {
            if to.is_none_or(|to| to == JobState::Pending) {
                attempt.stopped_meanwhile().await;
            }
            attempt.after(to);
            if to == Some(JobState::Pending) { Ended::HandedBack } else { Ended::Done }
        }
        Err(CommitError::LeaseLost(_)) => attempt.lost(),
        Err(error) => {
            tracing::error!("how the job ended could not be written; it is tried again when its lease ends: {error}");
            let text = "how this attempt ended could not be written; the job is tried again when its lease ends";
            attempt.log.say(Level::Error, None, &Redacted::fixed(text));
            Ended::Dropped
        }
    }
}

/// What is to be written, and the state that the job goes into; none when it waits for its next attempt.
pub(super) type Written = (Vec<Write>, Option<JobState>);

impl Attempt {
    fn reported(&mut self, made: Made) -> Written {
        let Made { outcome, spent, bundle } = made;
        let now = self.shared.now();
        let id = self.job.spec.id;
        let result = JobResult {
            verdict: outcome.report.verdict,
            headline: outcome.report.root_cause.clone(),
            report: ArtifactId::new(),
        };
        let mut writes = vec![Write::Advance {
            lease: self.lease.clone(),
            to: JobState::Completing,
            reason: "the report is there".to_owned(),
        }];
        writes.extend(self.kept(result.report, &outcome.report));
        writes.extend(bundle.and_then(|bundle| self.artifact(ArtifactId::new(), "bundle", bundle)));
        self.telling.status(publish::reported(&outcome));
        let told = outcome.report.map(|report| format!("{}: {}", report.verdict.as_str(), report.root_cause));
        if let Some(thread) = self.job.spec.thread {
            writes.push(Write::Post(publish::report(id, thread, &outcome.report, outcome.run)));
        }
        writes.extend(self.remember(&told));
        writes.push(self.audited(&outcome.read.to_string()));
        writes.extend(spent.into_iter().flat_map(|spent| self.of_model(&spent)));
        let (outcome, state) = if outcome.cut_short {
            let message = format!("the deadline of {} passed; this is what was found by then", self.deadline.words());
            let error = self.redacted(ErrorCode::E003, &message);
            self.telling.note(self.redactor.redact_text(&format!("{}: {message}", error.code.as_str())));
            (JobOutcome::Timeout { error, result: Some(result) }, JobState::Timeout)
        } else {
            (JobOutcome::Completed(result), JobState::Completed)
        };
        tracing::info!(state = state.as_str(), at = %now, "the job ended in a report");
        self.log.say(if state == JobState::Completed { Level::Info } else { Level::Warn }, None, &told);
        writes.push(Write::Finish { lease: self.lease.clone(), outcome });
        (writes, Some(state))
    }

    /// A report as it is kept, and found again. What is kept is the value; what other programs read is the format.
    pub(super) fn kept(&self, id: ArtifactId, report: &Redacted<Report>) -> Vec<Write> {
        let value = report.map(|report| serde_json::to_string(report).unwrap_or_default());
        let mut writes: Vec<Write> = self.artifact(id, "report", value).into_iter().collect();
        writes.extend(self.artifact(ArtifactId::new(), "report.json", render::json(report)));
        writes.push(Write::Findable(Findable::of(self.job.spec.id, self.shared.now(), report)));
        writes
    }

    /// Tried again while attempts are left and that can help; otherwise it is over, and a person is told what to do.
    fn failed(&mut self, error: JobError) -> Written {
        let (attempt, of) = (self.job.attempts, self.job.spec.max_attempts);
        let text = format!("{}: {}", error.code.as_str(), error.message);
        tracing::warn!("attempt {attempt} of {of} failed: {text}");
        if error.code.is_retryable() && attempt < of {
            let wait = spread(backoff(attempt), (self.job.spec.id, attempt));
            let note = format!("attempt {attempt} of {of} failed: {text}; again in {}", whole(wait));
            let note = self.redactor.redact_text(&note);
            self.log.say(Level::Warn, None, &note);
            self.telling.note(note);
            self.telling.status(self.redactor.seal(LivingStatus::Queued));
            self.shared.parts.metrics.retries.inc();
            let run_at = after(self.shared.now(), wait);
            return (vec![Write::Retry { lease: self.lease.clone(), run_at, error }], None);
        }
        // A wrong question is no dead letter: nobody but who asked can mend it.
        let dead = error.code != ErrorCode::E002;
        let mut words = format!("{}: {text}", publish::nothing(&self.job.spec.task));
        if error.code.is_retryable() && of > 1 {
            words += &format!(" (the last of {of} attempts)");
        }
        let outcome = JobOutcome::Failed { error, dead };
        self.over(&words, LivingStatus::Failed { why: text }, outcome, JobState::Failed)
    }

    fn too_late(&mut self) -> Written {
        let what = publish::wanted(&self.job.spec.task);
        let message = format!("the deadline of {} passed before there was {what}", self.deadline.words());
        let error = self.redacted(ErrorCode::E003, &message);
        let text = format!("{}: {message}", error.code.as_str());
        let outcome = JobOutcome::Timeout { error, result: None };
        let words = format!("{}: {text}", publish::nothing(&self.job.spec.task));
        self.over(&words, LivingStatus::Failed { why: text }, outcome, JobState::Timeout)
    }

    fn stopped(&mut self, why: String) -> Written {
        let why = self.redactor.redact_text(&why).into_inner();
        let outcome = JobOutcome::Cancelled { reason: why.clone() };
        let words = format!("Stopped: {}", why.strip_prefix("stopped ").unwrap_or(&why));
        self.over(&words, LivingStatus::Cancelled { why }, outcome, JobState::Cancelled)
    }

    /// Ends the job without a report: the living message says so, and a line in the thread.
    fn over(&mut self, words: &str, status: LivingStatus, outcome: JobOutcome, state: JobState) -> Written {
        self.telling.status(self.redactor.seal(status));
        let mut writes = Vec::new();
        if let Some(thread) = self.job.spec.thread {
            writes.push(Write::Post(publish::ended(self.job.spec.id, thread, words, &self.redactor)));
        }
        let words = self.redactor.redact_text(words);
        self.log.say(if state == JobState::Cancelled { Level::Warn } else { Level::Error }, None, &words);
        writes.extend(self.remember(&words));
        writes.push(Write::Finish { lease: self.lease.clone(), outcome });
        (writes, Some(state))
    }

    fn handed_back(&mut self) -> Written {
        self.telling.status(self.redactor.seal(LivingStatus::Queued));
        self.telling.note(Redacted::fixed("Midwatch is restarting; goes on after"));
        let reason = "the program stops".to_owned();
        (vec![Write::HandBack { lease: self.lease.clone(), reason }], Some(JobState::Pending))
    }

    /// A job that is given back while someone stops it ends in the store, unseen by us: its thread is told now.
    async fn stopped_meanwhile(&self) {
        match self.shared.parts.store.job(self.job.spec.id).await {
            Ok(Some(job)) if job.state.is_final() => {
                recover::tell(&self.shared, &job, Vec::new()).await;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("whether the job was stopped meanwhile is not known: {error}"),
        }
    }

    fn lost(&self) -> Ended {
        tracing::warn!("the lease was lost; the work is dropped");
        self.shared.parts.metrics.leases_lost.inc();
        self.log.say(Level::Warn, None, &Redacted::fixed("the lease was lost; this attempt is dropped"));
        Ended::Dropped
    }

    /// One that is too large is left out: the posts hold what matters, and the job must end.
    pub(super) fn artifact(&self, id: ArtifactId, name: &str, text: Redacted<String>) -> Option<Write> {
        if text.len() > ARTIFACT_CAP {
            tracing::warn!(bytes = text.len(), "the artifact {name} is too large to be kept");
            return None;
        }
        Some(Write::Artifact(Artifact {
            id,
            job: self.job.spec.id,
            name: name.to_owned(),
            media_type: "application/json".to_owned(),
            text,
            at: self.shared.now(),
        }))
    }

    pub(super) fn remember(&self, words: &Redacted<String>) -> Option<Write> {
        let thread = self.job.spec.thread?;
        let entry = Entry {
            at: self.shared.now(),
            speaker: Speaker::Midwatch,
            text: words.as_ref().clone(),
            job: Some(self.job.spec.id),
        };
        Some(Write::Remember(NewEntry { thread, entry: self.redactor.seal(entry) }))
    }

    /// What was read, for the audit trail.
    pub(super) fn audited(&self, read: &str) -> Write {
        let subject = format!("job {}", self.job.spec.id);
        Write::Audit(audit::Entry {
            at: self.shared.now(),
            actor: Some(self.job.spec.origin.actor.clone()),
            action: "read".to_owned(),
            subject: self.job.spec.cluster.as_ref().map(|c| format!("{subject}, cluster {c}")).unwrap_or(subject),
            details: read.to_owned(),
            request_id: self.job.spec.origin.request_id.clone(),
        })
    }

    /// Commits with patience: a disk that is full for a moment must not cost a report that is already made.
    async fn commit(&mut self, writes: Vec<Write>) -> Result<(), CommitError> {
        let mut tried = 0;
        loop {
            let error = match self.tell(writes.clone()).await {
                Err(error @ (CommitError::Storage(_) | CommitError::Stale)) if tried < TRIES => error,
                done => return done,
            };
            tracing::warn!("how the job ended is not written yet: {error}");
            let wait = after(self.shared.now(), Duration::from_millis(200 << tried));
            tried += 1;
            self.shared.parts.clock.sleep_until(wait).await;
            if self.is_lost() {
                return Err(CommitError::LeaseLost(self.job.spec.id));
            }
        }
    }

    fn is_lost(&self) -> bool {
        *self.halted() == Some(Halt::Lost)
    }

    fn after(&self, to: Option<JobState>) {
        let state = to.unwrap_or(JobState::Pending);
        self.shared.count(state, &self.job.spec.pack.name);
        self.log.say(Level::Info, None, &self.redactor.redact_text(&format!("the job is {}", state.as_str())));
        self.shared.parts.signals.job_changed();
        self.shared.parts.signals.jobs.notify_one();
    }
}

/// In whole seconds: what a person reads.
fn whole(wait: Duration) -> String {
    deadline::words(Duration::from_secs((wait + Duration::from_millis(500)).as_secs().max(1)))
}
