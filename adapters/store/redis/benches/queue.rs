//! From the asking to the start of a job, and three workers against one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use midwatch_agent::request::Request;
use midwatch_doubles::redis::{Files, Redis, Settings};
use midwatch_redact::Redactor;
use midwatch_redis::RedisStore;
use midwatch_service::clock::SystemClock;
use midwatch_service::id::JobId;
use midwatch_service::intake::{Ask, Intake, IntakeParts, IntakeSettings, PackChoice, Refused, Reply};
use midwatch_service::job::{JobState, Origin, Task};
use midwatch_service::pack::Pack;
use midwatch_service::policy::{Policy, Rule, Verb};
use midwatch_service::port::store::Store as _;

use crate::worker::{self, Orders, Process};
use crate::{at, per_second};

/// Jobs a second, and how many.
const EVERY: Duration = Duration::from_millis(5);
const JOBS: usize = 2_000;

/// Jobs that wait, and how long each does.
const WAITING: usize = 300;
const WAIT: Duration = Duration::from_millis(300);
const SLOTS: usize = 5;

const LEASE: Duration = Duration::from_mins(1);

/// No run takes longer.
const PATIENCE: Duration = Duration::from_mins(3);

/// 200 jobs a second, taken by another process.
pub(crate) async fn start() {
    for (files, name) in [(Files::Always, "an append-only file, flushed always"), (Files::None, "nothing on disk")] {
        let redis = Redis::with(Settings { files, ..Settings::default() }).await;
        let store = worker::open(redis.port()).await;
        let orders = Orders { port: redis.port(), slots: 32, wait: Duration::ZERO, lease: LEASE };
        let _worker = Process::start(orders, &[]);
        let intake = Arc::new(intake(&store));
        // Until the worker is there.
        ended(&store, &[ask(&intake).await]).await;
        let began = Instant::now();
        let mut pace = tokio::time::interval(EVERY);
        let mut hands = Vec::with_capacity(JOBS);
        for _ in 0..JOBS {
            pace.tick().await;
            let intake = intake.clone();
            hands.push(tokio::spawn(async move {
                let asked = Instant::now();
                (try_ask(&intake).await, asked.elapsed())
            }));
        }
        let offered = began.elapsed();
        let (mut jobs, mut taken, mut refused) = (Vec::new(), Vec::new(), 0);
        for hand in hands {
            match hand.await.unwrap() {
                (Ok(job), took) => {
                    jobs.push(job);
                    taken.push(took);
                }
                (Err(_), _) => refused += 1,
            }
        }
        ended(&store, &jobs).await;
        let took = began.elapsed();
        let (mut waits, mut completed) = (Vec::new(), 0);
        for job in &jobs {
            let job = store.job(*job).await.unwrap().unwrap();
            completed += usize::from(job.state == JobState::Completed);
            let waited = job.started_at.unwrap().duration_since(job.spec.created_at);
            waits.push(Duration::try_from(waited).unwrap_or_default());
        }
        waits.sort();
        taken.sort();
        println!("start: {JOBS} jobs at {:.0}/s to a worker in another process, {name}", per_second(JOBS, offered));
        println!(
            "  completed {completed}, refused {refused}; {:.0} jobs/s to the end of the last",
            per_second(JOBS, took)
        );
        println!("  the asking: p50 {:.1?}, p99 {:.1?}", at(&taken, 50), at(&taken, 99));
        let (p50, p99, most) = (at(&waits, 50), at(&waits, 99), at(&waits, 100));
        println!("  enqueue to start: p50 {p50:.1?}, p99 {p99:.1?}, most {most:.1?} (goal: p99 50 ms)");
        println!("  {:?}", store.figures());
    }
}

/// Jobs that mostly wait, done by one worker and by three.
pub(crate) async fn replicas() {
    let mut throughput = Vec::new();
    for workers in [1, 3] {
        let redis = Redis::with(Settings { files: Files::Always, ..Settings::default() }).await;
        let store = worker::open(redis.port()).await;
        let orders = Orders { port: redis.port(), slots: SLOTS, wait: WAIT, lease: LEASE };
        let _workers: Vec<Process> = (0..workers).map(|_| Process::start(orders, &[])).collect();
        let intake = Arc::new(intake(&store));
        let mut first = Vec::new();
        for _ in 0..2 * workers {
            first.push(ask(&intake).await);
        }
        ended(&store, &first).await;
        let began = Instant::now();
        let mut jobs = Vec::new();
        for _ in 0..WAITING {
            jobs.push(ask(&intake).await);
        }
        ended(&store, &jobs).await;
        throughput.push(per_second(WAITING, began.elapsed()));
    }
    let [one, three] = throughput[..] else { return };
    println!("replicas: {WAITING} jobs that wait {WAIT:?} each, {SLOTS} at a time in a worker, handed in at once");
    println!("  one worker {one:.1} jobs/s, three {three:.1}: {:.2} times (goal: 2.5)", three / one);
}

async fn ask(intake: &Intake) -> JobId {
    try_ask(intake).await.unwrap()
}

async fn try_ask(intake: &Intake) -> Result<JobId, Refused> {
    let ask = Ask {
        task: Task::Investigate,
        also: Vec::new(),
        request: Request { namespace: Some("shop".to_owned()), ..Request::default() },
        cluster: None,
        verb: Verb::Investigate,
        origin: Origin::default(),
        deadline: None,
        pack: None,
        reply: Reply::Caller,
        dedup: None,
    };
    intake.ask(ask).await
}

/// Waits for the end of these jobs.
async fn ended(store: &RedisStore, jobs: &[JobId]) {
    let all = async {
        for job in jobs {
            while !store.job(*job).await.unwrap().unwrap().state.is_final() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("the jobs end");
}

fn intake(store: &RedisStore) -> Intake {
    Intake::new(IntakeParts {
        store: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        signals: Arc::default(),
        metrics: Arc::default(),
        policy: Arc::new(Policy::new(vec![Rule::default()])),
        packs: Arc::new(AnyPack),
        redactor: Redactor::default(),
        settings: IntakeSettings { queue_bound: 100_000, ..IntakeSettings::default() },
    })
}

struct AnyPack;

impl PackChoice for AnyPack {
    fn by_name(&self, _: &str) -> Option<Pack> {
        None
    }

    fn for_alerts(&self, _: &[midwatch_diagnosis::alert::Alert]) -> Option<Pack> {
        Some(Pack::default())
    }

    fn for_verb(&self, _: Verb, _: Option<&str>) -> Option<Pack> {
        Some(Pack::default())
    }

    fn is_enabled(&self, _: &str) -> bool {
        true
    }
}
