//! How many jobs a second go through, on this disk; for a person to read: `cargo nextest run -p midwatch-sqlite
//! --run-ignored only --no-capture throughput`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use midwatch_conformance::given::{LEASE, at, completed, enqueue, job, worker};
use midwatch_service::port::store::{Store, Write};

use crate::support::open;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures, asserts none"]
async fn throughput() {
    let mut alone = 0.0;
    for callers in [1, 8, 64] {
        let place = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(open(place.path()));
        let begin = Instant::now();
        let tasks: Vec<_> = (0..callers).map(|_| tokio::spawn(jobs(Arc::clone(&store), begin))).collect();
        let mut done = 0_u32;
        for task in tasks {
            done += task.await.unwrap();
        }
        let rate = f64::from(done) / begin.elapsed().as_secs_f64();
        if callers == 1 {
            alone = rate;
        }
        println!("{callers:>3} callers: {rate:.0} jobs/s handed in, leased and ended, {:.1} times one", rate / alone);
    }
}

#[tokio::test]
#[ignore = "prints figures, asserts none"]
async fn throughput_with_a_long_queue() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    for _ in 0..100 {
        store.commit(at(0), (0..1000).map(|_| enqueue(&job())).collect()).await.unwrap();
    }
    let begin = Instant::now();
    store.load().await.unwrap();
    println!("load with 100,000 jobs: {:?}", begin.elapsed());
    let begin = Instant::now();
    store.waiting().await.unwrap();
    println!("waiting: {:?}", begin.elapsed());
    let begin = Instant::now();
    store.next_due().await.unwrap();
    println!("next_due: {:?}", begin.elapsed());
    let begin = Instant::now();
    assert_eq!(store.claim(&worker("w"), at(61), LEASE, 5).await.unwrap().len(), 5);
    println!("claim of 5, durable: {:?}", begin.elapsed());
}

/// Hands in, leases and ends jobs for some seconds; three durable writes each.
async fn jobs(store: Arc<dyn Store>, begin: Instant) -> u32 {
    let mut done = 0;
    while begin.elapsed() < Duration::from_secs(3) {
        store.commit(at(0), vec![enqueue(&job())]).await.unwrap();
        for leased in store.claim(&worker("w"), at(0), LEASE, 1).await.unwrap() {
            store.commit(at(0), vec![Write::Finish { lease: leased.lease, outcome: completed() }]).await.unwrap();
            done += 1;
        }
    }
    done
}
