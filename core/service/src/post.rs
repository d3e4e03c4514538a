//! What is said in a thread: values of the domain, rendered by each platform in its own way.
//!
//! Must never hold anything that only one platform understands, nor text that did not pass the redactor once it is in the
//! outbox (which takes [`Redacted`] only). Start at [`PostBody`].

use midwatch_agent::request::{Progress, RunFacts};
use midwatch_conversation::answer::Answer;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};

use crate::id::{JobId, PostKey, ThreadId};
use crate::incident::StormRow;

/// Alerts that an opening shows; more are counted.
pub const ALERTS_SHOWN: usize = 10;

/// The first message of a thread: what started it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// For a person: `KubePodCrashLooping shop`.
    pub title: String,
    /// Who asked, when a person or a program did.
    pub asked_by: Option<String>,
    /// The words of the question.
    pub question: Option<String>,
    /// The alerts, at most [`ALERTS_SHOWN`].
    pub alerts: Vec<Alert>,
    /// How many more there are.
    pub more: u64,
    /// The thread of an earlier incident of the same key, for a link.
    pub previous: Option<ThreadId>,
}

/// How an incident or a question stands, in the message that is edited in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum LivingStatus {
    /// Accepted, waits for a slot.
    #[default]
    Queued,
    /// Under way.
    Investigating,
    /// The report is there.
    Reported {
        /// Its verdict.
        verdict: Verdict,
        /// In one sentence.
        headline: String,
    },
    /// There is no report, and why.
    Failed {
        /// The code, and the words for the person.
        why: String,
    },
    /// Stopped, by whom and why.
    Cancelled {
        /// The words for the thread.
        why: String,
    },
}

/// How its alerts stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsNow {
    /// Alerts that fire.
    pub firing: u64,
    /// Alerts that are resolved.
    pub resolved: u64,
    /// Deliveries that brought nothing new.
    pub repeats: u64,
    /// How often it was reopened.
    pub reopened: u32,
    /// Set when all are resolved: how long the incident lasted, as a person says it.
    pub resolved_after: Option<String>,
}

/// The one message of an incident that is edited in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivingMessage {
    /// What is looked at: `Deployment shop/checkout, prod-eu`.
    pub title: String,
    /// The job it tells of, for its buttons.
    #[serde(default)]
    pub job: Option<JobId>,
    /// How the investigation stands.
    #[serde(flatten)]
    pub status: LivingStatus,
    /// Its steps so far.
    pub steps: Vec<Progress>,
    /// Warnings: 80 % of the deadline, an attempt that failed and comes again.
    pub notes: Vec<String>,
    /// The alerts; none when a person asked.
    pub alerts: Option<AlertsNow>,
}

/// The summary of a storm, edited in place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormTable {
    /// The largest rows.
    pub rows: Vec<StormRow>,
    /// Rows and alerts beyond those shown.
    pub beyond: u64,
    /// Alerts received in all.
    pub received: u64,
    /// Alerts that fire now.
    pub firing: u64,
    /// Set when all are resolved.
    pub resolved_after: Option<String>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PostBody {
    /// The root of a thread.
    Opening(Opening),
    /// The message that is edited in place.
    Living(LivingMessage),
    /// The report.
    Report {
        /// The job that made it.
        job: JobId,
        /// The report.
        report: Box<Report>,
        /// The footer.
        run: RunFacts,
        /// It may have been sent before, and the platform cannot tell: said to the reader.
        #[serde(default)]
        may_be_repeated: bool,
    },
    /// A storm's table.
    Storm(StormTable),
    /// A line of the program itself: a resolve, a stop, a refusal.
    Notice {
        /// The words.
        text: String,
    },
    /// An answer to a question or a command, for all who follow the thread.
    Answer {
        /// What it says.
        answer: Answer,
        /// It may have been sent before, and the platform cannot tell: said to the reader.
        #[serde(default)]
        may_be_repeated: bool,
    },
    /// An answer that one person sees. Sent at most once: no platform can tell what became of it.
    Private(Private),
}

/// An answer for one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// Who, by the platform's id.
    pub to: String,
    /// The platform's handle for the reply, where the person gave one by what they did.
    pub reply: Option<String>,
    /// What it says.
    pub answer: Answer,
}

/// Which message goes first when the channel is slow: smaller is sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// The root of a thread: everything else hangs on it.
    Opening,
    /// A report.
    Report,
    /// A notice or an answer.
    Notice,
    /// A verdict in a living message.
    Finding,
    /// Progress: the newest state wins, older ones are never sent.
    Progress,
}

/// A message, or a newer revision of one.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPost {
    /// Which message. The same key again replaces what it says: before it was sent nothing of the old is sent, afterwards
    /// the message is edited. A body equal to the last one changes nothing.
    pub key: PostKey,
    /// Its thread.
    pub thread: ThreadId,
    /// How urgent it is. While an earlier revision waits, the more urgent of both counts: news must not put off a verdict.
    pub urgency: Urgency,
    /// What it says.
    pub body: Redacted<PostBody>,
}

impl Redact for PostBody {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            PostBody::Opening(opening) => opening.redact(redactor),
            PostBody::Living(living) => living.redact(redactor),
            PostBody::Report { report, .. } => report.redact(redactor),
            PostBody::Storm(table) => table.rows.redact(redactor),
            PostBody::Notice { text } => text.redact(redactor),
            PostBody::Answer { answer, .. } | PostBody::Private(Private { answer, .. }) => answer.redact(redactor),
        }
    }
}

impl Redact for Opening {
    fn redact(&mut self, redactor: &Redactor) {
        self.title.redact(redactor);
        self.asked_by.redact(redactor);
        self.question.redact(redactor);
        self.alerts.redact(redactor);
    }
}

impl Redact for LivingMessage {
    fn redact(&mut self, redactor: &Redactor) {
        self.title.redact(redactor);
        self.status.redact(redactor);
        self.steps.redact(redactor);
        self.notes.redact(redactor);
    }
}

impl Redact for LivingStatus {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            LivingStatus::Queued | LivingStatus::Investigating => {}
            LivingStatus::Reported { headline: text, .. }
            | LivingStatus::Failed { why: text }
            | LivingStatus::Cancelled { why: text } => text.redact(redactor),
        }
    }
}

impl Redact for StormRow {
    fn redact(&mut self, redactor: &Redactor) {
        self.alert.redact(redactor);
        self.namespace.redact(redactor);
    }
}
