//! Processes that share a store: who is there, what is ordered of them, and what an order outlives.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::fleet::{Order, Orders, Replica, Role};
use midwatch_service::id::{JobId, WorkerId};
use midwatch_service::port::store::{CommitError, Store, Write};

use crate::given::{Desk, actor, at, worker};

/// A process that has not said that it is there for so long is not.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// A process as it says of itself.
pub(crate) fn replica(name: &str, started_at: i64) -> Replica {
    Replica {
        id: worker(name),
        host: "node-1".to_owned(),
        version: "1.2.3".to_owned(),
        roles: vec![Role::Gateway, Role::Worker],
        slots: 4,
        running: 0,
        started_at: at(started_at),
        seen_at: at(started_at),
        draining: false,
        leads: Vec::new(),
    }
}

pub(crate) fn order(reason: &str) -> Order {
    Order { by: actor(), reason: reason.to_owned(), at: at(0) }
}

impl Desk {
    /// A process says that it is there.
    pub(crate) async fn announce(&self, replica: &Replica, now: i64) -> Orders {
        let seen = Replica { seen_at: at(now), ..replica.clone() };
        self.store.announce(&seen, at(now), GONE_AFTER).await.unwrap()
    }

    /// The processes that are there.
    pub(crate) async fn there(&self, now: i64) -> Vec<WorkerId> {
        self.store.replicas(at(now)).await.unwrap().into_iter().map(|replica| replica.id).collect()
    }
}

fn drain(id: &WorkerId, order: Option<Order>) -> Vec<Write> {
    vec![Write::Drain { replica: id.clone(), order }]
}

pub async fn a_process_is_there_while_it_says_so<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    assert_eq!(desk.there(0).await, []);
    let first = replica("a", 0);
    assert_eq!(desk.announce(&first, 0).await, Orders::default(), "nothing is ordered of it");
    let later = Replica { running: 3, draining: true, ..first.clone() };
    desk.announce(&later, 10).await;
    let there = desk.store.replicas(at(39)).await.unwrap();
    assert_eq!(there, [Replica { seen_at: at(10), ..later }], "as it last said");
    assert_eq!(desk.there(40).await, [], "it has been silent for too long");
    desk.announce(&first, 50).await;
    assert_eq!(desk.there(50).await, [worker("a")], "it was cut off, and is back");
    desk.store.leave(&first.id).await.unwrap();
    desk.store.leave(&first.id).await.unwrap();
    assert_eq!(desk.there(51).await, []);
}

pub async fn an_order_to_drain_is_heard_until_it_is_lifted<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let one = replica("a", 0);
    let unknown = desk.commit(0, drain(&one.id, Some(order("upgrade")))).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
    desk.announce(&one, 0).await;
    desk.done(1, drain(&one.id, Some(order("upgrade")))).await;
    let ordered = Orders { drain: Some(order("upgrade")), kill: None };
    assert_eq!(desk.announce(&one, 5).await, ordered);
    assert!(desk.store.replicas(at(5)).await.unwrap()[0].draining, "though it has not said so");
    drop(desk);
    let desk = Desk::open(&open).await;
    assert_eq!(desk.announce(&one, 10).await, ordered, "stored, so nobody misses it");
    desk.done(11, drain(&one.id, Some(order("a newer reason")))).await;
    assert_eq!(desk.announce(&one, 12).await.drain, Some(order("a newer reason")));
    desk.done(13, drain(&one.id, None)).await;
    assert_eq!(desk.announce(&one, 14).await, Orders::default());
    assert!(!desk.store.replicas(at(14)).await.unwrap()[0].draining);
    desk.done(15, drain(&one.id, Some(order("again")))).await;
    desk.store.leave(&one.id).await.unwrap();
    let gone = desk.commit(16, drain(&one.id, None)).await;
    assert!(matches!(gone, Err(CommitError::NotFound(_))), "{gone:?}");
}

pub async fn the_kill_switch_stays_on_until_it_is_turned_off<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    assert_eq!(desk.store.kill_switch().await.unwrap(), None);
    let failing = vec![Write::Kill(Some(order("never"))), Write::Replay { job: JobId::new(), by: actor() }];
    assert!(desk.commit(0, failing).await.is_err());
    assert_eq!(desk.store.kill_switch().await.unwrap(), None, "as atomic as the rest");
    desk.done(1, vec![Write::Kill(Some(order("it reads too much")))]).await;
    let kill = Some(order("it reads too much"));
    assert_eq!(desk.announce(&replica("a", 2), 2).await, Orders { drain: None, kill: kill.clone() });
    drop(desk);
    let desk = Desk::open(&open).await;
    assert_eq!(desk.store.kill_switch().await.unwrap(), kill);
    assert_eq!(desk.announce(&replica("b", 3), 3).await.kill, kill, "also one that starts now");
    desk.done(4, vec![Write::Kill(Some(order("another reason")))]).await;
    assert_eq!(desk.store.kill_switch().await.unwrap(), Some(order("another reason")));
    desk.done(5, vec![Write::Kill(None)]).await;
    desk.done(5, vec![Write::Kill(None)]).await;
    assert_eq!(desk.store.kill_switch().await.unwrap(), None);
    assert_eq!(desk.announce(&replica("b", 3), 6).await, Orders::default());
}

pub async fn who_leads_goes_on_leading<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let lead =
        async |what: &str, now| desk.store.lead(what, &worker("a"), at(now), Duration::from_secs(6)).await.unwrap();
    assert!(lead("upkeep", 0).await, "nobody does");
    assert!(lead("upkeep", 2).await && lead("upkeep", 99).await, "in time, and late when nobody took it");
    assert!(lead("send:slack", 99).await, "another thing");
    desk.store.resign("upkeep", &worker("a")).await.unwrap();
    desk.store.resign("upkeep", &worker("a")).await.unwrap();
    assert!(lead("upkeep", 99).await, "it may take it again");
}
