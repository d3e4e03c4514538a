//! The intake over the embedded store: storms, races of two servers, permissions, polling, stopping.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::request::{Progress, Request, Step, StepState};
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redactor;
use midwatch_service::audit::ChainKey;
use midwatch_service::clock::{Clock, SystemClock};
use midwatch_service::collision::Collisions;
use midwatch_service::fleet::{Member, MemberParts, Order, Replica, Role};
use midwatch_service::id::{ThreadId, WorkerId};
use midwatch_service::incident::{Incident, IncidentKind, IncidentState};
use midwatch_service::intake::{
    Ask, Delivery, Intake, IntakeParts, IntakeSettings, PackChoice, Receipt, Refused, Reply,
};
use midwatch_service::job::{Actor, JobState, Origin, PackRef};
use midwatch_service::living::{self, Seen};
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::Pack;
use midwatch_service::policy::{Policy, Rule, Verb};
use midwatch_service::port::store::{JobFilter, Store, Write};
use midwatch_service::post::{LivingStatus, PostBody, Urgency};
use midwatch_service::signals::Signals;
use midwatch_sqlite::{Options, SqliteStore};
use tokio_util::sync::CancellationToken;

/// A clock that is moved by hand.
pub(crate) struct Hand(AtomicI64);

impl Hand {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

pub(crate) struct OnePack;

impl PackChoice for OnePack {
    fn by_name(&self, _: &str) -> Option<Pack> {
        None
    }

    fn for_alerts(&self, _: &[Alert]) -> Option<Pack> {
        let id = PackRef { name: "incident".to_owned(), version: "1".to_owned() };
        Some(Pack { id, ..Pack::default() })
    }

    fn for_verb(&self, _: Verb, _: Option<&str>) -> Option<Pack> {
        self.for_alerts(&[])
    }

    fn is_enabled(&self, _: &str) -> bool {
        true
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) clock: Arc<Hand>,
    rules: Vec<Rule>,
    _directory: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000)));
        let options = Options {
            directory: directory.path().join("store"),
            chain_key: ChainKey::new("a key of the tests, long enough to be one".into()),
            max_bytes: None,
            now: clock.now(),
        };
        Self { store: Arc::new(SqliteStore::open(options).unwrap()), clock, rules, _directory: directory }
    }

    pub(crate) fn intake(&self) -> Arc<Intake> {
        self.intake_with(Arc::default())
    }

    fn intake_with(&self, signals: Arc<Signals>) -> Arc<Intake> {
        Arc::new(Intake::new(IntakeParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            signals,
            metrics: Arc::new(Metrics::default()),
            policy: Arc::new(Policy::new(self.rules.clone())),
            packs: Arc::new(OnePack),
            redactor: Redactor::default(),
            settings: IntakeSettings::default(),
        }))
    }

    pub(crate) async fn open(&self) -> Vec<Incident> {
        self.store.open_incidents(20_000).await.unwrap()
    }

    pub(crate) async fn jobs(&self) -> usize {
        self.store.jobs(&JobFilter { limit: 500, ..JobFilter::default() }).await.unwrap().len()
    }
}

pub(crate) fn anyone() -> Vec<Rule> {
    vec![Rule::default()]
}

fn alert(name: &str, namespace: &str, pod: &str) -> Alert {
    let labels = [("alertname", name), ("namespace", namespace), ("pod", pod), ("severity", "warning")];
    let labels: BTreeMap<String, String> = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let fingerprint = format!("{name}-{namespace}-{pod}");
    Alert { name: name.to_owned(), firing: true, fingerprint, labels, ..Alert::default() }
}

fn delivery(key: &str, alerts: Vec<Alert>) -> Delivery {
    let group_key = Some(key.to_owned());
    Delivery { source: "alertmanager".to_owned(), group_key, alerts, ..Delivery::default() }
}

async fn all(intake: &Arc<Intake>, deliveries: Vec<Delivery>) -> Vec<Receipt> {
    let hands = deliveries.into_iter().map(|delivery| {
        let intake = intake.clone();
        tokio::spawn(async move { intake.deliver(delivery).await.unwrap() })
    });
    let mut receipts = Vec::new();
    for hand in hands.collect::<Vec<_>>() {
        receipts.push(hand.await.unwrap());
    }
    receipts
}

fn storm_of(incidents: &[Incident]) -> &Incident {
    incidents.iter().find(|incident| matches!(incident.kind, IncidentKind::Storm { .. })).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_ten_thousand_alerts_is_accounted_for() {
    let world = World::new(anyone());
    let intake = world.intake();
    let group = |n: usize, firing: bool| {
        let alerts = (0..10).map(|m| {
            let alert = alert(&format!("A{}", n % 40), &format!("ns{}", n % 60), &format!("w{n}-{m}x"));
            Alert { firing, ..alert }
        });
        delivery(&format!("g{n}"), alerts.collect())
    };
    for part in (0..1000).collect::<Vec<_>>().chunks(50) {
        let receipts = all(&intake, part.iter().map(|n| group(*n, true)).collect()).await;
        assert_eq!(receipts.iter().map(|receipt| receipt.received).sum::<u64>(), 500);
    }
    let open = world.open().await;
    assert_eq!((open.len(), world.jobs().await), (11, 10), "ten threads, then the storm");
    assert_eq!(open.iter().map(|incident| incident.received).sum::<u64>(), 10_000);
    assert_eq!(storm_of(&open).received, 9_900);

    world.clock.advance(Duration::from_mins(1));
    intake.tick().await.unwrap();
    intake.tick().await.unwrap();
    assert_eq!(world.jobs().await, 11, "one investigation of the storm");

    for part in (0..1000).collect::<Vec<_>>().chunks(50) {
        all(&intake, part.iter().map(|n| group(*n, false)).collect()).await;
    }
    let open = world.open().await;
    assert!(open.iter().all(|incident| matches!(incident.state, IncidentState::Resolved(_))));
    assert_eq!(open.iter().map(|incident| incident.received).sum::<u64>(), 20_000);
    world.clock.advance(Duration::from_mins(15));
    intake.tick().await.unwrap();
    assert!(world.open().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_store_open_one_incident() {
    let world = World::new(anyone());
    let servers = [world.intake(), world.intake()];
    let one = |n: usize| delivery("g", vec![alert("Crash", "shop", &format!("checkout-{n}"))]);
    let (a, b) =
        tokio::join!(all(&servers[0], (0..20).map(one).collect()), all(&servers[1], (10..30).map(one).collect()));
    let opened: usize = a.iter().chain(&b).map(|receipt| receipt.opened.len()).sum();
    let open = world.open().await;
    assert_eq!((opened, open.len(), world.jobs().await), (1, 1, 1));
    assert_eq!((open[0].received, open[0].alerts.len()), (40, 30));
}

/// Writes steps as a worker of another process does.
async fn step(store: &dyn Store, thread: ThreadId, text: String) {
    let mut collisions = Collisions::default();
    loop {
        let seen = Seen::read(store, thread).await.unwrap().unwrap();
        let step = Progress { step: Step::Scope, state: StepState::InProgress, text: text.clone() };
        let body = living::with_steps(&seen.body, Redactor::default().seal(vec![step]));
        match store.commit(Timestamp::now(), seen.back(body, Urgency::Progress).into()).await {
            Ok(()) => return,
            Err(error) => assert!(collisions.again(&error, Timestamp::now()).await, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hands_of_several_processes_lose_nothing_of_a_message_that_each_changes_in_part() {
    let world = World::new(anyone());
    let servers = [world.intake(), world.intake()];
    let one = |n: usize| delivery("g", vec![alert("Crash", "shop", &format!("checkout-{n}"))]);
    servers[0].deliver(one(0)).await.unwrap();
    let thread = world.open().await[0].thread;
    let store = world.store.clone();
    let steps = async {
        for n in 1..=40 {
            step(&*store, thread, format!("step {n}")).await;
        }
    };
    let deliveries = async |intake: &Arc<Intake>, numbers: std::ops::Range<usize>| {
        for n in numbers {
            intake.deliver(one(n)).await.unwrap();
        }
    };
    tokio::join!(steps, deliveries(&servers[0], 1..20), deliveries(&servers[1], 20..40));
    let body = world.store.post(&living::key(thread)).await.unwrap().unwrap().into_inner();
    let PostBody::Living(living) = body else { panic!("not the living message") };
    assert_eq!(living.alerts.unwrap().firing, 40, "what the intakes wrote");
    assert_eq!(living.steps[0].text, "step 40", "what the worker wrote");
}

#[tokio::test]
async fn who_may_not_is_refused_and_audited() {
    let world = World::new(vec![Rule { namespaces: vec!["shop".to_owned()], ..Rule::default() }]);
    let intake = world.intake();
    let mut node = alert("Disk", "", "");
    node.labels.retain(|label, _| label == "alertname");
    for alerts in [vec![alert("Crash", "pay", "x-0")], vec![alert("Crash", "shop", "x-0"), node]] {
        let refused = intake.deliver(delivery("g", alerts)).await.unwrap_err();
        assert!(matches!(refused, Refused::Denied(_)), "{refused}");
    }
    let trail = world.store.audit(0, 10).await.unwrap();
    assert!(trail.len() == 2 && trail.iter().all(|sealed| sealed.entry.action == "denied"));
    assert!(world.open().await.is_empty());
    intake.deliver(delivery("g", vec![alert("Crash", "shop", "x-0")])).await.unwrap();
    assert_eq!(world.open().await.len(), 1);
}

#[tokio::test]
async fn what_two_polls_miss_is_resolved_unless_a_webhook_brought_it() {
    let world = World::new(anyone());
    let intake = world.intake();
    let (polled, pushed) = (alert("Crash", "shop", "checkout-0"), alert("Disk", "db", "pg-0"));
    intake.deliver(delivery("g", vec![pushed.clone()])).await.unwrap();
    let first = intake.polled(vec![polled.clone(), pushed], Origin::default()).await.unwrap();
    assert_eq!((first.received, first.opened.len()), (1, 1), "the webhook's alert is known");
    let again = intake.polled(vec![polled], Origin::default()).await.unwrap();
    assert_eq!(again, Receipt::default(), "a poll that sees nothing new is no delivery");
    intake.polled(Vec::new(), Origin::default()).await.unwrap();
    assert!(world.open().await.iter().all(|incident| incident.state == IncidentState::Firing), "one miss is none");
    intake.polled(Vec::new(), Origin::default()).await.unwrap();
    let firing: Vec<String> =
        world.open().await.into_iter().filter(|i| i.state == IncidentState::Firing).map(|i| i.title).collect();
    assert_eq!(firing, ["Disk db"]);
}

#[tokio::test]
async fn a_question_has_a_thread_and_can_be_stopped() {
    let world = World::new(anyone());
    let intake = world.intake();
    let ask = Ask {
        task: midwatch_service::job::Task::Investigate,
        also: Vec::new(),
        request: Request { text: Some("why is checkout slow".to_owned()), ..Request::default() },
        cluster: None,
        verb: Verb::Investigate,
        origin: Origin::default(),
        deadline: None,
        pack: None,
        reply: Reply::Thread { platform: "console".to_owned(), channel: "incidents".to_owned() },
        dedup: Some("the same".to_owned()),
    };
    let job = intake.ask(ask.clone()).await.unwrap();
    assert_eq!(intake.ask(ask.clone()).await.unwrap(), job, "while it is live it is the answer");
    let thread = world.store.job(job).await.unwrap().unwrap().spec.thread.unwrap();
    intake.cancel(job, Origin::default(), "a mistake".to_owned()).await.unwrap();
    assert_eq!(world.store.job(job).await.unwrap().unwrap().state, JobState::Cancelled);
    let body = world.store.post(&living::key(thread)).await.unwrap().unwrap();
    let PostBody::Living(living) = body.into_inner() else { panic!("not the living message") };
    assert!(matches!(living.status, LivingStatus::Cancelled { why } if why.contains("a mistake")));
    intake.drain();
    assert!(matches!(intake.ask(ask).await, Err(Refused::Draining)));
}

/// Alerts that come while the kill switch is on are taken and wait; what people want is refused, with who and why.
#[tokio::test]
async fn while_the_kill_switch_is_on_alerts_wait_and_questions_are_refused() {
    let world = World::new(anyone());
    let signals = Arc::new(Signals::among_others());
    let intake = world.intake_with(signals.clone());
    let by = Actor { user: "olga".to_owned(), ..Actor::default() };
    let order = Order { by, reason: "it reads too much".to_owned(), at: world.clock.now() };
    world.store.commit(world.clock.now(), vec![Write::Kill(Some(order))]).await.unwrap();
    let member = member(&world, signals.clone());
    let ended = CancellationToken::new();
    let hears = async {
        let mut changes = signals.standing.changes();
        while signals.standing.kill().is_none() {
            changes.next().await;
        }
        ended.cancel();
    };
    tokio::join!(member.run(CancellationToken::new(), ended.clone()), hears);

    let receipt = intake.deliver(delivery("g", vec![alert("Crash", "shop", "checkout-0")])).await.unwrap();
    assert_eq!((receipt.opened.len(), receipt.jobs.len()), (1, 1));
    let job = world.store.job(receipt.jobs[0]).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Pending);
    let body = world.store.post(&living::key(job.spec.thread.unwrap())).await.unwrap().unwrap().into_inner();
    let PostBody::Living(living) = body else { panic!("not the living message") };
    assert_eq!(living.notes, ["waits: the kill switch is on, turned on by olga: it reads too much"]);
    let ask = Ask {
        task: midwatch_service::job::Task::Investigate,
        also: Vec::new(),
        request: Request::default(),
        cluster: None,
        verb: Verb::Investigate,
        origin: Origin::default(),
        deadline: None,
        pack: None,
        reply: Reply::Caller,
        dedup: None,
    };
    let refused = intake.ask(ask).await.unwrap_err();
    assert!(matches!(refused, Refused::Killed { .. }) && refused.to_string().contains("olga"), "{refused}");
}

fn member(world: &World, signals: Arc<Signals>) -> Member {
    let at = world.clock.now();
    let replica = Replica {
        id: WorkerId("one".to_owned()),
        host: "pod-1".to_owned(),
        version: "0".to_owned(),
        roles: Role::ALL.to_vec(),
        slots: 5,
        running: 0,
        started_at: at,
        seen_at: at,
        draining: false,
        leads: Vec::new(),
    };
    Member::new(MemberParts {
        store: world.store.clone(),
        clock: Arc::new(SystemClock),
        signals,
        metrics: Arc::default(),
        health: Arc::default(),
        replica,
        leads: Vec::new(),
    })
}

#[tokio::test]
async fn an_alert_is_found_by_its_fingerprint_also_when_its_incident_is_closed() {
    let world = World::new(anyone());
    let intake = world.intake();
    let crash = alert("Crash", "shop", "checkout-0");
    let incident = intake.deliver(delivery("g", vec![crash.clone()])).await.unwrap().opened[0];
    let found = intake.alert_by_fingerprint(&crash.fingerprint).await.unwrap();
    assert_eq!(found.map(|(alert, incident)| (alert.name, incident)), Some(("Crash".to_owned(), incident)));
    intake.deliver(delivery("g", vec![Alert { firing: false, ..crash.clone() }])).await.unwrap();
    world.clock.advance(Duration::from_mins(15));
    intake.tick().await.unwrap();
    let found = intake.alert_by_fingerprint(&crash.fingerprint).await.unwrap();
    assert_eq!(found.map(|(alert, incident)| (alert.firing, incident)), Some((false, incident)));
    assert!(intake.alert_by_fingerprint("unheard of").await.unwrap().is_none());
}

#[tokio::test]
async fn heartbeats_open_nothing() {
    let world = World::new(anyone());
    let intake = world.intake();
    let mut quiet = alert("KubeletDown", "shop", "");
    quiet.labels.insert("severity".to_owned(), "none".to_owned());
    let real = alert("Crash", "shop", "checkout-0");
    let alerts = vec![alert("Watchdog", "", ""), quiet, real];
    let receipt = intake.deliver(delivery("g", alerts)).await.unwrap();
    assert_eq!((receipt.heartbeats, receipt.received, receipt.opened.len()), (2, 1, 1));
    let receipt = intake.deliver(delivery("w", vec![alert("Watchdog", "", "")])).await.unwrap();
    assert_eq!(receipt, Receipt { heartbeats: 1, ..Receipt::default() });
    assert_eq!(world.open().await.len(), 1);
}
