//! Several processes on one store: each has connections and lines of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch_conformance::given::{LEASE, actor, at, worker};
use midwatch_doubles::redis::Redis;
use midwatch_redis::RedisStore;
use midwatch_service::fleet::{Order, Replica, Role};
use midwatch_service::id::JobId;
use midwatch_service::port::store::{CommitError, Store as _, Write};

use crate::support::{hand_in, open};

/// After so long, a process counts as gone.
const GONE: Duration = Duration::from_secs(10);

fn replica(name: &str, started: i64) -> Replica {
    Replica {
        id: worker(name),
        host: format!("pod-{name}"),
        version: "0.1.0".to_owned(),
        roles: vec![Role::Worker],
        slots: 4,
        running: 0,
        started_at: at(started),
        seen_at: at(started),
        draining: false,
        leads: Vec::new(),
    }
}

fn order(reason: &str) -> Order {
    Order { by: actor(), reason: reason.to_owned(), at: at(0) }
}

async fn names(store: &RedisStore, now: i64) -> Vec<(String, bool)> {
    store.replicas(at(now)).await.unwrap().into_iter().map(|replica| (replica.id.0, replica.draining)).collect()
}

#[tokio::test]
async fn no_job_goes_to_two_processes_and_none_is_left() {
    let redis = Redis::start().await;
    let stores = [open(redis.port()).await, open(redis.port()).await, open(redis.port()).await];
    let mut handed_in = BTreeSet::new();
    for _ in 0..60 {
        handed_in.insert(hand_in(&stores[0]).await.unwrap());
    }
    let claims = stores.iter().enumerate().map(|(n, store)| async move {
        let (me, mut mine) = (worker(&n.to_string()), Vec::new());
        loop {
            let leased = store.claim(&me, at(1), LEASE, 2).await.unwrap();
            if leased.is_empty() {
                return mine;
            }
            mine.extend(leased.into_iter().map(|leased| leased.job.spec.id));
        }
    });
    let taken: Vec<JobId> = futures::future::join_all(claims).await.concat();
    assert_eq!(taken.len(), 60);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), handed_in);
}

#[tokio::test]
async fn orders_reach_a_process_that_was_away() {
    let redis = Redis::start().await;
    let (one, two) = (open(redis.port()).await, open(redis.port()).await);
    let drain = |order| vec![Write::Drain { replica: worker("a"), order }];
    let refused = two.commit(at(0), drain(Some(order("upgrade")))).await;
    assert!(matches!(refused, Err(CommitError::NotFound(_))), "{refused:?}");
    let orders = one.announce(&replica("a", 0), at(0), GONE).await.unwrap();
    assert_eq!((orders.drain, orders.kill), (None, None));
    two.commit(at(60), drain(Some(order("upgrade")))).await.unwrap();
    two.commit(at(60), vec![Write::Kill(Some(order("it deletes pods")))]).await.unwrap();
    assert_eq!(one.kill_switch().await.unwrap(), Some(order("it deletes pods")));
    let orders = one.announce(&replica("a", 0), at(90), GONE).await.unwrap();
    assert_eq!((orders.drain, orders.kill), (Some(order("upgrade")), Some(order("it deletes pods"))));
    assert_eq!(names(&two, 90).await, [("a".to_owned(), true)]);
    two.commit(at(91), drain(None)).await.unwrap();
    two.commit(at(91), vec![Write::Kill(None)]).await.unwrap();
    let orders = one.announce(&replica("a", 0), at(92), GONE).await.unwrap();
    assert_eq!((orders.drain, orders.kill), (None, None));
    // Those that are gone for long are forgotten, with what was ordered of them.
    two.announce(&replica("b", 0), at(9_000), GONE).await.unwrap();
    let refused = two.commit(at(9_000), drain(Some(order("late")))).await;
    assert!(matches!(refused, Err(CommitError::NotFound(_))), "{refused:?}");
}
