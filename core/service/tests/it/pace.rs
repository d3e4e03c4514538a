//! The sender and a platform with limits: a storm on twenty channels, holds, and two platforms at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::render::sample;
use midwatch_agent::request::{Progress, RunFacts, Step, StepState};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_doubles::chat::{Called, Chat, Fault, Shown};
use midwatch_doubles::clock::Hand;
use midwatch_redact::Redactor;
use midwatch_service::audit::ChainKey;
use midwatch_service::clock::{Clock as _, after};
use midwatch_service::health::Health;
use midwatch_service::id::{JobId, PostKey, ThreadId, WorkerId};
use midwatch_service::intake::{Delivery, Intake, IntakeParts, IntakeSettings};
use midwatch_service::living;
use midwatch_service::metrics::Metrics;
use midwatch_service::policy::{Policy, Rule};
use midwatch_service::port::chat::{Call, Limit, Scope};
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{LivingStatus, NewPost, PostBody, Private, Urgency};
use midwatch_service::publish;
use midwatch_service::sender::{Sender, SenderSettings};
use midwatch_service::signals::Signals;
use midwatch_service::thread::Thread;
use midwatch_sqlite::{Options, SqliteStore};
use tokio_util::sync::CancellationToken;

use crate::intake::OnePack;
use crate::world::seal;

const CHANNELS: usize = 20;
const SECONDS: usize = 60;
const ALERTS: usize = 10_000;
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

/// A script in the place of the workers: each incident is investigated for a while, with progress at every tick, then
/// reported.
struct Script {
    job: JobId,
    thread: ThreadId,
    ticks: usize,
    reported_at: Option<Timestamp>,
}

impl Script {
    /// Some are quick, some take half the storm.
    fn is_over(&self, number: usize) -> bool {
        self.ticks > 4 + number % 29
    }

    async fn tick(&mut self, number: usize, world: &World) -> Vec<Write> {
        let (key, thread) = (living::key(self.thread), self.thread);
        if self.reported_at.is_some() {
            return Vec::new();
        }
        let Some(body) = world.store.post(&key).await.unwrap() else { return Vec::new() };
        self.ticks += 1;
        let text = format!("tick {}", self.ticks);
        let body =
            living::with_steps(&body, seal(vec![Progress { step: Step::Scope, state: StepState::InProgress, text }]));
        if !self.is_over(number) {
            let body = living::with_status(&body, seal(LivingStatus::Investigating));
            return vec![Write::Post(NewPost { key, thread, urgency: Urgency::Progress, body })];
        }
        self.reported_at = Some(world.clock.now());
        let report = Box::new(sample::report(Verdict::Cause, ""));
        let status = LivingStatus::Reported { verdict: Verdict::Cause, headline: report.root_cause.clone() };
        let body = living::with_status(&body, seal(status));
        let said = PostBody::Report { job: self.job, report, run: RunFacts::default(), may_be_repeated: false };
        vec![
            Write::Post(NewPost {
                key: publish::report_key(self.job),
                thread,
                urgency: Urgency::Report,
                body: seal(said),
            }),
            Write::Post(NewPost { key, thread, urgency: living::urgency(&body), body }),
        ]
    }
}

fn intake(world: &World, channel: usize) -> Intake {
    Intake::new(IntakeParts {
        store: world.store.clone(),
        clock: world.clock.clone(),
        signals: world.signals.clone(),
        metrics: world.metrics.clone(),
        policy: Arc::new(Policy::new(vec![Rule::default()])),
        packs: Arc::new(OnePack),
        redactor: Redactor::default(),
        settings: IntakeSettings {
            platform: "double".to_owned(),
            channel: format!("c{channel}"),
            queue_bound: 100_000,
            slots: 1_000,
            ..IntakeSettings::default()
        },
    })
}

/// What comes to a channel in one second: some of groups that are open, some of new ones.
fn delivery(channel: usize, second: usize, alerts: std::ops::Range<usize>) -> Delivery {
    let group = second % 15;
    let alert = |n: usize| {
        let (name, namespace, pod) =
            (format!("A{group}"), format!("ns{channel}"), format!("pod-{channel}-{group}-{n}"));
        let labels = [("alertname", &name), ("namespace", &namespace), ("pod", &pod)];
        let labels: BTreeMap<String, String> = labels.map(|(label, value)| (label.to_owned(), value.clone())).into();
        Alert { fingerprint: format!("{channel}-{n}"), name, firing: true, labels, ..Alert::default() }
    };
    Delivery {
        source: "alertmanager".to_owned(),
        group_key: Some(format!("{channel}/{group}")),
        alerts: alerts.map(alert).collect(),
        ..Delivery::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_on_twenty_channels_keeps_to_every_limit_and_no_report_waits_behind_progress() {
    let world = World::new(limits(), limits());
    let sender = world.sender();
    let intakes: Vec<Intake> = (0..CHANNELS).map(|channel| intake(&world, channel)).collect();
    let mut scripts: BTreeMap<ThreadId, Script> = BTreeMap::new();
    let (of_channel, mut received, mut second) = (ALERTS / CHANNELS, 0, 0);
    while second < SECONDS || world.left().await > 0 {
        assert!(second < 600, "the outbox empties: {} left", world.left().await);
        if second < SECONDS {
            for (channel, intake) in intakes.iter().enumerate() {
                let alerts = second * of_channel / SECONDS..(second + 1) * of_channel / SECONDS;
                received += intake.deliver(delivery(channel, second, alerts)).await.unwrap().received;
            }
            for incident in world.store.open_incidents(1_000).await.unwrap() {
                if let Some(job) = incident.job {
                    let thread = incident.thread;
                    scripts.entry(thread).or_insert(Script { job, thread, ticks: 0, reported_at: None });
                }
            }
        }
        let mut writes = Vec::new();
        for (number, script) in scripts.values_mut().enumerate() {
            writes.extend(script.tick(number, &world).await);
        }
        world.commit(writes).await;
        for _ in 0..Duration::from_secs(1).as_millis() / STEP.as_millis() {
            send(&sender).await;
            world.clock.advance(STEP);
        }
        second += 1;
    }
    accounted(&world, received).await;
    let calls = world.chat.calls();
    assert_eq!(calls.iter().find(|call| call.refused.is_some()), None, "no limit was exceeded");
    assert_eq!(world.metrics.throttled.get_or_create(&labels("channel")).get(), 0);
    assert!(scripts.len() >= 10 * CHANNELS, "{} incidents with a report of their own", scripts.len());
    let shown: HashMap<PostKey, Shown> =
        world.chat.shown().into_iter().map(|shown| (shown.key.clone(), shown)).collect();
    for script in scripts.values() {
        assert!(shown.contains_key(&publish::report_key(script.job)), "every report was sent");
        let living = shown[&living::key(script.thread)].now();
        assert_eq!(living::urgency(living), Urgency::Finding, "the verdict stands in the living message");
    }
    reports_go_first(&calls, &scripts);
    verdicts_go_first(&calls, &scripts);
    in_order(&calls);
}

fn labels(scope: &'static str) -> midwatch_service::metrics::ThrottleLabels {
    midwatch_service::metrics::ThrottleLabels { integration: "double", scope }
}

async fn accounted(world: &World, received: u64) {
    let incidents = world.store.open_incidents(1_000).await.unwrap();
    let counted: u64 = incidents.iter().map(|incident| incident.received).sum();
    assert_eq!((received, counted), (ALERTS as u64, ALERTS as u64), "every alert is in one incident");
}

fn is_progress(call: &Called) -> bool {
    matches!(call.body, PostBody::Living(_) | PostBody::Storm(_)) && living::urgency(&call.body) == Urgency::Progress
}

/// The first time that a message was sent: its place among the calls.
fn firsts(calls: &[Called]) -> HashMap<&PostKey, usize> {
    let mut firsts = HashMap::new();
    for (at, call) in calls.iter().enumerate() {
        firsts.entry(&call.key).or_insert(at);
    }
    firsts
}

/// While a report could go, no progress takes what it needs: nothing less urgent goes in its channel, and no progress is
/// edited anywhere unless the report's own channel has no room.
fn reports_go_first(calls: &[Called], scripts: &BTreeMap<ThreadId, Script>) {
    let firsts = firsts(calls);
    for script in scripts.values() {
        let sent = firsts[&publish::report_key(script.job)];
        let before = firsts[&living::key(script.thread)];
        let channel = &calls[sent].channel;
        let ready = script.reported_at.unwrap().max(calls[before].at);
        for (place, call) in calls.iter().enumerate().take(sent) {
            // What goes at the same moment does not wait for each other: threads are sent to side by side.
            if call.at <= ready || call.at == calls[sent].at || !is_progress(call) {
                continue;
            }
            let in_the_way = call.call == Call::Post && call.channel == *channel;
            assert!(!in_the_way, "{:?} went before a report that waited since {ready}", call.key);
            let lately = calls[..place].iter().rev().take_while(|c| after(c.at, Duration::from_secs(1)) > call.at);
            let full = lately.filter(|c| c.call == Call::Post).any(|post| post.channel == *channel);
            assert!(full, "progress was edited at {} while a report could go since {ready}", call.at);
        }
    }
}

/// No progress is edited while a verdict waits to be.
fn verdicts_go_first(calls: &[Called], scripts: &BTreeMap<ThreadId, Script>) {
    let firsts = firsts(calls);
    for script in scripts.values() {
        let key = living::key(script.thread);
        let is_verdict = |call: &Called| call.key == key && living::urgency(&call.body) == Urgency::Finding;
        let sent = calls.iter().position(is_verdict).unwrap();
        let ready = script.reported_at.unwrap().max(calls[firsts[&key]].at);
        let behind = calls[..sent]
            .iter()
            .find(|c| c.at > ready && c.at < calls[sent].at && c.call == Call::Edit && is_progress(c));
        assert!(behind.is_none(), "{behind:?} went before a verdict that waited since {ready}");
    }
}

/// In each thread the opening goes first, the report last, and no state of a living message goes back.
fn in_order(calls: &[Called]) {
    let mut newest: HashMap<&PostKey, u64> = HashMap::new();
    let mut seen: BTreeSet<ThreadId> = BTreeSet::new();
    for call in calls {
        let is_first = seen.insert(call.thread);
        assert_eq!(is_first, matches!(call.body, PostBody::Opening(_)), "{call:?}");
        if let PostBody::Living(living) = &call.body {
            let ticks =
                living.steps.first().and_then(|step| step.text.strip_prefix("tick ")?.parse().ok()).unwrap_or(0);
            let before = newest.insert(&call.key, ticks).unwrap_or(0);
            assert!(before <= ticks, "{ticks} after {before}");
        }
    }
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
