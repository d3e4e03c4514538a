//! A worker as a process of its own: the real one, on sources that wait and then hold nothing.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_conformance::given::chain_key;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_redact::Redactor;
use midwatch_redis::{Node, Options, RedisEvents, RedisStore};
use midwatch_service::clock::SystemClock;
use midwatch_service::id::WorkerId;
use midwatch_service::job::JobError;
use midwatch_service::pack::{Pack, PackById};
use midwatch_service::port::sources::SourceProvider;
use midwatch_service::signals::Signals;
use midwatch_service::worker::{Worker, WorkerParts, WorkerSettings};
use midwatch_snapshot::{Limits, Snapshot};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Where a started process finds what it is to do.
const ORDERS: &str = "MIDWATCH_BENCH_WORKER";

/// What a worker is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// The port of Redis.
    pub(crate) port: u16,
    /// Jobs at a time.
    pub(crate) slots: usize,
    /// How long each job waits for its sources.
    pub(crate) wait: Duration,
    /// How long a lease lasts if it is not renewed.
    pub(crate) lease: Duration,
}

impl Orders {
    /// What this process was told when it was started, if it was started as a worker.
    pub(crate) fn of_this_process() -> Option<Self> {
        let text = std::env::var(ORDERS).ok()?;
        let words: Vec<u64> = text.split(' ').map(|word| word.parse().unwrap()).collect();
        let [port, slots, wait, lease] = words[..] else { panic!("{text}") };
        Some(Self {
            port: u16::try_from(port).unwrap(),
            slots: usize::try_from(slots).unwrap(),
            wait: Duration::from_millis(wait),
            lease: Duration::from_millis(lease),
        })
    }

    /// Lets a command start a worker.
    pub(crate) fn give(self, command: &mut Command) -> &mut Command {
        let Self { port, slots, wait, lease } = self;
        command.env(ORDERS, format!("{port} {slots} {} {}", wait.as_millis(), lease.as_millis()))
    }
}

/// A worker that was started; ended when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts this program as a worker; `arguments` lead it there.
    pub(crate) fn start(orders: Orders, arguments: &[&str]) -> Self {
        let me = std::env::current_exe().unwrap();
        let mut command = Command::new(me);
        orders.give(command.args(arguments)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The store on a server of this machine.
pub(crate) async fn open(port: u16) -> RedisStore {
    let node = Node { host: "127.0.0.1".to_owned(), port };
    RedisStore::open(Options::new(node, chain_key())).await.unwrap()
}

/// Works until the process is ended.
pub(crate) async fn run(orders: Orders) {
    let store = open(orders.port).await;
    let (signals, place) = (Arc::<Signals>::default(), tempfile::tempdir().unwrap());
    let (hearing, called, stop) = (store.clone(), signals.clone(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move { hearing.hear_calls(&called, &stopped).await });
    let sources = Arc::new(Sources { recording: Arc::new(recording(place.path())), wait: orders.wait });
    let id = WorkerId::new("bench");
    let worker = Worker::new(WorkerParts {
        events: Arc::new(RedisEvents::start(&store)),
        store: Arc::new(store),
        clock: Arc::new(SystemClock),
        signals,
        metrics: Arc::default(),
        health: Arc::default(),
        sources,
        packs: Arc::new(OnePack),
        model: None,
        redactor: Redactor::default(),
        settings: WorkerSettings { slots: orders.slots, lease: orders.lease, ..WorkerSettings::new(id) },
    });
    worker.run(stop).await;
}

struct OnePack;

impl PackById for OnePack {
    fn pack(&self, _: &str) -> Option<Pack> {
        Some(Pack::default())
    }

    fn is_enabled(&self, _: &str) -> bool {
        true
    }
}

/// One tiny recording for all jobs, behind a wait.
struct Sources {
    recording: Arc<Snapshot>,
    wait: Duration,
}

#[async_trait]
impl SourceProvider for Sources {
    fn clusters(&self) -> Vec<String> {
        Vec::new()
    }

    async fn open(&self, _: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError> {
        Ok(Arc::new(Slow { recording: Arc::clone(&self.recording), wait: self.wait }))
    }
}

struct Slow {
    recording: Arc<Snapshot>,
    wait: Duration,
}

#[async_trait]
impl EvidenceSource for Slow {
    fn describe(&self) -> String {
        self.recording.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        tokio::time::sleep(self.wait).await;
        self.recording.namespaces().await
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.recording.read(probe).await
    }
}

/// A namespace with nothing in it: what is measured is the way to the investigation and back.
fn recording(dir: &Path) -> Snapshot {
    std::fs::create_dir_all(dir.join("shop")).unwrap();
    let write = |path: &str, kind: &str, items: serde_json::Value| {
        let list = json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
        std::fs::write(dir.join(path), list.to_string()).unwrap();
    };
    write("namespaces.json", "NamespaceList", json!([{"metadata": {"name": "shop"}, "status": {"phase": "Active"}}]));
    write("shop/pods.json", "PodList", json!([]));
    write("shop/events.json", "EventList", json!([]));
    Snapshot::open(dir, Limits::default()).unwrap()
}
