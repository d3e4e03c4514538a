//! What people say and do beside investigations: buttons that act once, mutes, feedback; and where a thread leads.

use std::sync::Arc;

use midwatch_service::id::{JobId, MessageId, MuteId, ThreadId};
use midwatch_service::incident::Incident;
use midwatch_service::job::{Actor, JobState, NewJob};
use midwatch_service::mute::{Mute, Muted};
use midwatch_service::port::store::{CommitError, Feedback, JobFilter, JobOutcome, MUTES_KEPT, Store, Write};
use midwatch_service::post::Urgency;
use midwatch_service::thread::Thread;

use crate::given::{Desk, PLATFORM, actor, at, audited, enqueue, error, incident, job, post, thread};

pub async fn what_happens_once_refuses_the_second_commit<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let once = |key: &str, by: &str| Write::Once { key: key.to_owned(), by: by.to_owned() };
    desk.done(0, vec![once("again:1", "alice"), audited("1")]).await;
    let second = vec![audited("2"), once("again:1", "bob")];
    let refused = desk.commit(1, second.clone()).await;
    assert!(matches!(&refused, Err(CommitError::Already { by }) if by == "alice"), "{refused:?}");
    assert_eq!(desk.store.audit(0, 9).await.unwrap().len(), 1, "nothing of the refused one is kept");
    desk.done(2, vec![once("again:2", "bob")]).await;
    let twice = desk.commit(3, vec![once("again:3", "carol"), once("again:3", "dave")]).await;
    assert!(matches!(&twice, Err(CommitError::Already { by }) if by == "carol"), "{twice:?}");
    desk.done(4, vec![once("again:3", "dave")]).await;
    drop(desk);
    let desk = Desk::open(&open).await;
    assert!(desk.commit(5, second).await.is_err(), "also after a restart");
}

pub(crate) fn mute(since: i64, until: i64) -> Mute {
    Mute {
        id: MuteId::new(),
        what: Muted::Alert { name: "KubePodCrashLooping".to_owned(), namespace: Some("shop".to_owned()) },
        cluster: None,
        at: at(since),
        until: at(until),
        by: actor(),
        reason: "deploying".to_owned(),
    }
}

pub async fn mutes_end_by_time_and_by_hand<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (late, short, long) = (mute(5, 100), mute(1, 50), mute(0, 100));
    for one in [&late, &short, &long] {
        desk.done(5, vec![Write::Mute(one.clone())]).await;
    }
    let now = async |seconds| desk.store.mutes(at(seconds)).await.unwrap();
    assert_eq!(now(49).await, [long.clone(), short.clone(), late.clone()], "the oldest first");
    assert_eq!(now(50).await, [long.clone(), late.clone()], "one has ended");
    desk.done(60, vec![Write::Unmute(long.id)]).await;
    assert_eq!(now(60).await, std::slice::from_ref(&late));
    desk.done(61, vec![Write::Unmute(long.id), Write::Unmute(short.id)]).await;
    assert_eq!(now(61).await, std::slice::from_ref(&late), "what has ended stays ended");
    let longer = Mute { until: at(500), ..late };
    desk.done(62, vec![Write::Mute(longer.clone())]).await;
    assert_eq!(now(300).await, [longer], "the same id again replaces it");
    assert_eq!(now(500).await, []);
    let unknown = desk.commit(63, vec![Write::Unmute(MuteId::new())]).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
}

pub async fn mutes_are_bounded<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let many: Vec<Write> = (0..MUTES_KEPT).map(|_| Write::Mute(mute(0, 100))).collect();
    desk.done(0, many).await;
    let refused = desk.commit(1, vec![Write::Mute(mute(1, 100))]).await;
    assert!(matches!(refused, Err(CommitError::NotAllowed(_))), "{refused:?}");
    let one = desk.store.mutes(at(1)).await.unwrap().remove(0);
    desk.done(1, vec![Write::Mute(one.clone()), Write::Unmute(one.id), Write::Mute(mute(1, 100))]).await;
    desk.done(100, vec![Write::Mute(mute(100, 200))]).await;
}

pub async fn the_last_word_of_each_counts<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (id, other) = (desk.hand_in(&job()).await, desk.hand_in(&job()).await);
    let bob = Actor { user: "bob".to_owned(), ..actor() };
    let elsewhere = Actor { workspace: Some("T2".to_owned()), ..actor() };
    let said = |by: &Actor, helpful, seconds| Feedback { job: id, by: by.clone(), helpful, at: at(seconds) };
    for (by, helpful, seconds) in [(&actor(), false, 1), (&bob, true, 2), (&elsewhere, true, 3)] {
        desk.done(seconds, vec![Write::Feedback(said(by, helpful, seconds))]).await;
    }
    let moved = Actor { channel: Some("#other".to_owned()), groups: vec!["sre".to_owned()], ..actor() };
    desk.done(4, vec![Write::Feedback(said(&moved, true, 4))]).await;
    let kept = desk.store.feedback(id).await.unwrap();
    assert_eq!(kept, [said(&bob, true, 2), said(&elsewhere, true, 3), said(&moved, true, 4)]);
    assert_eq!(desk.store.feedback(other).await.unwrap(), []);
    let nobodys = Feedback { job: JobId::new(), ..said(&bob, true, 5) };
    let unknown = desk.commit(5, vec![Write::Feedback(nobodys)]).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
}

pub async fn an_answer_ends_a_job_without_a_result<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    desk.done(1, vec![Write::Retry { lease, run_at: at(1), error: error() }]).await;
    let lease = desk.claim_one("a", 1).await;
    desk.done(2, vec![Write::Finish { lease, outcome: JobOutcome::Answered }]).await;
    let job = desk.job(id).await;
    assert_eq!((job.state, job.result, job.error), (JobState::Completed, None, None));
    assert_eq!((job.finished_at, job.dead), (Some(at(2)), false));
}

pub async fn a_thread_leads_to_its_jobs_and_its_incident<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (one, two) = (thread(), thread());
    desk.done(0, vec![Write::OpenThread(one.clone()), Write::OpenThread(two.clone())]).await;
    let mut ids = Vec::new();
    for thread in [Some(one.id), Some(two.id), None, Some(one.id), Some(one.id)] {
        ids.push(desk.hand_in(&NewJob { thread, ..job() }).await);
    }
    let list = async |filter: JobFilter| -> Vec<JobId> {
        desk.store.jobs(&filter).await.unwrap().into_iter().map(|job| job.spec.id).collect()
    };
    let of_one = JobFilter { thread: Some(one.id), limit: 9, ..JobFilter::default() };
    assert_eq!(list(of_one.clone()).await, [ids[4], ids[3], ids[0]], "newest first");
    assert_eq!(list(JobFilter { before: Some(ids[4]), limit: 1, ..of_one.clone() }).await, [ids[3]]);
    assert_eq!(list(JobFilter { states: vec![JobState::Completed], ..of_one }).await, []);

    let case = |opened, key: &str| Incident { thread: one.id, ..incident(&[key], opened) };
    let (late, early) = (case(20, "a"), case(10, "b"));
    assert_eq!(desk.store.incident_of(one.id).await.unwrap(), None);
    for case in [&late, &early] {
        desk.done(30, vec![Write::Incident(Box::new(case.clone()))]).await;
    }
    let found = desk.store.incident_of(one.id).await.unwrap().unwrap();
    assert_eq!((found.id, found.revision), (late.id, 1), "the newest");
    assert_eq!(desk.store.incident_of(two.id).await.unwrap(), None);
    assert_eq!(desk.store.incident_of(ThreadId::new()).await.unwrap(), None);
}

pub async fn one_thread_hangs_on_a_message<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let root = MessageId("100".to_owned());
    let first = Thread { root: Some(root.clone()), ..thread() };
    desk.done(0, vec![Write::OpenThread(first.clone())]).await;
    let second = Thread { id: ThreadId::new(), opened_at: at(1), ..first.clone() };
    let spec = NewJob { thread: Some(second.id), ..job() };
    let refused = desk.commit(1, vec![enqueue(&spec), Write::OpenThread(second.clone())]).await;
    assert!(matches!(refused, Err(CommitError::Stale)), "{refused:?}");
    assert_eq!(desk.store.thread(second.id).await.unwrap(), None);
    assert_eq!(desk.store.job(spec.id).await.unwrap(), None, "nothing of the refused one is kept");
    let at_root = async |channel: &str| desk.store.thread_at(PLATFORM, channel, &root).await.unwrap();
    assert_eq!(at_root("#alerts").await, Some(first.clone()));
    desk.done(1, vec![Write::OpenThread(first.clone())]).await;
    let elsewhere = Thread { channel: "#other".to_owned(), ..second };
    desk.done(1, vec![Write::OpenThread(elsewhere.clone())]).await;
    assert_eq!(at_root("#other").await, Some(elsewhere));
    // What is said in a thread that hangs on another's message does not become its root.
    desk.done(2, vec![post(&first, "k", Urgency::Notice, "x")]).await;
    let due = desk.take_one("s", 2).await;
    assert_eq!(due.thread.root, Some(root.clone()));
    desk.sent(3, &due.taken, "101").await.unwrap();
    assert_eq!(at_root("#alerts").await.unwrap().root, Some(root.clone()));
}

pub async fn a_message_that_was_sent_is_never_refused_its_thread<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let ours = thread();
    desk.done(0, vec![Write::OpenThread(ours.clone()), post(&ours, "k", Urgency::Opening, "x")]).await;
    let due = desk.take_one("s", 0).await;
    // Somebody answers below the message before its sender could tell that it was sent.
    let root = MessageId("100".to_owned());
    let hung = Thread { root: Some(root.clone()), opened_at: at(1), ..thread() };
    desk.done(1, vec![Write::OpenThread(hung)]).await;
    desk.sent(2, &due.taken, "100").await.unwrap();
    let found = desk.store.thread_at(PLATFORM, "#alerts", &root).await.unwrap().unwrap();
    assert_eq!(found, Thread { root: Some(root), ..ours }, "from now on the one it was said in");
}
