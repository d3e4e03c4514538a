//! A master that dies while writes are under way: Sentinels name another, and the store goes there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use midwatch_doubles::redis::{MASTER, Sentinels};
use midwatch_redis::{Login, Mode, RedisStore};
use midwatch_service::id::JobId;
use midwatch_service::port::store::Store as _;

use crate::support::{hand_in, hand_in_at_last, is_busy, options};

#[tokio::test]
async fn writes_go_on_after_a_failover_and_what_the_new_master_answered_is_there() {
    let sentinels = Sentinels::start().await;
    let mode = Mode::Sentinel { master: MASTER.to_owned(), login: Login::default() };
    let store = RedisStore::open(options(&sentinels.ports(), mode)).await.unwrap();
    let first = hand_in(&store).await.unwrap();
    // Both have it: replication is not waited for by a write.
    assert_eq!(sentinels.master().await.ask(&["WAIT", "1", "10000"]).await, ["1"]);
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..8).map(|_| tokio::spawn(write_until(store.clone(), Arc::clone(&stop)))).collect();
    sentinels.fail_over().await;
    let after = hand_in_at_last(&store).await;
    stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert!(store.job(first).await.unwrap().is_some());
    assert!(store.job(after).await.unwrap().is_some());
    let last = hand_in(&store).await.unwrap();
    assert!(store.job(last).await.unwrap().is_some());
    assert!(sentinels.master().await.fact("role").await.as_deref() == Some("master"));
}

/// Hands in jobs; what fails on the way must be said to be for a moment only.
async fn write_until(store: RedisStore, stop: Arc<AtomicBool>) -> Vec<JobId> {
    let mut taken = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match hand_in(&store).await {
            Ok(id) => taken.push(id),
            Err(error) => assert!(is_busy(&error), "{error}"),
        }
        tokio::task::yield_now().await;
    }
    taken
}
