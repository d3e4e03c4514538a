//! One case: what rules and model came to, against what is expected.

use std::collections::BTreeSet;
use std::time::Duration;

use midwatch_agent::request::ModelUse;
use midwatch_agent::score::Case;
use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::report::{Heard, Report};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};

use super::wanted::Wanted;

/// What a run says it is.
pub const FORMAT: &str = "midwatch-eval/1";

/// All cases of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`FORMAT`].
    pub format: String,
    /// Whose replies they were.
    pub model: String,
    /// The cases in the order of their directories.
    pub cases: Vec<Marked>,
}

/// The marks of one case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marked {
    /// The case's name.
    pub id: String,
    /// Its fault class.
    pub class: String,
    /// What is wrong, in words; empty when it passed.
    pub failures: Vec<String>,
    /// What rules and model came to; none when they did not come that far.
    pub verdict: Option<Verdict>,
    /// Whether that is right.
    pub right_verdict: bool,
    /// Whether the model found it, where the rules left it open.
    pub by_model: bool,
    /// The tools that were called, in order.
    pub calls: Vec<String>,
    /// Required facts that were said.
    pub facts: u32,
    /// Required facts.
    pub facts_of: u32,
    /// Sentences that the checker left out.
    pub left_out: u32,
    /// Requests, calls, tokens, money.
    pub used: ModelUse,
    /// How long it took, the rules' part included.
    pub elapsed: Duration,
}

impl Run {
    /// Whether every case passed.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| case.failures.is_empty())
    }
}

impl Marked {
    /// One that did not come to a report.
    pub(super) fn failed(id: &str, class: &str, why: String) -> Self {
        Self { id: id.to_owned(), class: class.to_owned(), failures: vec![why], ..Self::default() }
    }
}

impl Redact for Run {
    fn redact(&mut self, redactor: &Redactor) {
        self.model.redact(redactor);
        for case in &mut self.cases {
            case.id.redact(redactor);
            case.class.redact(redactor);
            case.failures.redact(redactor);
            case.calls.redact(redactor);
        }
    }
}

/// Marks a report.
pub(super) fn mark(case: &Case, wanted: &Wanted, report: &Redacted<Report>, calls: Vec<String>) -> Marked {
    let concluded = report.concluded();
    let mut failures = Vec::new();
    let right_verdict = wanted.verdicts.contains(&concluded.verdict);
    if !right_verdict {
        let names: Vec<&str> = wanted.verdicts.iter().map(|verdict| verdict.as_str()).collect();
        let got = concluded.verdict.as_str();
        failures.push(format!("verdict: expected {}, got {got}: {}", names.join(" or "), concluded.root_cause));
    }
    if wanted.by_model.is_some_and(|wanted| wanted != concluded.by_model) {
        let who = if concluded.by_model { "the model" } else { "the rules" };
        failures.push(format!("verdict: {who} decided it"));
    }
    if concluded.verdict == Verdict::Cause {
        failures.extend(roots(case, report));
    }
    failures.extend(tools(wanted, &calls));
    let (said, left_out) = said(report, &mut failures);
    let missing = wanted.required_facts.iter().filter(|fact| !fact.is_match(&said));
    let missing: Vec<&str> = missing.map(regex::Regex::as_str).collect();
    failures.extend(missing.iter().map(|fact| format!("fact: nothing the model says fits `{fact}`")));
    let told = format!("{said}\n{}", concluded.root_cause);
    let claims = wanted.forbidden_claims.iter().filter(|claim| claim.is_match(&told));
    failures.extend(claims.map(|claim| format!("claim: `{claim}` is said and must not be")));
    if left_out < wanted.left_out {
        failures.push(format!("left out: {left_out} sentences, expected at least {}", wanted.left_out));
    }
    let facts_of = wanted.required_facts.len();
    Marked {
        id: case.id.clone(),
        class: case.class.clone(),
        failures,
        verdict: Some(concluded.verdict),
        right_verdict,
        by_model: concluded.by_model,
        calls,
        facts: count(facts_of - missing.len()),
        facts_of: count(facts_of),
        left_out,
        ..Marked::default()
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn roots(case: &Case, report: &Report) -> Option<String> {
    let concluded = report.concluded();
    let beside = report.incidents.iter().filter(|_| !concluded.by_model).flat_map(|incident| &incident.root_entities);
    let named: BTreeSet<&EntityRef> = concluded.root_entities.iter().chain(beside).collect();
    let right = case.roots().iter().any(|set| set.iter().all(|root| named.contains(root)));
    let names: Vec<String> = named.iter().map(ToString::to_string).collect();
    (!right).then(|| format!("root: none of the expected sets is named; named are {}", names.join(", ")))
}

fn tools(wanted: &Wanted, calls: &[String]) -> Vec<String> {
    let missing = wanted.required_tools.iter().filter(|tool| !calls.contains(tool));
    let missing = missing.map(|tool| format!("tool: {tool} was not called"));
    let forbidden = wanted.forbidden_tools.iter().filter(|tool| calls.contains(tool));
    missing.chain(forbidden.map(|tool| format!("tool: {tool} was called and must not be"))).collect()
}

/// All that the checker left of a model's words, a sentence on each line, and what it left out.
fn said(report: &Report, failures: &mut Vec<String>) -> (String, u32) {
    let Some(model) = &report.model else { return (String::new(), 0) };
    let left_out = match &model.heard {
        Heard::Said(says) => says.left_out,
        Heard::Nothing { why } => {
            failures.push(format!("model: {why}"));
            0
        }
    };
    let texts: Vec<&str> = model.claims().map(|claim| claim.text.as_str()).collect();
    (texts.join("\n"), left_out)
}
