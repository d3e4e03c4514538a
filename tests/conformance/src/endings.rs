//! How jobs end, come back, and what is remembered of it.

use std::sync::Arc;

use midwatch_service::code::ErrorCode;
use midwatch_service::id::JobId;
use midwatch_service::job::{JobError, JobState, NewJob};
use midwatch_service::port::store::{Beat, CommitError, JobOutcome, Store, Write};

use crate::given::{
    Desk, LEASE, actor, artifact, at, audited, cancel, completed, enqueue, entry, error, incident, job, thread, worker,
};

pub async fn a_retry_waits_and_attempts_run_out<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&NewJob { max_attempts: 2, ..job() }).await;
    let lease = desk.claim_one("a", 0).await;
    desk.done(1, vec![Write::Retry { lease, run_at: at(5), error: error() }]).await;
    let waits = desk.job(id).await;
    assert_eq!((waits.state, waits.run_at, waits.attempts), (JobState::Pending, at(5), 1));
    assert_eq!((waits.error, waits.dead, waits.finished_at), (Some(error()), false, None));
    let lease = desk.claim_one("b", 5).await;
    desk.done(6, vec![Write::Retry { lease, run_at: at(9), error: error() }]).await;
    let dead = desk.job(id).await;
    assert_eq!((dead.state, dead.dead, dead.finished_at), (JobState::Failed, true, Some(at(6))));
    assert_eq!(desk.claim("a", 99, 1).await, []);
}

pub async fn a_dead_letter_is_tried_anew<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let first = NewJob { max_attempts: 1, dedup: Some("key".to_owned()), ..job() };
    let id = desk.hand_in(&first).await;
    let replay = || vec![Write::Replay { job: id, by: actor() }];
    let refused = desk.commit(0, replay()).await;
    assert!(matches!(refused, Err(CommitError::NotAllowed(_))), "it lives: {refused:?}");
    let lease = desk.claim_one("a", 0).await;
    let old_fence = lease.fence;
    let outcome = JobOutcome::Failed { error: error(), dead: true };
    desk.done(1, vec![Write::Finish { lease, outcome }]).await;
    let twin = NewJob { id: JobId::new(), ..first };
    desk.hand_in(&twin).await;
    let refused = desk.commit(2, replay()).await;
    assert!(matches!(refused, Err(CommitError::Duplicate(other)) if other == twin.id), "{refused:?}");
    desk.done(2, vec![Write::Cancel { job: twin.id, cancel: cancel("make room") }]).await;
    desk.done(3, replay()).await;
    let again = desk.job(id).await;
    assert_eq!((again.state, again.dead, again.attempts), (JobState::Pending, false, 0));
    assert_eq!((again.error, again.finished_at, again.run_at), (None, None, at(3)));
    let lease = desk.claim_one("b", 3).await;
    assert!(lease.fence > old_fence, "an old lease stays worthless");
    assert_eq!(desk.job(id).await.attempts, 1);
    desk.done(4, vec![Write::Finish { lease, outcome: completed() }]).await;
    let refused = desk.commit(5, replay()).await;
    assert!(matches!(refused, Err(CommitError::NotAllowed(_))), "{refused:?}");
    let unknown = desk.commit(5, vec![Write::Replay { job: JobId::new(), by: actor() }]).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
}

pub async fn cancelling_a_job_that_waits_ends_it<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    desk.done(3, vec![Write::Cancel { job: id, cancel: cancel("wrong cluster") }]).await;
    let job = desk.job(id).await;
    assert_eq!(
        (job.state, job.finished_at, job.cancel),
        (JobState::Cancelled, Some(at(3)), Some(cancel("wrong cluster")))
    );
    assert_eq!(desk.claim("a", 9, 1).await, []);
    let last = desk.store.history(id).await.unwrap().pop().unwrap();
    assert!(last.reason.contains("wrong cluster") && last.reason.contains("alice"), "{}", last.reason);
    let unknown = desk.commit(5, vec![Write::Cancel { job: JobId::new(), cancel: cancel("x") }]).await;
    assert!(matches!(unknown, Err(CommitError::NotFound(_))), "{unknown:?}");
}

pub async fn cancelling_a_job_under_way_marks_it<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    desk.done(1, vec![Write::Cancel { job: id, cancel: cancel("first") }]).await;
    desk.done(2, vec![Write::Cancel { job: id, cancel: cancel("second") }]).await;
    assert_eq!(desk.state(id).await, JobState::Initializing);
    let beats = desk.store.heartbeat(std::slice::from_ref(&lease), at(3), LEASE).await.unwrap();
    assert_eq!(beats, [Beat::Stop(cancel("first"))], "the first mark stays");
    let outcome = JobOutcome::Cancelled { reason: "first".to_owned() };
    desk.done(4, vec![Write::Finish { lease, outcome }]).await;
    assert_eq!(desk.state(id).await, JobState::Cancelled);
}

pub async fn a_marked_job_never_comes_back<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for _ in 0..2 {
        desk.hand_in(&job()).await;
    }
    let leases = desk.claim("a", 0, 2).await;
    let mark = |n: usize| Write::Cancel { job: leases[n].job, cancel: cancel("enough") };
    desk.done(1, vec![mark(0), mark(1)]).await;
    let retry = Write::Retry { lease: leases[0].clone(), run_at: at(2), error: error() };
    let back = Write::HandBack { lease: leases[1].clone(), reason: "drain".to_owned() };
    desk.done(2, vec![retry, back]).await;
    for lease in &leases {
        assert_eq!(desk.state(lease.job).await, JobState::Cancelled);
    }
    assert_eq!(desk.claim("a", 9, 2).await, []);
}

pub async fn cancelling_what_ended_changes_nothing<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    desk.done(1, vec![Write::Finish { lease, outcome: completed() }]).await;
    let before = (desk.job(id).await, desk.store.history(id).await.unwrap());
    desk.done(2, vec![Write::Cancel { job: id, cancel: cancel("too late") }]).await;
    assert_eq!((desk.job(id).await, desk.store.history(id).await.unwrap()), before);
}

pub async fn handing_back_costs_no_attempt<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&NewJob { max_attempts: 1, ..job() }).await;
    for round in 0..5 {
        let lease = desk.claim_one("a", round).await;
        desk.done(round, vec![Write::HandBack { lease, reason: "drain".to_owned() }]).await;
        let job = desk.job(id).await;
        assert_eq!((job.state, job.attempts, job.lease), (JobState::Pending, 0, None));
    }
    assert_eq!(desk.claim_one("b", 9).await.job, id, "at once");
}

pub async fn outcomes_are_kept<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let late = JobError { code: ErrorCode::E003, message: "2 minutes passed".to_owned() };
    let JobOutcome::Completed(result) = completed() else { return };
    let cases = [
        (JobOutcome::Completed(result.clone()), JobState::Completed, None, Some(result.clone()), false),
        (
            JobOutcome::Timeout { error: late.clone(), result: Some(result.clone()) },
            JobState::Timeout,
            Some(late),
            Some(result),
            false,
        ),
        (JobOutcome::Failed { error: error(), dead: false }, JobState::Failed, Some(error()), None, false),
        (JobOutcome::Failed { error: error(), dead: true }, JobState::Failed, Some(error()), None, true),
    ];
    for (outcome, state, error, result, dead) in cases {
        let id = desk.hand_in(&job()).await;
        let lease = desk.claim_one("a", 1).await;
        let go = Write::Advance { lease: lease.clone(), to: JobState::Running, reason: "sources are open".to_owned() };
        desk.done(2, vec![go]).await;
        desk.done(3, vec![Write::Finish { lease, outcome }]).await;
        let job = desk.job(id).await;
        assert_eq!((job.state, job.error, job.result, job.dead), (state, error, result, dead));
        assert_eq!((job.started_at, job.finished_at, job.lease), (Some(at(1)), Some(at(3)), None));
        let history = desk.store.history(id).await.unwrap();
        let steps: Vec<_> = history.iter().map(|l| (l.at, l.from, l.to, l.attempt, l.worker.clone())).collect();
        let a = Some(worker("a"));
        assert_eq!(
            steps,
            [
                (at(0), None, JobState::Pending, 0, None),
                (at(1), Some(JobState::Pending), JobState::Initializing, 1, a.clone()),
                (at(2), Some(JobState::Initializing), JobState::Running, 1, a.clone()),
                (at(3), Some(JobState::Running), state, 1, a),
            ]
        );
        assert_eq!(history[2].reason, "sources are open");
    }
}

pub async fn a_failing_last_part_leaves_nothing_of_the_first<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (job, thread, incident) = (job(), thread(), incident(&["key"], 0));
    let writes = vec![
        enqueue(&job),
        Write::OpenThread(thread.clone()),
        entry(thread.id, "words"),
        Write::Incident(Box::new(incident.clone())),
        Write::Artifact(artifact(job.id, "request", "words")),
        audited("shop/checkout"),
        Write::Pack { name: "crash-loop".to_owned(), enabled: false },
        Write::Cancel { job: JobId::new(), cancel: cancel("there is no such job") },
    ];
    let result = desk.commit(0, writes).await;
    assert!(matches!(result, Err(CommitError::NotFound(_))), "{result:?}");
    let store = &desk.store;
    assert_eq!(store.job(job.id).await.unwrap(), None);
    assert_eq!(store.history(job.id).await.unwrap(), []);
    assert_eq!(store.thread(thread.id).await.unwrap(), None);
    assert_eq!(store.memory(thread.id).await.unwrap(), []);
    assert_eq!(store.incident(incident.id).await.unwrap(), None);
    assert_eq!(store.artifact(job.id, "request").await.unwrap(), None);
    assert_eq!(store.audit(0, 9).await.unwrap(), []);
    assert_eq!(store.packs().await.unwrap(), []);
    assert_eq!(store.load().await.unwrap().pending, 0);
}
