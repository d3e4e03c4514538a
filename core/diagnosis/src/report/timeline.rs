//! The timeline: what happened when, in order, with the onset and the change before it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::evidence::{Evidence, Excerpt};
use crate::finding::Finding;
use crate::scope::Scope;
use crate::verdict::Diagnosis;

use super::{Ledger, Moment};

/// Moments kept; the earliest and the latest matter, the middle repeats.
const MOMENTS_CAP: usize = 30;

/// Builds the timeline of what the report cites.
pub(super) fn timeline(scope: &Scope, diagnosis: &Diagnosis, ledger: &mut Ledger) -> Vec<Moment> {
    let incidents = || diagnosis.incidents.iter().take(diagnosis.in_scope.max(1));
    let told: Vec<&Finding> =
        incidents().flat_map(|i| &i.roots).chain(&diagnosis.grounds).chain(&diagnosis.context).collect();
    let all = told.iter().copied().chain(incidents().flat_map(|i| &i.effects));
    let mut moments: Vec<Moment> = told.iter().filter_map(|finding| onset(finding, ledger)).collect();
    for finding in all {
        moments.extend(finding.proof.iter().flat_map(|p| happened(&p.evidence, ledger)));
    }
    for alert in &scope.alerts {
        moments.extend(alert.starts_at.map(|at| Moment {
            at,
            event: format!("alert {} fires", alert.name),
            details: alert.annotations.get("summary").cloned().unwrap_or_default(),
            evidence: None,
        }));
    }
    moments.sort_by(|a, b| (a.at, &a.event, &a.details).cmp(&(b.at, &b.event, &b.details)));
    let mut seen = BTreeSet::new();
    moments.retain(|m| seen.insert((m.at, m.event.clone(), m.details.clone())));
    if moments.len() > MOMENTS_CAP {
        let half = MOMENTS_CAP / 2;
        moments.drain(half..moments.len() - half);
    }
    moments
}

fn onset(finding: &Finding, ledger: &mut Ledger) -> Option<Moment> {
    let at = finding.since?;
    let evidence = finding.proof.first().map(|p| ledger.cite(&p.evidence));
    Some(Moment { at, event: finding.claim.clone(), details: String::new(), evidence })
}

/// The times that a piece of evidence carries: both ends of a repeated event, the time of a log line.
fn happened(evidence: &Evidence, ledger: &mut Ledger) -> Vec<Moment> {
    let id = ledger.cite(evidence);
    let moment = |at: Timestamp, event: String, details: &str| Moment {
        at,
        event,
        details: details.to_owned(),
        evidence: Some(id),
    };
    match &evidence.excerpt {
        Excerpt::Event { reason, message, count, first, last, .. } => {
            let mut moments: Vec<Moment> = Vec::new();
            moments.extend(first.map(|at| moment(at, format!("event {reason} on {}", evidence.about), message)));
            if last > first && *count > 1 {
                moments.extend(last.map(|at| {
                    moment(at, format!("event {reason} on {}, {count} times by now", evidence.about), message)
                }));
            }
            moments
        }
        Excerpt::Log { line, at: Some(at), .. } => vec![moment(*at, format!("log of {}", evidence.about), line)],
        _ => Vec::new(),
    }
}
