//! The outbox's sender: takes messages that are due to one platform, in order within a thread, many threads at a time.
//!
//! The only code that calls a platform's send. Must never send a message whose fate is unknown before it was looked up, nor
//! let one thread's trouble hold up the others, nor send faster than the platform's pace ([`crate::pace`]). Start at
//! [`Sender::run`]; what follows an answer is in `fate`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::{SharedClock, after};
use crate::health::{Health, Status};
use crate::id::{ThreadId, WorkerId};
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::port::chat::ChatPlatform;
use crate::port::store::{DuePost, Store, StoreError};
use crate::signals::Signals;

mod deliver;
mod fate;

/// The name under which the outbox reports its health.
pub const HEALTH: &str = "outbox";

/// The longest that the outbox is not looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest, so that a due time that has passed makes no hot loop.
const BLINK: Duration = Duration::from_millis(20);

/// What a process leads that sends to a platform.
pub fn lead(platform: &str) -> String {
    format!("send:{platform}")
}

/// What can be set.
#[derive(Clone, Debug)]
pub struct SenderSettings {
    /// Who takes the messages; new at every start.
    pub worker: WorkerId,
    /// Messages taken at a time.
    pub batch: usize,
    /// Threads that are sent to at the same time.
    pub parallel: usize,
    /// How long the right to send a message lasts.
    pub lease: Duration,
    /// Time for one send; what takes longer has an unknown fate.
    pub send_limit: Duration,
    /// Time to finish what is being sent, and to send what is due, once the program stops.
    pub last: Duration,
}

impl SenderSettings {
    /// The defaults, for this worker.
    pub fn new(worker: WorkerId) -> Self {
        Self {
            worker,
            batch: 32,
            parallel: 8,
            lease: Duration::from_secs(30),
            send_limit: Duration::from_secs(15),
            last: Duration::from_secs(5),
        }
    }
}

struct Shared {
    store: Arc<dyn Store>,
    clock: SharedClock,
    signals: Arc<Signals>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    platform: Arc<dyn ChatPlatform>,
    pace: Pace,
    settings: SenderSettings,
    /// What it leads while it sends.
    lead: String,
}

impl Shared {
    /// Whether this process is the one that sends to the platform: the pace counts for a workspace, and only one can keep it.
    fn leads(&self) -> bool {
        self.signals.standing.leads(&self.lead, self.clock.now())
    }
}

/// A message, and until when it may be sent.
struct Taken {
    due: DuePost,
    until: Timestamp,
}

/// What is under way: sends, and the threads they are in with what was taken for them meanwhile.
#[derive(Default)]
struct Desk {
    sending: JoinSet<ThreadId>,
    threads: BTreeMap<ThreadId, Vec<Taken>>,
}

/// The sender of one platform.
pub struct Sender {
    shared: Arc<Shared>,
}

impl Sender {
    /// With these parts.
    pub fn new(
        store: Arc<dyn Store>,
        clock: SharedClock,
        signals: Arc<Signals>,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
        platform: Arc<dyn ChatPlatform>,
        settings: SenderSettings,
    ) -> Self {
        health.expect(HEALTH, false);
        let pace = Pace::new(platform.limits(), Arc::clone(&clock));
        let lead = lead(platform.name());
        Self { shared: Arc::new(Shared { store, clock, signals, metrics, health, platform, pace, settings, lead }) }
    }

    /// Sends, while its process leads that, until it is told to stop; then what is due and may pass is still sent, as far as time allows. What the pace
    /// holds back by then is sent after the restart.
    pub async fn run(&self, stop: CancellationToken) {
        let mut desk = Desk::default();
        let mut posts = self.shared.signals.posts();
        let mut leading = self.shared.signals.standing.changes();
        while !stop.is_cancelled() {
            let wake = self.fill(&mut desk).await;
            tokio::select! {
                () = stop.cancelled() => {}
                Some(done) = desk.sending.join_next(), if !desk.sending.is_empty() => self.next(&mut desk, done).await,
                Ok(()) = posts.changed(), if self.has_room(&desk) => {}
                () = leading.next() => {}
                () = self.shared.clock.sleep_until(wake) => {}
            }
        }
        let last = after(self.shared.clock.now(), self.shared.settings.last);
        tokio::select! {
            () = self.flush(&mut desk) => {}
            () = self.shared.clock.sleep_until(last) => {
                tracing::warn!("messages are left in the outbox; they are sent after the restart");
            }
        }
    }

    /// Sends what is due until nothing is that may pass.
    async fn flush(&self, desk: &mut Desk) {
        loop {
            self.fill(desk).await;
            match desk.sending.join_next().await {
                Some(done) => self.next(desk, done).await,
                None => return,
            }
        }
    }

    fn has_room(&self, desk: &Desk) -> bool {
        desk.threads.len() < self.shared.settings.parallel
    }

    /// Takes what is due and may pass while there is room, and begins with it; when to look again at the latest.
    async fn fill(&self, desk: &mut Desk) -> Timestamp {
        let Shared { store, clock, platform, pace, settings, .. } = &*self.shared;
        let now = clock.now();
        if !self.has_room(desk) || !self.shared.leads() {
            return after(now, LOOK);
        }
        let next = match self.take(now).await {
            Ok(posts) => {
                let until = after(now, settings.lease);
                let held_back = posts.into_iter().filter_map(|due| self.begin(desk, Taken { due, until }));
                let untried = held_back.collect();
                deliver::give_back(&self.shared, untried).await;
                store.next_post(platform.name(), &pace.closed()).await
            }
            Err(error) => Err(error),
        };
        match next {
            Ok(next) => {
                let next = next.unwrap_or(Timestamp::MAX).min(pace.opens_at());
                next.clamp(after(now, BLINK), after(now, LOOK))
            }
            Err(error) => {
                tracing::error!("no messages can be taken from the outbox: {error}");
                let reason = format!("no messages can be taken from the outbox: {error}");
                self.shared.health.report(HEALTH, Status::Degraded, &reason, None, now);
                after(now, LOOK)
            }
        }
    }

    async fn take(&self, now: Timestamp) -> Result<Vec<DuePost>, StoreError> {
        let Shared { store, platform, pace, settings, .. } = &*self.shared;
        let share = pace.share(settings.batch);
        if share.all == 0 {
            return Ok(Vec::new());
        }
        store.take_posts(&settings.worker, platform.name(), now, settings.lease, share, &pace.closed()).await
    }

    /// Begins with a message, unless something else is on its way in its thread. One that may not pass comes back, with when
    /// it may at the soonest.
    fn begin(&self, desk: &mut Desk, taken: Taken) -> Option<(DuePost, Timestamp)> {
        let thread = taken.due.thread.id;
        if let Some(waiting) = desk.threads.get_mut(&thread) {
            waiting.push(taken);
            return None;
        }
        if let Err(until) = self.pass(&taken.due) {
            return Some((taken.due, until));
        }
        desk.threads.insert(thread, Vec::new());
        self.send(desk, thread, taken);
        None
    }

    /// Asks the pace.
    fn pass(&self, due: &DuePost) -> Result<(), Timestamp> {
        let Some(call) = deliver::call(&*self.shared.platform, due) else { return Ok(()) };
        self.shared.pace.pass(call, &due.thread.channel, due.urgency)?;
        let waited = Duration::try_from(self.shared.clock.now().duration_since(due.due_at)).unwrap_or_default();
        self.shared.metrics.post_wait.observe(waited.as_secs_f64());
        Ok(())
    }

    fn send(&self, desk: &mut Desk, thread: ThreadId, taken: Taken) {
        let shared = Arc::clone(&self.shared);
        desk.sending.spawn(async move {
            // A platform that panics must not stop its thread for good: the message comes back when its lease ends.
            let sent = tokio::spawn(async move { deliver::deliver(&shared, taken).await }).await;
            if let Err(error) = sent {
                tracing::error!(%thread, "sending ended badly: {error}");
            }
            thread
        });
    }

    /// A thread is free again. What was taken for it meanwhile goes back and is taken anew: what is most urgent by now goes
    /// first, in its newest words.
    async fn next(&self, desk: &mut Desk, done: Result<ThreadId, tokio::task::JoinError>) {
        let Ok(thread) = done else { return };
        let now = self.shared.clock.now();
        let waiting = desk.threads.remove(&thread).unwrap_or_default();
        deliver::give_back(&self.shared, waiting.into_iter().map(|taken| (taken.due, now)).collect()).await;
    }
}
