//! The report: one value, rendered for every place it is shown.
//!
//! Start at [`compose`]. A [`Claim`] can only be made with evidence that the [`Ledger`] holds, so a report cannot
//! cite what does not exist. What belongs to the run and not to the finding (elapsed time, reads, bytes) is not here.

use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::entity::EntityRef;
use crate::evidence::{Evidence, Excerpt};
use crate::finding::Confidence;
use crate::verdict::Verdict;

mod compose;
mod gaps;
mod impact;
mod model;
mod stored;
mod timeline;

pub use compose::compose;
pub use gaps::{of_kinds as gaps_of_kinds, of_log as gap_of_log};
pub use model::{Cited, Concluded, Heard, Judgement, ModelView, Opinion, Says, Stance};

/// The number of a piece of evidence in its report, from 1: `e1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvidenceId(u32);

impl EvidenceId {
    /// The number of the piece at this place, counted from 0.
    pub fn at(index: usize) -> Self {
        EvidenceId(u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX))
    }
}

impl std::fmt::Display for EvidenceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// Reads `e3`, `E3`, `3`.
impl std::str::FromStr for EvidenceId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text.strip_prefix(['e', 'E']).unwrap_or(text);
        number.parse().map(EvidenceId).map_err(|_| ())
    }
}

/// The evidence of one report, numbered in the order in which it is first cited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pieces: Vec<Evidence>,
}

impl Ledger {
    /// The number of a piece of evidence; the same piece keeps its number.
    pub fn cite(&mut self, evidence: &Evidence) -> EvidenceId {
        let index = self.pieces.iter().position(|e| e == evidence).unwrap_or_else(|| {
            self.pieces.push(evidence.clone());
            self.pieces.len() - 1
        });
        EvidenceId::at(index)
    }

    /// A piece by its number.
    pub fn get(&self, id: EvidenceId) -> Option<&Evidence> {
        self.pieces.get((id.0 as usize).checked_sub(1)?)
    }

    /// Every piece with its number.
    pub fn iter(&self) -> impl Iterator<Item = (EvidenceId, &Evidence)> {
        self.pieces.iter().enumerate().map(|(i, e)| (EvidenceId::at(i), e))
    }
}

/// A sentence with the evidence it stands on: at least one piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What is said.
    pub text: String,
    evidence: Vec<EvidenceId>,
}

impl Claim {
    fn new(text: impl Into<String>, first: EvidenceId) -> Self {
        Self { text: text.into(), evidence: vec![first] }
    }

    fn and(mut self, more: impl IntoIterator<Item = EvidenceId>) -> Self {
        for id in more {
            if !self.evidence.contains(&id) {
                self.evidence.push(id);
            }
        }
        self
    }

    /// What it stands on, never empty.
    pub fn evidence(&self) -> &[EvidenceId] {
        &self.evidence
    }
}

/// A moment of the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: String,
    /// More of it.
    pub details: String,
    /// Where it says so; none for the alert's own times.
    pub evidence: Option<EvidenceId>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// 1 is first.
    pub priority: u32,
    /// What.
    pub action: String,
    /// The exact command.
    pub command: Option<String>,
    /// What it can break.
    pub risk: String,
    /// How to see that it worked.
    pub check: Option<String>,
}

/// Something that could not be read, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// What was not seen.
    pub what: String,
    /// Why.
    pub why: String,
    /// The fix: a rule to grant, a command to record it.
    pub fix: Option<String>,
}

/// One incident of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentSummary {
    /// Always `cause` here; the field is part of the format.
    pub verdict: Verdict,
    /// What would have to change.
    pub root_entities: Vec<EntityRef>,
    /// In a sentence.
    pub root_cause: String,
    /// The chain.
    pub why: Vec<Claim>,
}

/// How much was read. A property of the input, not of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedData {
    /// Log lines.
    pub logs_lines: u64,
    /// Events in the window.
    pub events_count: u64,
    /// The window.
    pub time_range: Option<(Timestamp, Timestamp)>,
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Report {
    /// A hash of the input, given by the engine.
    pub id: String,
    /// The class.
    pub verdict: Verdict,
    /// How sure.
    pub confidence: Confidence,
    /// What was asked about.
    pub scope: Vec<EntityRef>,
    /// The question, where one was asked.
    pub question: Option<String>,
    /// The first alert, where alerts started it.
    pub alert: Option<Alert>,
    /// How many alerts started it.
    pub alerts: usize,
    /// The smallest set of objects whose change mends it; empty unless the verdict is `cause`.
    pub root_entities: Vec<EntityRef>,
    /// The verdict in one sentence.
    pub root_cause: String,
    /// Since when the first incident lasts, where the evidence tells; none unless the verdict is `cause`.
    pub since: Option<Timestamp>,
    /// The chain from cause to symptom.
    pub why: Vec<Claim>,
    /// Rival explanations and what excludes them.
    pub ruled_out: Vec<Claim>,
    /// What happened when.
    pub timeline: Vec<Moment>,
    /// Services, hosts and workloads behind the entity.
    pub blast_radius: Vec<Claim>,
    /// What to do, in order.
    pub recommendations: Vec<Recommendation>,
    /// The reads that would decide, when the verdict leaves the question open.
    pub next_probes: Vec<String>,
    /// What could not be read.
    pub could_not_see: Vec<Gap>,
    /// All incidents, when there are several.
    pub incidents: Vec<IncidentSummary>,
    /// The container configuration that matters, as text.
    pub pod_config: Option<String>,
    /// The evidence.
    pub ledger: Ledger,
    /// How much was read.
    pub collected: CollectedData,
    /// "Now" of the investigation.
    pub as_of: Timestamp,
    /// What a language model made of it; none when none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelView>,
}

impl Report {
    /// How long the first incident has lasted, as a reader says it: `26 min`.
    pub fn lasted(&self) -> Option<String> {
        let since = self.since.filter(|since| *since < self.as_of)?;
        Some(match self.as_of.duration_since(since).as_secs() {
            seconds @ ..120 => format!("{seconds} s"),
            seconds @ 120..7200 => format!("{} min", seconds / 60),
            seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
            seconds => format!("{} d", seconds / 86_400),
        })
    }
}

macro_rules! redact_fields {
    ($($ty:ty { $($field:ident),* })*) => { $(
        impl Redact for $ty {
            fn redact(&mut self, redactor: &Redactor) {
                $(self.$field.redact(redactor);)*
            }
        }
    )* };
}

redact_fields! {
    Claim { text }
    Moment { event, details }
    Recommendation { action, command, risk, check }
    Gap { what, why, fix }
    IncidentSummary { root_entities, root_cause, why }
    Report {
        question, alert, root_entities, root_cause, why, ruled_out, timeline, blast_radius, recommendations, next_probes,
        could_not_see, incidents, pod_config, ledger, scope, model
    }
    Alert { name, labels, annotations, generator_url }
    EntityRef { name }
    Evidence { about, excerpt, command }
    Ledger { pieces }
}

impl Redact for Excerpt {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Excerpt::Object(text) | Excerpt::Absence(text) => text.redact(redactor),
            Excerpt::Answer { tool, text } => {
                tool.redact(redactor);
                text.redact(redactor);
            }
            Excerpt::Event { reason, message, .. } => {
                reason.redact(redactor);
                message.redact(redactor);
            }
            Excerpt::Log { line, .. } => line.redact(redactor),
            Excerpt::Metric { expr, says, .. } => {
                expr.redact(redactor);
                says.redact(redactor);
            }
        }
    }
}
