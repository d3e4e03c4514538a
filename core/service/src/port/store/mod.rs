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

mod error;
mod read;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_redact::Redacted;

pub use self::error::{CommitError, StoreError};
pub use self::read::{
    ArtifactInfo, Beat, Closed, DueHeard, DuePost, HeardLease, JobFilter, Load, PostLease, Reaped, Retention, Share,
};
pub use self::write::{AfterFailure, Artifact, Feedback, JobOutcome, Write};
use crate::audit;
use crate::fleet::{Order, Orders, Replica};
use crate::id::{IncidentId, JobId, MessageId, PostKey, ThreadId, WorkerId};
use crate::incident::Incident;
use crate::job::{Job, Lease, Leased, Priority, Transition};
use crate::mute::Mute;
use crate::post::PostBody;
use crate::search::FoundReport;
use crate::spend::{DaySpend, Spender};
use crate::thread::{Entry, Thread};

/// Bytes that one artifact may have.
pub const ARTIFACT_CAP: usize = 8 * 1024 * 1024;

/// How long a due job waits before higher priorities have to let it pass, every [`TURN`]th time.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Every which job that is leased goes to the one that has been due for longest.
pub const TURN: u64 = 4;

/// What was spent is kept so long at least, whatever retention says: budgets are of a day.
pub const SPENDING_KEPT: Duration = Duration::from_hours(48);

/// Rows of [`Store::spending`] at most.
pub const SPENDING_ROWS: usize = 2_000;

/// Mutes that can be in force at a time; one more is refused.
pub const MUTES_KEPT: u64 = 1_000;

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

    /// A process says that it is there, and hears what is ordered of it. One that has not said so for `gone_after` is not
    /// there any more.
    ///
    /// # Errors
    /// When the storage failed.
    async fn announce(&self, replica: &Replica, now: Timestamp, gone_after: Duration) -> Result<Orders, StoreError>;

    /// A process ends: it is not there any more, and leads nothing.
    ///
    /// # Errors
    /// When the storage failed.
    async fn leave(&self, id: &WorkerId) -> Result<(), StoreError>;

    /// The processes that are there, those that started first at the front; `draining` also for those that are ordered to.
    ///
    /// # Errors
    /// When the storage failed.
    async fn replicas(&self, now: Timestamp) -> Result<Vec<Replica>, StoreError>;

    /// The kill switch, if it is on.
    ///
    /// # Errors
    /// When the storage failed.
    async fn kill_switch(&self) -> Result<Option<Order>, StoreError>;

    /// Whether this process does now, alone among all, what is named: it takes it when nobody has it, and renews it when it
    /// has it itself, until `now + lease`. On an embedded store it always does.
    ///
    /// # Errors
    /// When the storage failed.
    async fn lead(&self, what: &str, id: &WorkerId, now: Timestamp, lease: Duration) -> Result<bool, StoreError>;

    /// Gives back what it led, so that another need not wait for the lease to end.
    ///
    /// # Errors
    /// When the storage failed.
    async fn resign(&self, what: &str, id: &WorkerId) -> Result<(), StoreError>;

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

    /// The thread that hangs on a message of a platform; the one opened first, should there be two (see [`Write::Sent`]).
    ///
    /// # Errors
    /// When the storage failed.
    async fn thread_at(&self, platform: &str, channel: &str, root: &MessageId) -> Result<Option<Thread>, StoreError>;

    /// What is remembered of a thread, oldest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn memory(&self, thread: ThreadId) -> Result<Vec<Redacted<Entry>>, StoreError>;

    /// The incident of a thread, the newest when there are several.
    ///
    /// # Errors
    /// When the storage failed.
    async fn incident_of(&self, thread: ThreadId) -> Result<Option<Incident>, StoreError>;

    /// Takes what was heard and is not handled, in the order it was heard, for as long as the lease: at most one of each
    /// [`Heard::lane`](crate::heard::Heard::lane) at a time, and none before an earlier one of its lane is handled. What
    /// another took and did not finish within its lease comes back.
    ///
    /// # Errors
    /// When the storage failed.
    async fn take_heard(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<DueHeard>, StoreError>;

    /// When the next of what was heard can be taken, or its lease ends; none when there is nothing to wait for. What waits
    /// for another one of its lane does not count.
    ///
    /// # Errors
    /// When the storage failed.
    async fn next_heard(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Mutes that have not ended, the oldest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn mutes(&self, now: Timestamp) -> Result<Vec<Mute>, StoreError>;

    /// What people think of a job's report, one entry for each of them, the oldest first.
    ///
    /// # Errors
    /// When the storage failed.
    async fn feedback(&self, job: JobId) -> Result<Vec<Feedback>, StoreError>;

    /// Takes messages that are due and not closed, for as long as the lease: the most urgent first; of one urgency new
    /// messages before edits; among new messages then the oldest; among edits the one whose message was sent or edited
    /// longest ago. A message that was never sent waits until every message written before it in its thread was sent or
    /// given up; edits wait for nothing but an earlier try of the same message. What another sender took and did not finish
    /// within its lease comes back as doubtful. What is closed hides nothing that is not.
    ///
    /// # Errors
    /// When the storage failed.
    async fn take_posts(
        &self,
        worker: &WorkerId,
        platform: &str,
        now: Timestamp,
        lease: Duration,
        share: Share,
        closed: &Closed,
    ) -> Result<Vec<DuePost>, StoreError>;

    /// When the next message of a platform is due that is not closed; none when there is none. Messages that wait for
    /// another one of their thread do not count, those under way count with the end of their lease.
    ///
    /// # Errors
    /// When the storage failed.
    async fn next_post(&self, platform: &str, closed: &Closed) -> Result<Option<Timestamp>, StoreError>;

    /// What a message says in its newest revision.
    ///
    /// # Errors
    /// When the storage failed.
    async fn post(&self, key: &PostKey) -> Result<Option<Redacted<PostBody>>, StoreError>;

    /// The same with its revision, for who changes a part of it: see [`Write::IfPost`].
    ///
    /// # Errors
    /// When the storage failed.
    async fn written(&self, key: &PostKey) -> Result<Option<(u64, Redacted<PostBody>)>, StoreError>;

    /// An artifact of a job by name.
    ///
    /// # Errors
    /// When the storage failed.
    async fn artifact(&self, job: JobId, name: &str) -> Result<Option<Artifact>, StoreError>;

    /// The artifacts of a job by name, without what they say.
    ///
    /// # Errors
    /// When the storage failed.
    async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError>;

    /// What was spent since a moment, that moment included: by one spender, or by all. The cost is the sum of those that
    /// are known, so at least so much; none when none is known.
    ///
    /// # Errors
    /// When the storage failed.
    async fn spent(&self, since: Timestamp, by: Option<&Spender>) -> Result<ModelUse, StoreError>;

    /// What was spent on a job; its cost as in [`Store::spent`].
    ///
    /// # Errors
    /// When the storage failed.
    async fn spent_on(&self, job: JobId) -> Result<ModelUse, StoreError>;

    /// What was spent since a moment, that moment included, by day of UTC, spender and model: the newest day first, then by
    /// spender and model, at most [`SPENDING_ROWS`] rows; of more than 50,000 spendings the newest ones may be all that counts. A cost is the sum of those that are known, none when none is.
    ///
    /// # Errors
    /// When the storage failed.
    async fn spending(&self, since: Timestamp) -> Result<Vec<DaySpend>, StoreError>;

    /// Reports in which every one of these words stands, or a longer one that begins with it: those first that say most of
    /// them, of equals the newest. Words are data: no sign in them means anything. Without a word nothing is found; of long
    /// questions the first [`WORDS`](crate::search::WORDS) words count, and at most [`FOUND`](crate::search::FOUND) reports
    /// are given.
    ///
    /// # Errors
    /// When the storage failed.
    async fn find_reports(&self, words: &str, limit: usize) -> Result<Vec<FoundReport>, StoreError>;

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

    /// Removes what has ended long ago: jobs; what was spent; incidents; threads that no job and no incident names; ids of what was heard
    /// and handled; marks of [`Write::Once`]; mutes. Never what lives, never what was heard and is not handled, never a
    /// message that is due, nothing of the audit trail. How many of these went.
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
