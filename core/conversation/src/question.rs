//! Follow-up questions that are understood without a model.
//!
//! Start at [`Question`].

use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};

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

/// A follow-up question.
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
    },
    /// `status`, `how is it going?`.
    Status,
    /// `stop`.
    Stop,
}
