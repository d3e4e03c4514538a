//! Messages of which a part is changed by whoever read them, and dead letters that are put away.

use std::sync::Arc;

use midwatch_service::id::{JobId, PostKey};
use midwatch_service::job::JobState;
use midwatch_service::port::store::{CommitError, JobFilter, JobOutcome, Store, Write};
use midwatch_service::post::Urgency;
use midwatch_service::thread::Thread;

use crate::given::{Desk, actor, audited, error, job, post, words};
use crate::outbox::with_thread;

fn key() -> PostKey {
    PostKey("k".to_owned())
}

/// A newer revision, if it is still what was read.
pub(crate) fn change(thread: &Thread, read: Option<u64>, text: &str) -> Vec<Write> {
    vec![Write::IfPost { key: key(), revision: read }, post(thread, "k", Urgency::Progress, text)]
}

impl Desk {
    /// What a message says, and in which revision.
    pub(crate) async fn written(&self) -> Option<(u64, String)> {
        let read = self.store.written(&key()).await.unwrap();
        read.map(|(revision, body)| (revision, words(&body).to_owned()))
    }
}

fn is_stale(result: &Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Stale))
}

pub async fn a_message_is_changed_by_who_read_it_last<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let (desk, thread) = with_thread(&open).await;
    assert_eq!(desk.written().await, None);
    assert!(is_stale(&desk.commit(0, change(&thread, Some(1), "x")).await), "it was never written");
    desk.done(0, change(&thread, None, "one")).await;
    assert_eq!(desk.written().await, Some((1, "one".to_owned())));
    assert!(is_stale(&desk.commit(1, change(&thread, None, "x")).await), "another was first");
    let mut late = change(&thread, Some(1), "two");
    desk.done(1, late.clone()).await;
    late.insert(0, audited("nothing of it"));
    assert!(is_stale(&desk.commit(1, late).await));
    assert_eq!(desk.store.audit(0, 9).await.unwrap(), [], "the whole commit");
    assert_eq!(desk.written().await, Some((2, "two".to_owned())));
    // Sending it changes nothing of what it says.
    let due = desk.take_one("s", 2).await;
    desk.done(2, change(&thread, Some(2), "three")).await;
    desk.sent(3, &due.taken, "100").await.unwrap();
    desk.done(4, change(&thread, Some(3), "three")).await;
    assert_eq!(desk.written().await, Some((3, "three".to_owned())), "the same words are no newer revision");
    let twice = [change(&thread, Some(3), "four"), change(&thread, Some(3), "five")].concat();
    assert!(is_stale(&desk.commit(5, twice).await), "the first part of a commit counts for the second");
    drop(desk);
    assert_eq!(Desk::open(&open).await.written().await, Some((3, "three".to_owned())), "after a restart");
}

pub async fn a_dead_letter_is_put_away<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let discard = |job: JobId| vec![Write::Discard { job, by: actor() }];
    let unknown = desk.commit(0, discard(JobId::new())).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
    let id = desk.hand_in(&job()).await;
    let lives = desk.commit(0, discard(id)).await;
    assert!(matches!(lives, Err(CommitError::NotAllowed(_))), "{lives:?}");
    let lease = desk.claim_one("a", 0).await;
    let outcome = JobOutcome::Failed { error: error(), dead: true };
    desk.done(1, vec![Write::Finish { lease, outcome }]).await;
    let before = desk.job(id).await;
    desk.done(2, discard(id)).await;
    let after = desk.job(id).await;
    assert_eq!((before.dead, after.dead), (true, false));
    assert_eq!(
        (after.state, after.error.clone(), after.finished_at),
        (JobState::Failed, before.error, before.finished_at)
    );
    assert_eq!(desk.store.load().await.unwrap().dead, 0);
    let list = async |filter: JobFilter| desk.store.jobs(&JobFilter { limit: 9, ..filter }).await.unwrap();
    assert_eq!(list(JobFilter { dead: true, ..JobFilter::default() }).await, [], "nobody has to look at it");
    assert_eq!(list(JobFilter { states: vec![JobState::Failed], ..JobFilter::default() }).await, [after]);
    let line = desk.store.history(id).await.unwrap().pop().unwrap();
    assert!(line.reason.contains("alice") && line.to == JobState::Failed, "{line:?}");
    let again = desk.commit(3, discard(id)).await;
    assert!(matches!(again, Err(CommitError::NotAllowed(_))), "{again:?}");
    let replay = desk.commit(3, vec![Write::Replay { job: id, by: actor() }]).await;
    assert!(matches!(replay, Err(CommitError::NotAllowed(_))), "it is no dead letter any more: {replay:?}");
}
