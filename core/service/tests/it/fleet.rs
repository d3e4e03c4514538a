//! A process among others: what is ordered of it, and what it leads.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::clock::{Clock as _, SystemClock};
use midwatch_service::fleet::{Member, MemberParts, Order, Replica, Role};
use midwatch_service::id::WorkerId;
use midwatch_service::job::{Actor, JobState};
use midwatch_service::port::store::{Store as _, Write};
use midwatch_service::post::{LivingStatus, PostBody};
use midwatch_service::signals::Signals;
use midwatch_service::{publish, sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{Cluster, Wish, World, now};

/// Time in which a worker that was called would have taken a job.
const WOULD_HAVE: Duration = Duration::from_millis(300);

struct Fleet {
    me: WorkerId,
    ended: CancellationToken,
    member: Arc<Member>,
    running: JoinHandle<()>,
}

fn shared(cluster: Cluster) -> World {
    let mut world = World::new(cluster);
    world.signals = Arc::new(Signals::among_others());
    world
}

impl Fleet {
    fn join(world: &World, leads: &[&str]) -> Self {
        let me = WorkerId("one".to_owned());
        let replica = Replica {
            id: me.clone(),
            host: "pod-1".to_owned(),
            version: "0".to_owned(),
            roles: Role::ALL.to_vec(),
            slots: 5,
            running: 0,
            started_at: now(),
            seen_at: now(),
            draining: false,
            leads: Vec::new(),
        };
        let member = Arc::new(Member::new(MemberParts {
            store: world.store.clone(),
            clock: Arc::new(SystemClock),
            signals: world.signals.clone(),
            metrics: world.metrics.clone(),
            health: world.health.clone(),
            replica,
            leads: leads.iter().map(|&lead| lead.to_owned()).collect(),
        }));
        let ended = CancellationToken::new();
        let (runs, token) = (member.clone(), ended.clone());
        let running = tokio::spawn(async move { runs.run(CancellationToken::new(), token).await });
        Self { me, ended, member, running }
    }

    async fn leave(self) {
        self.ended.cancel();
        self.running.await.unwrap();
    }
}

fn order(reason: &str) -> Order {
    let by = Actor { platform: "api".to_owned(), user: "olga".to_owned(), ..Actor::default() };
    Order { by, reason: reason.to_owned(), at: now() }
}

/// Writes an order, and waits until it is heard.
async fn ordered(world: &World, write: Write, is_heard: impl Fn(&World) -> bool) {
    world.commit(vec![write]).await;
    world.signals.orders.notify_one();
    let mut changes = world.signals.standing.changes();
    while !is_heard(world) {
        let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        next.expect("the order is heard");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_stops_what_runs_and_what_waits_goes_on_after_it() {
    let mut world = shared(Cluster::EventsHang);
    world.send(Duration::from_secs(15));
    let fleet = Fleet::join(&world, &["send:double"]);
    let (_stop, _worker) = world.work(World::settings("one"));
    let (running, thread) = world.ask(Wish::default()).await;
    world.until(running, "the start", |job| job.state == JobState::Running).await;

    let on = Write::Kill(Some(order("it reads too much")));
    ordered(&world, on, |world| world.signals.standing.kill().is_some()).await;
    let (waiting, _) = world.ask(Wish::default()).await;
    let stopped = world.ended(running).await;
    assert_eq!(stopped.state, JobState::Cancelled);
    let why = "stopped by olga: the kill switch: it reads too much";
    assert!(matches!(world.living(thread).await.status, LivingStatus::Cancelled { why: told } if told == why));
    let last = world.body(&publish::ended_key(running)).await;
    assert!(matches!(last, Some(PostBody::Notice { text }) if text.contains("olga")), "the thread is told");

    world.signals.jobs.notify_one();
    tokio::time::sleep(WOULD_HAVE).await;
    assert_eq!(world.job(waiting).await.state, JobState::Pending);
    ordered(&world, Write::Kill(None), |world| world.signals.standing.kill().is_none()).await;
    world.until(waiting, "the start", |job| job.state == JobState::Running).await;
    assert_eq!(world.job(waiting).await.attempts, 1);
    fleet.leave().await;
    assert!(world.store.replicas(now()).await.unwrap().is_empty(), "who leaves is not there");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_drained_takes_nothing_new_and_ends_what_runs() {
    let world = shared(Cluster::Answers);
    let fleet = Fleet::join(&world, &[]);
    let drain = |order| Write::Drain { replica: WorkerId("one".to_owned()), order };
    let may = |world: &World| world.signals.standing.may_claim(SystemClock.now());
    let (_stop, _worker) = world.work(World::settings("one"));
    let (first, _) = world.ask(Wish::default()).await;
    world.ended(first).await;

    ordered(&world, drain(Some(order("a new node"))), |world| !may(world)).await;
    let (second, _) = world.ask(Wish::default()).await;
    tokio::time::sleep(WOULD_HAVE).await;
    assert_eq!(world.job(second).await.state, JobState::Pending);
    let replicas = world.store.replicas(now()).await.unwrap();
    assert!(replicas.len() == 1 && replicas[0].draining && replicas[0].id == fleet.me, "{replicas:?}");

    ordered(&world, drain(None), may).await;
    assert_eq!(world.ended(second).await.state, JobState::Completed);
    fleet.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_heard_what_is_ordered_takes_nothing() {
    let world = shared(Cluster::Answers);
    let (_stop, _worker) = world.work(World::settings("one"));
    let (job, _) = world.ask(Wish::default()).await;
    tokio::time::sleep(WOULD_HAVE).await;
    assert_eq!(world.job(job).await.state, JobState::Pending);
    let fleet = Fleet::join(&world, &[]);
    world.ended(job).await;
    fleet.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_leads_sends_and_who_resigns_does_not_any_more() {
    let mut world = shared(Cluster::Answers);
    world.send(Duration::from_secs(15));
    let fleet = Fleet::join(&world, &["send:double"]);
    world.ask(Wish::default()).await;
    world.chat.until("the opening", |shown| !shown.is_empty()).await;
    assert_eq!(sender::lead("double"), "send:double");

    fleet.member.resign("send:double").await;
    let sent = world.chat.shown().len();
    world.ask(Wish::default()).await;
    tokio::time::sleep(WOULD_HAVE).await;
    assert_eq!(world.chat.shown().iter().filter(|shown| matches!(shown.now(), PostBody::Opening(_))).count(), 1);
    assert!(sent <= 2, "nothing but the first thread was sent");
    assert_eq!(world.store.load().await.unwrap().posts, 4 - world.chat.shown().len() as u64, "the rest waits");
    fleet.leave().await;
    world.stop().await;
}
