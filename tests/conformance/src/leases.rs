//! Leases: who may write about a job, and for how long.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::id::JobId;
use midwatch_service::job::{JobState, LOST_ALLOWED, Lease, NewJob};
use midwatch_service::port::store::{Beat, CommitError, Reaped, Store, Write};

use crate::given::{Desk, LEASE, at, cancel, completed, error, job, thread, worker};

fn ten(_attempts: u32) -> Duration {
    Duration::from_secs(10)
}

fn per_worker(attempts: u32) -> Duration {
    Duration::from_secs(u64::from(attempts))
}

pub async fn a_lost_lease_refuses_the_whole_commit<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let old = desk.claim_one("a", 0).await;
    desk.store.reap(at(300), ten).await.unwrap();
    let held = desk.claim_one("b", 310).await;
    assert!(held.fence > old.fence);
    let stranger = Lease { worker: worker("c"), ..held.clone() };
    let before = desk.job(id).await;
    for lease in [old, stranger] {
        for part in every_way(&lease) {
            let thread = thread();
            let result = desk.commit(311, vec![Write::OpenThread(thread.clone()), part.clone()]).await;
            assert!(matches!(result, Err(CommitError::LeaseLost(lost)) if lost == id), "{part:?}: {result:?}");
            assert_eq!(desk.store.thread(thread.id).await.unwrap(), None, "{part:?}");
        }
    }
    assert_eq!(desk.job(id).await, before);
    desk.done(312, vec![Write::Finish { lease: held.clone(), outcome: completed() }]).await;
    for part in every_way(&held) {
        let result = desk.commit(313, vec![part]).await;
        assert!(matches!(result, Err(CommitError::LeaseLost(_))), "it has ended: {result:?}");
    }
}

fn every_way(lease: &Lease) -> [Write; 4] {
    let (lease, reason) = (lease.clone(), "test".to_owned());
    [
        Write::Advance { lease: lease.clone(), to: JobState::Running, reason: reason.clone() },
        Write::Finish { lease: lease.clone(), outcome: completed() },
        Write::Retry { lease: lease.clone(), run_at: at(0), error: error() },
        Write::HandBack { lease, reason },
    ]
}

pub async fn heartbeats_tell_what_a_lease_is_worth<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for _ in 0..3 {
        desk.hand_in(&job()).await;
    }
    let leases = desk.claim("a", 0, 3).await;
    let wish = cancel("enough");
    let finish = Write::Finish { lease: leases[2].clone(), outcome: completed() };
    desk.done(1, vec![Write::Cancel { job: leases[1].job, cancel: wish.clone() }, finish]).await;
    let unknown = Lease { job: JobId::new(), worker: worker("a"), fence: 1 };
    let wrong = Lease { fence: leases[0].fence + 1, ..leases[0].clone() };
    let asked = [leases[2].clone(), leases[0].clone(), unknown, leases[1].clone(), wrong];
    let beats = desk.store.heartbeat(&asked, at(200), LEASE).await.unwrap();
    assert_eq!(beats, [Beat::Lost, Beat::Held, Beat::Lost, Beat::Stop(wish), Beat::Lost], "in the order asked");
    assert_eq!(desk.store.reap(at(499), ten).await.unwrap(), [], "renewed at 200 for 300");
    assert_eq!(desk.store.reap(at(500), ten).await.unwrap().len(), 2);
    assert_eq!(desk.store.heartbeat(&leases[..1], at(501), LEASE).await.unwrap(), [Beat::Lost]);
    assert_eq!(desk.store.heartbeat(&[], at(501), LEASE).await.unwrap(), []);
}

pub async fn a_silent_worker_loses_its_job<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    desk.claim_one("a", 0).await;
    assert_eq!(desk.store.reap(at(299), ten).await.unwrap(), []);
    assert_eq!(desk.store.reap(at(300), ten).await.unwrap(), [Reaped::Again(id)]);
    assert_eq!(desk.store.reap(at(300), ten).await.unwrap(), [], "once");
    let job = desk.job(id).await;
    assert_eq!((job.state, job.run_at, job.attempts, job.lease), (JobState::Pending, at(310), 0, None));
    assert_eq!(desk.claim("b", 309, 1).await, []);
    let lease = desk.claim_one("b", 310).await;
    desk.done(311, vec![Write::Cancel { job: id, cancel: cancel("enough") }]).await;
    assert_eq!(desk.store.reap(at(610), ten).await.unwrap(), [Reaped::Cancelled(id)], "it was to stop anyway");
    assert_eq!(desk.state(lease.job).await, JobState::Cancelled);
}

pub async fn a_job_outlives_some_workers_but_not_all<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&NewJob { max_attempts: 1, ..job() }).await;
    let mut now = 0;
    for lost in 1..=LOST_ALLOWED {
        desk.claim_one("a", now).await;
        assert_eq!(desk.store.reap(at(now + 300), per_worker).await.unwrap(), [Reaped::Again(id)]);
        let job = desk.job(id).await;
        assert_eq!((job.attempts, job.lost), (0, lost), "no attempt of its own is used up");
        now += 300 + i64::from(lost);
        assert_eq!(job.run_at, at(now), "a second for each worker lost");
    }
    desk.claim_one("a", now).await;
    assert_eq!(desk.store.reap(at(now + 300), per_worker).await.unwrap(), [Reaped::Dead(id)]);
    let job = desk.job(id).await;
    assert_eq!((job.state, job.dead, job.finished_at), (JobState::Failed, true, Some(at(now + 300))));
    assert!(job.error.is_some(), "it says why");
}

pub async fn states_go_forward_only<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let id = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    let go = |to| Write::Advance { lease: lease.clone(), to, reason: "test".to_owned() };
    desk.done(1, vec![go(JobState::Running)]).await;
    desk.done(2, vec![go(JobState::Running)]).await;
    for to in [JobState::Initializing, JobState::Pending, JobState::Completed, JobState::Cancelled] {
        let result = desk.commit(3, vec![go(to)]).await;
        assert!(matches!(result, Err(CommitError::NotAllowed(_))), "{to:?}: {result:?}");
    }
    desk.done(4, vec![go(JobState::Completing)]).await;
    let steps: Vec<_> = desk.store.history(id).await.unwrap().iter().map(|line| (line.at, line.to)).collect();
    assert_eq!(
        steps,
        [
            (at(0), JobState::Pending),
            (at(0), JobState::Initializing),
            (at(1), JobState::Running),
            (at(4), JobState::Completing)
        ],
        "no line for what changed nothing"
    );
}
