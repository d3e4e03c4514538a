//! The hypotheses of a report under the ids by which a model speaks of them.
//!
//! Must never number them in another order than the report tells them. Start at [`of`].

use midwatch_diagnosis::report::{Claim, EvidenceId, Report};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypothesis<'a> {
    /// `h1`, `h2` for causes; `r1`, `r2` for rivals that the rules excluded.
    pub id: String,
    /// In the words of the report.
    pub text: &'a str,
    /// What it stands on.
    pub evidence: Vec<EvidenceId>,
    /// The rules excluded it.
    pub excluded: bool,
}

/// The hypotheses of a report: its sentence (`h1`), then the other incidents, then the rivals it excludes.
pub fn of(report: &Report) -> Vec<Hypothesis<'_>> {
    let first = Some((report.root_cause.as_str(), &report.why)).into_iter();
    let others = report.incidents.iter().map(|incident| (incident.root_cause.as_str(), &incident.why));
    let others = others.filter(|(text, _)| *text != report.root_cause);
    let causes = first.chain(others).filter(|(text, _)| !text.is_empty());
    let causes = causes.enumerate().map(|(index, (text, why))| Hypothesis {
        id: format!("h{}", index + 1),
        text,
        evidence: cited(why),
        excluded: false,
    });
    let rivals = report.ruled_out.iter().enumerate().map(|(index, claim)| Hypothesis {
        id: format!("r{}", index + 1),
        text: &claim.text,
        evidence: claim.evidence().to_vec(),
        excluded: true,
    });
    causes.chain(rivals).collect()
}

/// What claims stand on, each number once, in the order of the claims.
fn cited(claims: &[Claim]) -> Vec<EvidenceId> {
    let mut ids = Vec::new();
    for id in claims.iter().flat_map(Claim::evidence) {
        if !ids.contains(id) {
            ids.push(*id);
        }
    }
    ids
}
