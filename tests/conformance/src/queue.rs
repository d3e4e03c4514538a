//! Handing in jobs, and who gets which when.

use std::sync::Arc;

use midwatch_service::id::{IncidentId, JobId};
use midwatch_service::job::{JobState, NewJob, Priority};
use midwatch_service::port::store::{CommitError, JobFilter, Load, Store, Write};

use crate::given::{Desk, at, completed, enqueue, error, job, post, thread};
use midwatch_service::post::Urgency;

pub async fn a_live_key_refuses_a_second_job<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let first = NewJob { dedup: Some("group-1".to_owned()), ..job() };
    let second = NewJob { id: JobId::new(), ..first.clone() };
    desk.hand_in(&first).await;
    let refused = |result| matches!(result, Err(CommitError::Duplicate(id)) if id == first.id);
    assert!(refused(desk.commit(0, vec![enqueue(&second)]).await), "while it waits");
    let lease = desk.claim_one("a", 1).await;
    assert!(refused(desk.commit(1, vec![enqueue(&second)]).await), "while it runs");
    let again = Write::Retry { lease, run_at: at(9), error: error() };
    desk.done(2, vec![again]).await;
    assert!(refused(desk.commit(2, vec![enqueue(&second)]).await), "while it waits for another attempt");
    let lease = desk.claim_one("a", 9).await;
    desk.done(10, vec![Write::Finish { lease, outcome: completed() }]).await;
    desk.hand_in(&second).await;
    assert_eq!(desk.state(second.id).await, JobState::Pending);
}

pub async fn a_full_queue_refuses_the_whole_commit<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    desk.hand_in(&job()).await;
    desk.hand_in(&job()).await;
    desk.claim_one("a", 0).await;
    let (refused, thread) = (NewJob { dedup: Some("key".to_owned()), ..job() }, thread());
    let parts = |bound| {
        let job = Box::new(refused.clone());
        vec![Write::OpenThread(thread.clone()), Write::Enqueue { job, bound: Some(bound) }]
    };
    let result = desk.commit(0, parts(2)).await;
    assert!(matches!(result, Err(CommitError::Full { live: 2, bound: 2 })), "{result:?}");
    assert_eq!(desk.store.job(refused.id).await.unwrap(), None);
    assert_eq!(desk.store.thread(thread.id).await.unwrap(), None, "nothing of the commit is kept");
    desk.done(0, parts(3)).await;
    let twin = Box::new(NewJob { id: JobId::new(), ..refused.clone() });
    let result = desk.commit(0, vec![Write::Enqueue { job: twin, bound: Some(3) }]).await;
    assert!(matches!(result, Err(CommitError::Duplicate(id)) if id == refused.id), "joining needs no room: {result:?}");
}

pub async fn urgent_jobs_come_first_then_the_oldest<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let make = |priority, created| NewJob { priority, created_at: at(created), ..job() };
    let (low, late, early) = (make(Priority::Low, 1), make(Priority::Normal, 3), make(Priority::Normal, 2));
    let high = make(Priority::High, 4);
    for job in [&low, &late, &early, &high] {
        desk.hand_in(job).await;
    }
    let order: Vec<JobId> = desk.claim("a", 5, 3).await.into_iter().map(|lease| lease.job).collect();
    assert_eq!(order, [high.id, early.id, late.id], "no more than the slots");
    let rest: Vec<JobId> = desk.claim("a", 5, 9).await.into_iter().map(|lease| lease.job).collect();
    assert_eq!(rest, [low.id]);
    assert_eq!(desk.claim("a", 5, 9).await, []);
}

pub async fn none_starves<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let low = NewJob { priority: Priority::Low, ..job() };
    desk.hand_in(&low).await;
    let high: Vec<NewJob> = (0..12).map(|n| NewJob { priority: Priority::High, created_at: at(n), ..job() }).collect();
    for job in &high {
        desk.hand_in(job).await;
    }
    // Not a minute yet: priority decides, however often.
    for lease in desk.claim("a", 30, 5).await {
        assert_ne!(lease.job, low.id);
    }
    let mut turns = Vec::new();
    for _ in 0..4 {
        turns.push(desk.claim_one("a", 61).await.job);
    }
    assert!(turns.contains(&low.id), "within four turns after a minute");
    assert_eq!(turns.iter().filter(|id| **id == low.id).count(), 1);
}

pub async fn a_job_waits_for_its_moment<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&NewJob { created_at: at(10), ..job() }).await;
    assert_eq!(desk.claim("a", 9, 9).await, []);
    let lease = desk.claim_one("a", 10).await;
    desk.done(11, vec![Write::Retry { lease, run_at: at(20), error: error() }]).await;
    assert_eq!(desk.claim("a", 19, 9).await, []);
    assert_eq!(desk.claim_one("a", 20).await.job, id);
}

pub async fn a_job_is_handed_in_once<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let job = job();
    desk.hand_in(&job).await;
    let result = desk.commit(1, vec![enqueue(&job)]).await;
    assert!(matches!(result, Err(CommitError::NotAllowed(_))), "{result:?}");
    let kept = desk.job(job.id).await;
    assert_eq!((kept.spec, kept.attempts, kept.fence, kept.lease), (job, 0, 0, None));
}

pub async fn the_next_moment_is_known<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let next = async || desk.store.next_due().await.unwrap();
    assert_eq!(next().await, None);
    desk.hand_in(&NewJob { created_at: at(10), ..job() }).await;
    assert_eq!(next().await, Some(at(10)));
    let lease = desk.claim_one("a", 10).await;
    assert_eq!(next().await, Some(at(310)), "the end of the lease");
    desk.hand_in(&NewJob { created_at: at(400), ..job() }).await;
    assert_eq!(next().await, Some(at(310)));
    desk.done(11, vec![Write::Finish { lease, outcome: completed() }]).await;
    assert_eq!(next().await, Some(at(400)));
}

pub async fn load_and_waiting_count<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let thread = thread();
    assert_eq!(desk.store.load().await.unwrap(), Load::default());
    for (priority, created) in [(Priority::Low, 1), (Priority::High, 3), (Priority::High, 2), (Priority::High, 4)] {
        desk.hand_in(&NewJob { priority, created_at: at(created), max_attempts: 1, ..job() }).await;
    }
    desk.done(0, vec![Write::OpenThread(thread.clone()), post(&thread, "m", Urgency::Report, "words")]).await;
    assert_eq!(
        desk.store.waiting().await.unwrap(),
        [(Priority::High, 3, at(2)), (Priority::Low, 1, at(1))],
        "the most urgent first"
    );
    let lease = desk.claim_one("a", 5).await;
    assert_eq!(desk.store.load().await.unwrap(), Load { pending: 3, running: 1, dead: 0, posts: 1 });
    desk.done(6, vec![Write::Retry { lease, run_at: at(6), error: error() }]).await;
    let due = desk.take_one("s", 6).await;
    desk.sent(6, &due.taken, "1").await.unwrap();
    assert_eq!(desk.store.load().await.unwrap(), Load { pending: 3, running: 0, dead: 1, posts: 0 });
}

pub async fn jobs_are_listed_in_pages<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let incident = IncidentId::new();
    let mut ids = Vec::new();
    for n in 0..7 {
        let incident = (n % 2 == 0).then_some(incident);
        ids.push(desk.hand_in(&NewJob { incident, created_at: at(n), ..job() }).await);
    }
    ids.reverse();
    let list = async |filter: JobFilter| -> Vec<JobId> {
        desk.store.jobs(&filter).await.unwrap().into_iter().map(|job| job.spec.id).collect()
    };
    let first = list(JobFilter { limit: 3, ..JobFilter::default() }).await;
    assert_eq!(first, ids[..3], "newest first");
    let next = list(JobFilter { limit: 9, before: Some(first[2]), ..JobFilter::default() }).await;
    assert_eq!(next, ids[3..]);
    let of_incident = list(JobFilter { limit: 9, incident: Some(incident), ..JobFilter::default() }).await;
    assert_eq!(of_incident, [ids[0], ids[2], ids[4], ids[6]]);
    let lease = desk.claim_one("a", 9).await;
    desk.done(9, vec![Write::Finish { lease: lease.clone(), outcome: completed() }]).await;
    let ended = list(JobFilter { limit: 9, states: vec![JobState::Completed], ..JobFilter::default() }).await;
    assert_eq!(ended, [lease.job]);
    let both = vec![JobState::Completed, JobState::Pending];
    assert_eq!(list(JobFilter { limit: 2, states: both, ..JobFilter::default() }).await, ids[..2]);
    let dead = list(JobFilter { limit: 9, dead: true, ..JobFilter::default() }).await;
    assert_eq!(dead, []);
    let pack = |name: &str| JobFilter { limit: 2, pack: Some(name.to_owned()), ..JobFilter::default() };
    assert_eq!(list(pack("crash-loop")).await, ids[..2]);
    assert_eq!(list(pack("other")).await, []);
}
