//! Limits of a platform: what is closed, who gets how much, and that edits take turns.

use std::sync::Arc;

use midwatch_service::id::MessageId;
use midwatch_service::port::store::{AfterFailure, Closed, Share, Store, Write};
use midwatch_service::post::Urgency;
use midwatch_service::thread::Thread;

use crate::given::{Desk, PLATFORM, at, keys, post, private, thread, words};

const ANY: Share = Share { all: 100, of_channel: 100, edits: 100 };

/// A thread with a root in a channel.
async fn open_in(desk: &Desk, channel: &str) -> Thread {
    let root = Some(MessageId(format!("root of {}", thread().id)));
    let thread = Thread { channel: channel.to_owned(), root, ..thread() };
    desk.done(0, vec![Write::OpenThread(thread.clone())]).await;
    thread
}

/// A message that was sent at `now`, in a thread of its own, so that a newer revision is an edit.
async fn said(desk: &Desk, channel: &str, key: &str, now: i64) -> Thread {
    let thread = open_in(desk, channel).await;
    desk.done(now, vec![post(&thread, key, Urgency::Notice, "first")]).await;
    let due = desk.take_one("s", now).await;
    desk.sent(now, &due.taken, key).await.unwrap();
    thread
}

fn closed() -> Closed {
    Closed::default()
}

fn channels<const N: usize>(names: [&str; N]) -> std::collections::BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub async fn a_closed_channel_hides_no_other<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for n in 0..50 {
        let thread = open_in(&desk, "#busy").await;
        desk.done(0, vec![post(&thread, &format!("busy {n}"), Urgency::Opening, "x")]).await;
    }
    let quiet = open_in(&desk, "#quiet").await;
    desk.done(9, vec![post(&quiet, "quiet", Urgency::Progress, "x")]).await;
    let busy = Closed { post_channels: channels(["#busy", "#unknown"]), ..closed() };
    assert_eq!(desk.store.next_post(PLATFORM, &busy).await.unwrap(), Some(at(9)));
    assert_eq!(keys(&desk.take_open(9, Share { all: 1, ..ANY }, &busy).await), ["quiet"]);
    assert_eq!(desk.store.next_post(PLATFORM, &busy).await.unwrap(), Some(at(309)), "the end of its lease");
    let both = Closed { post_channels: channels(["#busy", "#quiet"]), ..closed() };
    assert_eq!(desk.store.next_post(PLATFORM, &both).await.unwrap(), None);
    let none = Closed { posts: true, ..closed() };
    assert_eq!(keys(&desk.take_open(9, ANY, &none).await), [""; 0]);
    assert_eq!(desk.store.next_post(PLATFORM, &none).await.unwrap(), None);
    assert_eq!(keys(&desk.take_open(9, Share { all: 1, ..ANY }, &closed()).await), ["busy 0"], "nothing was lost");
}

pub async fn each_channel_gets_its_share<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for (channel, key) in [("#a", "a1"), ("#a", "a2"), ("#b", "b1"), ("#a", "a3"), ("#b", "b2"), ("#c", "c1")] {
        let thread = open_in(&desk, channel).await;
        desk.done(0, vec![post(&thread, key, Urgency::Notice, "x")]).await;
    }
    let two = Share { of_channel: 2, ..ANY };
    assert_eq!(keys(&desk.take_open(0, two, &closed()).await), ["a1", "a2", "b1", "b2", "c1"]);
    assert_eq!(keys(&desk.take_open(0, Share { of_channel: 0, ..ANY }, &closed()).await), [""; 0]);
    assert_eq!(keys(&desk.take_open(0, Share { all: 0, ..ANY }, &closed()).await), [""; 0]);
    assert_eq!(keys(&desk.take_open(0, two, &closed()).await), ["a3"]);
}

pub async fn edits_take_turns<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let mut threads = Vec::new();
    for (n, key) in (0..).zip(["x", "y", "z"]) {
        threads.push((said(&desk, &format!("#{key}"), key, n).await, key));
    }
    let progress = async |now: i64| {
        for (thread, key) in &threads {
            desk.done(now, vec![post(thread, key, Urgency::Progress, &format!("at {now}"))]).await;
        }
    };
    let mut turns = Vec::new();
    for now in 10..16 {
        // Each has something new all the time; there is room for one edit.
        progress(now).await;
        let mut due = desk.take_open(now, Share { edits: 1, ..ANY }, &closed()).await;
        let due = due.pop().unwrap();
        assert_eq!(words(&due.body), format!("at {now}"), "the newest");
        desk.sent(now, &due.taken, &due.taken.key.0).await.unwrap();
        turns.push(due.taken.key.0);
    }
    assert_eq!(turns, ["x", "y", "z", "x", "y", "z"]);
}

pub async fn a_finding_comes_before_progress<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (old, mid, new) = (
        said(&desk, "#a", "progress", 0).await,
        said(&desk, "#a", "finding", 1).await,
        said(&desk, "#a", "notice", 2).await,
    );
    let begins = open_in(&desk, "#a").await;
    let edits = vec![
        post(&old, "progress", Urgency::Progress, "y"),
        post(&mid, "finding", Urgency::Finding, "y"),
        post(&new, "notice", Urgency::Notice, "y"),
        post(&begins, "begins", Urgency::Progress, "y"),
    ];
    desk.done(5, edits).await;
    let hold = Closed { progress: true, ..closed() };
    assert_eq!(desk.store.next_post(PLATFORM, &hold).await.unwrap(), Some(at(5)));
    let first = desk.take_open(5, Share { edits: 1, ..ANY }, &hold).await;
    assert_eq!(keys(&first), ["notice", "begins"], "new messages have a budget of their own");
    assert_eq!(keys(&desk.take_open(5, ANY, &hold).await), ["finding"]);
    let later = desk.store.next_post(PLATFORM, &hold).await.unwrap();
    assert_eq!(later, Some(at(305)), "closed progress wakes nobody");
    assert_eq!(keys(&desk.take_open(5, ANY, &closed()).await), ["progress"]);
}

pub async fn edits_are_closed_apart_from_new_messages<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (a, b) = (said(&desk, "#a", "edit a", 0).await, said(&desk, "#b", "edit b", 0).await);
    desk.done(1, vec![post(&a, "edit a", Urgency::Notice, "y"), post(&b, "edit b", Urgency::Notice, "y")]).await;
    desk.done(2, vec![post(&a, "new a", Urgency::Notice, "y"), post(&b, "new b", Urgency::Notice, "y")]).await;
    let no_edits = Closed { edits: true, ..closed() };
    assert_eq!(desk.store.next_post(PLATFORM, &no_edits).await.unwrap(), Some(at(2)));
    let some = Closed { post_channels: channels(["#b"]), edit_channels: channels(["#a"]), ..closed() };
    let taken = desk.take_open(2, ANY, &some).await;
    assert_eq!(keys(&taken), ["new a", "edit b"], "new messages first");
    assert_eq!(keys(&desk.take_open(2, ANY, &no_edits).await), ["new b"]);
    let no_posts = Closed { posts: true, ..closed() };
    assert_eq!(desk.store.next_post(PLATFORM, &no_posts).await.unwrap(), Some(at(1)));
    assert_eq!(keys(&desk.take_open(2, ANY, &no_posts).await), ["edit a"]);
}

pub async fn a_private_answer_counts_as_a_new_message<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let thread = open_in(&desk, "#a").await;
    desk.done(0, vec![private(&thread, "p", "for you")]).await;
    let shut = Closed { post_channels: channels(["#a"]), ..closed() };
    let no_edits = Closed { edits: true, progress: true, edit_channels: channels(["#a"]), ..closed() };
    assert_eq!(keys(&desk.take_open(0, ANY, &shut).await), [""; 0]);
    let due = desk.take_open(0, ANY, &no_edits).await.remove(0);
    desk.sent(0, &due.taken, "1").await.unwrap();
    desk.done(1, vec![private(&thread, "p", "for you, again")]).await;
    assert_eq!(desk.store.next_post(PLATFORM, &shut).await.unwrap(), None);
    assert_eq!(keys(&desk.take_open(1, ANY, &shut).await), [""; 0], "no edit, though it was sent");
    assert_eq!(keys(&desk.take_open(1, ANY, &no_edits).await), ["p"]);
}

pub async fn what_waits_in_its_thread_hides_nothing<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (stuck, free) = (open_in(&desk, "#a").await, open_in(&desk, "#a").await);
    desk.done(0, vec![post(&stuck, "first", Urgency::Progress, "x")]).await;
    let due = desk.take_one("s", 0).await;
    desk.not_sent(0, &due.taken, AfterFailure::LookUp(at(100))).await.unwrap();
    for n in 0..40 {
        desk.done(1, vec![post(&stuck, &format!("report {n}"), Urgency::Report, "x")]).await;
    }
    desk.done(2, vec![post(&free, "free", Urgency::Progress, "x")]).await;
    assert_eq!(keys(&desk.take_open(2, Share { all: 1, ..ANY }, &closed()).await), ["free"]);
    let due = desk.take_one("s", 100).await;
    assert_eq!(due.taken.key.0, "first");
    desk.not_sent(100, &due.taken, AfterFailure::GiveUp).await.unwrap();
    // A newer revision of what was given up: those after it wait again, but for the one under way.
    let next = desk.take_one("s", 101).await;
    desk.done(102, vec![post(&stuck, "first", Urgency::Progress, "newer")]).await;
    desk.sent(103, &next.taken, "r").await.unwrap();
    let first = desk.take_one("s", 104).await;
    assert_eq!((keys(std::slice::from_ref(&first)), words(&first.body)), (vec!["first"], "newer"));
    desk.done(105, vec![post(&stuck, &next.taken.key.0, Urgency::Report, "an edit waits for nothing")]).await;
    assert_eq!(keys(&desk.take_open(105, ANY, &closed()).await), [next.taken.key.0.as_str()]);
    desk.sent(106, &first.taken, "f").await.unwrap();
    assert_eq!(keys(&desk.take_open(106, ANY, &closed()).await), ["report 1"]);
}
