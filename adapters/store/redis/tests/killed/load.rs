//! Jobs handed in at an even pace, each with a thread of its own, whatever becomes of Redis meanwhile.

use std::time::Duration;

use midwatch_conformance::given::job;
use midwatch_redact::{Redact, Redacted, Redactor};
use midwatch_redis::RedisStore;
use midwatch_service::clock::{Clock as _, SystemClock};
use midwatch_service::id::{JobId, PostKey, ThreadId};
use midwatch_service::job::NewJob;
use midwatch_service::living;
use midwatch_service::port::store::{CommitError, Store as _, Write};
use midwatch_service::post::{LivingMessage, NewPost, Opening, PostBody, Urgency};
use midwatch_service::thread::Thread;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Between two jobs.
const EVERY: Duration = Duration::from_millis(60);

/// Before a job that was not taken is handed in again.
const AGAIN: Duration = Duration::from_millis(100);

/// The load.
pub(crate) struct Load {
    stop: CancellationToken,
    jobs: JoinHandle<Vec<JobId>>,
}

impl Load {
    /// Begins to hand in jobs.
    pub(crate) fn start(store: RedisStore) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let jobs = tokio::spawn(async move {
            let mut accepted = Vec::new();
            while !stopped.is_cancelled() {
                accepted.push(hand_in(&store).await);
                tokio::time::sleep(EVERY).await;
            }
            accepted
        });
        Self { stop, jobs }
    }

    /// Stops; the jobs that were accepted.
    pub(crate) async fn stop(self) -> Vec<JobId> {
        self.stop.cancel();
        self.jobs.await.unwrap()
    }
}

/// Hands in a job until it is known that it was taken, as whoever delivers an alert does.
async fn hand_in(store: &RedisStore) -> JobId {
    let (thread, now) = (ThreadId::new(), SystemClock.now());
    let request = midwatch_agent::request::Request { namespace: Some("shop".to_owned()), ..Default::default() };
    let job = NewJob { request, cluster: None, thread: Some(thread), created_at: now, max_attempts: 5, ..job() };
    let mut writes = opened(thread);
    writes.push(Write::Enqueue { job: Box::new(job.clone()), bound: None });
    loop {
        let error = match store.commit(SystemClock.now(), writes.clone()).await {
            Ok(()) => return job.id,
            Err(error) => error,
        };
        // It may have been taken though that was not told, now or by an earlier try.
        match store.job(job.id).await {
            Ok(Some(_)) => return job.id,
            Ok(None) => assert!(matches!(error, CommitError::Storage(_)), "{error}"),
            Err(_) => {}
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn seal<T: Redact>(value: T) -> Redacted<T> {
    Redactor::default().seal(value)
}

fn opened(thread: ThreadId) -> Vec<Write> {
    let title = "shop".to_owned();
    let living = LivingMessage { title: title.clone(), ..LivingMessage::default() };
    let opening = Opening { title, ..Opening::default() };
    let post = |key, urgency, body| Write::Post(NewPost { key, thread, urgency, body: seal(body) });
    vec![
        Write::OpenThread(Thread {
            id: thread,
            platform: "double".to_owned(),
            channel: "alerts".to_owned(),
            root: None,
            opened_at: SystemClock.now(),
        }),
        post(PostKey(format!("thread:{thread}:opening")), Urgency::Opening, PostBody::Opening(opening)),
        post(living::key(thread), Urgency::Progress, PostBody::Living(living)),
    ]
}
