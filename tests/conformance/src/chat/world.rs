//! Midwatch in one process over the embedded store, on a platform's stage.
//!
//! Everything that is real in production is real here, but for the platform's servers and the cluster. The clock runs, and
//! began at the moment of the recording. Start at [`World::new`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redactor;
use midwatch_service::audit::ChainKey;
use midwatch_service::button::Action;
use midwatch_service::clock::{Clock, SharedClock};
use midwatch_service::health::Health;
use midwatch_service::heard::{Heard, Said};
use midwatch_service::id::{MessageId, WorkerId};
use midwatch_service::inbox::{Ack, Ears, Inbox, InboxParts, InboxSettings};
use midwatch_service::intake::{Delivery, Intake, IntakeParts, IntakeSettings, Refused};
use midwatch_service::job::{Actor, Job, Origin};
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::Packs;
use midwatch_service::policy::{Policy, Rule, Who};
use midwatch_service::port::store::{Closed, JobFilter, Store as _};
use midwatch_service::sender::{Sender, SenderSettings};
use midwatch_service::signals::Signals;
use midwatch_service::worker::{Worker, WorkerParts, WorkerSettings};
use midwatch_sqlite::{Options, SqliteEvents, SqliteStore};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::evidence::{Cluster, Sources, recorded_at};
use super::stage::{Person, Sample, Seen, Stage};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(45);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

const PACK: &str =
    "name: default\nversion: 1.0.0\ndescription: everything\ntriggers:\n  alerts: all\n  verbs: [investigate, ask]\n";

/// A clock that runs, from the moment of the recording on.
struct Running(Instant);

#[async_trait]
impl Clock for Running {
    fn now(&self) -> Timestamp {
        recorded_at() + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        if let Ok(left) = Duration::try_from(moment.duration_since(self.now())) {
            tokio::time::sleep(left).await;
        }
    }
}

/// The ears of a world that may be gone, with a memory of what they heard.
struct Listener {
    inbox: Weak<Inbox>,
    heard: Mutex<Vec<Heard>>,
}

#[async_trait]
impl Ears for Listener {
    async fn hear(&self, heard: Heard) -> Result<Ack, Refused> {
        let Some(inbox) = self.inbox.upgrade() else { return Err(Refused::Draining) };
        let ack = inbox.hear(heard.clone()).await?;
        self.heard.lock().unwrap().push(heard);
        Ok(ack)
    }
}

/// What stays over a restart.
struct Home {
    dir: TempDir,
    clock: SharedClock,
    sources: Arc<Sources>,
}

/// Midwatch on a stage.
pub struct World {
    /// The stage.
    pub stage: Arc<dyn Stage>,
    /// The store.
    pub store: Arc<SqliteStore>,
    intake: Arc<Intake>,
    listener: Arc<Listener>,
    stop: CancellationToken,
    stop_sending: CancellationToken,
    tasks: JoinSet<()>,
    home: Home,
}

impl World {
    /// On a stage that is made with the world's clock.
    pub async fn new(make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>) -> Self {
        Self::with(|_| Cluster::default(), make).await
    }

    /// With a cluster as wanted.
    pub async fn with(
        cluster: impl FnOnce(&dyn Stage) -> Cluster,
        make: impl AsyncFnOnce(SharedClock) -> Arc<dyn Stage>,
    ) -> Self {
        let clock: SharedClock = Arc::new(Running(Instant::now()));
        let stage = make(clock.clone()).await;
        let dir = tempfile::tempdir().unwrap();
        let sources = Arc::new(Sources::new(dir.path().join("cluster"), &cluster(&*stage)));
        Self::start(stage, Home { dir, clock, sources }).await
    }

    /// Ends, and starts anew on the same store.
    pub async fn restarted(self) -> Self {
        let stage = self.stage.clone();
        let home = self.stopped().await;
        Self::start(stage, home).await
    }

    async fn start(stage: Arc<dyn Stage>, home: Home) -> Self {
        let parts = Parts::new(&stage, &home);
        let (stop, stop_sending) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        let (sender, worker) = (parts.sender(&stage), parts.worker(&home));
        let token = stop_sending.clone();
        tasks.spawn(async move { sender.run(token).await });
        let token = stop.clone();
        tasks.spawn(async move {
            worker.run(token).await;
        });
        let (intake, inbox) = parts.ears(&stage, &home);
        let listener = Arc::new(Listener { inbox: Arc::downgrade(&inbox), heard: Mutex::default() });
        let token = stop.clone();
        tasks.spawn(async move { inbox.run(token).await });
        stage.listen(listener.clone()).await;
        Self { stage, store: parts.store, intake, listener, stop, stop_sending, tasks, home }
    }

    /// Ends, and finds nothing that the platform had to refuse.
    pub async fn end(self) {
        let stage = self.stage.clone();
        drop(self.stopped().await);
        assert_eq!(stage.offences(), Vec::<String>::new());
    }

    async fn stopped(self) -> Home {
        let Self { stop, stop_sending, mut tasks, home, store, intake, .. } = self;
        stop.cancel();
        stop_sending.cancel();
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        drop((store, intake));
        home
    }

    /// The cluster answers nothing until it is told to.
    pub fn hang(&self, hangs: bool) {
        self.home.sources.hangs.store(hangs, Ordering::SeqCst);
    }

    /// A person names us; once it was heard.
    pub async fn mention(&self, by: Person, thread: Option<&MessageId>, text: &str) -> MessageId {
        let id = self.stage.mention(by, thread, text);
        self.heard("a mention", |heard| heard.place.message.as_ref() == Some(&id)).await;
        id
    }

    /// A person says something; once it was heard.
    pub async fn say(&self, by: Person, thread: &MessageId, text: &str) -> MessageId {
        let id = self.stage.say(by, Some(thread), text);
        self.heard("words", |heard| heard.place.message.as_ref() == Some(&id)).await;
        id
    }

    /// Another program posts; once it was heard.
    pub async fn post(&self, sample: &Sample) -> MessageId {
        let id = self.stage.post(sample);
        self.heard("a post", |heard| heard.place.message.as_ref() == Some(&id)).await;
        id
    }

    /// It edits its post; once it was heard.
    pub async fn edit(&self, message: &MessageId, sample: &Sample) {
        self.stage.edit(message, sample);
        let is_it = |heard: &Heard| {
            heard.place.message.as_ref() == Some(message) && matches!(heard.said, Said::Post { edited: true, .. })
        };
        self.heard("an edit", is_it).await;
    }

    /// Alice presses a button.
    pub async fn press(&self, message: &MessageId, action: Action) {
        self.stage.press(Person::Alice, message, action).await;
    }

    /// Alerts come by a webhook.
    pub async fn webhook(&self, labels: &BTreeMap<&'static str, String>, firing: bool) {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (name, fingerprint) = (labels["alertname"].clone(), "f1".to_owned());
        let alert = Alert { name, firing, fingerprint, labels, ..Alert::default() };
        let actor = Actor { platform: "webhook".to_owned(), user: "alertmanager".to_owned(), ..Actor::default() };
        let origin = Origin { actor, request_id: "webhook".to_owned() };
        let (source, group_key) = ("alertmanager".to_owned(), Some("group".to_owned()));
        let delivery = Delivery { source, group_key, alerts: vec![alert], origin, ..Delivery::default() };
        self.intake.deliver(delivery).await.unwrap();
    }

    /// The jobs, newest first.
    pub async fn jobs(&self) -> Vec<Job> {
        self.store.jobs(&JobFilter { limit: 500, ..JobFilter::default() }).await.unwrap()
    }

    /// Waits until there is what is looked for among what people see.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&[Seen]) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = look(&self.stage.seen()) {
                    return found;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("{what} did not come: {:#?}", self.stage.seen()))
    }

    /// Waits until everything that was said was handled, every job has ended, and every message was sent.
    pub async fn settled(&self) {
        let quiet = async {
            self.stage.delivered().await;
            while !self.is_quiet().await {
                tokio::time::sleep(LOOK).await;
            }
        };
        let quiet = tokio::time::timeout(PATIENCE, quiet).await;
        quiet.unwrap_or_else(|_| panic!("it never became quiet: {:#?}", self.stage.seen()));
    }

    async fn is_quiet(&self) -> bool {
        self.store.next_heard().await.unwrap().is_none()
            && self.jobs().await.iter().all(|job| job.state.is_final())
            && self.store.next_post(self.stage.platform().name(), &Closed::default()).await.unwrap().is_none()
    }

    async fn heard(&self, what: &str, is_it: impl Fn(&Heard) -> bool) {
        let came = async {
            while !self.listener.heard.lock().unwrap().iter().any(&is_it) {
                tokio::time::sleep(LOOK).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, came).await;
        came.unwrap_or_else(|_| panic!("{what} was not heard: {:#?}", self.listener.heard.lock().unwrap()));
    }
}

/// What the parts of Midwatch share.
struct Parts {
    store: Arc<SqliteStore>,
    clock: SharedClock,
    signals: Arc<Signals>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    packs: Arc<Packs>,
    policy: Arc<Policy>,
}

impl Parts {
    fn new(stage: &Arc<dyn Stage>, home: &Home) -> Self {
        let who = |platform: &str, user: Option<String>| Rule {
            who: Who { platform: Some(platform.to_owned()), user, ..Who::default() },
            ..Rule::default()
        };
        let rules = vec![who(stage.platform().name(), Some(stage.id(Person::Alice))), who("webhook", None)];
        Self {
            store: open(home.dir.path(), home.clock.now()),
            clock: home.clock.clone(),
            signals: Arc::default(),
            metrics: Arc::default(),
            health: Arc::default(),
            packs: Arc::new(Packs::load(&[("default", PACK)], None).unwrap()),
            policy: Arc::new(Policy::new(rules)),
        }
    }

    fn sender(&self, stage: &Arc<dyn Stage>) -> Sender {
        Sender::new(
            self.store.clone(),
            self.clock.clone(),
            self.signals.clone(),
            self.metrics.clone(),
            self.health.clone(),
            stage.platform(),
            SenderSettings::new(WorkerId::new("sender")),
        )
    }

    fn worker(&self, home: &Home) -> Worker {
        let settings =
            WorkerSettings { grace: Duration::from_millis(300), ..WorkerSettings::new(WorkerId::new("worker")) };
        Worker::new(WorkerParts {
            store: self.store.clone(),
            events: Arc::new(SqliteEvents::start(self.store.clone())),
            clock: self.clock.clone(),
            signals: self.signals.clone(),
            metrics: self.metrics.clone(),
            health: self.health.clone(),
            sources: home.sources.clone(),
            packs: self.packs.clone(),
            model: None,
            redactor: Redactor::default(),
            settings,
        })
    }

    fn ears(&self, stage: &Arc<dyn Stage>, home: &Home) -> (Arc<Intake>, Arc<Inbox>) {
        let platform = stage.platform().name().to_owned();
        let intake = Arc::new(Intake::new(IntakeParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            signals: self.signals.clone(),
            metrics: self.metrics.clone(),
            policy: self.policy.clone(),
            packs: self.packs.clone(),
            redactor: Redactor::default(),
            settings: IntakeSettings {
                platform: platform.clone(),
                channel: stage.channel(),
                ..IntakeSettings::default()
            },
        }));
        let inbox = Arc::new(Inbox::new(InboxParts {
            store: self.store.clone(),
            clock: home.clock.clone(),
            signals: self.signals.clone(),
            metrics: self.metrics.clone(),
            health: self.health.clone(),
            policy: self.policy.clone(),
            packs: self.packs.clone(),
            intake: intake.clone(),
            alerts: None,
            directories: BTreeMap::from([(platform, stage.directory())]),
            redactor: Redactor::default(),
            settings: InboxSettings { clusters: vec!["prod".to_owned()], ..InboxSettings::new(WorkerId::new("inbox")) },
        }));
        (intake, inbox)
    }
}

fn open(dir: &Path, now: Timestamp) -> Arc<SqliteStore> {
    let chain_key = ChainKey::new("0123456789abcdef0123456789abcdef".to_owned().into());
    Arc::new(SqliteStore::open(Options { directory: dir.join("store"), chain_key, max_bytes: None, now }).unwrap())
}
