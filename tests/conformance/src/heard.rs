//! What is heard: once each, in order within a lane, handled once with everything that follows from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use midwatch_service::heard::{Heard, Said};
use midwatch_service::port::store::{CommitError, DueHeard, HeardLease, Store, Write};

use crate::given::{Desk, at, audited, cancel, enqueue, hear, heard, job};

fn ids(heard: &[DueHeard]) -> Vec<&str> {
    heard.iter().map(|due| due.taken.id.as_str()).collect()
}

fn not_handled(taken: &HeardLease, again: i64) -> Write {
    Write::NotHandled { taken: taken.clone(), again: at(again), why: "the store was busy".to_owned() }
}

fn is_lost(result: &Result<(), CommitError>, taken: &HeardLease) -> bool {
    matches!(result, Err(CommitError::HeardLost(id)) if *id == taken.id)
}

pub async fn the_same_delivery_is_heard_once<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let first = heard("Ev1", "100");
    let again = Heard { said: Said::Mention { text: "other words".to_owned() }, ..heard("Ev1", "200") };
    desk.done(0, vec![hear(&first), hear(&again)]).await;
    desk.done(1, vec![hear(&again), audited("the rest of the commit happens")]).await;
    assert_eq!(desk.store.audit(0, 9).await.unwrap().len(), 1);
    let due = desk.take_one_heard("a", 2).await;
    assert_eq!((&*due.heard, due.tries), (&first, 0), "as it was first heard");
    desk.done(3, vec![hear(&again)]).await;
    assert_eq!(ids(&desk.take_heard("b", 3, 10).await), [""; 0], "not while it is handled");
    desk.done(4, vec![Write::Handled(due.taken)]).await;
    desk.done(5, vec![hear(&again)]).await;
    drop(desk);
    let desk = Desk::open(&open).await;
    desk.done(6, vec![hear(&again)]).await;
    assert_eq!(ids(&desk.take_heard("b", 9999, 10).await), [""; 0], "nor after it was, nor after a restart");
    assert_eq!(desk.store.next_heard().await.unwrap(), None);
}

pub async fn a_lane_is_handled_in_order<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for (id, root) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        desk.done(0, vec![hear(&heard(id, root))]).await;
    }
    let first = desk.take_heard("w", 0, 1).await;
    assert_eq!(ids(&first), ["a1"], "the oldest, no more than asked");
    assert_eq!(ids(&desk.take_heard("v", 0, 10).await), ["b1"], "another lane goes on, this one waits");
    desk.done(1, vec![Write::Handled(first[0].taken.clone())]).await;
    for id in ["a2", "a3"] {
        let due = desk.take_one_heard("v", 1).await;
        assert_eq!(due.taken.id, id);
        desk.done(1, vec![Write::Handled(due.taken)]).await;
    }
    assert_eq!(ids(&desk.take_heard("v", 1, 10).await), [""; 0]);
    desk.done(2, vec![hear(&heard("a4", "a"))]).await;
    assert_eq!(desk.take_one_heard("v", 2).await.taken.id, "a4", "an empty lane begins anew");
}

pub async fn what_is_not_handled_blocks_its_lane_only<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    desk.done(0, vec![hear(&heard("a1", "a")), hear(&heard("a2", "a"))]).await;
    let due = desk.take_one_heard("w", 0).await;
    desk.done(1, vec![not_handled(&due.taken, 50), hear(&heard("b1", "b"))]).await;
    assert!(is_lost(&desk.commit(1, vec![not_handled(&due.taken, 2)]).await, &due.taken), "it was given back");
    assert_eq!(ids(&desk.take_heard("w", 49, 10).await), ["b1"]);
    assert_eq!(desk.store.next_heard().await.unwrap(), Some(at(50)));
    let again = desk.take_one_heard("w", 50).await;
    assert_eq!((again.taken.id.as_str(), again.tries), ("a1", 1));
    desk.done(51, vec![Write::Handled(again.taken)]).await;
    assert_eq!(ids(&desk.take_heard("w", 51, 10).await), ["a2"]);
}

pub async fn a_lost_handler_leaves_it_to_the_next<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    desk.done(7, vec![hear(&heard("a1", "a")), hear(&heard("a2", "a"))]).await;
    assert_eq!(desk.store.next_heard().await.unwrap(), Some(at(7)));
    let lost = desk.take_one_heard("w", 10).await;
    assert_eq!(desk.store.next_heard().await.unwrap(), Some(at(310)), "the end of its lease; the other waits for it");
    assert_eq!(ids(&desk.take_heard("v", 309, 10).await), [""; 0]);
    let found = desk.take_one_heard("v", 310).await;
    assert_eq!((found.taken.id.as_str(), found.tries), ("a1", 1));
    assert!(found.taken.fence > lost.taken.fence);
    for write in [Write::Handled(lost.taken.clone()), not_handled(&lost.taken, 311)] {
        assert!(is_lost(&desk.commit(311, vec![write]).await, &lost.taken));
    }
    // Late, but nobody else has it.
    desk.done(999, vec![Write::Handled(found.taken.clone())]).await;
    assert!(is_lost(&desk.commit(999, vec![Write::Handled(found.taken.clone())]).await, &found.taken), "once");
    let unknown = HeardLease { id: "no such".to_owned(), fence: 1 };
    assert!(is_lost(&desk.commit(999, vec![Write::Handled(unknown.clone())]).await, &unknown));
}

pub async fn handling_and_what_follows_are_one<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    desk.done(0, vec![hear(&heard("a1", "a"))]).await;
    let lost = desk.take_one_heard("w", 0).await;
    let due = desk.take_one_heard("v", 300).await;
    let (job, unknown) = (job(), crate::given::job());
    let effects = |taken: &HeardLease| vec![enqueue(&job), audited("asked"), Write::Handled(taken.clone())];
    assert!(is_lost(&desk.commit(301, effects(&lost.taken)).await, &lost.taken));
    assert_eq!(desk.store.job(job.id).await.unwrap(), None, "nothing of a lost handler's work is kept");
    let mut failing = effects(&due.taken);
    failing.push(Write::Cancel { job: unknown.id, cancel: cancel("there is no such job") });
    let failed = desk.commit(301, failing).await;
    assert!(matches!(failed, Err(CommitError::NotFound(_))), "{failed:?}");
    desk.done(302, effects(&due.taken)).await;
    assert!(desk.store.job(job.id).await.unwrap().is_some());
    assert_eq!(desk.store.audit(0, 9).await.unwrap().len(), 1);
}

pub async fn only_so_much_waits_to_be_handled<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let bounded = |id: &str| match hear(&heard(id, id)) {
        Write::Hear { heard, .. } => Write::Hear { heard, bound: 2 },
        other => other,
    };
    desk.done(0, vec![bounded("1"), bounded("2")]).await;
    let refused = desk.commit(0, vec![audited("nothing of it"), bounded("3")]).await;
    assert!(matches!(refused, Err(CommitError::Full { live: 2, bound: 2 })), "{refused:?}");
    assert_eq!(desk.store.audit(0, 9).await.unwrap(), []);
    desk.done(0, vec![bounded("1")]).await;
    let due = desk.take_heard("w", 1, 1).await.remove(0);
    assert!(desk.commit(1, vec![bounded("3")]).await.is_err(), "what is under way counts");
    desk.done(2, vec![Write::Handled(due.taken)]).await;
    desk.done(2, vec![bounded("1"), bounded("3")]).await;
    assert!(desk.commit(2, vec![bounded("4")]).await.is_err());
}

pub async fn two_handlers_never_get_the_same<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let all: BTreeSet<String> = (0..60).map(|n| format!("Ev{n}")).collect();
    for (n, id) in all.iter().enumerate() {
        desk.done(0, vec![hear(&heard(id, &format!("lane {}", n % 7)))]).await;
    }
    let handlers: Vec<_> = (0..6)
        .map(|n| {
            let desk = desk.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                // None is left for good when nothing is due and nothing will be.
                while desk.store.next_heard().await.unwrap().is_some() {
                    for due in desk.take_heard(&format!("h{n}"), 1, 2).await {
                        got.push(due.taken.id.clone());
                        desk.done(1, vec![Write::Handled(due.taken)]).await;
                    }
                    tokio::task::yield_now().await;
                }
                got
            })
        })
        .collect();
    let mut got = Vec::new();
    for handler in handlers {
        got.extend(handler.await.unwrap());
    }
    assert_eq!(got.len(), all.len(), "none twice");
    assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), all, "none lost");
}
