//! How many connections a process has, and what happens when too many calls wait.

use std::time::Duration;

use midwatch_doubles::redis::Redis;
use midwatch_redis::{Options, RedisStore};
use midwatch_service::port::store::{CommitError, Store as _, StoreError};
use midwatch_service::signals::Signals;
use tokio_util::sync::CancellationToken;

use crate::support::{hand_in, impatient, open};

#[tokio::test]
async fn sixty_four_tasks_share_two_connections() {
    let redis = Redis::start().await;
    let store = open(redis.port()).await;
    let (signals, stop) = (Signals::default(), CancellationToken::new());
    let work = async {
        let tasks = (0..64).map(|_| async {
            for _ in 0..4 {
                hand_in(&store).await.unwrap();
                store.load().await.unwrap();
            }
        });
        futures::future::join_all(tasks).await;
        let clients = redis.ask(&["CLIENT", "LIST"]).await.concat();
        stop.cancel();
        clients
    };
    let (clients, ()) = tokio::join!(work, store.hear_calls(&signals, &stop));
    assert_eq!(clients.lines().filter(|line| line.contains("name=midwatch ")).count(), 2, "{clients}");
    assert_eq!(store.figures().connected, 2);
    assert_eq!(store.load().await.unwrap().pending, 256);
}

#[tokio::test]
async fn one_call_more_than_there_is_room_for_is_refused_at_once() {
    let redis = Redis::start().await;
    let store = RedisStore::open(Options { room: 4, ..impatient(redis.port()) }).await.unwrap();
    redis.freeze();
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.load().await })
        })
        .collect();
    midwatch_doubles::redis::until("four calls wait", async || store.figures().waiting == 4).await;
    let refused = tokio::time::timeout(Duration::from_millis(200), hand_in(&store)).await;
    assert!(
        matches!(&refused, Ok(Err(CommitError::Storage(StoreError::Busy(words)))) if words.contains("4 calls wait")),
        "{refused:?}"
    );
    assert_eq!(store.figures().refused, 1);
    for call in waiting {
        call.await.unwrap().unwrap_err();
    }
    redis.thaw();
}
