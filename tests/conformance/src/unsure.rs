//! Messages whose fate is not known, and senders that are lost.

use std::sync::Arc;

use midwatch_service::port::store::{AfterFailure, CommitError, PostLease, Store};
use midwatch_service::post::Urgency;

use crate::given::{Desk, at, keys, post, words};
use crate::outbox::with_thread;

pub async fn an_unknown_outcome_is_looked_up_first<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "1", Urgency::Notice, "x"), post(&thread, "2", Urgency::Report, "y")]).await;
    let due = desk.take_one("s", 0).await;
    desk.not_sent(1, &due.taken, AfterFailure::LookUp(at(5))).await.unwrap();
    assert_eq!(keys(&desk.take("s", 4, 10).await), [""; 0], "nothing of the thread goes before the look");
    let due = desk.take_one("s", 5).await;
    assert_eq!((keys(std::slice::from_ref(&due)), due.doubtful, due.tries), (vec!["1"], true, 1));
    desk.not_sent(6, &due.taken, AfterFailure::Again(at(7))).await.unwrap();
    let due = desk.take_one("s", 7).await;
    assert!(!due.doubtful, "the look said that it was not sent");
    desk.sent(8, &due.taken, "100").await.unwrap();
    assert_eq!(keys(&desk.take("s", 8, 10).await), ["2"]);
}

pub async fn giving_up_lets_the_thread_go_on<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "1", Urgency::Notice, "x"), post(&thread, "2", Urgency::Notice, "y")]).await;
    let due = desk.take_one("s", 0).await;
    desk.not_sent(1, &due.taken, AfterFailure::GiveUp).await.unwrap();
    let next = desk.take_one("s", 1).await;
    assert_eq!(next.taken.key.0, "2");
    desk.sent(2, &next.taken, "200").await.unwrap();
    assert_eq!(desk.store.load().await.unwrap().posts, 0, "nothing more is tried");
    assert_eq!(desk.store.thread(thread.id).await.unwrap().unwrap().root.unwrap().0, "200", "the first that was sent");
    desk.done(3, vec![post(&thread, "1", Urgency::Notice, "newer")]).await;
    let newer = desk.take_one("s", 3).await;
    assert_eq!((words(&newer.body), newer.taken.revision), ("newer", 2));
    desk.done(4, vec![post(&thread, "1", Urgency::Notice, "newest")]).await;
    desk.not_sent(5, &newer.taken, AfterFailure::GiveUp).await.unwrap();
    assert_eq!(words(&desk.take_one("s", 5).await.body), "newest", "given up was the one before");
}

pub async fn a_lost_sender_leaves_a_doubt<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Notice, "x")]).await;
    let lost = desk.take_one("s", 0).await;
    assert_eq!(desk.next_post().await, Some(at(300)));
    let found = desk.take_one("t", 300).await;
    assert!(found.doubtful && found.taken.fence > lost.taken.fence);
    refused(&desk, &lost.taken).await;
    desk.sent(301, &found.taken, "100").await.unwrap();
    assert_eq!(desk.next_post().await, None);
}

pub async fn a_late_sender_is_refused<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Notice, "x")]).await;
    let due = desk.take_one("s", 0).await;
    // Late, but nobody else has it: what it knows is worth more than a look.
    desk.sent(400, &due.taken, "100").await.unwrap();
    refused(&desk, &due.taken).await;
    desk.done(401, vec![post(&thread, "k", Urgency::Notice, "y")]).await;
    refused(&desk, &due.taken).await;
    let unknown = PostLease { key: midwatch_service::id::PostKey("no such".to_owned()), revision: 1, fence: 1 };
    refused(&desk, &unknown).await;
    assert_eq!(words(&desk.take_one("s", 401).await.body), "y");
}

async fn refused(desk: &Desk, taken: &PostLease) {
    let is_lost = |result| matches!(result, Err(CommitError::PostLost(key)) if key == taken.key);
    assert!(is_lost(desk.sent(500, taken, "999").await));
    assert!(is_lost(desk.not_sent(500, taken, AfterFailure::GiveUp).await));
}

pub async fn a_doubt_outlives_a_newer_revision_and_giving_up<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Progress, "one")]).await;
    let due = desk.take_one("s", 0).await;
    desk.done(1, vec![post(&thread, "k", Urgency::Progress, "two")]).await;
    desk.not_sent(2, &due.taken, AfterFailure::LookUp(at(3))).await.unwrap();
    let due = desk.take_one("s", 3).await;
    assert_eq!((words(&due.body), due.doubtful), ("two", true), "an older revision may stand there");
    desk.not_sent(4, &due.taken, AfterFailure::GiveUp).await.unwrap();
    desk.done(5, vec![post(&thread, "k", Urgency::Progress, "three")]).await;
    let due = desk.take_one("s", 5).await;
    assert_eq!((words(&due.body), due.doubtful), ("three", true), "giving up made nothing known");
    desk.sent(6, &due.taken, "100").await.unwrap();
    desk.done(7, vec![post(&thread, "k", Urgency::Progress, "four")]).await;
    assert!(!desk.take_one("s", 7).await.doubtful);
}

pub async fn what_was_not_tried_is_as_it_was<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Notice, "x")]).await;
    let due = desk.take_one("s", 5).await;
    assert_eq!((due.urgency, due.due_at), (Urgency::Notice, at(0)));
    desk.not_sent(5, &due.taken, AfterFailure::Untried(at(20))).await.unwrap();
    assert_eq!(keys(&desk.take("s", 19, 10).await), [""; 0]);
    let due = desk.take_one("s", 20).await;
    assert_eq!((due.tries, due.doubtful, due.due_at), (0, false, at(20)), "no try, no doubt");
    desk.not_sent(21, &due.taken, AfterFailure::LookUp(at(22))).await.unwrap();
    let due = desk.take_one("s", 22).await;
    desk.not_sent(23, &due.taken, AfterFailure::Untried(at(24))).await.unwrap();
    let due = desk.take_one("s", 24).await;
    assert_eq!((due.tries, due.doubtful), (1, true), "what was in doubt still is");
    desk.done(25, vec![post(&thread, "k", Urgency::Notice, "newer")]).await;
    desk.not_sent(26, &due.taken, AfterFailure::Untried(at(26))).await.unwrap();
    let due = desk.take_one("s", 26).await;
    assert_eq!((words(&due.body), due.tries, due.doubtful), ("newer", 0, true));
}
