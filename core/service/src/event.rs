//! What happens inside a job while it runs, one line at a time: what `midwatch jobs logs` shows and `jobs watch` follows.
//!
//! Not the history of its states (that is [`Transition`](crate::job::Transition)), and nothing that a decision stands on: an
//! event that is lost with a process costs a line of a log and no job. `queue` and `followers` are what every log of them
//! has inside. Start at [`JobEvent`].

use jiff::Timestamp;
use midwatch_agent::request::Step;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};

mod followers;
mod queue;

pub use self::followers::Followers;
pub use self::queue::{BATCH, Batch, Batches, Entry, Queue, WAITING, queue};

/// Events that are kept of one job; the oldest beyond them go, not always at once: a log may hold a hundredth more.
pub const EVENTS_KEPT: usize = 10_000;

/// Events in one page at most.
pub const PAGE: usize = 500;

/// How much an event matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What goes as it should.
    #[default]
    Info,
    /// What somebody may want to look at.
    Warn,
    /// What went wrong.
    Error,
}

/// Something that happened inside a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEvent {
    /// When.
    pub at: Timestamp,
    /// In which attempt, from 1.
    pub attempt: u32,
    /// How much it matters.
    pub level: Level,
    /// In which step of the investigation, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// In a line.
    pub text: String,
}

impl Level {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

impl Redact for JobEvent {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
    }
}

/// Where an event stands in the log of its job: opaque, and later ones come after earlier ones as the log gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Where it stands.
    pub cursor: Cursor,
    /// What happened.
    pub event: Redacted<JobEvent>,
}
