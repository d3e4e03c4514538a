//! What the store answers, and what it is asked with.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;

use crate::heard::Heard;
use crate::id::{IncidentId, JobId, MessageId, PostKey, ThreadId};
use crate::job::{Cancel, JobState};
use crate::post::{PostBody, Urgency};
use crate::thread::Thread;

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
    /// How urgent it is.
    pub urgency: Urgency,
    /// Since when it is due.
    pub due_at: Timestamp,
    /// The message to edit; none when it was never sent.
    pub message: Option<MessageId>,
    /// Tries of this revision before this one.
    pub tries: u32,
    /// It may have been sent already (an earlier try ended unknown, or its sender died): look it up first. What is found
    /// may show an older revision: edit it, then say [`Write::Sent`](super::Write::Sent).
    pub doubtful: bool,
}

/// The right to handle something that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardLease {
    /// Which: `Heard::id`.
    pub id: String,
    /// Grows each time it is taken.
    pub fence: u64,
}

/// Something that was heard and is to be handled.
#[derive(Clone, Debug)]
pub struct DueHeard {
    /// The right to handle it.
    pub taken: HeardLease,
    /// What was heard.
    pub heard: Redacted<Heard>,
    /// Tries before this one.
    pub tries: u32,
}

/// Which messages a platform takes none of now, because a limit of its own is reached. A
/// [`PostBody::Private`](crate::post::PostBody::Private) is a new message each time, never an edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// No new messages, in any channel.
    pub posts: bool,
    /// No edits, in any channel.
    pub edits: bool,
    /// No edits of urgency `progress`: what is left of the budget is for what matters more.
    pub progress: bool,
    /// No new messages in these channels.
    pub post_channels: BTreeSet<String>,
    /// No edits in these channels.
    pub edit_channels: BTreeSet<String>,
}

/// How much is taken at a time.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// In all.
    pub all: usize,
    /// New messages of each channel.
    pub of_channel: usize,
    /// Edits.
    pub edits: usize,
}

impl Share {
    /// So many in all, from wherever they are.
    pub fn any(limit: usize) -> Self {
        Self { all: limit, of_channel: limit, edits: limit }
    }
}

/// An artifact without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactInfo {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// When it was made.
    pub at: Timestamp,
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
    /// Of this thread.
    pub thread: Option<ThreadId>,
    /// Older than this one: the next page.
    pub before: Option<JobId>,
    /// At most this many; the store gives 500 at most.
    pub limit: usize,
}

/// How long what has ended is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Ended jobs with their history, artifacts and feedback; ids of what was handled; marks of what happened once.
    pub jobs: Duration,
    /// Closed incidents, their threads and messages; mutes that ended.
    pub incidents: Duration,
    /// How many of these are removed in one sweep at most, all kinds together; what belongs to them goes with them.
    pub batch: usize,
}
