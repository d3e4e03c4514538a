//! Values to test with, and short words for what tests do all the time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::request::Request;
use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Policy, Redacted, Redactor};
use midwatch_service::audit::{self, ChainKey};
use midwatch_service::code::ErrorCode;
use midwatch_service::heard::{Heard, Place, Said};
use midwatch_service::id::{ArtifactId, IncidentId, JobId, MessageId, PostKey, ThreadId, WorkerId};
use midwatch_service::incident::{Incident, IncidentKind, IncidentState};
use midwatch_service::job::{
    Actor, Cancel, Job, JobError, JobResult, JobState, Lease, NewJob, Origin, PackRef, Priority, Task,
};
use midwatch_service::port::store::{
    AfterFailure, Artifact, Closed, CommitError, DueHeard, DuePost, JobOutcome, PostLease, Share, Store, Write,
};
use midwatch_service::post::{NewPost, PostBody, Private, Urgency};
use midwatch_service::thread::{Entry, NewEntry, Speaker, Thread};

/// The lease of jobs and messages in these tests.
pub const LEASE: Duration = Duration::from_mins(5);

/// The platform of their threads.
pub const PLATFORM: &str = "console";

/// So many seconds after the beginning of these tests' time.
pub fn at(seconds: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    begin + SignedDuration::from_secs(seconds)
}

/// The key that every store under test has to seal its audit trail with.
pub fn chain_key() -> ChainKey {
    ChainKey::new("a key of tests, of 32 bytes or more".into())
}

/// A worker or sender.
pub fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

/// A person.
pub fn actor() -> Actor {
    Actor { platform: "api".to_owned(), user: "alice".to_owned(), ..Actor::default() }
}

/// A job that was accepted at 0, of normal priority, with three attempts.
pub fn job() -> NewJob {
    NewJob {
        task: Task::Investigate,
        id: JobId::new(),
        request: Request { text: Some("deploy/checkout".to_owned()), ..Request::default() },
        cluster: Some("prod-eu".to_owned()),
        pack: PackRef { name: "crash-loop".to_owned(), version: "1".to_owned() },
        priority: Priority::Normal,
        origin: Origin { actor: actor(), request_id: "req-1".to_owned() },
        thread: None,
        incident: None,
        dedup: None,
        deadline: Duration::from_mins(2),
        max_attempts: 3,
        created_at: at(0),
    }
}

/// The part of a write that hands it in.
pub fn enqueue(job: &NewJob) -> Write {
    Write::Enqueue { job: Box::new(job.clone()), bound: None }
}

/// A failure that can be tried again.
pub fn error() -> JobError {
    JobError { code: ErrorCode::E006, message: "the API server did not answer".to_owned() }
}

/// A report was made.
pub fn completed() -> JobOutcome {
    JobOutcome::Completed(JobResult {
        verdict: Verdict::Cause,
        headline: "DATABASE_URL is missing".to_owned(),
        report: ArtifactId::new(),
    })
}

/// A wish to stop.
pub fn cancel(reason: &str) -> Cancel {
    Cancel { by: actor(), reason: reason.to_owned(), at: at(0) }
}

/// A thread without a root, opened at 0.
pub fn thread() -> Thread {
    Thread {
        id: ThreadId::new(),
        platform: PLATFORM.to_owned(),
        channel: "#alerts".to_owned(),
        root: None,
        opened_at: at(0),
    }
}

/// An incident that fires, not written yet.
pub fn incident(keys: &[&str], opened_at: i64) -> Incident {
    Incident {
        id: IncidentId::new(),
        revision: 0,
        source: "alertmanager".to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        title: "KubePodCrashLooping shop".to_owned(),
        severity: Some("warning".to_owned()),
        state: IncidentState::Firing,
        kind: IncidentKind::Group,
        alerts: std::collections::BTreeMap::new(),
        beyond: 0,
        folded: midwatch_service::incident::FoldedAlerts::default(),
        received: 1,
        repeats: 0,
        reopened: 0,
        opened_at: at(opened_at),
        last_at: at(opened_at),
        thread: ThreadId::new(),
        job: None,
        previous: None,
    }
}

/// A line of text that passed the redactor.
pub fn body(text: &str) -> Redacted<PostBody> {
    Redactor::new(Policy::default()).seal(PostBody::Notice { text: text.to_owned() })
}

/// A message.
pub fn post(thread: &Thread, key: &str, urgency: Urgency, text: &str) -> Write {
    Write::Post(NewPost { key: PostKey(key.to_owned()), thread: thread.id, urgency, body: body(text) })
}

/// An answer that one person sees.
pub fn private(thread: &Thread, key: &str, text: &str) -> Write {
    let body = PostBody::Private(Private { to: "U1".to_owned(), reply: None, answer: Answer::text(text) });
    let body = Redactor::new(Policy::default()).seal(body);
    Write::Post(NewPost { key: PostKey(key.to_owned()), thread: thread.id, urgency: Urgency::Notice, body })
}

/// Something that was said in a thread.
pub fn heard(id: &str, root: &str) -> Heard {
    let message = Some(MessageId(format!("message of {id}")));
    let root = Some(MessageId(root.to_owned()));
    Heard {
        id: id.to_owned(),
        at: at(0),
        origin: Origin { actor: actor(), request_id: "req-1".to_owned() },
        place: Place { platform: PLATFORM.to_owned(), channel: "#alerts".to_owned(), root, message, direct: false },
        said: Said::Mention { text: "why?".to_owned() },
        reply: None,
        waits: false,
    }
}

/// The part of a write that hears it, however much waits.
pub fn hear(heard: &Heard) -> Write {
    Write::Hear { heard: Redactor::new(Policy::default()).seal(heard.clone()), bound: u64::MAX }
}

/// An entry of a thread's memory.
pub fn entry(thread: ThreadId, text: &str) -> Write {
    let entry = Entry { at: at(0), speaker: Speaker::Outside, text: text.to_owned(), job: None };
    Write::Remember(NewEntry { thread, entry: Redactor::new(Policy::default()).seal(entry) })
}

/// An artifact.
pub fn artifact(job: JobId, name: &str, text: &str) -> Artifact {
    Artifact {
        id: ArtifactId::new(),
        job,
        name: name.to_owned(),
        media_type: "text/plain".to_owned(),
        text: Redactor::new(Policy::default()).redact_text(text),
        at: at(0),
    }
}

/// An entry of the audit trail.
pub fn audited(subject: &str) -> Write {
    Write::Audit(audit::Entry {
        at: at(0),
        actor: Some(actor()),
        action: "investigate".to_owned(),
        subject: subject.to_owned(),
        details: String::new(),
        request_id: "req-1".to_owned(),
    })
}

/// The key of each message, in order.
pub fn keys(posts: &[DuePost]) -> Vec<&str> {
    posts.iter().map(|post| post.taken.key.0.as_str()).collect()
}

/// The words of a message.
pub fn words(body: &Redacted<PostBody>) -> &str {
    match &**body {
        PostBody::Notice { text } => text,
        _ => "",
    }
}

/// A store and short words for its calls; times are seconds.
#[derive(Clone)]
pub struct Desk {
    /// The store.
    pub store: Arc<dyn Store>,
}

impl Desk {
    /// Opens the property's store.
    pub async fn open<F: AsyncFn() -> Arc<dyn Store>>(open: &F) -> Self {
        Self { store: open().await }
    }

    /// Writes.
    pub async fn commit(&self, now: i64, writes: Vec<Write>) -> Result<(), CommitError> {
        self.store.commit(at(now), writes).await
    }

    /// Writes what must succeed.
    pub async fn done(&self, now: i64, writes: Vec<Write>) {
        self.commit(now, writes).await.unwrap();
    }

    /// Hands in a job at 0.
    pub async fn hand_in(&self, job: &NewJob) -> JobId {
        self.done(0, vec![enqueue(job)]).await;
        job.id
    }

    /// Leases jobs.
    pub async fn claim(&self, name: &str, now: i64, slots: usize) -> Vec<Lease> {
        let leased = self.store.claim(&worker(name), at(now), LEASE, slots).await.unwrap();
        leased.into_iter().map(|leased| leased.lease).collect()
    }

    /// Leases the one job there is.
    pub async fn claim_one(&self, name: &str, now: i64) -> Lease {
        let mut leases = self.claim(name, now, 1).await;
        leases.pop().unwrap()
    }

    /// A job that is there.
    pub async fn job(&self, id: JobId) -> Job {
        self.store.job(id).await.unwrap().unwrap()
    }

    /// Its state.
    pub async fn state(&self, id: JobId) -> JobState {
        self.job(id).await.state
    }

    /// Takes messages.
    pub async fn take(&self, name: &str, now: i64, limit: usize) -> Vec<DuePost> {
        self.store
            .take_posts(&worker(name), PLATFORM, at(now), LEASE, Share::any(limit), &Closed::default())
            .await
            .unwrap()
    }

    /// Takes messages that are not closed, in shares.
    pub async fn take_open(&self, now: i64, share: Share, closed: &Closed) -> Vec<DuePost> {
        self.store.take_posts(&worker("s"), PLATFORM, at(now), LEASE, share, closed).await.unwrap()
    }

    /// Takes what was heard.
    pub async fn take_heard(&self, name: &str, now: i64, limit: usize) -> Vec<DueHeard> {
        self.store.take_heard(&worker(name), at(now), LEASE, limit).await.unwrap()
    }

    /// Takes the one thing that is to be handled.
    pub async fn take_one_heard(&self, name: &str, now: i64) -> DueHeard {
        let mut heard = self.take_heard(name, now, 10).await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.pop().unwrap()
    }

    /// Takes the one message that is due.
    pub async fn take_one(&self, name: &str, now: i64) -> DuePost {
        let mut posts = self.take(name, now, 10).await;
        assert_eq!(posts.len(), 1, "{:?}", keys(&posts));
        posts.pop().unwrap()
    }

    /// Says that a message was sent.
    pub async fn sent(&self, now: i64, taken: &PostLease, message: &str) -> Result<(), CommitError> {
        self.commit(now, vec![Write::Sent { taken: taken.clone(), message: MessageId(message.to_owned()) }]).await
    }

    /// Says that it was not.
    pub async fn not_sent(&self, now: i64, taken: &PostLease, next: AfterFailure) -> Result<(), CommitError> {
        self.commit(now, vec![Write::NotSent { taken: taken.clone(), next, why: "no route".to_owned() }]).await
    }

    /// When the next message is due.
    pub async fn next_post(&self) -> Option<Timestamp> {
        self.store.next_post(PLATFORM, &Closed::default()).await.unwrap()
    }
}
