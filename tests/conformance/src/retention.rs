//! What a sweep takes, and what it never takes.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::id::{JobId, PostKey};
use midwatch_service::incident::{Incident, IncidentState};
use midwatch_service::job::{JobState, NewJob};
use midwatch_service::port::store::{Retention, Store, Write};
use midwatch_service::post::Urgency;

use crate::given::{Desk, artifact, at, audited, completed, entry, error, incident, job, post, thread};

const HOUR: i64 = 3600;
const KEEP: Retention = Retention { jobs: Duration::from_hours(1), incidents: Duration::from_hours(2), batch: 100 };

async fn ended(desk: &Desk, spec: &NewJob) -> JobId {
    desk.hand_in(spec).await;
    let lease = desk.claim_one("a", 0).await;
    assert_eq!(lease.job, spec.id);
    desk.done(0, vec![Write::Finish { lease, outcome: completed() }]).await;
    spec.id
}

pub async fn a_sweep_spares_what_lives<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let old = ended(&desk, &job()).await;
    desk.done(0, vec![Write::Artifact(artifact(old, "report", "words")), audited("1")]).await;
    let leased = desk.hand_in(&job()).await;
    desk.claim_one("a", 0).await;
    let again = desk.hand_in(&job()).await;
    let lease = desk.claim_one("a", 0).await;
    desk.done(0, vec![Write::Retry { lease, run_at: at(1), error: error() }]).await;
    let open_one = incident(&["a"], 0);
    let unsent = Incident { thread: thread().id, ..incident(&["b"], 0) };
    let its_thread = midwatch_service::thread::Thread { id: unsent.thread, ..thread() };
    desk.done(
        0,
        vec![
            Write::Incident(Box::new(open_one.clone())),
            Write::Incident(Box::new(unsent.clone())),
            Write::OpenThread(its_thread.clone()),
            post(&its_thread, "due", Urgency::Report, "words"),
        ],
    )
    .await;
    let closed = Incident { revision: 1, state: IncidentState::Closed(at(0)), ..unsent.clone() };
    desk.done(0, vec![Write::Incident(Box::new(closed))]).await;
    assert_eq!(desk.store.sweep(at(HOUR - 1), KEEP).await.unwrap(), 0, "not yet");
    assert_eq!(desk.store.sweep(at(100 * HOUR), KEEP).await.unwrap(), 1);
    assert_eq!(desk.store.job(old).await.unwrap(), None);
    assert_eq!(desk.store.history(old).await.unwrap(), []);
    assert_eq!(desk.store.artifact(old, "report").await.unwrap(), None);
    assert_eq!((desk.state(leased).await, desk.state(again).await), (JobState::Initializing, JobState::Pending));
    assert!(desk.store.incident(open_one.id).await.unwrap().is_some(), "it is open");
    assert!(desk.store.incident(unsent.id).await.unwrap().is_some(), "a message of it is due");
    assert_eq!(desk.store.load().await.unwrap().posts, 1);
    assert_eq!(desk.store.audit(0, 9).await.unwrap().len(), 1, "the audit trail stays");
}

pub async fn a_sweep_is_bounded<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    for _ in 0..5 {
        ended(&desk, &job()).await;
    }
    let two = Retention { batch: 2, ..KEEP };
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(desk.store.sweep(at(9 * HOUR), two).await.unwrap());
    }
    assert_eq!(swept, [2, 2, 1, 0]);
}

pub async fn a_sweep_takes_threads_that_nothing_names<F: AsyncFn() -> Arc<dyn Store>>(open: F) {
    let desk = Desk::open(&open).await;
    let (of_job, of_incident, alone) = (thread(), thread(), thread());
    for one in [&of_job, &of_incident, &alone] {
        let key = one.id.to_string();
        desk.done(0, vec![Write::OpenThread(one.clone()), entry(one.id, "x"), post(one, &key, Urgency::Notice, "x")])
            .await;
    }
    for due in desk.take("s", 0, 10).await {
        desk.sent(0, &due.taken, "100").await.unwrap();
    }
    let waiting = desk.hand_in(&NewJob { thread: Some(of_job.id), ..job() }).await;
    let case = Incident { thread: of_incident.id, ..incident(&["a"], 0) };
    desk.done(0, vec![Write::Incident(Box::new(case.clone()))]).await;
    assert_eq!(desk.store.sweep(at(2 * HOUR), KEEP).await.unwrap(), 1);
    assert_eq!(desk.store.thread(alone.id).await.unwrap(), None);
    assert_eq!(desk.store.memory(alone.id).await.unwrap(), []);
    assert_eq!(desk.store.post(&PostKey(alone.id.to_string())).await.unwrap(), None);
    assert!(desk.store.thread(of_job.id).await.unwrap().is_some());
    assert!(desk.store.thread(of_incident.id).await.unwrap().is_some());
    // Both end; the thread in which something was said lately stays a while.
    let closed = Incident { revision: 1, state: IncidentState::Closed(at(2 * HOUR)), ..case };
    let stop = Write::Cancel { job: waiting, cancel: crate::given::cancel("enough") };
    let words = entry(of_job.id, "thanks");
    desk.done(2 * HOUR, vec![Write::Incident(Box::new(closed)), stop]).await;
    desk.done(3 * HOUR, vec![words]).await;
    assert_eq!(desk.store.sweep(at(4 * HOUR), KEEP).await.unwrap(), 3, "the job, the incident, its thread");
    assert!(desk.store.thread(of_job.id).await.unwrap().is_some());
    assert_eq!(desk.store.sweep(at(5 * HOUR), KEEP).await.unwrap(), 1);
    assert_eq!(desk.store.thread(of_job.id).await.unwrap(), None);
}
