//! Servers that go away, come back, or stop answering.

use std::time::Duration;

use midwatch_conformance::given::{at, enqueue, job};
use midwatch_doubles::redis::{Files, Redis, Settings, until};
use midwatch_redis::RedisStore;
use midwatch_service::port::store::{Load, Store as _};
use midwatch_service::signals::Signals;
use tokio_util::sync::CancellationToken;

use crate::support::{hand_in, hand_in_at_last, impatient, is_busy, open};

/// Far longer than any call may take.
const TOO_LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_was_answered_outlives_a_crash_and_the_store_finds_its_server_again() {
    let redis = Redis::with(Settings { files: Files::Always, ..Settings::default() }).await;
    let store = RedisStore::open(impatient(redis.port())).await.unwrap();
    let before = hand_in(&store).await.unwrap();
    redis.kill();
    let refused = hand_in(&store).await.unwrap_err();
    assert!(is_busy(&refused), "{refused}");
    assert_eq!(store.figures().connections, 0);
    redis.restart().await;
    let after = hand_in_at_last(&store).await;
    assert!(store.job(before).await.unwrap().is_some());
    assert!(store.job(after).await.unwrap().is_some());
    assert_eq!(store.load().await.unwrap(), Load { pending: 2, ..Load::default() });
}

#[tokio::test]
async fn every_call_on_a_frozen_server_ends_and_what_was_given_up_does_not_happen() {
    let redis = Redis::start().await;
    let store = RedisStore::open(impatient(redis.port())).await.unwrap();
    hand_in(&store).await.unwrap();
    redis.freeze();
    let calls = futures::future::join_all((0..64).map(|_| hand_in(&store)));
    let results = tokio::time::timeout(TOO_LONG, calls).await.expect("each call has a deadline");
    for result in results {
        assert!(is_busy(&result.unwrap_err()));
    }
    let read = tokio::time::timeout(TOO_LONG, store.load()).await.expect("a read has a deadline");
    read.unwrap_err();
    redis.thaw();
    // Whatever stood in the server's queue has run once it answers who came after it.
    until("it answers", async || redis.try_ask(&["PING"]).await.is_ok()).await;
    let last = hand_in_at_last(&store).await;
    assert!(store.job(last).await.unwrap().is_some());
    assert_eq!(store.load().await.unwrap(), Load { pending: 2, ..Load::default() }, "the first and the last");
}

#[tokio::test]
async fn a_write_under_way_when_the_server_freezes_happens_once() {
    let redis = Redis::start().await;
    let store = open(redis.port()).await;
    redis.freeze();
    let job = job();
    let write = tokio::spawn({
        let (store, write) = (store.clone(), enqueue(&job));
        async move { store.commit(at(0), vec![write]).await }
    });
    // The command is given up after three seconds and sent again after this.
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    redis.thaw();
    write.await.unwrap().unwrap();
    assert_eq!(store.history(job.id).await.unwrap().len(), 1);
    assert_eq!(store.load().await.unwrap(), Load { pending: 1, ..Load::default() });
}

#[tokio::test]
async fn calls_of_other_processes_are_heard_through_a_restart() {
    let redis = Redis::with(Settings { files: Files::Always, ..Settings::default() }).await;
    let (here, there) = (open(redis.port()).await, open(redis.port()).await);
    let (signals, stop) = (std::sync::Arc::new(Signals::default()), CancellationToken::new());
    let hears = tokio::spawn({
        let (here, signals, stop) = (here.clone(), std::sync::Arc::clone(&signals), stop.clone());
        async move { here.hear_calls(&signals, &stop).await }
    });
    let called = async || tokio::time::timeout(TOO_LONG, signals.jobs.notified()).await.expect("a call");
    until("it listens", async || redis.fact("blocked_clients").await.as_deref() == Some("1")).await;
    hand_in(&there).await.unwrap();
    called().await;
    redis.restart().await;
    hand_in_at_last(&there).await;
    called().await;
    stop.cancel();
    hears.await.unwrap();
}

#[tokio::test]
async fn the_clock_is_that_of_the_server() {
    use midwatch_service::clock::Clock as _;
    let redis = Redis::start().await;
    let store = open(redis.port()).await;
    let clock = store.clock();
    let there = redis.ask(&["TIME"]).await[0].parse::<i64>().unwrap();
    let here = clock.now();
    assert!((here.as_second() - there).abs() <= 5, "{here} against {there}");
    clock.sleep_until(here).await;
    assert!(clock.now() >= here);
}
