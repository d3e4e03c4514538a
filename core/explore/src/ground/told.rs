//! What a report says, as far as a model's sentences are weighed against it.
//!
//! Start at [`Told::of`].

use jiff::Timestamp;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::finding::Confidence;
use midwatch_diagnosis::report::{Claim, EvidenceId, Report};
use midwatch_diagnosis::verdict::Verdict;

use super::hypotheses::{Hypothesis, hypotheses};

/// What is known of a report; nothing where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Its sentences with what they cite: a model that says the same about the same evidence is right.
    pub(super) claims: Vec<(String, Vec<EvidenceId>)>,
    /// What it holds to be so.
    pub(super) findings: Vec<String>,
    /// What it excluded.
    pub(super) ruled_out: Vec<String>,
    /// What was asked about, in small letters.
    pub(super) asked: Vec<String>,
    /// What its findings are about, in small letters.
    pub(super) subjects: Vec<String>,
    /// Objects that it names.
    pub(super) objects: Vec<EntityRef>,
    /// Commands that it recommends.
    pub(super) commands: Vec<String>,
    /// What a model may judge.
    pub(super) hypotheses: Vec<Hypothesis>,
    /// Its class and how sure it is.
    pub(super) verdict: Option<(Verdict, Confidence)>,
    /// Its "now".
    pub(super) now: Option<Timestamp>,
}

impl Told {
    /// Of a report.
    pub(super) fn of(report: &Report) -> Self {
        let of_incidents = report.incidents.iter().flat_map(|incident| &incident.why);
        let held = report.why.iter().chain(of_incidents).chain(&report.blast_radius);
        let all =
            held.clone().chain(&report.ruled_out).map(|claim: &Claim| (claim.text.clone(), claim.evidence().to_vec()));
        let moments = report.timeline.iter().filter_map(|moment| {
            Some((format!("{} {} {}", moment.at, moment.event, moment.details), vec![moment.evidence?]))
        });
        let mut findings: Vec<String> = held.map(|claim| claim.text.clone()).collect();
        if matches!(report.verdict, Verdict::Cause | Verdict::Healthy | Verdict::Recovered | Verdict::Expected) {
            findings.insert(0, report.root_cause.clone());
        }
        Self {
            claims: all.chain(moments).collect(),
            findings,
            ruled_out: report.ruled_out.iter().map(|claim| claim.text.clone()).collect(),
            asked: asked(report),
            subjects: report
                .scope
                .iter()
                .chain(&report.root_entities)
                .map(|object| object.name.to_lowercase())
                .collect(),
            objects: objects(report),
            commands: report.recommendations.iter().flat_map(|r| r.command.iter().chain(&r.check)).cloned().collect(),
            hypotheses: hypotheses(report),
            verdict: Some((report.verdict, report.confidence)),
            now: Some(report.as_of),
        }
    }

    /// What the report says on a piece of evidence.
    pub(super) fn on(&self, id: EvidenceId) -> impl Iterator<Item = &str> {
        self.claims.iter().filter(move |(_, ids)| ids.contains(&id)).map(|(text, _)| text.as_str())
    }
}

fn asked(report: &Report) -> Vec<String> {
    let targets = report.scope.iter().flat_map(|object| [object.name.clone(), object.ns().to_owned()]);
    let alert =
        report.alert.iter().flat_map(|alert| std::iter::once(alert.name.clone()).chain(alert.labels.values().cloned()));
    let names = targets.chain(alert).map(|name| name.to_lowercase());
    names.filter(|name| !name.is_empty() && !name.contains(char::is_whitespace)).collect()
}

fn objects(report: &Report) -> Vec<EntityRef> {
    let roots = report.root_entities.iter().chain(report.incidents.iter().flat_map(|i| &i.root_entities));
    let cited = report.ledger.iter().map(|(_, piece)| &piece.about);
    report.scope.iter().chain(roots).chain(cited).cloned().collect()
}
