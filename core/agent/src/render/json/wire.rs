//! The fields of the JSON report, in their order. What is named here is promised to programs that read it.

use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct WireReport<'a> {
    pub(super) id: &'a str,
    pub(super) verdict: &'static str,
    pub(super) confidence: &'static str,
    pub(super) root_entities: Vec<WireEntity<'a>>,
    pub(super) alert: Option<WireAlert<'a>>,
    pub(super) alerts: usize,
    pub(super) question: Option<&'a str>,
    pub(super) scope: Vec<WireEntity<'a>>,
    pub(super) as_of: Timestamp,
    pub(super) since: Option<Timestamp>,
    pub(super) analysis: WireAnalysis<'a>,
    pub(super) why: Vec<WireClaim<'a>>,
    pub(super) ruled_out: Vec<WireClaim<'a>>,
    pub(super) blast_radius: Vec<WireClaim<'a>>,
    pub(super) next_probes: &'a [String],
    pub(super) could_not_see: Vec<WireGap<'a>>,
    pub(super) incidents: Vec<WireIncident<'a>>,
    pub(super) evidence_items: Vec<WireItem<'a>>,
    pub(super) collected_data: WireCollected,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<WireModel<'a>>,
}

/// What a language model made of it; not there when none was asked.
#[derive(Serialize)]
pub(super) struct WireModel<'a> {
    pub(super) by: &'a str,
    /// Why there is nothing from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nothing: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confidence: Option<&'static str>,
    pub(super) root_entities: Vec<WireEntity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root_cause: Option<WireClaim<'a>>,
    pub(super) summary: Vec<WireClaim<'a>>,
    pub(super) found: Vec<WireClaim<'a>>,
    pub(super) judgements: Vec<WireJudgement<'a>>,
    pub(super) next: &'a [String],
    pub(super) left_out: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cut_short: Option<&'a str>,
    /// Whether the report's conclusion is the model's: the rules left the question open.
    pub(super) concludes: bool,
}

#[derive(Serialize)]
pub(super) struct WireJudgement<'a> {
    pub(super) on: &'a str,
    pub(super) stance: &'static str,
    pub(super) because: WireClaim<'a>,
}

#[derive(Serialize)]
pub(super) struct WireEntity<'a> {
    pub(super) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
}

#[derive(Serialize)]
pub(super) struct WireAlert<'a> {
    pub(super) name: &'a str,
    pub(super) status: &'static str,
    pub(super) severity: Option<&'a str>,
    pub(super) namespace: Option<&'a str>,
    pub(super) pod: Option<&'a str>,
    pub(super) started_at: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct WireAnalysis<'a> {
    pub(super) root_cause: &'a str,
    pub(super) confidence: &'static str,
    pub(super) reasoning: String,
    pub(super) timeline: Vec<WireMoment<'a>>,
    pub(super) evidence: WireEvidence<'a>,
    pub(super) recommendations: Vec<WireRecommendation<'a>>,
}

#[derive(Serialize)]
pub(super) struct WireMoment<'a> {
    pub(super) timestamp: Timestamp,
    pub(super) event: &'a str,
    pub(super) details: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<String>,
}

#[derive(Serialize)]
pub(super) struct WireEvidence<'a> {
    pub(super) logs: Vec<WireLog<'a>>,
    pub(super) events: Vec<WireEvent<'a>>,
    pub(super) pod_config: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct WireLog<'a> {
    pub(super) timestamp: Option<Timestamp>,
    pub(super) line: &'a str,
    pub(super) id: String,
    pub(super) about: WireEntity<'a>,
    pub(super) number: u64,
    pub(super) previous: bool,
}

#[derive(Serialize)]
pub(super) struct WireEvent<'a> {
    pub(super) r#type: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) id: String,
    pub(super) about: WireEntity<'a>,
    pub(super) count: u64,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct WireRecommendation<'a> {
    pub(super) priority: u32,
    pub(super) action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<&'a str>,
    pub(super) details: String,
}

#[derive(Serialize)]
pub(super) struct WireClaim<'a> {
    pub(super) text: &'a str,
    pub(super) evidence: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct WireGap<'a> {
    pub(super) what: &'a str,
    pub(super) why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct WireIncident<'a> {
    pub(super) verdict: &'static str,
    pub(super) root_entities: Vec<WireEntity<'a>>,
    pub(super) root_cause: &'a str,
    pub(super) reasoning: String,
}

#[derive(Serialize)]
pub(super) struct WireItem<'a> {
    pub(super) id: String,
    pub(super) about: WireEntity<'a>,
    pub(super) kind: &'static str,
    pub(super) text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Timestamp>,
    pub(super) command: &'a str,
}

#[derive(Serialize)]
pub(super) struct WireCollected {
    pub(super) logs_lines: u64,
    pub(super) events_count: u64,
    pub(super) time_range: Option<WireRange>,
}

#[derive(Serialize)]
pub(super) struct WireRange {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}
