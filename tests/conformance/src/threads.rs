//! Threads and what is remembered of them.

use std::sync::Arc;

use midwatch_service::id::{MessageId, ThreadId};
use midwatch_service::port::store::{CommitError, Store, Write};
use midwatch_service::post::Urgency;
use midwatch_service::thread::{ENTRIES_KEPT, Thread};

use crate::given::{Desk, PLATFORM, entry, post, thread};

pub async fn a_thread_opens_once<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let root = MessageId("100".to_owned());
    let first = Thread { root: Some(root.clone()), ..thread() };
    desk.done(0, vec![Write::OpenThread(first.clone())]).await;
    let second = Thread { channel: "#other".to_owned(), root: None, ..first.clone() };
    desk.done(1, vec![Write::OpenThread(second)]).await;
    assert_eq!(desk.store.thread(first.id).await.unwrap(), Some(first.clone()));
    let at = async |channel: &str| desk.store.thread_at(PLATFORM, channel, &root).await.unwrap();
    assert_eq!(at("#alerts").await, Some(first));
    assert_eq!(at("#other").await, None);
    assert_eq!(desk.store.thread(ThreadId::new()).await.unwrap(), None);
}

pub async fn the_first_message_becomes_the_root<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let thread = thread();
    desk.done(0, vec![Write::OpenThread(thread.clone()), post(&thread, "1", Urgency::Opening, "x")]).await;
    let due = desk.take_one("s", 0).await;
    assert_eq!(due.thread, thread);
    desk.sent(1, &due.taken, "100").await.unwrap();
    desk.done(1, vec![post(&thread, "2", Urgency::Report, "y")]).await;
    let due = desk.take_one("s", 1).await;
    let root = MessageId("100".to_owned());
    assert_eq!(due.thread.root, Some(root.clone()), "the sender sees it");
    desk.sent(2, &due.taken, "200").await.unwrap();
    let kept = desk.store.thread_at(PLATFORM, "#alerts", &root).await.unwrap().unwrap();
    assert_eq!((kept.id, kept.root), (thread.id, Some(root)), "a later message does not");
}

pub async fn memory_is_bounded_and_in_order<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (one, two) = (thread(), thread());
    desk.done(0, vec![Write::OpenThread(one.clone()), Write::OpenThread(two.clone()), entry(two.id, "other")]).await;
    let said: Vec<String> = (0..ENTRIES_KEPT + 5).map(|n| format!("line {n}")).collect();
    for part in said.chunks(50) {
        desk.done(0, part.iter().map(|text| entry(one.id, text)).collect()).await;
    }
    let kept = desk.store.memory(one.id).await.unwrap();
    let texts: Vec<&str> = kept.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, said[5..], "the oldest went");
    assert_eq!(desk.store.memory(two.id).await.unwrap().len(), 1, "another thread's stay");
    let unknown = desk.commit(0, vec![entry(ThreadId::new(), "lost")]).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
}
