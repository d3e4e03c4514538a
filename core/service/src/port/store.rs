//! The store: everything durable. One atomic write of many parts, leases for jobs and posts, and reads.
//!
//! The rules every implementation keeps (the conformance suite in `tests/` runs on each):
//! - [`Store::commit`] is atomic and durable: when it returns, all of it survives a power cut; when it fails, none of it
//!   happened.
//! - No implementation reads a clock: the caller says what time it is.
//! - A job is claimed by one worker at a time; a write that shows a lease whose fence is not the job's is refused whole.
//! - What was accepted is never dropped silently: a bound refuses, retention removes only what has ended.
//!
//! Start at [`Write`].

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_redact::Redacted;

use crate::audit;
use crate::id::{ArtifactId, IncidentId, JobId, MessageId, PostKey, ThreadId, WorkerId};
use crate::incident::Incident;
use crate::job::{Actor, Cancel, Job, JobError, JobResult, JobState, Lease, Leased, NewJob, Priority, Transition};
use crate::post::{NewPost, PostBody};
use crate::thread::{Entry, NewEntry, Thread};

/// Bytes that one artifact may have.
pub const ARTIFACT_CAP: usize = 8 * 1024 * 1024;

/// How long a due job waits before higher priorities have to let it pass, every [`TURN`]th time.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Every which job that is leased goes to the one that has been due for longest.
pub const TURN: u64 = 4;

/// One part of a write. All parts of one [`Store::commit`] happen together or not at all.
#[derive(Clone, Debug)]
pub enum Write {
    /// Hands in a job. While a live job has the same dedup key the whole commit fails with [`CommitError::Duplicate`], so
    /// that nothing is written about a job that is not there.
    Enqueue {
        /// The job.
        job: Box<NewJob>,
        /// Live jobs there may be, this one counted; more are refused with [`CommitError::Full`]. None: no bound.
        bound: Option<u64>,
    },
    /// Moves a leased job on: `initializing` to `running`, and so forth; never back. The state it is in already changes
    /// nothing.
    Advance {
        /// The right to.
        lease: Lease,
        /// To which state; one in which a worker holds it.
        to: JobState,
        /// Why, for the history.
        reason: String,
    },
    /// Ends a leased job.
    Finish {
        /// The right to.
        lease: Lease,
        /// How it ended.
        outcome: JobOutcome,
    },
    /// Gives a leased job back: it is tried again at that moment. Not more often than `max_attempts`: then it fails with
    /// this error and becomes a dead letter. One that was asked to stop is cancelled instead.
    Retry {
        /// The right to.
        lease: Lease,
        /// Not before.
        run_at: Timestamp,
        /// Why this attempt failed.
        error: JobError,
    },
    /// Gives back a job whose worker has vanished, by showing the lease that worker held: tried again at that moment, the
    /// attempt does not count. Not more often than [`crate::job::LOST_ALLOWED`]: then it fails with this error and becomes
    /// a dead letter.
    Lost {
        /// The lease of the worker that vanished.
        lease: Lease,
        /// Not before.
        run_at: Timestamp,
        /// What is known of it.
        error: JobError,
    },
    /// Gives a leased job back unharmed, because the process stops: the attempt does not count. One that was asked to stop
    /// is cancelled instead.
    HandBack {
        /// The right to.
        lease: Lease,
        /// Why, for the history.
        reason: String,
    },
    /// Asks a job to stop: one that nobody holds ends at once, a leased one gets a mark that its heartbeat sees (the first
    /// mark stays), one that has ended stays as it is.
    Cancel {
        /// Which.
        job: JobId,
        /// Who and why.
        cancel: Cancel,
    },
    /// A dead letter is tried again from the first attempt; anything else is [`CommitError::NotAllowed`].
    Replay {
        /// Which.
        job: JobId,
        /// Who, for the history.
        by: Actor,
    },
    /// Writes an incident. Its `revision` is the one that was read (0 for a new one); the store keeps it increased by one,
    /// or refuses the commit with [`CommitError::Stale`] when another writer was first, or when a key of it belongs to
    /// another incident that is not closed.
    Incident(Box<Incident>),
    /// Opens a thread; once only, a second time changes nothing.
    OpenThread(Thread),
    /// Remembers something in a thread; the oldest entries beyond the bound go.
    Remember(NewEntry),
    /// Writes a message, or a newer revision of one.
    Post(NewPost),
    /// A message was sent or edited: it is now at this revision. The first message of a thread without a root becomes it.
    Sent {
        /// The right to: what [`Store::take_posts`] gave.
        taken: PostLease,
        /// The platform's name for it.
        message: MessageId,
    },
    /// A message was not sent.
    NotSent {
        /// The right to.
        taken: PostLease,
        /// What comes next.
        next: AfterFailure,
        /// Why, for the operator.
        why: String,
    },
    /// Keeps an artifact of a job.
    Artifact(NewArtifact),
    /// Adds to the audit trail; sealed by the store in the order of its commits.
    Audit(audit::Entry),
    /// Switches a pack on or off.
    Pack {
        /// Its name.
        name: String,
        /// Whether it is on.
        enabled: bool,
    },
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobOutcome {
    /// In a report.
    Completed(JobResult),
    /// At the deadline, with what was found.
    Timeout {
        /// Always code `E003`.
        error: JobError,
        /// The report, if there is one.
        result: Option<JobResult>,
    },
    /// Without a report and for good; a dead letter when `dead`.
    Failed {
        /// Why.
        error: JobError,
        /// Whether a person should look: attempts are used up. A wrong question is no dead letter.
        dead: bool,
    },
    /// Stopped.
    Cancelled {
        /// Why, for the history.
        reason: String,
    },
}

/// What comes after a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It surely was not; try again at this moment.
    Again(Timestamp),
    /// It may have been; look it up at this moment before anything else is sent in its thread.
    LookUp(Timestamp),
    /// Give up: nothing more is tried for this revision. Later messages of the thread go on, and a newer revision is
    /// tried.
    GiveUp,
}

/// Something a job read or made.
#[derive(Clone, Debug)]
pub struct NewArtifact {
    /// Its id.
    pub id: ArtifactId,
    /// Of which job.
    pub job: JobId,
    /// `report`, `request`, `log`; one job has at most one of each name, a newer one replaces it.
    pub name: String,
    /// Its media type: `application/json`.
    pub media_type: String,
    /// What it says, at most [`ARTIFACT_CAP`] bytes; more is refused with [`CommitError::TooLarge`].
    pub text: Redacted<String>,
    /// When it was made.
    pub at: Timestamp,
}

/// An artifact as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// Of which job.
    pub job: JobId,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it says.
    pub text: Redacted<String>,
    /// When it was made.
    pub at: Timestamp,
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A live job has the same dedup key: this one.
    #[error("a job with the same key is under way: {0}")]
    Duplicate(JobId),
    /// The queue is full.
    #[error("the queue is full: {live} jobs of {bound}")]
    Full {
        /// Live jobs.
        live: u64,
        /// The bound.
        bound: u64,
    },
    /// Someone else wrote the incident first, or holds one of its keys: read again.
    #[error("the incident was changed by another writer")]
    Stale,
    /// The lease was lost: another worker has the job, or it has ended.
    #[error("the lease of job {0} was lost")]
    LeaseLost(JobId),
    /// The right to send a message was lost.
    #[error("the right to send message {0} was lost")]
    PostLost(PostKey),
    /// What the write is about is not there.
    #[error("there is no {0}")]
    NotFound(String),
    /// The write does not fit the state of what it is about.
    #[error("{0}")]
    NotAllowed(String),
    /// An artifact is too large.
    #[error("an artifact has {bytes} bytes; at most {ARTIFACT_CAP} are kept")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

/// Why the storage failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room; what to do stands in the words.
    #[error("no room in the store: {0}")]
    NoRoom(String),
    /// The store cannot be written: a read-only disk, wrong permissions.
    #[error("the store cannot be written: {0}")]
    ReadOnly(String),
    /// It is closed, or too busy to take more.
    #[error("the store does not take this now: {0}")]
    Busy(String),
    /// What is kept cannot be read: damaged, or of a newer version.
    #[error("the store cannot be read: {0}")]
    Damaged(String),
    /// Anything else, with its cause.
    #[error("the store failed: {what}")]
    Other {
        /// What was tried.
        what: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a heartbeat says about a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The lease was renewed.
    Held,
    /// The lease was renewed, and someone wants the job to stop.
    Stop(Cancel),
    /// The lease is lost: drop the work, write nothing.
    Lost,
}

/// What became of a job whose worker went silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaped {
    /// It waits for another attempt.
    Again(JobId),
    /// Too many workers vanished with it: failed, a dead letter.
    Dead(JobId),
    /// It was to stop anyway: cancelled.
    Cancelled(JobId),
}

/// The right to send one revision of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostLease {
    /// Which message.
    pub key: PostKey,
    /// Which revision.
    pub revision: u64,
    /// Grows each time it is taken.
    pub fence: u64,
}

/// A message that is due.
#[derive(Clone, Debug)]
pub struct DuePost {
    /// The right to send it.
    pub taken: PostLease,
    /// Its thread, with the root if there is one.
    pub thread: Thread,
    /// What it says, in the newest revision.
    pub body: Redacted<PostBody>,
    /// The message to edit; none when it was never sent.
    pub message: Option<MessageId>,
    /// Tries of this revision before this one.
    pub tries: u32,
    /// It may have been sent already (an earlier try ended unknown, or its sender died): look it up first. What is found
    /// may show an older revision: edit it, then say [`Write::Sent`].
    pub doubtful: bool,
}

/// How full the queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Jobs that wait.
    pub pending: u64,
    /// Jobs that a worker holds.
    pub running: u64,
    /// Dead letters.
    pub dead: u64,
    /// Messages not yet sent, or with a newer revision.
    pub posts: u64,
}

/// Which jobs to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// In these states; all when empty.
    pub states: Vec<JobState>,
    /// Dead letters only.
    pub dead: bool,
    /// Of this incident.
    pub incident: Option<IncidentId>,
    /// Of this pack.
    pub pack: Option<String>,
    /// Older than this one: the next page.
    pub before: Option<JobId>,
    /// At most this many; the store gives 500 at most.
    pub limit: usize,
}

/// How long what has ended is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Ended jobs with their history and artifacts.
    pub jobs: Duration,
    /// Closed incidents, their threads and messages.
    pub incidents: Duration,
    /// Jobs, incidents and threads removed in one sweep at most; what belongs to them goes with them.
    pub batch: usize,
}

/// Everything durable.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes all parts, or none. `now` is when: in histories, and when new messages are due.
    ///
    /// # Errors
    /// See [`CommitError`]. Nothing was written then.
    async fn commit(&self, now: Timestamp, writes: Vec<Write>) -> Result<(), CommitError>;

    /// Leases up to `slots` pending jobs whose time has come: by priority, then the oldest; but every fourth job that is
    /// leased is the one that has been due for longest, if that is a minute or more ([`PATIENCE`]), whatever its priority,
    /// so none starves. Each becomes `initializing`, its attempts and its fence grow by one.
    ///
    /// # Errors
    /// When the storage failed.
    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        lease: Duration,
        slots: usize,
    ) -> Result<Vec<Leased>, StoreError>;

    /// Renews leases, and says what each is worth, in the order given.
    ///
    /// # Errors
    /// When the storage failed.
    async fn heartbeat(&self, leases: &[Lease], now: Timestamp, lease: Duration) -> Result<Vec<Beat>, StoreError>;

    /// Takes jobs from workers whose lease has ended, the longest ended first, a bounded number in one call; what becomes of them
    /// is as with [`Write::Lost`]. They wait as long as `backoff` says for the workers lost so far.
    ///
    /// # Errors
    /// When the storage failed.
    async fn reap(&self, now: Timestamp, backoff: fn(u32) -> Duration) -> Result<Vec<Reaped>, StoreError>;

    /// When the next pending job is due, or the next lease ends; none when there is nothing to wait for.
    ///
    /// # Errors
    /// When the storage failed.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// One job.
    ///
    /// # Errors
    /// When the storage failed.
    async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError>;

    /// Jobs, newest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError>;

    /// Everything that happened to a job, oldest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn history(&self, id: JobId) -> Result<Vec<Transition>, StoreError>;

    /// How full the queue is.
    ///
    /// # Errors
    /// When the storage failed.
    async fn load(&self) -> Result<Load, StoreError>;

    /// Pending jobs by priority, with the moment the oldest of each was accepted.
    ///
    /// # Errors
    /// When the storage failed.
    async fn waiting(&self) -> Result<Vec<(Priority, u64, Timestamp)>, StoreError>;

    /// One incident.
    ///
    /// # Errors
    /// When the storage failed.
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError>;

    /// The incidents that are not closed and hold any of these keys, oldest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn incidents_by_keys(&self, keys: &[String]) -> Result<Vec<Incident>, StoreError>;

    /// The newest closed incident that held any of these keys.
    ///
    /// # Errors
    /// When the storage failed.
    async fn last_closed(&self, keys: &[String]) -> Result<Option<IncidentId>, StoreError>;

    /// Incidents that are not closed, oldest first, at most so many.
    ///
    /// # Errors
    /// When the storage failed.
    async fn open_incidents(&self, limit: usize) -> Result<Vec<Incident>, StoreError>;

    /// One thread.
    ///
    /// # Errors
    /// When the storage failed.
    async fn thread(&self, id: ThreadId) -> Result<Option<Thread>, StoreError>;

    /// The thread that hangs on a message of a platform.
    ///
    /// # Errors
    /// When the storage failed.
    async fn thread_at(&self, platform: &str, channel: &str, root: &MessageId) -> Result<Option<Thread>, StoreError>;

    /// What is remembered of a thread, oldest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn memory(&self, thread: ThreadId) -> Result<Vec<Redacted<Entry>>, StoreError>;

    /// Takes messages that are due, for as long as the lease: the most urgent first, then the oldest. A message that was
    /// never sent waits until every message written before it in its thread was sent or given up; edits wait for nothing
    /// but an earlier try of the same message. What another sender took and did not finish within its lease comes back as
    /// doubtful.
    ///
    /// # Errors
    /// When the storage failed.
    async fn take_posts(
        &self,
        worker: &WorkerId,
        platform: &str,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<DuePost>, StoreError>;

    /// When the next message of a platform is due; none when there is none. Messages that wait for another one of their
    /// thread do not count, those under way count with the end of their lease.
    ///
    /// # Errors
    /// When the storage failed.
    async fn next_post(&self, platform: &str) -> Result<Option<Timestamp>, StoreError>;

    /// What a message says in its newest revision.
    ///
    /// # Errors
    /// When the storage failed.
    async fn post(&self, key: &PostKey) -> Result<Option<Redacted<PostBody>>, StoreError>;

    /// An artifact of a job by name.
    ///
    /// # Errors
    /// When the storage failed.
    async fn artifact(&self, job: JobId, name: &str) -> Result<Option<Artifact>, StoreError>;

    /// Packs that were switched, by name.
    ///
    /// # Errors
    /// When the storage failed.
    async fn packs(&self) -> Result<Vec<(String, bool)>, StoreError>;

    /// Entries of the audit trail after a number, in order, at most so many.
    ///
    /// # Errors
    /// When the storage failed.
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<audit::Sealed>, StoreError>;

    /// Removes what has ended long ago: jobs; incidents; threads that no job and no incident names. Never what lives, never
    /// a message that is due, nothing of the audit trail. How many jobs, incidents and threads went.
    ///
    /// # Errors
    /// When the storage failed.
    async fn sweep(&self, now: Timestamp, retention: Retention) -> Result<u64, StoreError>;

    /// Whether it can be written now: writes and reads back a mark.
    ///
    /// # Errors
    /// When it cannot.
    async fn check(&self) -> Result<(), StoreError>;
}
