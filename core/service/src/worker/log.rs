//! What happens inside a job, said to its log line by line.
//!
//! Must never hold up a job: a line is handed over without waiting, and one that finds no room is counted and gone. Start
//! at [`Log`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::render::clean;
use midwatch_agent::request::{LogCaps, Progress, Step, StepState};
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_redact::{Redacted, Redactor};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::attempt::News;
use crate::clock::SharedClock;
use crate::event::{Entry, JobEvent, Level};
use crate::id::JobId;
use crate::job::Job;
use crate::metrics::{Metrics, ResultLabel};

/// Lines of all jobs of this worker that wait for the log to take them.
const WAITING: usize = 4096;

/// Characters of a line.
const LINE_CAP: usize = 500;

/// How long the last lines may take once the worker ends.
const LAST: Duration = Duration::from_secs(2);

/// The lines on their way to the log.
pub(super) struct Lines {
    put: mpsc::Sender<Entry>,
    come: Mutex<mpsc::Receiver<Entry>>,
}

impl Default for Lines {
    fn default() -> Self {
        let (put, come) = mpsc::channel(WAITING);
        Self { put, come: Mutex::new(come) }
    }
}

/// The log of one attempt at one job.
#[derive(Clone)]
pub(super) struct Log {
    job: JobId,
    attempt: u32,
    clock: SharedClock,
    metrics: Arc<Metrics>,
    put: mpsc::Sender<Entry>,
}

impl Log {
    pub(super) fn of(shared: &Shared, job: &Job) -> Self {
        let (clock, metrics) = (Arc::clone(&shared.parts.clock), Arc::clone(&shared.parts.metrics));
        Self { job: job.spec.id, attempt: job.attempts, clock, metrics, put: shared.lines.put.clone() }
    }

    /// A line.
    pub(super) fn say(&self, level: Level, step: Option<Step>, text: &Redacted<String>) {
        let settings = (self.clock.now(), self.attempt, level, step);
        self.put(text.map_with(settings, |(at, attempt, level, step), text| {
            let text = clean::shorten(&clean::line(text), LINE_CAP).into_owned();
            JobEvent { at, attempt, level, step, text }
        }));
    }

    /// What the engine says.
    pub(super) fn progress(&self, progress: &Redacted<Progress>) {
        let level = if progress.state == StepState::Partial { Level::Warn } else { Level::Info };
        let text = progress.map(|progress| match progress.state {
            StepState::InProgress => format!("{} ...", progress.text),
            StepState::Complete => progress.text.clone(),
            StepState::Partial => format!("{} (not all of it could be read)", progress.text),
        });
        self.say(level, Some(progress.step), &text);
    }

    fn put(&self, event: Redacted<JobEvent>) {
        if self.put.try_send((self.job, event)).is_err() {
            dropped(&self.metrics, 1);
        }
    }
}

fn dropped(metrics: &Metrics, lines: u64) {
    metrics.events.get_or_create(&ResultLabel { result: "dropped" }).inc_by(lines);
}

/// Hands lines to the log until the worker has ended, then the last of them.
pub(super) async fn run(shared: &Shared, ended: &CancellationToken) {
    let mut lines = shared.lines.come.lock().await;
    loop {
        tokio::select! {
            biased;
            Some(line) = lines.recv() => append(shared, &mut lines, line).await,
            () = ended.cancelled() => break,
        }
    }
    let last = async {
        while let Ok(line) = lines.try_recv() {
            append(shared, &mut lines, line).await;
        }
        if let Err(error) = shared.parts.events.flush().await {
            tracing::warn!("the last lines of the logs of jobs were not written: {error}");
        }
    };
    if tokio::time::timeout(LAST, last).await.is_err() {
        tracing::warn!("the last lines of the logs of jobs were not written in time");
    }
}

async fn append(shared: &Shared, lines: &mut mpsc::Receiver<Entry>, (job, event): Entry) {
    let metrics = &shared.parts.metrics;
    match shared.parts.events.append(job, event).await {
        Ok(()) => {
            metrics.events.get_or_create(&ResultLabel { result: "logged" }).inc();
        }
        Err(exhausted) => {
            // What waits behind it is as old: dropped as well, or each line would wait a second in turn.
            let mut gone = 1;
            while lines.try_recv().is_ok() {
                gone += 1;
            }
            dropped(metrics, gone);
            tracing::warn!(lines = gone, "lines of the logs of jobs were dropped: {exhausted}");
        }
    }
}

/// A source whose every read is told.
pub(super) struct Told {
    pub(super) source: Arc<dyn EvidenceSource>,
    pub(super) log: Log,
    pub(super) news: Arc<News>,
    pub(super) redactor: Redactor,
}

impl Told {
    fn tell(&self, probe: &Probe, began: Instant, result: &Result<Reading, ReadFailure>) {
        let (level, text) = match result {
            Ok(reading) => {
                let (kib, took) = (reading.bytes.div_ceil(1024), began.elapsed().as_millis());
                (Level::Info, format!("read {probe}: {kib} KiB in {took} ms"))
            }
            Err(failure) => (level(failure), format!("not read: {probe}: {failure}")),
        };
        self.log.say(level, self.news.step(), &self.redactor.redact_text(&text));
    }
}

/// What many places do not have is no reason to look.
fn level(failure: &ReadFailure) -> Level {
    match failure {
        ReadFailure::NotRecorded | ReadFailure::NotServed | ReadFailure::NoPrevious | ReadFailure::NotStarted => {
            Level::Info
        }
        ReadFailure::Forbidden(_)
        | ReadFailure::NotFound(_)
        | ReadFailure::TimedOut(_)
        | ReadFailure::Unreadable(_)
        | ReadFailure::OutOfBudget => Level::Warn,
    }
}

#[async_trait]
impl EvidenceSource for Told {
    fn describe(&self) -> String {
        self.source.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.source.namespaces().await
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        self.source.other_kinds().await
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.source.serves(kind)
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        let began = Instant::now();
        let result = self.source.read(probe).await;
        self.tell(probe, began, &result);
        result
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        let began = Instant::now();
        let result = self.source.read_within(probe, caps).await;
        self.tell(probe, began, &result);
        result
    }
}
