//! What is asked, within which bounds, and what is answered while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::detect::Detectors;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::report::Report;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};

/// How thorough an investigation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Objects, events, and the logs of what fails.
    Quick,
    /// Also the logs of what was asked about, and of what it depends on.
    #[default]
    Standard,
    /// Also the logs of every workload of the namespaces in scope.
    Deep,
}

/// A question or an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// A target (`checkout`, `deploy/checkout`, `shop/checkout`, `node/worker-1`) or free text.
    pub text: Option<String>,
    /// The namespace to look in.
    pub namespace: Option<String>,
    /// The alerts that started it.
    pub alerts: Vec<Alert>,
    /// "Now"; without it, the newest time in the evidence.
    pub as_of: Option<Timestamp>,
    /// How far back to look.
    pub lookback: SignedDuration,
    /// How thorough to be.
    pub depth: Depth,
}

impl Redact for Request {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
        self.namespace.redact(redactor);
        self.alerts.redact(redactor);
    }
}

/// Bounds of one investigation. Every loop and wait in the engine ends at one of them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Reads at the same time.
    pub parallel_reads: usize,
    /// Reads in all.
    pub max_reads: usize,
    /// Time for all reads together; what is read by then is judged.
    pub deadline: Duration,
    /// Pods of one workload whose logs are read.
    pub pods_per_workload: usize,
    /// Whether logs of previous runs are read.
    pub previous_logs: bool,
    /// How much of one log is read.
    pub log_caps: LogCaps,
    /// What is read besides the cluster's own API. All of it by default.
    pub sources: BTreeSet<SourceKind>,
    /// Which detectors run. All of them by default; the report says which did not.
    pub detectors: Detectors,
}

/// How much of one log is read; none: as much as the source reads by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogCaps {
    /// Lines from its end, more or fewer than the source reads by itself.
    pub lines: Option<u32>,
    /// Bytes; never more than the source allows.
    pub bytes: Option<u64>,
}

/// A kind of evidence source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Objects, events, logs: no investigation goes without them.
    Kubernetes,
    /// Metrics.
    Prometheus,
    /// What else fires.
    Alertmanager,
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [SourceKind; 3] = [SourceKind::Kubernetes, SourceKind::Prometheus, SourceKind::Alertmanager];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::Kubernetes => "kubernetes",
            SourceKind::Prometheus => "prometheus",
            SourceKind::Alertmanager => "alertmanager",
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            parallel_reads: 5,
            max_reads: 400,
            deadline: Duration::from_mins(2),
            pods_per_workload: 3,
            previous_logs: true,
            log_caps: LogCaps::default(),
            sources: SourceKind::ALL.into(),
            detectors: Detectors::default(),
        }
    }
}

/// The steps of an investigation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// What is it about?
    Scope,
    /// Objects and events.
    Objects,
    /// Logs.
    Logs,
    /// Detect, link, judge.
    Verdict,
    /// A language model looks further.
    Model,
}

impl Step {
    /// The steps that every investigation takes.
    pub const ALL: [Step; 4] = [Step::Scope, Step::Objects, Step::Logs, Step::Verdict];

    /// The steps to show: those of every investigation, and a language model's once it was begun.
    pub fn shown<'a>(begun: impl IntoIterator<Item = &'a Progress>) -> impl Iterator<Item = Step> {
        let model = begun.into_iter().any(|progress| progress.step == Step::Model).then_some(Step::Model);
        Step::ALL.into_iter().chain(model)
    }

    /// What the step does, before it has anything to say.
    pub fn title(self) -> &'static str {
        match self {
            Step::Scope => "scope: what is it about",
            Step::Objects => "read objects and events",
            Step::Logs => "read logs",
            Step::Verdict => "detect, link causes, verdict",
            Step::Model => "a language model looks further",
        }
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Under way.
    InProgress,
    /// Done.
    Complete,
    /// Done as far as possible: some of it could not be read.
    Partial,
}

/// What happened, for whoever watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Which step.
    pub step: Step,
    /// How far it is.
    pub state: StepState,
    /// What it says: `read 3 pods, 41 events`.
    pub text: String,
}

impl Redact for Progress {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
    }
}

/// What an investigation gives.
#[derive(Debug)]
pub struct Outcome {
    /// The report, redacted.
    pub report: Redacted<Report>,
    /// What belongs to the run and not to the finding.
    pub run: RunFacts,
    /// The deadline cut reads off: the report holds what was found by then.
    pub cut_short: bool,
    /// What was read, for the audit trail.
    pub read: Redacted<ReadSummary>,
    /// What hid the secrets, with those it learned: whoever reads on in the same cluster goes on with it.
    pub redactor: Redactor,
}

/// What was read: how many reads of each kind succeeded, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSummary {
    /// Reads by what they asked for: `pods`, `events`, `logs`.
    pub kinds: BTreeMap<String, u64>,
    /// The namespaces they were made in; reads over all namespaces and of cluster-scoped kinds are in none.
    pub namespaces: BTreeSet<String>,
}

impl ReadSummary {
    /// Counts a read that succeeded.
    pub fn count(&mut self, probe: &Probe) {
        let (kind, namespace) = match probe {
            Probe::Objects { kind, namespace } => (kind.plural(), namespace.as_ref()),
            Probe::Log { of, .. } | Probe::Lines { of, .. } => ("logs".to_owned(), Some(&of.namespace)),
            Probe::Rules { .. } => ("rules".to_owned(), None),
            Probe::Metric(_) => ("metrics".to_owned(), None),
        };
        *self.kinds.entry(kind).or_default() += 1;
        self.namespaces.extend(namespace.cloned());
    }
}

impl fmt::Display for ReadSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, reads)| format!("{kind} {reads}")).collect();
        let places: Vec<&str> = self.namespaces.iter().map(String::as_str).collect();
        let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
        write!(f, "reads: {}; namespaces: {}", or_none(kinds.join(", ")), or_none(places.join(", ")))
    }
}

impl Redact for ReadSummary {
    fn redact(&mut self, redactor: &Redactor) {
        self.kinds.redact(redactor);
        let mut places: Vec<String> = std::mem::take(&mut self.namespaces).into_iter().collect();
        places.redact(redactor);
        self.namespaces.extend(places);
    }
}

/// Facts of one run, for the footer of a rendering. Never part of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// How long it took.
    pub elapsed: Duration,
    /// Reads that were made.
    pub reads: usize,
    /// Bytes that were read.
    pub bytes: u64,
    /// What a language model took; none when none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelUse>,
}

/// What a language model took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUse {
    /// Requests to it.
    pub requests: u32,
    /// Calls of tools that it asked for.
    pub calls: u32,
    /// Tokens sent, those from the provider's cache included.
    pub input: u64,
    /// Tokens answered.
    pub output: u64,
    /// Tokens of `input` that the provider had in its cache.
    pub cached: u64,
    /// What it cost in millionths of a US dollar; none where no price is configured.
    pub micro_usd: Option<u64>,
}

impl ModelUse {
    /// Both together. A cost that is known of one side only is no known cost, unless the other side took nothing.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let none = Self::default();
        let micro_usd = match (self.micro_usd, other.micro_usd) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (cost, None) if other == none => cost,
            (None, cost) if self == none => cost,
            _ => None,
        };
        Self {
            requests: self.requests.saturating_add(other.requests),
            calls: self.calls.saturating_add(other.calls),
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cached: self.cached.saturating_add(other.cached),
            micro_usd,
        }
    }

    /// Both directions.
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// A plan: what would be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is about, as far as known without reading.
    pub about: String,
    /// The source.
    pub source: String,
    /// Reads with the reason for each.
    pub reads: Vec<PlannedRead>,
    /// What is decided only after these reads.
    pub then: Vec<String>,
}

/// One read of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRead {
    /// What.
    pub probe: Probe,
    /// Why.
    pub why: &'static str,
}

impl Redact for Plan {
    fn redact(&mut self, redactor: &Redactor) {
        self.about.redact(redactor);
        self.source.redact(redactor);
        self.then.redact(redactor);
    }
}

/// Why there is no report. The words are for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum NoReport {
    /// The question fits several things.
    #[error("`{asked}` fits several things; say which")]
    Ambiguous {
        /// What was asked.
        asked: String,
        /// What it fits, in order.
        candidates: Vec<EntityRef>,
    },
    /// The question fits nothing.
    #[error("nothing here is called `{asked}`")]
    NoMatch {
        /// What was asked.
        asked: String,
        /// What comes nearest.
        nearest: Vec<EntityRef>,
    },
    /// The source could not even be listed.
    #[error("the evidence cannot be read: {0}")]
    Unreadable(ReadFailure),
    /// The deadline passed before it was known what the question is about.
    #[error("the deadline passed before it was known what this is about; ask again, or give it more time")]
    TooLate,
}

impl Redact for NoReport {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            NoReport::Ambiguous { asked, candidates } | NoReport::NoMatch { asked, nearest: candidates } => {
                asked.redact(redactor);
                candidates.redact(redactor);
            }
            NoReport::Unreadable(_) | NoReport::TooLate => {}
        }
    }
}
