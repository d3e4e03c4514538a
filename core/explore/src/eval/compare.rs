//! Two runs of the same cases: what got better, what got worse, what it took.

use std::collections::BTreeMap;
use std::time::Duration;

use midwatch_agent::request::ModelUse;
use midwatch_redact::Redacted;
use serde::Serialize;

use super::marks::{Marked, Run};

/// What one run has that the other has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Cases that failed before and pass now.
    pub better: Vec<String>,
    /// Cases that passed before and fail now.
    pub worse: Vec<String>,
    /// Cases that are new.
    pub added: Vec<String>,
    /// Cases that are not there any more.
    pub gone: Vec<String>,
    /// The earlier run, summed up.
    pub before: Totals,
    /// This run, summed up.
    pub now: Totals,
}

/// Sums over the cases of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Cases.
    pub cases: usize,
    /// Cases that are right in everything.
    pub passed: usize,
    /// Cases whose verdict is right.
    pub right_verdicts: usize,
    /// Required facts that were said.
    pub facts: u32,
    /// Required facts.
    pub facts_of: u32,
    /// Sentences that the checker left out.
    pub left_out: u32,
    /// Requests, calls, tokens, money.
    pub used: ModelUse,
    /// Time of all cases together.
    pub elapsed: Duration,
}

impl Totals {
    /// Of a run.
    pub fn of(run: &Run) -> Self {
        let start = Self { cases: run.cases.len(), ..Self::default() };
        run.cases.iter().fold(start, |sum, case| Self {
            passed: sum.passed + usize::from(case.failures.is_empty()),
            right_verdicts: sum.right_verdicts + usize::from(case.right_verdict),
            facts: sum.facts.saturating_add(case.facts),
            facts_of: sum.facts_of.saturating_add(case.facts_of),
            left_out: sum.left_out.saturating_add(case.left_out),
            used: sum.used.and(case.used),
            elapsed: sum.elapsed.saturating_add(case.elapsed),
            ..sum
        })
    }
}

/// Compares a run with an earlier one.
pub fn compare(now: &Redacted<Run>, before: Redacted<Run>) -> Redacted<Comparison> {
    now.clone().zip(before).map(|(now, before)| comparison(now, before))
}

fn comparison(now: &Run, before: &Run) -> Comparison {
    let by_id = |run: &'_ Run| run.cases.iter().map(|case| (case.id.clone(), case.clone())).collect();
    let (new, old): (BTreeMap<String, Marked>, BTreeMap<String, Marked>) = (by_id(now), by_id(before));
    let passes = |case: &Marked| case.failures.is_empty();
    let mut found = Comparison { before: Totals::of(before), now: Totals::of(now), ..Comparison::default() };
    for (id, case) in &new {
        let list = match old.get(id).map(passes) {
            None => &mut found.added,
            Some(false) if passes(case) => &mut found.better,
            Some(true) if !passes(case) => &mut found.worse,
            Some(_) => continue,
        };
        list.push(id.clone());
    }
    found.gone = old.into_keys().filter(|id| !new.contains_key(id)).collect();
    found
}
