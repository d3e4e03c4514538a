//! A server of the tests: everything that is real in production is real here, but for the platform and the cluster.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::Request;
use midwatch_conversation::question::Question;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_doubles::chat::Chat;
use midwatch_redact::{Redact, Redacted, Redactor};
use midwatch_service::audit::ChainKey;
use midwatch_service::clock::{Clock as _, SystemClock};
use midwatch_service::code::ErrorCode;
use midwatch_service::health::Health;
use midwatch_service::id::{JobId, PostKey, ThreadId, WorkerId};
use midwatch_service::job::{Actor, Cancel, Job, JobError, JobState, NewJob, Origin, PackRef, Priority, Task};
use midwatch_service::living;
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::{Pack, PackById};
use midwatch_service::port::events::EventLog;
use midwatch_service::port::sources::SourceProvider;
use midwatch_service::port::store::{Store, Write};
use midwatch_service::post::{LivingMessage, NewPost, Opening, PostBody, Urgency};
use midwatch_service::sender::{Sender, SenderSettings};
use midwatch_service::signals::Signals;
use midwatch_service::thread::Thread;
use midwatch_service::worker::{Drained, Worker, WorkerParts, WorkerSettings};
use midwatch_snapshot::Snapshot;
use midwatch_sqlite::{Options, SqliteEvents, SqliteStore};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

/// How the cluster behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cluster {
    /// It answers.
    Answers,
    /// The list of events never comes.
    EventsHang,
    /// Nothing ever comes.
    Hangs,
    /// It cannot be opened so many times, then it answers.
    OpensAfter(usize),
    /// Access is forbidden.
    Forbidden,
    /// Reading it makes the program panic so many times.
    PanicsFor(usize),
}

/// A recording behind a behaviour.
struct Evidence {
    recording: Snapshot,
    cluster: Cluster,
    reads: Arc<Notify>,
    panics: bool,
}

#[async_trait]
impl EvidenceSource for Evidence {
    fn describe(&self) -> String {
        self.recording.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.reads.notify_one();
        assert!(!self.panics, "the test's source panics");
        if self.cluster == Cluster::Hangs {
            std::future::pending::<()>().await;
        }
        self.recording.namespaces().await
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        if self.cluster == Cluster::EventsHang && probe.to_string().starts_with("events") {
            std::future::pending::<()>().await;
        }
        self.recording.read(probe).await
    }
}

/// Opens the recording of one case of the corpus.
pub(crate) struct Sources {
    cluster: Cluster,
    opened: AtomicUsize,
    /// Told at each attempt that comes as far as reading.
    pub(crate) reads: Arc<Notify>,
}

#[async_trait]
impl SourceProvider for Sources {
    fn clusters(&self) -> Vec<String> {
        vec!["prod".to_owned()]
    }

    async fn open(&self, _: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError> {
        let times = self.opened.fetch_add(1, Ordering::SeqCst);
        let fail = |code, message: &str| Err(JobError { code, message: message.to_owned() });
        match self.cluster {
            Cluster::OpensAfter(n) if times < n => return fail(ErrorCode::E006, "connection refused"),
            Cluster::Forbidden => return fail(ErrorCode::E005, "the token was refused"),
            _ => {}
        }
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/crash-missing-env/cluster");
        let recording = Snapshot::open(&dir, midwatch_snapshot::Limits::default()).unwrap();
        let panics = matches!(self.cluster, Cluster::PanicsFor(n) if times < n);
        Ok(Arc::new(Evidence { recording, cluster: self.cluster, reads: Arc::clone(&self.reads), panics }))
    }
}

/// One pack with a switch.
pub(crate) struct OnePack(pub(crate) AtomicBool);

impl PackById for OnePack {
    fn pack(&self, name: &str) -> Option<Pack> {
        (name == "default").then(Pack::default)
    }

    fn is_enabled(&self, _: &str) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The server.
pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) events: Arc<dyn EventLog>,
    pub(crate) chat: Arc<Chat>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) health: Arc<Health>,
    pub(crate) packs: Arc<OnePack>,
    pub(crate) sources: Arc<Sources>,
    stop: CancellationToken,
    senders: Vec<JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

/// What a test changes of a job.
pub(crate) struct Wish {
    pub(crate) text: &'static str,
    pub(crate) deadline: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) pack: &'static str,
}

impl Default for Wish {
    fn default() -> Self {
        Self { text: "payments-api", deadline: Duration::from_mins(1), max_attempts: 3, pack: "default" }
    }
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn seal<T: Redact>(value: T) -> Redacted<T> {
    Redactor::default().seal(value)
}

impl World {
    /// A store and a platform; nothing runs yet.
    pub(crate) fn new(cluster: Cluster) -> Self {
        Self::with(cluster, Chat::default())
    }

    pub(crate) fn with(cluster: Cluster, chat: Chat) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let chain_key = ChainKey::new("0123456789abcdef0123456789abcdef".to_owned().into());
        let directory = dir.path().join("store");
        let options = Options { directory, chain_key, max_bytes: None, now: now() };
        let store = Arc::new(SqliteStore::open(options).unwrap());
        Self {
            events: Arc::new(SqliteEvents::start(store.clone())),
            store,
            chat: Arc::new(chat),
            signals: Arc::default(),
            metrics: Arc::default(),
            health: Arc::default(),
            packs: Arc::new(OnePack(AtomicBool::new(true))),
            sources: Arc::new(Sources { cluster, opened: AtomicUsize::new(0), reads: Arc::default() }),
            stop: CancellationToken::new(),
            senders: Vec::new(),
            _dir: dir,
        }
    }

    /// A worker's settings, quick enough for tests.
    pub(crate) fn settings(name: &str) -> WorkerSettings {
        let grace = Duration::from_millis(300);
        WorkerSettings { grace, lease: Duration::from_secs(30), ..WorkerSettings::new(WorkerId(name.to_owned())) }
    }

    /// Starts a worker; the token stops it.
    pub(crate) fn work(&self, settings: WorkerSettings) -> (CancellationToken, JoinHandle<Drained>) {
        let worker = Worker::new(WorkerParts {
            store: self.store.clone(),
            events: self.events.clone(),
            clock: Arc::new(SystemClock),
            signals: Arc::clone(&self.signals),
            metrics: Arc::clone(&self.metrics),
            health: Arc::clone(&self.health),
            sources: self.sources.clone(),
            packs: self.packs.clone(),
            model: None,
            redactor: Redactor::default(),
            settings,
        });
        let stop = self.stop.child_token();
        let token = stop.clone();
        (stop, tokio::spawn(async move { worker.run(token).await }))
    }

    /// Starts the sender.
    pub(crate) fn send(&mut self, send_limit: Duration) {
        let settings = SenderSettings { send_limit, ..SenderSettings::new(WorkerId("sender".to_owned())) };
        let sender = Sender::new(
            self.store.clone(),
            Arc::new(SystemClock),
            Arc::clone(&self.signals),
            Arc::clone(&self.metrics),
            Arc::clone(&self.health),
            self.chat.clone(),
            settings,
        );
        let token = self.stop.child_token();
        self.senders.push(tokio::spawn(async move { sender.run(token).await }));
    }

    /// A server with one worker and one sender.
    pub(crate) fn serve(cluster: Cluster) -> (Self, CancellationToken, JoinHandle<Drained>) {
        let mut world = Self::new(cluster);
        world.send(Duration::from_secs(15));
        let (stop, worker) = world.work(Self::settings("one"));
        (world, stop, worker)
    }

    /// Hands in a job with a thread of its own, as the intake does.
    pub(crate) async fn ask(&self, wish: Wish) -> (JobId, ThreadId) {
        let (id, thread) = (JobId::new(), ThreadId::new());
        let job = NewJob {
            task: Task::Investigate,
            id,
            request: Request {
                text: Some(wish.text.to_owned()),
                namespace: Some("inc-crashloop".to_owned()),
                as_of: Some("2026-11-22T04:36:31Z".parse().unwrap()),
                lookback: SignedDuration::from_hours(1),
                ..Request::default()
            },
            cluster: None,
            pack: PackRef { name: wish.pack.to_owned(), version: "1".to_owned() },
            priority: Priority::Normal,
            origin: Origin { actor: actor("alice"), request_id: "req-1".to_owned() },
            thread: Some(thread),
            incident: None,
            dedup: None,
            deadline: wish.deadline,
            max_attempts: wish.max_attempts,
            created_at: now(),
        };
        let mut writes = thread_writes(thread);
        writes.push(Write::Enqueue { job: Box::new(job), bound: None });
        self.commit(writes).await;
        self.signals.jobs.notify_one();
        self.signals.post_written();
        (id, thread)
    }

    /// Asks a question in the thread of an investigation, as the inbox does.
    pub(crate) async fn follow_up(&self, about: JobId, asked: Question, wish: Wish) -> JobId {
        let id = JobId::new();
        let job = NewJob {
            id,
            task: Task::FollowUp { asked, about: Some(about) },
            deadline: wish.deadline,
            max_attempts: wish.max_attempts,
            created_at: now(),
            ..self.job(about).await.spec
        };
        self.commit(vec![Write::Enqueue { job: Box::new(job), bound: None }]).await;
        self.signals.jobs.notify_one();
        id
    }

    pub(crate) async fn commit(&self, writes: Vec<Write>) {
        self.store.commit(now(), writes).await.unwrap();
    }

    /// Asks a job to stop, as the intake does.
    pub(crate) async fn cancel(&self, job: JobId) {
        let cancel = Cancel { by: actor("bob"), reason: "wrong cluster".to_owned(), at: now() };
        self.commit(vec![Write::Cancel { job, cancel }]).await;
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.store.job(id).await.unwrap().expect("the job is kept")
    }

    /// Waits until a job is as wanted.
    pub(crate) async fn until(&self, id: JobId, what: &str, is_so: impl Fn(&Job) -> bool) -> Job {
        let mut changes = self.signals.changes();
        let wait = async {
            loop {
                let job = self.job(id).await;
                if is_so(&job) {
                    return job;
                }
                // What another process does is not signalled.
                let _ = tokio::time::timeout(Duration::from_millis(100), changes.changed()).await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(job) => job,
            Err(late) => panic!("{what} did not come, {late}: {:#?}", self.job(id).await),
        }
    }

    pub(crate) async fn ended(&self, id: JobId) -> Job {
        self.until(id, "the end of the job", |job| job.state.is_final()).await
    }

    /// The states a job went through.
    pub(crate) async fn states(&self, id: JobId) -> Vec<JobState> {
        self.store.history(id).await.unwrap().into_iter().map(|step| step.to).collect()
    }

    /// What the living message says in the store, sent or not.
    pub(crate) async fn living(&self, thread: ThreadId) -> LivingMessage {
        match self.store.post(&living::key(thread)).await.unwrap().expect("a living message").into_inner() {
            PostBody::Living(living) => living,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn body(&self, key: &PostKey) -> Option<PostBody> {
        self.store.post(key).await.unwrap().map(Redacted::into_inner)
    }

    /// Stops everything and waits for it.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for sender in self.senders {
            sender.await.unwrap();
        }
    }
}

/// A thread, its opening and its living message.
pub(crate) fn thread_writes(thread: ThreadId) -> Vec<Write> {
    let living = LivingMessage { title: "payments-api".to_owned(), ..LivingMessage::default() };
    let opening = Opening { title: "payments-api".to_owned(), ..Opening::default() };
    let post = |key, urgency, body| Write::Post(NewPost { key, thread, urgency, body: seal(body) });
    vec![
        Write::OpenThread(Thread {
            id: thread,
            platform: "double".to_owned(),
            channel: "alerts".to_owned(),
            root: None,
            opened_at: now(),
        }),
        post(PostKey(format!("thread:{thread}:opening")), Urgency::Opening, PostBody::Opening(opening)),
        post(living::key(thread), Urgency::Progress, PostBody::Living(living)),
    ]
}

fn actor(user: &str) -> Actor {
    Actor { platform: "api".to_owned(), user: user.to_owned(), ..Actor::default() }
}
