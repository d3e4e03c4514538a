//! The outbox: what is sent when, in which order, in which revision.

use std::sync::Arc;

use midwatch_redact::Redactor;
use midwatch_service::id::{MessageId, PostKey};
use midwatch_service::port::store::{AfterFailure, Closed, CommitError, Share, Store, Write};
use midwatch_service::post::{NewPost, PostBody, Private, Urgency};
use midwatch_service::thread::Thread;

use crate::given::{Desk, LEASE, PLATFORM, at, keys, post, thread, words, worker};

/// A store with a thread that is open.
pub(crate) async fn with_thread<F: AsyncFn() -> Arc<dyn Store>>(open: &F) -> (Desk, Thread) {
    let (desk, thread) = (Desk::open(open).await, thread());
    desk.done(0, vec![Write::OpenThread(thread.clone())]).await;
    (desk, thread)
}

pub async fn messages_go_in_the_order_of_their_thread<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, one) = with_thread(&open).await;
    let two = thread();
    desk.done(
        0,
        vec![
            Write::OpenThread(two.clone()),
            post(&one, "1a", Urgency::Progress, "x"),
            post(&one, "1b", Urgency::Opening, "x"),
            post(&two, "2a", Urgency::Notice, "x"),
        ],
    )
    .await;
    let taken = desk.take("s", 0, 10).await;
    assert_eq!(keys(&taken), ["2a", "1a"], "what is urgent waits for what came before it in its thread");
    assert_eq!(keys(&desk.take("s", 1, 10).await), [""; 0], "that is under way");
    desk.sent(2, &taken[1].taken, "100").await.unwrap();
    assert_eq!(keys(&desk.take("s", 2, 10).await), ["1b"]);
    let other =
        desk.store.take_posts(&worker("s"), "slack", at(9), LEASE, Share::any(10), &Closed::default()).await.unwrap();
    assert_eq!(keys(&other), [""; 0], "another platform has nothing to do");
}

pub async fn the_most_urgent_goes_first<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let cases = [
        ("progress", Urgency::Progress),
        ("notice", Urgency::Notice),
        ("report", Urgency::Report),
        ("opening", Urgency::Opening),
        ("opening later", Urgency::Opening),
    ];
    for (key, urgency) in cases {
        let thread = thread();
        desk.done(0, vec![Write::OpenThread(thread.clone()), post(&thread, key, urgency, "x")]).await;
    }
    let first = desk.take("s", 0, 2).await;
    assert_eq!(keys(&first), ["opening", "opening later"], "then the oldest; no more than asked");
    assert_eq!(keys(&desk.take("s", 0, 10).await), ["report", "notice", "progress"]);
}

pub async fn a_newer_revision_replaces_what_was_not_sent<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    for text in ["one", "two", "three"] {
        desk.done(0, vec![post(&thread, "k", Urgency::Progress, text)]).await;
    }
    assert_eq!(desk.store.load().await.unwrap().posts, 1);
    let due = desk.take_one("s", 1).await;
    assert_eq!((words(&due.body), due.taken.revision, due.message.clone()), ("three", 3, None));
    assert_eq!((due.tries, due.doubtful), (0, false));
    desk.sent(1, &due.taken, "100").await.unwrap();
    desk.done(2, vec![post(&thread, "k", Urgency::Progress, "four")]).await;
    let edit = desk.take_one("s", 2).await;
    assert_eq!((words(&edit.body), edit.taken.revision), ("four", 4));
    assert_eq!(edit.message, Some(MessageId("100".to_owned())), "now it is an edit");
    let key = PostKey("k".to_owned());
    assert_eq!(words(&desk.store.post(&key).await.unwrap().unwrap()), "four");
    assert_eq!(desk.store.post(&PostKey("other".to_owned())).await.unwrap(), None);
}

pub async fn the_same_words_change_nothing<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    let same = || vec![post(&thread, "k", Urgency::Progress, "same")];
    desk.done(0, same()).await;
    desk.done(0, same()).await;
    let due = desk.take_one("s", 0).await;
    assert_eq!(due.taken.revision, 1);
    desk.done(0, same()).await;
    desk.sent(1, &due.taken, "100").await.unwrap();
    desk.done(2, same()).await;
    assert_eq!(keys(&desk.take("s", 2, 10).await), [""; 0]);
    assert_eq!(desk.next_post().await, None);
    let other = crate::given::thread();
    desk.done(2, vec![Write::OpenThread(other.clone())]).await;
    let moved = desk.commit(2, vec![post(&other, "k", Urgency::Progress, "moved")]).await;
    assert!(matches!(moved, Err(CommitError::NotAllowed(_))), "a message stays in its thread: {moved:?}");
    let nowhere = desk.commit(2, vec![post(&crate::given::thread(), "n", Urgency::Progress, "x")]).await;
    assert!(matches!(nowhere, Err(CommitError::NotFound(_))), "{nowhere:?}");
}

pub async fn an_edit_waits_for_the_message_under_way<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Progress, "one")]).await;
    let first = desk.take_one("s", 0).await;
    desk.done(1, vec![post(&thread, "k", Urgency::Progress, "two")]).await;
    desk.done(1, vec![post(&thread, "k", Urgency::Progress, "three")]).await;
    assert_eq!(keys(&desk.take("t", 1, 10).await), [""; 0]);
    desk.sent(2, &first.taken, "100").await.unwrap();
    assert_eq!(desk.next_post().await, Some(at(2)), "what came meanwhile is due at once");
    let edit = desk.take_one("t", 2).await;
    assert_eq!((words(&edit.body), edit.tries), ("three", 0));
    desk.sent(3, &edit.taken, "100").await.unwrap();
    assert_eq!(desk.next_post().await, None);
}

pub async fn edits_wait_for_no_other_message<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "root", Urgency::Progress, "one")]).await;
    let root = desk.take_one("s", 0).await;
    desk.sent(0, &root.taken, "100").await.unwrap();
    desk.done(1, vec![post(&thread, "next", Urgency::Report, "x")]).await;
    let next = desk.take_one("s", 1).await;
    desk.done(2, vec![post(&thread, "root", Urgency::Progress, "two")]).await;
    assert_eq!(keys(&desk.take("s", 2, 10).await), ["root"], "while the other is under way");
    desk.not_sent(3, &next.taken, AfterFailure::LookUp(at(50))).await.unwrap();
    desk.done(4, vec![post(&thread, "last", Urgency::Report, "y")]).await;
    assert_eq!(keys(&desk.take("s", 4, 10).await), [""; 0], "a new message waits for the look");
}

pub async fn a_message_taken_is_not_taken_again<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Notice, "x")]).await;
    let due = desk.take_one("s", 0).await;
    assert_eq!(keys(&desk.take("t", 299, 10).await), [""; 0]);
    desk.not_sent(10, &due.taken, AfterFailure::Again(at(20))).await.unwrap();
    assert_eq!(keys(&desk.take("t", 19, 10).await), [""; 0]);
    let again = desk.take_one("t", 20).await;
    assert_eq!((again.tries, again.doubtful), (1, false), "it surely was not sent");
    assert!(again.taken.fence > due.taken.fence);
}

pub async fn a_newer_revision_keeps_the_moment_asked_for<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    desk.done(0, vec![post(&thread, "k", Urgency::Progress, "one")]).await;
    let due = desk.take_one("s", 0).await;
    desk.not_sent(1, &due.taken, AfterFailure::Again(at(60))).await.unwrap();
    desk.done(2, vec![post(&thread, "k", Urgency::Progress, "two")]).await;
    assert_eq!(keys(&desk.take("s", 59, 10).await), [""; 0], "the platform asked to wait");
    let due = desk.take_one("s", 60).await;
    assert_eq!((words(&due.body), due.tries), ("two", 0), "no try of this revision yet");
}

pub async fn the_next_message_is_known<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    assert_eq!(desk.next_post().await, None);
    desk.done(5, vec![post(&thread, "1", Urgency::Notice, "x"), post(&thread, "2", Urgency::Notice, "y")]).await;
    assert_eq!(desk.next_post().await, Some(at(5)));
    assert_eq!(desk.store.next_post("slack", &Closed::default()).await.unwrap(), None);
    let due = desk.take_one("s", 6).await;
    assert_eq!(desk.next_post().await, Some(at(306)), "the end of its lease; the other waits for it");
    desk.not_sent(7, &due.taken, AfterFailure::Again(at(70))).await.unwrap();
    assert_eq!(desk.next_post().await, Some(at(70)));
    let due = desk.take_one("s", 70).await;
    desk.sent(71, &due.taken, "100").await.unwrap();
    assert_eq!(desk.next_post().await, Some(at(5)), "its turn has come");
    assert_eq!(PLATFORM, due.thread.platform);
}

pub async fn a_newer_revision_is_no_less_urgent<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    let write = async |now, urgency, text| desk.done(now, vec![post(&thread, "k", urgency, text)]).await;
    write(0, Urgency::Finding, "verdict").await;
    write(0, Urgency::Progress, "verdict and news").await;
    let due = desk.take_one("s", 0).await;
    assert_eq!(due.urgency, Urgency::Finding, "what it waits with is still said");
    desk.sent(1, &due.taken, "100").await.unwrap();
    write(2, Urgency::Progress, "news").await;
    assert_eq!(desk.take_one("s", 2).await.urgency, Urgency::Progress, "that was said before");
}

pub async fn nothing_hangs_on_what_one_person_sees<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    let body = Redactor::default().seal(PostBody::Private(Private::default()));
    let private = NewPost { key: PostKey("1".to_owned()), thread: thread.id, urgency: Urgency::Notice, body };
    desk.done(0, vec![Write::Post(private), post(&thread, "2", Urgency::Notice, "x")]).await;
    let due = desk.take_one("s", 0).await;
    desk.sent(0, &due.taken, "100").await.unwrap();
    let due = desk.take_one("s", 0).await;
    assert_eq!((due.taken.key.0.as_str(), &due.thread.root), ("2", &None));
    desk.sent(0, &due.taken, "200").await.unwrap();
    assert_eq!(desk.store.thread(thread.id).await.unwrap().unwrap().root, Some(MessageId("200".to_owned())));
}
