//! What the service bears, on the real store with every commit flushed: a storm of 10,000 alerts, and 200 jobs a second.
//!
//! `cargo bench -p midwatch-tests --bench storm`; `MIDWATCH_BENCH_SLOTS=5` for another number of slots. Prints figures with
//! their goals, asserts nothing about time: a shared machine's are for people to read. The store lies in the temporary
//! directory (`TMPDIR`); on a file system in memory a flush costs nothing and the figures say little.
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout, reason = "a program that prints")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::Request;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::Redactor;
use midwatch_service::audit::ChainKey;
use midwatch_service::clock::{Clock as _, SystemClock};
use midwatch_service::health::Health;
use midwatch_service::id::{JobId, WorkerId};
use midwatch_service::intake::{Ask, Delivery, Intake, IntakeParts, IntakeSettings, PackChoice, Reply};
use midwatch_service::job::{JobError, JobState, Origin};
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::{Pack, PackById};
use midwatch_service::policy::{Policy, Rule, Verb};
use midwatch_service::port::sources::SourceProvider;
use midwatch_service::port::store::Store;
use midwatch_service::signals::Signals;
use midwatch_service::worker::{Worker, WorkerParts, WorkerSettings};
use midwatch_snapshot::{Limits, Snapshot};
use midwatch_sqlite::{Options, SqliteEvents, SqliteStore};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const GROUPS: usize = 1_000;
const ALERTS_PER_GROUP: usize = 10;
const POSTERS: usize = 8;
const JOBS: usize = 4_000;
const EVERY: Duration = Duration::from_millis(5);

#[tokio::main]
async fn main() {
    let slots = std::env::var("MIDWATCH_BENCH_SLOTS").ok().and_then(|slots| slots.parse().ok()).unwrap_or(16);
    println!("{} cores", std::thread::available_parallelism().map_or(1, usize::from));
    flushes();
    storm().await;
    jobs(slots).await;
}

/// How long a flush takes here: the ground that the other figures stand on.
fn flushes() {
    let mut file = tempfile::tempfile().expect("a file");
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            std::io::Write::write_all(&mut file, &[7; 4096]).expect("written");
            let started = Instant::now();
            file.sync_data().expect("flushed");
            started.elapsed()
        })
        .collect();
    times.sort();
    println!("one flush of 4 KiB: p50 {:.1?}, p99 {:.1?}", times[50], times[98]);
}

/// A server without its network.
struct Service {
    store: Arc<SqliteStore>,
    intake: Arc<Intake>,
    signals: Arc<Signals>,
    metrics: Arc<Metrics>,
    _directory: tempfile::TempDir,
}

impl Service {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let chain_key = ChainKey::new("a key of the benchmark, long enough".to_owned().into());
        let options =
            Options { directory: directory.path().join("store"), chain_key, max_bytes: None, now: SystemClock.now() };
        let store = Arc::new(SqliteStore::open(options).expect("a store"));
        let (signals, metrics) = (Arc::new(Signals::default()), Arc::new(Metrics::default()));
        let intake = Arc::new(Intake::new(IntakeParts {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            signals: signals.clone(),
            metrics: metrics.clone(),
            policy: Arc::new(Policy::new(vec![Rule::default()])),
            packs: Arc::new(OnePack),
            redactor: Redactor::default(),
            settings: IntakeSettings { queue_bound: 100_000, ..IntakeSettings::default() },
        }));
        Self { store, intake, signals, metrics, _directory: directory }
    }
}

struct OnePack;

impl PackChoice for OnePack {
    fn by_name(&self, _: &str) -> Option<Pack> {
        None
    }

    fn for_alerts(&self, _: &[Alert]) -> Option<Pack> {
        Some(Pack::default())
    }

    fn for_verb(&self, _: Verb, _: Option<&str>) -> Option<Pack> {
        Some(Pack::default())
    }

    fn is_enabled(&self, _: &str) -> bool {
        true
    }
}

impl PackById for OnePack {
    fn pack(&self, _: &str) -> Option<Pack> {
        Some(Pack::default())
    }

    fn is_enabled(&self, _: &str) -> bool {
        true
    }
}

async fn storm() {
    let service = Service::new();
    forget_peak();
    let before = memory("VmRSS");
    let started = Instant::now();
    let posters = (0..POSTERS).map(|poster| {
        let intake = service.intake.clone();
        tokio::spawn(async move {
            let (mut received, mut times) = (0, Vec::new());
            for group in (poster..GROUPS).step_by(POSTERS) {
                let sent = Instant::now();
                let receipt = intake.deliver(delivery(group)).await.expect("taken");
                times.push(sent.elapsed());
                received += receipt.received;
            }
            (received, times)
        })
    });
    let (mut received, mut times) = (0, Vec::new());
    for poster in posters.collect::<Vec<_>>() {
        let (its, of) = poster.await.expect("a poster");
        received += its;
        times.extend(of);
    }
    let took = started.elapsed();
    let incidents = service.store.open_incidents(20_000).await.expect("incidents");
    let accounted: u64 = incidents.iter().map(|incident| incident.received).sum();
    let sent = GROUPS * ALERTS_PER_GROUP;
    times.sort();
    println!("storm: {sent} alerts sent by {POSTERS} posters, deliveries of {ALERTS_PER_GROUP}, each flushed");
    println!("  accounted for {accounted}, receipts for {received} (goal: {sent}); {} incidents", incidents.len());
    println!("  {took:.2?}, {:.0} alerts/s (goal: 60 s, 167/s)", per_second(sent, took));
    println!("  a delivery: p50 {:.1?}, p99 {:.1?}", at(&times, 50), at(&times, 99));
    println!("  memory: before {before:.0} MiB, peak {:.0} MiB (goal: 150 MB)", memory("VmHWM"));
}

fn delivery(group: usize) -> Delivery {
    let alerts = (0..ALERTS_PER_GROUP).map(|n| {
        let (name, namespace, pod) =
            (format!("A{}", group % 40), format!("ns{}", group % 60), format!("w{group}-{n}x"));
        let labels = [("alertname", &name), ("namespace", &namespace), ("pod", &pod)];
        let labels: BTreeMap<String, String> = labels.map(|(label, value)| (label.to_owned(), value.clone())).into();
        Alert { fingerprint: format!("{group:08x}{n:08x}"), name, firing: true, labels, ..Alert::default() }
    });
    Delivery {
        source: "alertmanager".to_owned(),
        group_key: Some(format!("g{group}")),
        alerts: alerts.collect(),
        ..Delivery::default()
    }
}

/// One tiny recording for all jobs. The name of the cluster is the job's number, so that it is known when each begins.
struct Sources {
    recording: Arc<Snapshot>,
    begun: Mutex<Vec<Option<Instant>>>,
}

#[async_trait]
impl SourceProvider for Sources {
    fn clusters(&self) -> Vec<String> {
        Vec::new()
    }

    async fn open(&self, cluster: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError> {
        let number: usize = cluster.and_then(|cluster| cluster.parse().ok()).expect("a number");
        self.begun.lock().expect("the list")[number] = Some(Instant::now());
        Ok(self.recording.clone())
    }
}

async fn jobs(slots: usize) {
    let service = Service::new();
    let place = tempfile::tempdir().expect("a directory");
    let sources =
        Arc::new(Sources { recording: Arc::new(recording(place.path())), begun: Mutex::new(vec![None; JOBS]) });
    let worker = Worker::new(WorkerParts {
        store: service.store.clone(),
        events: Arc::new(SqliteEvents::start(service.store.clone())),
        clock: Arc::new(SystemClock),
        signals: service.signals.clone(),
        metrics: service.metrics.clone(),
        health: Arc::new(Health::default()),
        sources: sources.clone(),
        packs: Arc::new(OnePack),
        model: None,
        redactor: Redactor::default(),
        settings: WorkerSettings { slots, ..WorkerSettings::new(WorkerId("bench".to_owned())) },
    });
    let stop = CancellationToken::new();
    let token = stop.clone();
    let running = tokio::spawn(async move { worker.run(token).await });
    forget_peak();
    let before = memory("VmRSS");
    let started = Instant::now();
    let asked = offer(&service.intake).await;
    let offered = started.elapsed();
    let ended = all_ended(&service).await;
    let took = started.elapsed();
    let begun = sources.begun.lock().expect("the list").clone();
    let mut from_ask = Vec::new();
    let mut from_taken = Vec::new();
    for (begun, (_, ask, taken)) in begun.into_iter().zip(&asked) {
        let begun = begun.expect("it ran");
        from_ask.push(begun - *ask);
        from_taken.push(begun.saturating_duration_since(*taken));
    }
    let mut stamps = Vec::new();
    for (id, ..) in &asked {
        let job = service.store.job(*id).await.expect("the store answers").expect("the job is kept");
        let waited = job.started_at.expect("it ran").duration_since(job.spec.created_at);
        stamps.push(Duration::try_from(waited).unwrap_or_default());
    }
    println!("jobs: {JOBS} at {:.0}/s, {slots} slots, each flushed", per_second(JOBS, offered));
    println!("  completed {ended}; {:.0} jobs/s to the end of the last", per_second(JOBS, took));
    let line = |what: &str, times: &mut Vec<Duration>| {
        times.sort();
        let (p50, p99) = (at(times, 50), at(times, 99));
        println!("  {what}: p50 {p50:.1?}, p99 {p99:.1?}, most {:.1?} (goal: p99 50 ms)", at(times, 100));
    };
    line("enqueue to start, by the store's stamps (accepted to leased)", &mut stamps);
    line("  from the receipt to the first act of the job", &mut from_taken);
    line("  from the call to the first act of the job, both commits in it", &mut from_ask);
    println!("  memory: before {before:.0} MiB, peak {:.0} MiB (goal: 150 MB)", memory("VmHWM"));
    stop.cancel();
    running.await.expect("the worker");
}

/// Asks at an even pace, whatever becomes of the earlier ones; the job, when it was asked and when it was taken.
async fn offer(intake: &Arc<Intake>) -> Vec<(JobId, Instant, Instant)> {
    let mut pace = tokio::time::interval(EVERY);
    let mut hands = Vec::with_capacity(JOBS);
    for number in 0..JOBS {
        pace.tick().await;
        let intake = intake.clone();
        hands.push(tokio::spawn(async move {
            let ask = Ask {
                task: midwatch_service::job::Task::Investigate,
                also: Vec::new(),
                request: Request { namespace: Some("shop".to_owned()), ..Request::default() },
                cluster: Some(number.to_string()),
                verb: Verb::Investigate,
                origin: Origin::default(),
                deadline: None,
                pack: None,
                reply: Reply::Caller,
                dedup: None,
            };
            let asked = Instant::now();
            let id = intake.ask(ask).await.expect("taken");
            (id, asked, Instant::now())
        }));
    }
    let mut asked = Vec::with_capacity(JOBS);
    for hand in hands {
        asked.push(hand.await.expect("an ask"));
    }
    asked
}

/// Waits for the last job; how many ended in a report.
async fn all_ended(service: &Service) -> usize {
    let mut changes = service.signals.changes();
    let mut ended = 0;
    loop {
        let load = service.store.load().await.expect("the store answers");
        if load.pending + load.running == 0 {
            break;
        }
        // A change that came before the look must not be missed for long.
        let _ = tokio::time::timeout(Duration::from_millis(200), changes.changed()).await;
    }
    let mut filter = midwatch_service::port::store::JobFilter {
        states: vec![JobState::Completed],
        limit: 500,
        ..Default::default()
    };
    loop {
        let page = service.store.jobs(&filter).await.expect("the store answers");
        ended += page.len();
        match page.last() {
            Some(last) => filter.before = Some(last.spec.id),
            None => return ended,
        }
    }
}

/// A namespace with nothing in it: what is measured is the way to the investigation and back.
fn recording(dir: &Path) -> Snapshot {
    std::fs::create_dir_all(dir.join("shop")).expect("a directory");
    let write = |path: &str, kind: &str, items: serde_json::Value| {
        let list = json!({"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
        std::fs::write(dir.join(path), list.to_string()).expect("a file");
    };
    write("namespaces.json", "NamespaceList", json!([{"metadata": {"name": "shop"}, "status": {"phase": "Active"}}]));
    write("shop/pods.json", "PodList", json!([]));
    write("shop/events.json", "EventList", json!([]));
    Snapshot::open(dir, Limits::default()).expect("a recording")
}

/// A percentile of sorted times.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_second(number: usize, time: Duration) -> f64 {
    number as f64 / time.as_secs_f64()
}

/// A line of /proc/self/status, in MiB; 0 where there is none.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let text = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':')).unwrap_or_default();
    text.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

/// The peak counts anew from here (proc(5), `clear_refs`).
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
