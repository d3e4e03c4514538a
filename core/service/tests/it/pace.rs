//! The sender and a platform with limits: holds, and two platforms at once. A storm on real clients is in `tests/`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_doubles::chat::{Called, Chat, Fault};
use midwatch_doubles::clock::Hand;
use midwatch_service::audit::ChainKey;
use midwatch_service::clock::{Clock as _, after};
use midwatch_service::health::Health;
use midwatch_service::id::{PostKey, ThreadId, WorkerId};
use midwatch_service::metrics::Metrics;
use midwatch_service::port::chat::{Call, Limit, Scope};
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{NewPost, PostBody, Private, Urgency};
use midwatch_service::sender::{Sender, SenderSettings};
use midwatch_service::signals::Signals;
use midwatch_service::thread::Thread;
use midwatch_sqlite::{Options, SqliteStore};
use tokio_util::sync::CancellationToken;

use crate::world::seal;

/// The sender looks so often; the limits are finer than that.
const STEP: Duration = Duration::from_millis(250);

fn limit(call: Option<Call>, scope: Scope, calls: u32, seconds: u64, burst: u32) -> Limit {
    let number = |n| NonZeroU32::new(n).unwrap();
    Limit { call, scope, calls: number(calls), every: Duration::from_secs(seconds), burst: number(burst) }
}

/// Limits like those of a workspace: messages by channel, edits by method, and everything together.
fn limits() -> Vec<Limit> {
    vec![
        limit(Some(Call::Post), Scope::Channel, 1, 1, 1),
        limit(Some(Call::Edit), Scope::Method, 50, 60, 10),
        limit(None, Scope::Workspace, 600, 60, 20),
    ]
}

/// A store, a platform with limits, and the clock that both go by.
struct World {
    store: Arc<SqliteStore>,
    chat: Arc<Chat>,
    clock: Arc<Hand>,
    signals: Arc<Signals>,
    metrics: Arc<Metrics>,
    _directory: tempfile::TempDir,
}

impl World {
    fn new(told: Vec<Limit>, enforced: Vec<Limit>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand::at(Timestamp::from_second(1_800_000_000).unwrap()));
        let options = Options {
            directory: directory.path().join("store"),
            chain_key: ChainKey::new("a key of the tests, long enough to be one".into()),
            max_bytes: None,
            now: clock.now(),
        };
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let chat = Arc::new(Chat::limited(told, enforced, clock.clone()));
        let (signals, metrics) = (Arc::default(), Arc::default());
        Self { store, chat, clock, signals, metrics, _directory: directory }
    }

    fn sender(&self) -> Sender {
        self.sender_to(self.chat.clone())
    }

    fn sender_to(&self, chat: Arc<Chat>) -> Sender {
        let settings = SenderSettings::new(WorkerId("sender".to_owned()));
        let (signals, metrics) = (self.signals.clone(), self.metrics.clone());
        let (store, health) = (self.store.clone(), Arc::new(Health::default()));
        Sender::new(store, self.clock.clone(), signals, metrics, health, chat, settings)
    }

    async fn commit(&self, writes: Vec<Write>) {
        self.store.commit(self.clock.now(), writes).await.unwrap();
        self.signals.post_written();
    }

    async fn open(&self, channel: &str) -> ThreadId {
        let id = ThreadId::new();
        let (platform, channel) = ("double".to_owned(), channel.to_owned());
        let thread = Thread { id, platform, channel, root: None, opened_at: self.clock.now() };
        self.commit(vec![Write::OpenThread(thread)]).await;
        id
    }

    async fn left(&self) -> u64 {
        self.store.load().await.unwrap().posts
    }
}

/// Sends what may pass at this moment, and no more: as a program does that stops.
async fn send(sender: &Sender) {
    let stopped = CancellationToken::new();
    stopped.cancel();
    sender.run(stopped).await;
}

fn notice(thread: ThreadId, text: &str) -> Write {
    let body = seal(PostBody::Notice { text: text.to_owned() });
    Write::Post(NewPost { key: PostKey(format!("{thread}:{text}")), thread, urgency: Urgency::Notice, body })
}

fn private(thread: ThreadId, text: &str) -> Write {
    let body = seal(PostBody::Private(Private { to: "U1".to_owned(), ..Private::default() }));
    Write::Post(NewPost { key: PostKey(format!("{thread}:{text}")), thread, urgency: Urgency::Notice, body })
}

fn labels(scope: &'static str) -> midwatch_service::metrics::ThrottleLabels {
    midwatch_service::metrics::ThrottleLabels { platform: "double", scope }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_tells_too_little_is_obeyed_when_it_asks_to_wait() {
    let world = World::new(Vec::new(), limits());
    let sender = world.sender();
    for channel in 0..4 {
        let thread = world.open(&format!("c{channel}")).await;
        world.commit((0..10).map(|n| notice(thread, &n.to_string())).collect()).await;
    }
    let mut steps = 0;
    while world.left().await > 0 {
        send(&sender).await;
        world.clock.advance(STEP);
        steps += 1;
        assert!(steps < 400, "the outbox empties");
    }
    let calls = world.chat.calls();
    let refused: Vec<&Called> = calls.iter().filter(|call| call.refused.is_some()).collect();
    assert!(!refused.is_empty());
    for refusal in &refused {
        // In flight at the same moment nobody can know yet.
        let until = after(refusal.at, Duration::from_secs(1));
        let early = calls.iter().find(|c| c.channel == refusal.channel && c.at > refusal.at && c.at < until);
        assert_eq!(early, None, "the channel was to be left alone");
        let on_time = calls.iter().find(|c| c.key == refusal.key && c.at == until);
        assert!(on_time.is_some(), "exactly as long as was asked for, not longer");
    }
    let throttled = world.metrics.throttled.get_or_create(&labels("channel")).get();
    assert_eq!(throttled, refused.len() as u64);
    let words = |channel: usize| -> Vec<String> {
        let of = |call: &&Called| call.refused.is_none() && call.channel == format!("c{channel}");
        calls.iter().filter(of).map(|call| call.key.0.rsplit(':').next().unwrap().to_owned()).collect()
    };
    let expected: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    assert!((0..4).all(|channel| words(channel) == expected), "in order, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_wakes_when_its_channel_opens() {
    let told = vec![limit(Some(Call::Post), Scope::Channel, 1, 1, 1)];
    let world = World::new(told.clone(), told);
    let sender = world.sender();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let running = tokio::spawn(async move { sender.run(token).await });
    let thread = world.open("c").await;
    let start = world.clock.now();
    world.commit(["1", "2", "3"].map(|text| notice(thread, text)).into()).await;
    for sent in 1..=3_u64 {
        world.chat.until("the next message", |shown| shown.len() as u64 == sent).await;
        world.clock.advance_to(after(start, Duration::from_secs(sent)));
    }
    let at: Vec<Timestamp> = world.chat.calls().iter().map(|call| call.at).collect();
    assert_eq!(at, [0, 1, 2].map(|seconds| after(start, Duration::from_secs(seconds))));
    stop.cancel();
    running.await.unwrap();
    assert!(world.metrics.encode().contains("midwatch_post_wait_seconds_count 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_sees_is_sent_once_and_nothing_hangs_on_it() {
    for fault in [Fault::Landed, Fault::Vanished] {
        let world = World::new(Vec::new(), Vec::new());
        let sender = world.sender();
        world.chat.fail(|body| matches!(body, PostBody::Private(_)), fault);
        let thread = world.open("c").await;
        world.commit(vec![private(thread, "1"), private(thread, "2"), notice(thread, "3")]).await;
        send(&sender).await;
        let keys: Vec<String> = world.chat.calls().into_iter().map(|call| call.key.0).collect();
        assert_eq!(keys, ["1", "2", "3"].map(|text| format!("{thread}:{text}")), "each once");
        assert_eq!((world.left().await, world.chat.finds()), (0, 0));
        let notice = world.chat.shown().pop().unwrap();
        assert_eq!(world.store.thread(thread).await.unwrap().unwrap().root, Some(notice.id), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_costs_no_try_and_leaves_its_doubt() {
    let told = vec![limit(Some(Call::Post), Scope::Channel, 1, 1, 1)];
    let world = World::new(told, Vec::new());
    let sender = world.sender();
    let (one, two) = (world.open("c").await, world.open("c").await);
    world.commit(vec![notice(one, "1"), notice(two, "2")]).await;
    send(&sender).await;
    assert_eq!(world.chat.calls().len(), 1);
    world.clock.advance(Duration::from_secs(1));
    let (worker, now) = (WorkerId("other".to_owned()), world.clock.now());
    let (share, open) =
        (midwatch_service::port::store::Share::any(9), midwatch_service::port::store::Closed::default());
    let lease = Duration::from_secs(30);
    let due = world.store.take_posts(&worker, "double", now, lease, share, &open).await.unwrap();
    assert_eq!((due.len(), due[0].tries, due[0].doubtful), (1, 0, false), "it was not tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_platforms_hear_of_every_message() {
    let world = World::new(Vec::new(), Vec::new());
    let other = Arc::new(Chat::default().named("other"));
    let stop = CancellationToken::new();
    let senders = [world.sender(), world.sender_to(other.clone())].map(|sender| {
        let token = stop.clone();
        tokio::spawn(async move { sender.run(token).await })
    });
    // The clock stands still: who is not told never looks.
    for sent in 1..=20 {
        let mut writes = Vec::new();
        for platform in ["double", "other"] {
            let (id, platform, channel) = (ThreadId::new(), platform.to_owned(), "c".to_owned());
            writes.push(Write::OpenThread(Thread { id, platform, channel, root: None, opened_at: world.clock.now() }));
            writes.push(notice(id, "1"));
        }
        world.commit(writes).await;
        world.chat.until("one platform's message", |shown| shown.len() == sent).await;
        other.until("the other's message", |shown| shown.len() == sent).await;
    }
    stop.cancel();
    for sender in senders {
        sender.await.unwrap();
    }
}
