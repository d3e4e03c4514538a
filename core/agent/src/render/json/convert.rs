//! From the report's values to the fields of the JSON report.

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::evidence::{Evidence, Excerpt};
use midwatch_diagnosis::report::{
    Claim, EvidenceId, Gap, Heard, IncidentSummary, Judgement, ModelView, Moment, Recommendation, Report, Says,
};

use super::wire::{
    WireAlert, WireAnalysis, WireClaim, WireCollected, WireEntity, WireEvent, WireEvidence, WireGap, WireIncident,
    WireItem, WireJudgement, WireLog, WireModel, WireMoment, WireRange, WireRecommendation, WireReport,
};
use crate::render::{joined, kind_of};

impl<'a> From<&'a Report> for WireReport<'a> {
    fn from(report: &'a Report) -> Self {
        let collected = &report.collected;
        Self {
            id: &report.id,
            verdict: report.verdict.as_str(),
            confidence: report.confidence.as_str(),
            root_entities: all(&report.root_entities),
            alert: report.alert.as_ref().map(WireAlert::from),
            alerts: report.alerts,
            question: report.question.as_deref(),
            scope: all(&report.scope),
            as_of: report.as_of,
            since: report.since,
            analysis: WireAnalysis::from(report),
            why: all(&report.why),
            ruled_out: all(&report.ruled_out),
            blast_radius: all(&report.blast_radius),
            next_probes: &report.next_probes,
            could_not_see: all(&report.could_not_see),
            incidents: all(&report.incidents),
            evidence_items: report.ledger.iter().map(WireItem::from).collect(),
            collected_data: WireCollected {
                logs_lines: collected.logs_lines,
                events_count: collected.events_count,
                time_range: collected.time_range.map(|(from, to)| WireRange { from, to }),
            },
            model: report.model.as_ref().map(|view| model(view, report.concluded().by_model)),
        }
    }
}

fn model(view: &ModelView, concludes: bool) -> WireModel<'_> {
    let (says, nothing): (Option<&Says>, Option<&str>) = match &view.heard {
        Heard::Said(says) => (Some(says), None),
        Heard::Nothing { why } => (None, Some(why)),
    };
    WireModel {
        by: &view.by,
        nothing,
        verdict: says.and_then(|says| says.verdict).map(midwatch_diagnosis::verdict::Verdict::as_str),
        confidence: says.map(|says| says.confidence.as_str()),
        root_entities: says.map(|says| all(&says.root_entities)).unwrap_or_default(),
        root_cause: says.and_then(|says| says.root_cause.as_ref()).map(WireClaim::from),
        summary: says.map(|says| all(&says.summary)).unwrap_or_default(),
        found: says.map(|says| all(&says.found)).unwrap_or_default(),
        judgements: says.map(|says| all(&says.judgements)).unwrap_or_default(),
        next: says.map(|says| says.next.as_slice()).unwrap_or_default(),
        left_out: says.map_or(0, |says| says.left_out),
        cut_short: says.and_then(|says| says.cut_short.as_deref()),
        concludes,
    }
}

impl<'a> From<&'a Judgement> for WireJudgement<'a> {
    fn from(judgement: &'a Judgement) -> Self {
        let because = WireClaim::from(&judgement.because);
        Self { on: &judgement.on, stance: judgement.stance.as_str(), because }
    }
}

fn all<'a, T, W: From<&'a T>>(values: &'a [T]) -> Vec<W> {
    values.iter().map(W::from).collect()
}

impl<'a> From<&'a Report> for WireAnalysis<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            root_cause: &report.root_cause,
            confidence: report.confidence.as_str(),
            reasoning: joined(&report.why),
            timeline: all(&report.timeline),
            evidence: WireEvidence::from(report),
            recommendations: all(&report.recommendations),
        }
    }
}

impl<'a> From<&'a Report> for WireEvidence<'a> {
    fn from(report: &'a Report) -> Self {
        let mut found = Self { logs: Vec::new(), events: Vec::new(), pod_config: report.pod_config.as_deref() };
        for (id, evidence) in report.ledger.iter() {
            let (id, about) = (id.to_string(), WireEntity::from(&evidence.about));
            match &evidence.excerpt {
                Excerpt::Log { line, number, at, previous } => {
                    let (timestamp, number, previous) = (*at, *number, *previous);
                    found.logs.push(WireLog { timestamp, line, id, about, number, previous });
                }
                Excerpt::Event { kind, reason, message, count, first, last } => {
                    let (count, first, last) = (*count, *first, *last);
                    found.events.push(WireEvent { r#type: kind, reason, message, id, about, count, first, last });
                }
                Excerpt::Object(_) | Excerpt::Metric { .. } | Excerpt::Absence(_) | Excerpt::Answer { .. } => {}
            }
        }
        found
    }
}

impl<'a> From<&'a EntityRef> for WireEntity<'a> {
    fn from(entity: &'a EntityRef) -> Self {
        Self { kind: entity.kind.as_str(), namespace: entity.namespace.as_deref(), name: &entity.name }
    }
}

impl<'a> From<&'a Alert> for WireAlert<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            name: &alert.name,
            status: if alert.firing { "firing" } else { "resolved" },
            severity: alert.label("severity"),
            namespace: alert.label("namespace"),
            pod: alert.label("pod"),
            started_at: alert.starts_at,
        }
    }
}

impl<'a> From<&'a Moment> for WireMoment<'a> {
    fn from(moment: &'a Moment) -> Self {
        let evidence = moment.evidence.map(|id| id.to_string());
        Self { timestamp: moment.at, event: &moment.event, details: &moment.details, evidence }
    }
}

impl<'a> From<&'a Recommendation> for WireRecommendation<'a> {
    fn from(one: &'a Recommendation) -> Self {
        let check = one.check.as_ref().map(|check| format!("; check: {check}")).unwrap_or_default();
        let details = format!("risk: {}{check}", one.risk);
        Self { priority: one.priority, action: &one.action, command: one.command.as_deref(), details }
    }
}

impl<'a> From<&'a Claim> for WireClaim<'a> {
    fn from(claim: &'a Claim) -> Self {
        Self { text: &claim.text, evidence: claim.evidence().iter().map(ToString::to_string).collect() }
    }
}

impl<'a> From<&'a Gap> for WireGap<'a> {
    fn from(gap: &'a Gap) -> Self {
        Self { what: &gap.what, why: &gap.why, fix: gap.fix.as_deref() }
    }
}

impl<'a> From<&'a IncidentSummary> for WireIncident<'a> {
    fn from(incident: &'a IncidentSummary) -> Self {
        Self {
            verdict: incident.verdict.as_str(),
            root_entities: all(&incident.root_entities),
            root_cause: &incident.root_cause,
            reasoning: joined(&incident.why),
        }
    }
}

impl<'a> From<(EvidenceId, &'a Evidence)> for WireItem<'a> {
    fn from((id, evidence): (EvidenceId, &'a Evidence)) -> Self {
        Self {
            id: id.to_string(),
            about: WireEntity::from(&evidence.about),
            kind: kind_of(evidence),
            text: evidence.text(),
            at: evidence.at(),
            command: &evidence.command,
        }
    }
}
