//! A job: the durable unit of work. Data only; who moves it from state to state is the worker, and the store keeps count.
//!
//! Must never hold what only one process knows. Start at [`Job`].

pub mod life;

use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::Request;
use midwatch_conversation::question::Question;
use midwatch_diagnosis::verdict::Verdict;
use serde::{Deserialize, Serialize};

use crate::code::ErrorCode;
use crate::id::{ArtifactId, IncidentId, JobId, ThreadId, WorkerId};

/// Workers that may vanish with one job in their hands. Restarts and evictions are no fault of the job, so they do not use
/// up its attempts; but one that brings its worker down each time must not do so for ever.
pub const LOST_ALLOWED: u32 = 10;

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for a slot, or for its next attempt.
    Pending,
    /// Leased; sources are being opened.
    Initializing,
    /// Investigates.
    Running,
    /// Waits for a person's approval.
    AwaitingApproval,
    /// Has its report; posts are being written.
    Completing,
    /// Ended in a report.
    Completed,
    /// Ended without one; the error says why.
    Failed,
    /// The deadline passed; the report holds what was found by then.
    Timeout,
    /// Stopped by a person or by a pack that was disabled.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [JobState; 9] = [
        JobState::Pending,
        JobState::Initializing,
        JobState::Running,
        JobState::AwaitingApproval,
        JobState::Completing,
        JobState::Completed,
        JobState::Failed,
        JobState::Timeout,
        JobState::Cancelled,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Pending => "pending",
            JobState::Initializing => "initializing",
            JobState::Running => "running",
            JobState::AwaitingApproval => "awaiting_approval",
            JobState::Completing => "completing",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
            JobState::Timeout => "timeout",
            JobState::Cancelled => "cancelled",
        }
    }

    /// Whether it has ended.
    pub fn is_final(self) -> bool {
        matches!(self, JobState::Completed | JobState::Failed | JobState::Timeout | JobState::Cancelled)
    }

    /// Whether a worker holds it.
    pub fn is_leased(self) -> bool {
        matches!(self, JobState::Initializing | JobState::Running | JobState::Completing)
    }
}

impl std::str::FromStr for JobState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        JobState::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// Which job is taken first. Within one priority the oldest is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Schedules, alerts of severity `info`.
    Low,
    /// Most alerts.
    #[default]
    Normal,
    /// A person waits, or the alert is critical.
    High,
}

/// Who asked: a person, a program, a webhook. Every permission is decided on this.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// Where they are known: `api`, `webhook`, `terminal`, `slack`, `discord`.
    pub platform: String,
    /// The workspace or server, where the platform has them.
    #[serde(default)]
    pub workspace: Option<String>,
    /// The user, the API key's name, the webhook's source.
    pub user: String,
    /// Groups and roles of the user, as the platform calls them.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The channel they spoke in.
    #[serde(default)]
    pub channel: Option<String>,
}

/// Where a job came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who asked.
    pub actor: Actor,
    /// The request's id, which every log line of the job carries.
    pub request_id: String,
}

/// The pack a job runs by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackRef {
    /// Its name.
    pub name: String,
    /// Its version when the job was accepted.
    pub version: String,
}

/// What a job is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
pub enum Task {
    /// Investigate, and end in a report.
    #[default]
    Investigate,
    /// Answer a question about what was investigated, with new reads.
    FollowUp {
        /// What is asked.
        asked: Question,
        /// The job whose report it is about.
        about: Option<JobId>,
    },
    /// Let a language model answer a question in free words.
    Ask {
        /// The words.
        words: String,
        /// The job whose report it is about.
        about: Option<JobId>,
        /// Nobody was addressed: people may be talking to each other. What goes wrong is not told then.
        #[serde(default)]
        in_passing: bool,
    },
}

/// A job as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// Its id, made by whoever hands it in, so that posts can name it in the same write.
    pub id: JobId,
    /// What to do.
    #[serde(default)]
    pub task: Task,
    /// What to investigate; for a follow-up, what was investigated.
    pub request: Request,
    /// In which cluster; the only one, or the default one, when none is named.
    pub cluster: Option<String>,
    /// How.
    pub pack: PackRef,
    /// How urgent.
    pub priority: Priority,
    /// Who asked.
    pub origin: Origin,
    /// Where the answer goes; none when only the API waits for it.
    pub thread: Option<ThreadId>,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// While a live job has the same key, this one is not taken: the caller gets the id of that one.
    pub dedup: Option<String>,
    /// Time from its start to its end.
    pub deadline: Duration,
    /// Attempts in all, the first one counted. At least 1.
    pub max_attempts: u32,
    /// When it was accepted.
    pub created_at: Timestamp,
}

/// Why a job failed, for the person and for a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// The code.
    pub code: ErrorCode,
    /// What happened and what to do next. Redacted by whoever makes it.
    pub message: String,
}

/// Who holds a job, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseInfo {
    /// The worker.
    pub worker: WorkerId,
    /// When the lease ends if it is not renewed.
    pub until: Timestamp,
}

/// A request to stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Who.
    pub by: Actor,
    /// Why, for the thread.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What came out, in a line; the report itself is an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobResult {
    /// The verdict.
    pub verdict: Verdict,
    /// In one sentence. Redacted.
    pub headline: String,
    /// The report's artifact.
    pub report: ArtifactId,
}

/// A job as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What was handed in.
    #[serde(flatten)]
    pub spec: NewJob,
    /// Where it is.
    pub state: JobState,
    /// Attempts that were begun, without those whose worker vanished.
    pub attempts: u32,
    /// Attempts whose worker vanished: killed, cut off, or brought down by this very job.
    #[serde(default)]
    pub lost: u32,
    /// Not before this moment.
    pub run_at: Timestamp,
    /// When the current or last attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Who holds it.
    pub lease: Option<LeaseInfo>,
    /// Grows with every lease; a write that names an older one is refused.
    pub fence: u64,
    /// Someone wants it to stop.
    pub cancel: Option<Cancel>,
    /// Why it failed, at its last attempt or for good.
    pub error: Option<JobError>,
    /// What came out.
    pub result: Option<JobResult>,
    /// It failed for good and waits for a person: a dead letter.
    pub dead: bool,
}

/// One step in a job's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// From; none for the first.
    pub from: Option<JobState>,
    /// To.
    pub to: JobState,
    /// Which attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// Who moved it; none when no worker did.
    pub worker: Option<WorkerId>,
    /// Why.
    pub reason: String,
}

/// The right to work on a job: every write about it shows this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The worker that holds it.
    pub worker: WorkerId,
    /// The fence at the time it was leased.
    pub fence: u64,
}

/// A job that was leased.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    /// The job, already `initializing`.
    pub job: Job,
    /// The right to work on it.
    pub lease: Lease,
}
