//! What can be written: the parts of a commit. Start at [`Write`].

use jiff::Timestamp;
use midwatch_redact::Redacted;

use super::{HeardLease, PostLease};
use crate::audit;
use crate::fleet::Order;
use crate::heard::Heard;
use crate::id::{ArtifactId, JobId, MessageId, MuteId, PostKey, WorkerId};
use crate::incident::Incident;
use crate::job::{Actor, Cancel, JobError, JobResult, JobState, Lease, NewJob};
use crate::mute::Mute;
use crate::post::NewPost;
use crate::search::Findable;
use crate::spend::Spend;
use crate::thread::{NewEntry, Thread};

/// One part of a write. All parts of one `Store::commit` happen together or not at all.
#[derive(Clone, Debug)]
pub enum Write {
    /// Hands in a job. While a live job has the same dedup key the whole commit fails with `CommitError::Duplicate`, so
    /// that nothing is written about a job that is not there.
    Enqueue {
        /// The job.
        job: Box<NewJob>,
        /// Live jobs there may be, this one counted; more are refused with `CommitError::Full`. None: no bound.
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
    /// A dead letter is tried again from the first attempt; anything else is `CommitError::NotAllowed`.
    Replay {
        /// Which.
        job: JobId,
        /// Who, for the history.
        by: Actor,
    },
    /// A dead letter is put away: it stays among the jobs that failed, and nobody has to look at it any more. Anything else
    /// is `CommitError::NotAllowed`.
    Discard {
        /// Which.
        job: JobId,
        /// Who, for the history.
        by: Actor,
    },
    /// Writes an incident. Its `revision` is the one that was read (0 for a new one); the store keeps it increased by one,
    /// or refuses the commit with `CommitError::Stale` when another writer was first, or when a key of it belongs to
    /// another incident that is not closed.
    Incident(Box<Incident>),
    /// Opens a thread; once only, a second time changes nothing. While another thread has the same root, it is
    /// `CommitError::Stale`: `Store::thread_at` gives that one.
    OpenThread(Thread),
    /// Remembers something in a thread; the oldest entries beyond the bound go.
    Remember(NewEntry),
    /// The whole commit is `CommitError::Stale` unless this message is at this revision now (none: it was never written).
    /// Stands before the `Post` of who read it, changed a part of it, and writes it back.
    IfPost {
        /// Which message.
        key: PostKey,
        /// The revision that was read.
        revision: Option<u64>,
    },
    /// Writes a message, or a newer revision of one.
    Post(NewPost),
    /// A message was sent or edited: it is now at this revision. The first message of a thread without a root becomes it,
    /// even if another thread was hung on that message before its sender could tell: it has been sent, so this is never
    /// refused. Not so a [`PostBody::Private`](crate::post::PostBody::Private): nothing can hang on what one person sees.
    Sent {
        /// The right to: what `Store::take_posts` gave.
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
    Artifact(Artifact),
    /// Adds to the audit trail; sealed by the store in the order of its commits.
    Audit(audit::Entry),
    /// Hears something. The same `Heard::id` again changes nothing, whether it was handled or not, until retention removes
    /// it. While `bound` or more wait to be handled it is `CommitError::Full`.
    Hear {
        /// What, redacted.
        heard: Redacted<Heard>,
        /// How many may wait.
        bound: u64,
    },
    /// What was heard is handled: it is remembered by its id alone. `CommitError::HeardLost` when the right to it was lost.
    Handled(HeardLease),
    /// What was heard could not be handled now.
    NotHandled {
        /// The right to.
        taken: HeardLease,
        /// When to try again.
        again: Timestamp,
        /// Why, for the operator.
        why: String,
    },
    /// Something that must happen once only. When it happened before, the whole commit is refused with
    /// `CommitError::Already`, which says who it was. Kept for as long as ended jobs are.
    Once {
        /// What: `again:JOB`.
        key: String,
        /// Who, for a person.
        by: String,
    },
    /// Mutes alerts; the same id again replaces it. While [`MUTES_KEPT`](super::MUTES_KEPT) others are in force it is
    /// `CommitError::NotAllowed`.
    Mute(Mute),
    /// Ends a mute; one that has ended stays as it is.
    Unmute(MuteId),
    /// What someone thinks of a report; the last word of each counts. Who they are is told by platform, workspace and user.
    Feedback(Feedback),
    /// Something was spent; the same [`Spend::id`](crate::spend::Spend::id) again changes nothing. Kept as ended jobs are,
    /// but for two days at least: the budget of a day stands on it.
    Spent(Spend),
    /// Makes a report findable; a newer one of the same job replaces it. It goes with its job.
    Findable(Redacted<Findable>),
    /// Orders a process to drain, or lifts that. `CommitError::NotFound` when it is not there.
    Drain {
        /// Which.
        replica: WorkerId,
        /// The order; none lifts it.
        order: Option<Order>,
    },
    /// Turns the kill switch on, or off with none.
    Kill(Option<Order>),
    /// Switches a pack on or off.
    Pack {
        /// Its name.
        name: String,
        /// Whether it is on.
        enabled: bool,
    },
}

/// What someone thinks of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Of which job.
    pub job: JobId,
    /// Who.
    pub by: Actor,
    /// Whether it helped.
    pub helpful: bool,
    /// When.
    pub at: Timestamp,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum JobOutcome {
    /// In a report.
    Completed(JobResult),
    /// In an answer, which is an artifact: state `completed`, without a result.
    Answered,
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
    /// It was not tried, for the platform's pace did not let it pass; from this moment on it is due as if it had never been
    /// taken: that counts as no try, and what was in doubt still is.
    Untried(Timestamp),
    /// It surely was not; try again at this moment.
    Again(Timestamp),
    /// It may have been; look it up at this moment before anything else is sent in its thread.
    LookUp(Timestamp),
    /// Give up: nothing more is tried for this revision. Later messages of the thread go on, and a newer revision is
    /// tried.
    GiveUp,
}

/// Something a job read or made.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Its id.
    pub id: ArtifactId,
    /// Of which job.
    pub job: JobId,
    /// `report`, `request`, `log`; one job has at most one of each name, a newer one replaces it.
    pub name: String,
    /// Its media type: `application/json`.
    pub media_type: String,
    /// What it says, at most `ARTIFACT_CAP` bytes; more is refused with `CommitError::TooLarge`.
    pub text: Redacted<String>,
    /// When it was made.
    pub at: Timestamp,
}
