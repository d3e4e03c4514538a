//! What a store must do that several processes share: here two and more that are open at the same time. Not for an embedded
//! store, which lets one in.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::port::store::{CommitError, Store, Write};
use midwatch_service::post::Urgency;

use crate::changing::change;
use crate::fleet::{order, replica};
use crate::given::{Desk, at, audited, chain_key, entry, hear, heard, post, thread, worker};

/// Processes of these tests.
const PROCESSES: usize = 4;

async fn processes<F: AsyncFn() -> Arc<dyn Store>>(open: &F) -> Vec<Desk> {
    let mut desks = Vec::new();
    for _ in 0..PROCESSES {
        desks.push(Desk::open(open).await);
    }
    desks
}

/// Does something in every process at the same time.
async fn in_each<T: Send + 'static, W: Future<Output = T> + Send + 'static>(
    desks: &[Desk],
    work: impl Fn(usize, Desk) -> W,
) -> Vec<T> {
    let tasks: Vec<_> = desks.iter().enumerate().map(|(n, desk)| tokio::spawn(work(n, desk.clone()))).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

pub async fn every_process_sees_the_others<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desks = processes(&open).await;
    for (started, name) in [(3, "c"), (1, "a"), (2, "b")] {
        desks[0].announce(&replica(name, started), 10).await;
    }
    assert_eq!(desks[1].there(10).await, ["a", "b", "c"].map(worker), "those that started first at the front");
    desks[1].announce(&replica("b", 2), 30).await;
    assert_eq!(desks[2].there(40).await, [worker("b")], "the others are silent");
    desks[0].announce(&replica("a", 1), 50).await;
    let drain = |order| vec![Write::Drain { replica: worker("a"), order }];
    desks[3].done(50, drain(Some(order("upgrade")))).await;
    assert_eq!(desks[0].announce(&replica("b", 2), 51).await.drain, None, "that is another");
    assert_eq!(desks[0].announce(&replica("a", 1), 51).await.drain, Some(order("upgrade")));
    let draining: Vec<bool> = desks[2].store.replicas(at(51)).await.unwrap().iter().map(|one| one.draining).collect();
    assert_eq!(draining, [true, false]);
    desks[3].done(52, vec![Write::Kill(Some(order("stop")))]).await;
    for name in ["a", "b"] {
        assert_eq!(desks[1].announce(&replica(name, 1), 53).await.kill, Some(order("stop")), "{name}");
    }
}

pub async fn one_process_leads<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desks = processes(&open).await;
    let lead = async |n: usize, what: &str, now| {
        desks[n].store.lead(what, &worker(&format!("p{n}")), at(now), Duration::from_secs(6)).await.unwrap()
    };
    let asked = in_each(&desks, |n, desk| async move {
        desk.store.lead("upkeep", &worker(&format!("q{n}")), at(0), Duration::from_secs(6)).await.unwrap()
    });
    assert_eq!(asked.await.into_iter().filter(|leads| *leads).count(), 1, "one of many that ask at once");
    assert!(!lead(0, "upkeep", 5).await, "not while its lease lasts");
    assert!(lead(0, "upkeep", 6).await, "then another takes it over");
    assert!(!lead(1, "upkeep", 7).await);
    assert!(lead(0, "upkeep", 11).await && !lead(1, "upkeep", 13).await, "renewed");
    assert!(lead(1, "send:slack", 13).await, "another thing is free");
    desks[1].store.resign("upkeep", &worker("p1")).await.unwrap();
    assert!(!lead(1, "upkeep", 14).await, "nobody gives back what another has");
    desks[0].store.resign("upkeep", &worker("p0")).await.unwrap();
    assert!(lead(1, "upkeep", 14).await, "at once");
    desks[1].announce(&replica("p1", 0), 14).await;
    desks[1].store.leave(&worker("p1")).await.unwrap();
    assert!(lead(2, "upkeep", 15).await && lead(2, "send:slack", 15).await, "who leaves leads nothing");
}

pub async fn many_processes_write_one_trail<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    const EACH: usize = 20;
    let desks = processes(&open).await;
    in_each(&desks, |n, desk| async move {
        for step in 0..EACH {
            desk.done(0, vec![audited(&format!("{n}:{step}")), audited("and more")]).await;
        }
    })
    .await;
    let trail = desks[0].store.audit(0, 1_000).await.unwrap();
    let numbers: Vec<u64> = trail.iter().map(|sealed| sealed.number).collect();
    assert_eq!(numbers, (1..=2 * (PROCESSES * EACH) as u64).collect::<Vec<_>>(), "no gap, none twice");
    for link in trail.windows(2) {
        assert_eq!(chain_key().seal(&link[0].seal, link[1].number, &link[1].entry), link[1].seal);
    }
    for pair in trail.chunks(2) {
        assert_eq!(pair[1].entry.subject, "and more", "what one commit wrote stands together");
    }
}

pub async fn no_change_of_a_message_is_lost<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    const EACH: usize = 10;
    let desks = processes(&open).await;
    let thread = thread();
    desks[0].done(0, vec![Write::OpenThread(thread.clone())]).await;
    desks[0].done(0, change(&thread, None, "0")).await;
    in_each(&desks, |_, desk| {
        let thread = thread.clone();
        async move {
            for _ in 0..EACH {
                loop {
                    let (revision, text) = desk.written().await.unwrap();
                    let next = (text.parse::<usize>().unwrap() + 1).to_string();
                    match desk.commit(0, change(&thread, Some(revision), &next)).await {
                        Ok(()) => break,
                        Err(CommitError::Stale) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        }
    })
    .await;
    assert_eq!(desks[0].written().await.unwrap().1, (PROCESSES * EACH).to_string());
}

pub async fn what_many_processes_say_goes_once_and_in_order<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    const EACH: usize = 8;
    let desks = processes(&open).await;
    let thread = thread();
    desks[0].done(0, vec![Write::OpenThread(thread.clone())]).await;
    in_each(&desks, |n, desk| {
        let thread = thread.clone();
        async move {
            for step in 0..EACH {
                let key = format!("{n}:{step}");
                let says = vec![post(&thread, &key, Urgency::Notice, "x"), entry(thread.id, &key)];
                desk.done(0, says).await;
            }
        }
    })
    .await;
    assert_eq!(desks[1].store.load().await.unwrap().posts, (PROCESSES * EACH) as u64);
    let written: Vec<String> =
        desks[1].store.memory(thread.id).await.unwrap().into_iter().map(|entry| entry.text.clone()).collect();
    let sent = in_each(&desks, |_, desk| async move {
        let mut sent = Vec::new();
        // One at a time can go: another waits for it, so an empty hand is not the end.
        while desk.next_post().await.is_some() {
            for due in desk.take("s", 1, 4).await {
                sent.push((due.taken.fence, due.taken.key.0.clone()));
                desk.sent(1, &due.taken, &due.taken.key.0).await.unwrap();
            }
            tokio::task::yield_now().await;
        }
        sent
    });
    let sent: Vec<(u64, String)> = sent.await.into_iter().flatten().collect();
    assert!(sent.iter().all(|(fence, _)| *fence == 1) && sent.len() == written.len(), "each once: {sent:?}");
    let root = desks[0].store.thread(thread.id).await.unwrap().unwrap().root.unwrap();
    assert_eq!(root.0, written[0], "the first that was written was the first that was sent");
}

pub async fn what_many_processes_hear_is_heard_once<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    const DELIVERIES: usize = 20;
    let desks = processes(&open).await;
    in_each(&desks, |n, desk| async move {
        for delivery in 0..DELIVERIES {
            // The platform delivers each to all of them; every process tells with it which one it was.
            let one = heard(&format!("Ev{delivery}"), &format!("lane {}", delivery % 3));
            desk.done(0, vec![hear(&one), audited(&format!("{n}"))]).await;
        }
    })
    .await;
    let handled = in_each(&desks, |_, desk| async move {
        let mut handled = Vec::new();
        while desk.store.next_heard().await.unwrap().is_some() {
            for due in desk.take_heard("w", 1, 2).await {
                handled.push(due.taken.id.clone());
                desk.done(1, vec![Write::Handled(due.taken)]).await;
            }
            tokio::task::yield_now().await;
        }
        handled
    });
    let mut handled = handled.await.concat();
    handled.sort_unstable();
    let mut all: Vec<String> = (0..DELIVERIES).map(|n| format!("Ev{n}")).collect();
    all.sort_unstable();
    assert_eq!(handled, all);
}
