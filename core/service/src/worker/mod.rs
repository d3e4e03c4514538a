//! The worker: leases jobs, runs each as a task, keeps the leases, and gives back what it cannot finish.
//!
//! ```text
//! mod       claims while slots are free; drains
//! attempt   one attempt at one job: sources, engine, deadline, cancel
//! answering a question as a job
//! model     a language model's part of a job
//! telling   the living message while it runs
//! log       what happens inside it, line by line
//! ending    how an attempt ends, as one commit
//! keep      heartbeats, wishes to stop, expired leases, retention, figures
//! recover   what a predecessor on an embedded store left
//! ```
//! Must never write about a job without showing its lease, nor leave a job in a state that nobody moves on: what a worker
//! drops without a word is found by its lease, which ends. Start at [`Worker::run`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::Limits;
use midwatch_redact::Redactor;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use self::model::ModelParts;
use crate::clock::{SharedClock, after};
use crate::event::Level;
use crate::health::{Health, Status};
use crate::id::{JobId, ThreadId, WorkerId};
use crate::job::{Cancel, JobState, Lease, Leased};
use crate::metrics::{JobLabels, Metrics};
pub use crate::pack::PackById;
use crate::port::events::EventLog;
use crate::port::sources::SourceProvider;
use crate::port::store::{Retention, Store};
use crate::signals::Signals;

mod answering;
mod attempt;
mod deadline;
mod ending;
mod keep;
mod log;
mod model;
mod recording;
mod recover;
mod telling;

/// The name under which the worker reports its health.
pub const HEALTH: &str = "worker";

/// What a process leads that removes what is old.
pub const SWEEP: &str = "sweep";

/// The longest that the store is not looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest, so that a due time that has passed makes no hot loop.
const BLINK: Duration = Duration::from_millis(20);

/// How long hand-backs and last commits may take once the grace period is over.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// What can be set.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Who this is; new at every start.
    pub worker: WorkerId,
    /// Jobs at the same time.
    pub slots: usize,
    /// How long a lease lasts if it is not renewed.
    pub lease: Duration,
    /// How long running jobs may go on once the program is to stop.
    pub grace: Duration,
    /// Time to open the sources of a cluster.
    pub open_limit: Duration,
    /// What an operator sets for every investigation; its bounds are those of the job's pack and of its deadline.
    pub limits: Limits,
    /// What has ended is kept so long.
    pub retention: Retention,
    /// How often what has ended long ago is removed.
    pub sweep_every: Duration,
    /// No other worker uses this store (it is embedded): every lease found at the start is a dead predecessor's.
    pub sole: bool,
}

impl WorkerSettings {
    /// The defaults, for this worker.
    pub fn new(worker: WorkerId) -> Self {
        Self {
            worker,
            slots: 5,
            lease: Duration::from_mins(5),
            grace: Duration::from_secs(20),
            open_limit: Duration::from_secs(15),
            limits: Limits::default(),
            retention: Retention {
                jobs: Duration::from_hours(30 * 24),
                incidents: Duration::from_hours(30 * 24),
                batch: 1000,
            },
            sweep_every: Duration::from_mins(10),
            sole: false,
        }
    }
}

/// What a worker works with.
pub struct WorkerParts {
    /// Where jobs are.
    pub store: Arc<dyn Store>,
    /// Where it is told what happens inside them.
    pub events: Arc<dyn EventLog>,
    /// The time.
    pub clock: SharedClock,
    /// Calls that wake it, and that it wakes others with.
    pub signals: Arc<Signals>,
    /// Its figures.
    pub metrics: Arc<Metrics>,
    /// Where it reports how it does.
    pub health: Arc<Health>,
    /// Where evidence comes from.
    pub sources: Arc<dyn SourceProvider>,
    /// The packs that jobs run by.
    pub packs: Arc<dyn PackById>,
    /// The language model; none when none is configured.
    pub model: Option<Arc<ModelParts>>,
    /// What each job's redactor begins as.
    pub redactor: Redactor,
    /// What can be set.
    pub settings: WorkerSettings,
}

/// What became of the jobs that ran when the worker was told to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Ended within the grace period.
    pub finished: usize,
    /// Given back, to go on after the restart.
    pub handed_back: usize,
}

/// Why a running job stops before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Halt {
    /// Someone wants it to.
    Cancelled(Cancel),
    /// Its pack was switched off.
    PackOff,
    /// The program stops.
    Drain,
    /// Another worker has it.
    Lost,
}

/// A job that runs here.
struct Held {
    lease: Lease,
    pack: String,
    thread: Option<ThreadId>,
    halt: watch::Sender<Option<Halt>>,
}

impl Held {
    /// Tells the job to stop. The first reason counts, but for a lost lease, after which nothing may be written.
    fn halt(&self, why: Halt) {
        self.halt.send_if_modified(|halt| {
            let counts = halt.is_none() || why == Halt::Lost && *halt != Some(Halt::Lost);
            if counts {
                *halt = Some(why);
            }
            counts
        });
    }
}

/// How a job's task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The job ended, or waits for its next attempt.
    Done,
    /// It was given back.
    HandedBack,
    /// It was dropped: another worker has it, or will have it when the lease ends.
    Dropped,
}

struct Shared {
    parts: WorkerParts,
    held: Mutex<BTreeMap<JobId, Held>>,
    lines: log::Lines,
}

impl Shared {
    /// Nothing half done is ever left in it.
    fn held(&self) -> MutexGuard<'_, BTreeMap<JobId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    fn count(&self, state: JobState, pack: &str) {
        let labels = JobLabels { state: state.as_str(), pack: pack.to_owned() };
        self.parts.metrics.jobs.get_or_create(&labels).inc();
    }

    fn report_health(&self, status: Status, reason: &str) {
        self.parts.health.report(HEALTH, status, reason, None, self.now());
    }
}

/// Takes a job from the list of those that run here, however its task ends.
struct Guard(Arc<Shared>, JobId);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.held().remove(&self.1);
    }
}

/// The worker of this process.
pub struct Worker {
    shared: Arc<Shared>,
}

impl Worker {
    /// With these parts.
    pub fn new(parts: WorkerParts) -> Self {
        parts.health.expect(HEALTH, true);
        Self { shared: Arc::new(Shared { parts, held: Mutex::default(), lines: log::Lines::default() }) }
    }

    /// Works until it is told to stop, then drains: returns when every job has ended or was given back.
    pub async fn run(&self, stop: CancellationToken) -> Drained {
        recover::run(&self.shared).await;
        let ended = CancellationToken::new();
        let working = async {
            // The leases are kept through the drain, too.
            let drained = tokio::select! {
                drained = self.work(&stop) => drained,
                never = keep::run(&self.shared) => match never {},
            };
            ended.cancel();
            drained
        };
        tokio::join!(working, log::run(&self.shared, &ended)).0
    }

    async fn work(&self, stop: &CancellationToken) -> Drained {
        let mut running: JoinSet<Ended> = JoinSet::new();
        let standing = &self.shared.parts.signals.standing;
        let mut ordered = standing.changes();
        while !stop.is_cancelled() {
            let wake = self.claim(&mut running).await;
            standing.set_running(running.len());
            let has_room = running.len() < self.shared.parts.settings.slots;
            tokio::select! {
                () = stop.cancelled() => {}
                Some(_) = running.join_next(), if !running.is_empty() => {
                    while running.try_join_next().is_some() {}
                }
                () = self.shared.parts.signals.jobs.notified(), if has_room => {}
                () = ordered.next() => {}
                () = self.shared.parts.clock.sleep_until(wake) => {}
            }
        }
        self.drain(running).await
    }

    /// Fills the free slots, unless it is ordered to take nothing; when to look again at the latest.
    async fn claim(&self, running: &mut JoinSet<Ended>) -> Timestamp {
        let Shared { parts, .. } = &*self.shared;
        let now = self.shared.now();
        let free = parts.settings.slots.saturating_sub(running.len());
        if free == 0 || !parts.signals.standing.may_claim(now) {
            return after(now, LOOK);
        }
        let claimed = parts.store.claim(&parts.settings.worker, now, parts.settings.lease, free).await;
        let due = match claimed {
            Ok(jobs) => {
                for leased in jobs {
                    self.start(running, leased);
                }
                parts.store.next_due().await
            }
            Err(error) => Err(error),
        };
        match due {
            Ok(due) => {
                self.shared.report_health(Status::Up, "");
                due.unwrap_or(Timestamp::MAX).clamp(after(now, BLINK), after(now, LOOK))
            }
            Err(error) => {
                tracing::error!("no jobs can be taken: {error}");
                self.shared.report_health(Status::Down, &format!("no jobs can be taken: {error}"));
                after(now, LOOK)
            }
        }
    }

    fn start(&self, running: &mut JoinSet<Ended>, leased: Leased) {
        let (halt, halted) = watch::channel(None);
        let (job, pack, thread) = (leased.job.spec.id, leased.job.spec.pack.name.clone(), leased.job.spec.thread);
        self.shared.count(JobState::Initializing, &pack);
        let Leased { job: taken, lease } = &leased;
        let text = format!("attempt {} of {} begins on {}", taken.attempts, taken.spec.max_attempts, lease.worker);
        let text = self.shared.parts.redactor.redact_text(&text);
        log::Log::of(&self.shared, taken).say(Level::Info, None, &text);
        self.shared.parts.signals.job_changed();
        self.shared.held().insert(job, Held { lease: leased.lease.clone(), pack, thread, halt });
        let shared = Arc::clone(&self.shared);
        running.spawn(async move {
            let _listed = Guard(Arc::clone(&shared), job);
            attempt::run(shared, leased, halted).await
        });
    }

    /// Lets running jobs end within the grace period, and has the rest given back.
    async fn drain(&self, mut running: JoinSet<Ended>) -> Drained {
        let Shared { parts, .. } = &*self.shared;
        let mut drained = Drained::default();
        let grace_ends = after(self.shared.now(), parts.settings.grace);
        tokio::select! {
            () = collect(&mut running, &mut drained) => return drained,
            () = parts.clock.sleep_until(grace_ends) => {}
        }
        for held in self.shared.held().values() {
            held.halt(Halt::Drain);
        }
        let last = after(self.shared.now(), LAST_WRITES);
        tokio::select! {
            () = collect(&mut running, &mut drained) => {}
            () = parts.clock.sleep_until(last) => {
                tracing::warn!(jobs = running.len(), "jobs could not be given back; their leases will end");
            }
        }
        drained
    }
}

/// Counts tasks as they end.
async fn collect(running: &mut JoinSet<Ended>, drained: &mut Drained) {
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(Ended::Done) => drained.finished += 1,
            Ok(Ended::HandedBack) => drained.handed_back += 1,
            Ok(Ended::Dropped) => {}
            Err(error) => tracing::error!("a job's task ended badly, its lease will end: {error}"),
        }
    }
}

/// A loop that never ends.
type Forever = Infallible;
