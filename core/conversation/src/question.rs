//! Follow-up questions that are understood without a model.
//!
//! People talk to each other in the threads where these are asked, so a sentence is understood as a whole or not at all: a
//! word that no form has a place for makes it chatter. Must never guess. Start at [`understand`].

use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};

mod cursor;
mod fixed;
mod logs;
mod name;
mod objects;
mod phrase;
mod understood;
mod when;

pub use understood::understood;

use phrase::phrase;

/// A moment in the past, as a person says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// So long ago: `1h`, `yesterday`.
    Ago(SignedDuration),
    /// The last time the clock showed this, in UTC: `at 14:00`.
    Clock(civil::Time),
    /// Exactly.
    At(Timestamp),
}

/// Which log lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    /// Of what: a pod, a workload; what the thread is about when none is named.
    pub target: Option<String>,
    /// The container.
    pub container: Option<String>,
    /// The run before the last restart.
    pub previous: bool,
    /// From then on.
    pub since: Option<When>,
    /// Only lines with these words, in any case.
    pub grep: Option<String>,
    /// How many, from the end.
    pub lines: Option<u32>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Memory in use.
    Memory,
    /// CPU, and how much of it is withheld.
    Cpu,
    /// How often containers restarted.
    Restarts,
}

/// A follow-up question. A target is a name, `kind/name` or `namespace/name`, in lower case and as it was typed: whether
/// there is such a thing is not known here. None is what the thread is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "question")]
pub enum Question {
    /// `logs of checkout`, `show me the logs of the previous container`.
    Logs(Logs),
    /// `events`, `events of checkout`.
    Events {
        /// Of what.
        target: Option<String>,
    },
    /// `describe deploy/checkout`.
    Describe {
        /// What.
        target: Option<String>,
    },
    /// `what changed since yesterday?`.
    Changed {
        /// Of what.
        target: Option<String>,
        /// Since then.
        since: Option<When>,
    },
    /// `why?`, `why do you think so?`: the chain with its evidence.
    Why,
    /// `why not the node?`, `why do you rule out memory?`.
    WhyNot {
        /// What is ruled out; all of it when nothing is named.
        what: Option<String>,
    },
    /// `compare with 14:00`, `compare with yesterday`.
    Compare {
        /// With then.
        with: When,
    },
    /// `who else is hit?`, `is eu-west hit as well?`.
    WhoElse {
        /// A place that is asked about: a cluster, a namespace.
        place: Option<String>,
    },
    /// `what should I do?`, `next steps`.
    NextSteps,
    /// `metrics of checkout`, `memory of checkout`.
    Metrics {
        /// Of what.
        target: Option<String>,
        /// Which; all of them when none is named.
        #[serde(default)]
        what: Option<Metric>,
    },
    /// `timeline`, `when did it start?`.
    Timeline,
    /// `status`, `how is it going?`.
    Status,
    /// `stop`.
    Stop,
}

impl Question {
    /// Whether something has to be read for the answer; the others are answered from the report and the job.
    pub fn needs_reads(&self) -> bool {
        match self {
            Question::Logs(_)
            | Question::Events { .. }
            | Question::Describe { .. }
            | Question::Changed { .. }
            | Question::Compare { .. }
            | Question::Metrics { .. } => true,
            // Whether another place is hit is not in the report of this one.
            Question::WhoElse { place } => place.is_some(),
            Question::Why
            | Question::WhyNot { .. }
            | Question::NextSteps
            | Question::Timeline
            | Question::Status
            | Question::Stop => false,
        }
    }
}

/// The question in a sentence; none when it is anything else. At most `phrase::LONGEST` characters are a question.
pub fn understand(text: &str) -> Option<Question> {
    let words = phrase(text)?;
    fixed::read(&words).or_else(|| logs::read(&words)).or_else(|| objects::read(&words))
}

#[cfg(test)]
mod tests;
