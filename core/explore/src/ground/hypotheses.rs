//! What a report supposes and what it excludes, under the numbers by which a model judges it: `h1`, `r1`.
//!
//! Must never depend on anything but the report: the numbers that a model is told are those it is understood by. Start at
//! [`hypotheses`].

use midwatch_diagnosis::report::{Claim, EvidenceId, Report};
use midwatch_diagnosis::verdict::Verdict;

/// Of each sort; a model judges no more.
const MOST: usize = 8;

/// Something that a model may support, doubt or reject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypothesis {
    /// Its number: `h1` for what the report holds to be so or possible, `r1` for what it ruled out.
    pub id: String,
    /// In the words of the report.
    pub text: String,
    /// What it stands on.
    pub evidence: Vec<EvidenceId>,
}

impl Hypothesis {
    /// Whether the report excluded it.
    pub(super) fn is_ruled_out(&self) -> bool {
        self.id.starts_with('r')
    }
}

/// What a report supposes, the gravest first, then what it ruled out.
pub fn hypotheses(report: &Report) -> Vec<Hypothesis> {
    let numbered = |prefix: char, all: Vec<(String, Vec<EvidenceId>)>| {
        let hypothesis = move |(n, (text, evidence)): (usize, (String, Vec<EvidenceId>))| Hypothesis {
            id: format!("{prefix}{n}"),
            text,
            evidence,
        };
        (1..).zip(all.into_iter().take(MOST)).map(hypothesis)
    };
    let claim = |claim: &Claim| (claim.text.clone(), claim.evidence().to_vec());
    numbered('h', supposed(report)).chain(numbered('r', report.ruled_out.iter().map(claim).collect())).collect()
}

fn supposed(report: &Report) -> Vec<(String, Vec<EvidenceId>)> {
    let on = |claims: &[Claim]| {
        let mut ids: Vec<EvidenceId> = claims.iter().flat_map(Claim::evidence).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    match report.verdict {
        Verdict::Blind => Vec::new(),
        // Nothing is concluded: each weak sign is a hypothesis of its own.
        Verdict::Inconclusive => {
            report.why.iter().map(|claim| (claim.text.clone(), claim.evidence().to_vec())).collect()
        }
        Verdict::Cause | Verdict::Healthy | Verdict::Recovered | Verdict::Expected => {
            let first = (report.root_cause.clone(), on(&report.why));
            let others = report.incidents.iter().skip(1).map(|other| (other.root_cause.clone(), on(&other.why)));
            std::iter::once(first).chain(others).collect()
        }
    }
}
