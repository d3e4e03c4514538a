//! The outbox's sender: takes messages that are due to one platform, in order within a thread, many threads at a time.
//!
//! The only code that calls a platform's send. Must never send a message whose fate is unknown before it was looked up, nor
//! keep one thread's trouble from the others. Start at [`Sender::run`]; what follows an answer is in `fate`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::{SharedClock, after};
use crate::health::{Health, Status};
use crate::id::{ThreadId, WorkerId};
use crate::metrics::Metrics;
use crate::port::chat::ChatPlatform;
use crate::port::store::{Closed, DuePost, Share, Store};
use crate::signals::Signals;

mod deliver;
mod fate;

/// The name under which the outbox reports its health.
pub const HEALTH: &str = "outbox";

/// The longest that the outbox is not looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The shortest, so that a due time that has passed makes no hot loop.
const BLINK: Duration = Duration::from_millis(20);

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
    settings: SenderSettings,
}

/// A message, and until when it may be sent.
struct Taken {
    due: DuePost,
    until: Timestamp,
}

/// Messages that were taken and not begun, by thread; a thread that is being sent to is listed, too.
type Queues = BTreeMap<ThreadId, VecDeque<Taken>>;

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
        Self { shared: Arc::new(Shared { store, clock, signals, metrics, health, platform, settings }) }
    }

    /// Sends until it is told to stop; then what is due is still sent, as far as time allows.
    pub async fn run(&self, stop: CancellationToken) {
        let mut queues = Queues::new();
        let mut sending: JoinSet<ThreadId> = JoinSet::new();
        let mut posts = self.shared.signals.posts();
        while !stop.is_cancelled() {
            let wake = self.fill(&mut queues, &mut sending).await;
            tokio::select! {
                () = stop.cancelled() => {}
                Some(done) = sending.join_next(), if !sending.is_empty() => self.next(&mut queues, &mut sending, done),
                Ok(()) = posts.changed(), if self.has_room(&queues) => {}
                () = self.shared.clock.sleep_until(wake) => {}
            }
        }
        let last = after(self.shared.clock.now(), self.shared.settings.last);
        tokio::select! {
            () = self.flush(&mut queues, &mut sending) => {}
            () = self.shared.clock.sleep_until(last) => {
                tracing::warn!("messages are left in the outbox; they are sent after the restart");
            }
        }
    }

    /// Sends what is due until nothing is.
    async fn flush(&self, queues: &mut Queues, sending: &mut JoinSet<ThreadId>) {
        loop {
            self.fill(queues, sending).await;
            match sending.join_next().await {
                Some(done) => self.next(queues, sending, done),
                None => return,
            }
        }
    }

    fn has_room(&self, queues: &Queues) -> bool {
        queues.len() < self.shared.settings.parallel
    }

    /// Takes what is due while there is room, and begins with it; when to look again at the latest.
    async fn fill(&self, queues: &mut Queues, sending: &mut JoinSet<ThreadId>) -> Timestamp {
        let Shared { store, clock, platform, settings, .. } = &*self.shared;
        let now = clock.now();
        if !self.has_room(queues) {
            return after(now, LOOK);
        }
        let taken = {
            let share = Share::any(settings.batch);
            store.take_posts(&settings.worker, platform.name(), now, settings.lease, share, &Closed::default()).await
        };
        let next = match taken {
            Ok(posts) => {
                let until = after(now, settings.lease);
                for due in posts {
                    self.queue(queues, sending, Taken { due, until });
                }
                store.next_post(platform.name(), &Closed::default()).await
            }
            Err(error) => Err(error),
        };
        match next {
            Ok(next) => next.unwrap_or(Timestamp::MAX).clamp(after(now, BLINK), after(now, LOOK)),
            Err(error) => {
                tracing::error!("no messages can be taken from the outbox: {error}");
                let reason = format!("no messages can be taken from the outbox: {error}");
                self.shared.health.report(HEALTH, Status::Degraded, &reason, None, now);
                after(now, LOOK)
            }
        }
    }

    fn queue(&self, queues: &mut Queues, sending: &mut JoinSet<ThreadId>, taken: Taken) {
        let thread = taken.due.thread.id;
        if let Some(waiting) = queues.get_mut(&thread) {
            waiting.push_back(taken);
        } else {
            queues.insert(thread, VecDeque::new());
            self.send(sending, thread, taken);
        }
    }

    fn send(&self, sending: &mut JoinSet<ThreadId>, thread: ThreadId, taken: Taken) {
        let shared = Arc::clone(&self.shared);
        sending.spawn(async move {
            // A platform that panics must not stop its thread for good: the message comes back when its lease ends.
            let sent = tokio::spawn(async move { deliver::deliver(&shared, taken).await }).await;
            if let Err(error) = sent {
                tracing::error!(%thread, "sending ended badly: {error}");
            }
            thread
        });
    }

    /// Goes on with a thread.
    fn next(
        &self,
        queues: &mut Queues,
        sending: &mut JoinSet<ThreadId>,
        done: Result<ThreadId, tokio::task::JoinError>,
    ) {
        let Ok(thread) = done else { return };
        match queues.get_mut(&thread).and_then(VecDeque::pop_front) {
            Some(taken) => self.send(sending, thread, taken),
            None => {
                queues.remove(&thread);
            }
        }
    }
}
