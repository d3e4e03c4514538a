//! One attempt at one job: opens the sources, runs the engine, watches the deadline and the wishes to stop.
//!
//! The engine runs as a task of its own: what it computes holds up neither deadline nor cancel, and a panic in it is an
//! attempt that failed. Must never wait for it beyond the job's deadline. Start at [`run`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use jiff::Timestamp;
use midwatch_agent::followup::Answered;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, Outcome, Progress, Step, StepState};
use midwatch_explore::Spent;
use midwatch_redact::{Redacted, Redactor};
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::deadline::Deadline;
use super::log::{Log, Told};
use super::recording::Recording;
use super::telling::Telling;
use super::{Ended, Halt, Shared, ending};
use crate::clock::after;
use crate::code::ErrorCode;
use crate::event::Level;
use crate::job::{Cancel, Job, JobError, JobState, Lease, Leased, Task};
use crate::metrics::PackLabel;
use crate::pack::Pack;
use crate::port::store::{CommitError, Write};
use crate::post::LivingStatus;
use crate::publish;

/// What an investigation made.
pub(super) struct Made {
    pub(super) outcome: Outcome,
    /// What a language model took.
    pub(super) spent: Option<Spent>,
    /// The recording.
    pub(super) bundle: Option<Redacted<String>>,
}

/// How an attempt ended.
pub(super) enum End {
    /// In a report, perhaps with what a language model made of it.
    Report(Box<Made>),
    /// In an answer, perhaps of a language model.
    Answer(Box<(Answered, Option<Spent>)>),
    /// In silence: a question in passing that nobody put to us, or that cannot be answered.
    NotAsked(Box<Spent>),
    /// Without one; whether it is tried again is decided by the error and the attempts.
    Failed(JobError),
    /// The deadline passed and there is nothing to report.
    TooLate,
    /// Someone stopped it.
    Cancelled(Cancel),
    /// Its pack is switched off, or gone.
    PackOff,
    /// The program stops.
    HandBack,
    /// Another worker has it.
    Lost,
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Cancelled(cancel) => End::Cancelled(cancel),
            Halt::PackOff => End::PackOff,
            Halt::Drain => End::HandBack,
            Halt::Lost => End::Lost,
        }
    }
}

/// What the engine says while it runs.
pub(super) struct News {
    log: Log,
    steps: Mutex<Vec<Redacted<Progress>>>,
    came: Notify,
}

impl News {
    pub(super) fn new(log: Log) -> Self {
        Self { log, steps: Mutex::default(), came: Notify::new() }
    }

    /// The newest state of each step, in the order in which they began; and a line of the job's log.
    pub(super) fn take(&self, progress: Redacted<Progress>) {
        self.log.progress(&progress);
        let mut steps = self.steps();
        match steps.iter_mut().find(|known| known.step == progress.step) {
            Some(known) => *known = progress,
            None => steps.push(progress),
        }
        drop(steps);
        self.came.notify_one();
    }

    /// Something is to be told.
    pub(super) fn came(&self) {
        self.came.notify_one();
    }

    /// The step under way that began last.
    pub(super) fn step(&self) -> Option<Step> {
        let steps = self.steps();
        steps.iter().rev().find(|step| step.state == StepState::InProgress).map(|step| step.step)
    }

    pub(super) fn steps(&self) -> MutexGuard<'_, Vec<Redacted<Progress>>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt under way.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) job: Job,
    pub(super) lease: Lease,
    pub(super) started: Timestamp,
    pub(super) deadline: Deadline,
    pub(super) redactor: Redactor,
    pub(super) telling: Telling,
    pub(super) log: Log,
    halted: watch::Receiver<Option<Halt>>,
}

/// Runs a leased job to the end of this attempt.
pub(super) async fn run(shared: Arc<Shared>, leased: Leased, halted: watch::Receiver<Option<Halt>>) -> Ended {
    let Leased { job, lease } = leased;
    let request_id = job.spec.origin.request_id.as_str();
    let span = tracing::info_span!("job", request_id, job = %job.spec.id, attempt = job.attempts);
    let started = job.started_at.unwrap_or_else(|| shared.now());
    let redactor = shared.parts.redactor.clone();
    let log = Log::of(&shared, &job);
    let attempt = Attempt {
        deadline: Deadline::new(started, job.spec.deadline),
        telling: Telling::new(started, log.clone()),
        log,
        shared,
        job,
        lease,
        started,
        redactor,
        halted,
    };
    attempt.through().instrument(span).await
}

impl Attempt {
    async fn through(mut self) -> Ended {
        self.waited();
        let (Ok(end) | Err(end)) = self.work().await;
        self.ran();
        ending::conclude(self, end).await
    }

    async fn work(&mut self) -> Result<End, End> {
        let pack = self.pack().ok_or(End::PackOff)?;
        let source = self.open().await?;
        let source = self.told(source);
        self.begin().await?;
        let limits = Limits {
            deadline: self.deadline.for_reads(self.shared.now()),
            previous_logs: self.shared.parts.settings.limits.previous_logs,
            ..pack.limits()
        };
        Ok(match self.job.spec.task.clone() {
            Task::Investigate => {
                let recording = Recording::new(source);
                let outcome = self.investigate(recording.source(), limits.clone()).await?;
                let (outcome, spent) = self.explained(&recording, &pack, limits.clone(), outcome).await?;
                let bundle = self.recorded(recording, limits, &outcome).await;
                End::Report(Box::new(Made { outcome, spent, bundle }))
            }
            Task::FollowUp { asked, about } => {
                End::Answer(Box::new((self.follow_up(source, limits, asked, about).await?, None)))
            }
            Task::Ask { words, about, in_passing } => {
                match self.free_answer(source, &pack, limits, words, about, in_passing).await? {
                    (Some(answered), spent) if !in_passing || answered.is_said => {
                        End::Answer(Box::new((answered.answered, Some(spent))))
                    }
                    (_, spent) => End::NotAsked(Box::new(spent)),
                }
            }
        })
    }

    /// The same source, each read of which is a line of the job's log.
    fn told(&self, source: Arc<dyn EvidenceSource>) -> Arc<dyn EvidenceSource> {
        let (log, news, redactor) = (self.log.clone(), self.telling.news(), self.redactor.clone());
        Arc::new(Told { source, log, news, redactor })
    }

    fn pack(&self) -> Option<Pack> {
        let (packs, name) = (&self.shared.parts.packs, &self.job.spec.pack.name);
        packs.pack(name).filter(|_| packs.is_enabled(name))
    }

    /// Opens the sources within their own time limit: a cluster that does not answer is no reason to use up the deadline.
    async fn open(&mut self) -> Result<Arc<dyn EvidenceSource>, End> {
        let sources = Arc::clone(&self.shared.parts.sources);
        let cluster = self.job.spec.cluster.clone();
        let task = tokio::spawn(async move { sources.open(cluster.as_deref()).await }.in_current_span());
        let limit = self.shared.parts.settings.open_limit;
        let patience = after(self.shared.now(), limit);
        match self.watched(AbortOnDropHandle::new(task), patience.min(self.deadline.end())).await {
            Ok(opened) => opened.map_err(|error| End::Failed(self.redacted(error.code, &error.message))),
            Err(End::TooLate) if self.shared.now() < self.deadline.end() => {
                let words = format!("the cluster did not answer within {}", super::deadline::words(limit));
                Err(End::Failed(self.redacted(ErrorCode::E006, &words)))
            }
            Err(end) => Err(end),
        }
    }

    /// `initializing` to `running`, and the thread sees it.
    async fn begin(&mut self) -> Result<(), End> {
        let advance = Write::Advance {
            lease: self.lease.clone(),
            to: JobState::Running,
            reason: "the sources are open".to_owned(),
        };
        self.telling.status(self.redactor.seal(LivingStatus::Investigating));
        let told = self.tell(vec![advance]).await;
        told.map_err(|error| match error {
            CommitError::LeaseLost(_) => End::Lost,
            other => End::Failed(self.redacted(ErrorCode::E007, &other.to_string())),
        })?;
        self.shared.count(JobState::Running, &self.job.spec.pack.name);
        self.log.say(Level::Info, None, &Redacted::fixed("running: the sources are open"));
        self.shared.parts.signals.job_changed();
        Ok(())
    }

    async fn investigate(&mut self, source: Arc<dyn EvidenceSource>, limits: Limits) -> Result<Outcome, End> {
        let (request, redactor, news) = (self.job.spec.request.clone(), self.redactor.clone(), self.telling.news());
        let engine = async move {
            let watcher = |progress| news.take(progress);
            // Boxed: the compiler cannot see through the borrowed closure that the future may move between threads.
            midwatch_agent::investigate(&*source, &request, &limits, redactor, &watcher).boxed().await
        };
        let task = AbortOnDropHandle::new(tokio::spawn(engine.in_current_span()));
        let outcome = self.watched(task, self.deadline.end()).await?;
        outcome.map_err(|why| publish::error_of(&why, &self.redactor).map_or(End::TooLate, End::Failed))
    }

    /// Waits for a task; meanwhile the thread is kept up to date, and wishes to stop and the deadline are heeded.
    pub(super) async fn watched<T>(&mut self, mut task: AbortOnDropHandle<T>, limit: Timestamp) -> Result<T, End> {
        let clock = Arc::clone(&self.shared.parts.clock);
        let news = self.telling.news();
        loop {
            let wake = self.telling.wake(&self.deadline).min(limit);
            let mut halted = self.halted.clone();
            tokio::select! {
                biased;
                // The sender lives as long as the job is listed as running here.
                Ok(halt) = halted.wait_for(Option::is_some) => return Err(halt.clone().map_or(End::Lost, End::from)),
                joined = &mut task => return joined.map_err(|error| End::Failed(self.panicked(&error))),
                () = news.came.notified() => self.telling.changed(),
                () = clock.sleep_until(wake) => {}
            }
            let now = self.shared.now();
            if now >= limit {
                return Err(End::TooLate);
            }
            self.telling.warn(&self.deadline, now, &self.redactor);
            if self.telling.is_due(now)
                && let Err(error) = self.tell(self.so_far().into_iter().collect()).await
            {
                // Progress is a courtesy; what matters is written again at the end.
                tracing::warn!("progress was not written: {error}");
            }
        }
    }

    /// A panic is a bug of ours: told as such, and tried again, because the next state of the cluster may not provoke it.
    fn panicked(&self, error: &tokio::task::JoinError) -> JobError {
        tracing::error!("the investigation ended badly: {error}");
        self.redacted(ErrorCode::E009, "the investigation ended in an internal error; the log of Midwatch has more")
    }

    /// Why it should stop, if it should.
    pub(super) fn halted(&self) -> watch::Ref<'_, Option<Halt>> {
        self.halted.borrow()
    }

    pub(super) fn redacted(&self, code: ErrorCode, message: &str) -> JobError {
        JobError { code, message: self.redactor.redact_text(message).into_inner() }
    }

    /// How long it waited before its first attempt.
    fn waited(&self) {
        if self.job.attempts + self.job.lost <= 1 {
            let waited = self.started.duration_since(self.job.spec.created_at);
            self.shared.parts.metrics.wait.observe(waited.as_secs_f64().max(0.0));
        }
    }

    fn ran(&self) {
        let ran = self.shared.now().duration_since(self.started);
        let pack = PackLabel { pack: self.job.spec.pack.name.clone() };
        self.shared.parts.metrics.execution.get_or_create(&pack).observe(ran.as_secs_f64().max(0.0));
    }
}
