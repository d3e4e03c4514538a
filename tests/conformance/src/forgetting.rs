//! What a sweep takes of the conversation.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::port::store::{CommitError, Feedback, Retention, Store, Write};

use crate::given::{Desk, actor, at, completed, hear, heard, job};
use crate::talk::mute;

const HOUR: i64 = 3600;
const KEEP: Retention = Retention { jobs: Duration::from_hours(1), incidents: Duration::from_hours(2), batch: 100 };

pub async fn a_sweep_forgets_what_was_handled<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (done, waits) = (heard("done", "a"), heard("waits", "b"));
    desk.done(0, vec![hear(&done), hear(&waits)]).await;
    let due = desk.take_heard("w", 0, 1).await.remove(0);
    desk.done(HOUR, vec![Write::Handled(due.taken)]).await;
    assert_eq!(desk.store.sweep(at(2 * HOUR - 1), KEEP).await.unwrap(), 0, "it is as old as its handling");
    desk.done(2 * HOUR, vec![hear(&done)]).await;
    assert_eq!(desk.store.sweep(at(2 * HOUR), KEEP).await.unwrap(), 1);
    assert_eq!(desk.store.sweep(at(99 * HOUR), KEEP).await.unwrap(), 0, "never what is not handled");
    assert_eq!(desk.take_one_heard("w", 99 * HOUR).await.heard.id, "waits");
    desk.done(99 * HOUR, vec![hear(&done)]).await;
    assert_eq!(desk.take_one_heard("w", 99 * HOUR).await.heard.id, "done", "nobody remembers");
}

pub async fn a_sweep_takes_marks_and_mutes<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let once = || vec![Write::Once { key: "again:1".to_owned(), by: "alice".to_owned() }];
    let (ended, by_hand, lasting) = (mute(0, HOUR), mute(0, 99 * HOUR), mute(0, 99 * HOUR));
    desk.done(0, once()).await;
    desk.done(0, [&ended, &by_hand, &lasting].map(|mute| Write::Mute(mute.clone())).into()).await;
    desk.done(2 * HOUR, vec![Write::Unmute(by_hand.id)]).await;
    assert_eq!(desk.store.sweep(at(HOUR - 1), KEEP).await.unwrap(), 0);
    assert!(matches!(desk.commit(HOUR, once()).await, Err(CommitError::Already { .. })));
    assert_eq!(desk.store.sweep(at(HOUR), KEEP).await.unwrap(), 1, "the mark");
    desk.done(HOUR, once()).await;
    assert_eq!(desk.store.sweep(at(3 * HOUR), KEEP).await.unwrap(), 2, "the other mark, a mute");
    assert_eq!(desk.store.sweep(at(4 * HOUR - 1), KEEP).await.unwrap(), 0);
    assert_eq!(desk.store.sweep(at(4 * HOUR), KEEP).await.unwrap(), 1, "the mute that was ended by hand");
    assert_eq!(desk.store.mutes(at(4 * HOUR)).await.unwrap(), [lasting]);
}

pub async fn feedback_goes_with_its_job<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    let said = Feedback { job: id, by: actor(), helpful: true, at: at(9) };
    desk.done(9, vec![Write::Finish { lease, outcome: completed() }, Write::Feedback(said)]).await;
    assert_eq!(desk.store.feedback(id).await.unwrap().len(), 1);
    assert_eq!(desk.store.sweep(at(9 + HOUR), KEEP).await.unwrap(), 1);
    assert_eq!(desk.store.feedback(id).await.unwrap(), []);
}

pub async fn a_sweep_of_the_conversation_is_bounded<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for n in 0..4 {
        let key = format!("k{n}");
        desk.done(0, vec![hear(&heard(&key, &key)), Write::Mute(mute(0, 1))]).await;
        desk.done(0, vec![Write::Once { key, by: "alice".to_owned() }]).await;
    }
    for due in desk.take_heard("w", 0, 10).await {
        desk.done(0, vec![Write::Handled(due.taken)]).await;
    }
    let five = Retention { batch: 5, ..KEEP };
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(desk.store.sweep(at(9 * HOUR), five).await.unwrap());
    }
    assert_eq!(swept, [5, 5, 2, 0], "four of each of three kinds");
}
