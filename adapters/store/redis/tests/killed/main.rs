//! Workers killed at seeded points under load, with Redis killed and frozen in between: no job is lost, none is stuck, and
//! nothing is doubled.
//!
//! `MIDWATCH_KILLS=200` for another number of points, `MIDWATCH_SEED=7` for other ones.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a test")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that starts and kills processes, and says what it saw"
)]

mod load;
#[path = "../../benches/worker.rs"]
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use midwatch_doubles::chat::Chat;
use midwatch_doubles::redis::{Files, Redis, Settings};
use midwatch_service::clock::SystemClock;
use midwatch_service::id::{JobId, WorkerId};
use midwatch_service::job::{Job, JobState};
use midwatch_service::port::store::Store;
use midwatch_service::post::PostBody;
use midwatch_service::sender::{Sender, SenderSettings};
use midwatch_service::signals::Signals;
use tokio_util::sync::CancellationToken;

use self::load::Load;
use self::worker::{Orders, Process};

/// Workers at a time, and jobs that each runs.
const WORKERS: usize = 3;
const SLOTS: usize = 4;

/// How long each job waits for its sources.
const WAIT: Duration = Duration::from_millis(100);

/// The lease of a job whose worker is gone.
const LEASE: Duration = Duration::from_secs(3);

/// How long Redis hangs: longer than a lease.
const FROZEN: Duration = Duration::from_secs(4);

/// After the last kill every job is to end within this: its lease, then the longest waits before its next attempts.
const PATIENCE: Duration = Duration::from_mins(2);

/// The worker that the other test starts; nothing without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker() {
    if let Some(orders) = Orders::of_this_process() {
        worker::run(orders).await;
    }
}

fn start(redis: &Redis) -> Process {
    let orders = Orders { port: redis.port(), slots: SLOTS, wait: WAIT, lease: LEASE };
    Process::start(orders, &["--exact", "a_worker", "--nocapture"])
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// Random numbers that a seed repeats: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, public domain).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_workers_cost_no_job_and_double_nothing() {
    let (kills, seed) = (number("MIDWATCH_KILLS", 12), number("MIDWATCH_SEED", 1));
    let redis = Redis::with(Settings { files: Files::Always, ..Settings::default() }).await;
    let store = worker::open(redis.port()).await;
    let (chat, stop) = (Arc::new(Chat::default()), CancellationToken::new());
    let sending = tokio::spawn(send(Arc::new(store.clone()), chat.clone(), stop.clone()));
    let load = Load::start(store.clone());
    let mut workers: Vec<Process> = (0..WORKERS).map(|_| start(&redis)).collect();
    let mut dice = Dice(seed);
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(50 + dice.below(400))).await;
        let victim = usize::try_from(dice.below(WORKERS as u64)).unwrap();
        // Dropped, it is killed.
        workers[victim] = start(&redis);
        if kill == kills / 3 {
            redis.restart().await;
        }
        if kill == 2 * kills / 3 {
            redis.freeze();
            tokio::time::sleep(FROZEN).await;
            redis.thaw();
        }
    }
    let jobs = load.stop().await;
    assert!(jobs.len() as u64 > kills, "there was load: {}", jobs.len());
    let ended = all_ended(&store, &jobs).await;
    all_sent(&store).await;
    stop.cancel();
    sending.await.unwrap();
    judge(&store, &chat, &ended).await;
    let lost: u32 = ended.iter().map(|job| job.lost).sum();
    let most = ended.iter().map(|job| job.lost).max().unwrap_or_default();
    println!("{kills} kills, {} jobs, {lost} attempts lost with their worker, {most} of one job", ended.len());
    assert!(lost > 0, "some kill met a job");
}

async fn send(store: Arc<dyn Store>, chat: Arc<Chat>, stop: CancellationToken) {
    let settings = SenderSettings::new(WorkerId("sender".to_owned()));
    let (signals, clock) = (Arc::<Signals>::default(), Arc::new(SystemClock));
    Sender::new(store, clock, signals, Arc::default(), Arc::default(), chat, settings).run(stop).await;
}

async fn all_ended(store: &dyn Store, jobs: &[JobId]) -> Vec<Job> {
    let mut ended = Vec::new();
    let all = async {
        for id in jobs {
            loop {
                let job = store.job(*id).await.unwrap().expect("what was accepted is kept");
                if job.state.is_final() {
                    ended.push(job);
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let waited = tokio::time::timeout(PATIENCE, all).await;
    assert!(waited.is_ok(), "{} of {} jobs ended; stuck: {:?}", ended.len(), jobs.len(), store.load().await);
    ended
}

async fn all_sent(store: &dyn Store) {
    let sent = async {
        while store.load().await.unwrap().posts > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, sent).await.expect("every message is sent");
}

/// Each job ended once, in a report, which stands in its thread once.
async fn judge(store: &dyn Store, chat: &Chat, ended: &[Job]) {
    let mut reports = BTreeMap::new();
    let mut messages = BTreeMap::new();
    for shown in chat.shown() {
        *messages.entry(shown.key.clone()).or_insert(0) += 1;
        if matches!(shown.now(), PostBody::Report { .. }) {
            *reports.entry(shown.thread).or_insert(0) += 1;
        }
    }
    let doubled: Vec<_> = messages.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "messages that were posted twice: {doubled:?}");
    for job in ended {
        let id = job.spec.id;
        assert_eq!(job.state, JobState::Completed, "job {id}: {:?}", job.error);
        let history = store.history(id).await.unwrap();
        let ends = history.iter().filter(|step| step.to.is_final()).count();
        assert_eq!(ends, 1, "job {id} ended more than once: {history:?}");
        assert_eq!(reports.get(&job.spec.thread.unwrap()), Some(&1), "reports of job {id}");
    }
}
