//! Whether a report says what its case expects.
//!
//! The rules: the verdict or an alternative; every expected root among all roots that are named; one of the reasons;
//! everything that must be mentioned; nothing that must not be claimed. Start at [`check`].

use std::collections::BTreeSet;

use midwatch_diagnosis::entity::EntityRef;
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::Redacted;
use regex::{Regex, RegexBuilder};

use super::Marks;
use super::case::Expect;
use crate::render;

/// Marks a report; what is wrong with it goes to `failures`.
pub(super) fn check(report: &Redacted<Report>, expect: &Expect, failures: &mut Vec<String>) -> Marks {
    let verdicts = expect.verdicts();
    let right_verdict = verdicts.contains(&report.verdict);
    if !right_verdict {
        let names: Vec<&str> = verdicts.iter().map(|v| v.as_str()).collect();
        failures.push(format!(
            "verdict: expected {}, got {}: {}",
            names.join(" or "),
            report.verdict.as_str(),
            report.root_cause
        ));
    }
    let mut marks = roots(report, expect, failures);
    marks.wrong_verdict = !right_verdict;
    marks.false_cause = report.verdict == Verdict::Cause && !right_verdict;
    words(report, expect, failures);
    marks
}

/// Every root that the report names.
fn named(report: &Report) -> BTreeSet<EntityRef> {
    let others = report.incidents.iter().flat_map(|i| &i.root_entities);
    report.root_entities.iter().chain(others).cloned().collect()
}

/// Compares with the expected set that fits best. A verdict that names no roots by its nature, and is accepted,
/// needs none.
fn roots(report: &Report, expect: &Expect, failures: &mut Vec<String>) -> Marks {
    let named = named(report);
    let mut sets: Vec<BTreeSet<EntityRef>> = expect.roots().into_iter().map(|set| set.into_iter().collect()).collect();
    if report.verdict != Verdict::Cause && expect.verdicts().contains(&report.verdict) {
        sets.push(BTreeSet::new());
    }
    let fit = |set: &&BTreeSet<EntityRef>| (set.is_subset(&named), set.intersection(&named).count());
    // The last of the equally good would win: the order is turned so that it is the first.
    let best = sets.iter().rev().max_by_key(fit).cloned().unwrap_or_default();
    let found = best.is_subset(&named);
    if !found {
        let wanted: Vec<String> = sets.iter().filter(|s| !s.is_empty()).map(list).collect();
        failures.push(format!("root: expected {}, got {}", wanted.join(" or "), list(&named)));
    }
    let right = named.intersection(&best).count();
    Marks { found: expect.wants_root().then_some(found), named: named.len(), right, ..Marks::default() }
}

fn list(entities: &BTreeSet<EntityRef>) -> String {
    if entities.is_empty() {
        return "none".to_owned();
    }
    entities.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn words(report: &Redacted<Report>, expect: &Expect, failures: &mut Vec<String>) {
    let json = render::json(report).into_inner();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let analysis = &value["analysis"];
    let root_cause = text(&analysis["root_cause"]);
    let reasons =
        [&root_cause, &text(&analysis["reasoning"]), &text(&value["incidents"])].map(String::as_str).join("\n");

    let any = |patterns: &[String], text: &str, failures: &mut Vec<String>| {
        patterns.iter().filter(|p| matches(p, text, failures)).count()
    };
    if !expect.reason_any.is_empty() && any(&expect.reason_any, &reasons, failures) == 0 {
        let wanted = expect.reason_any.join("` or `");
        failures.push(format!("reason: expected `{wanted}`, got: {root_cause}"));
    }
    for pattern in &expect.must_mention {
        if !matches(pattern, &json, failures) {
            failures.push(format!("must mention: `{pattern}` is nowhere in the report"));
        }
    }
    for pattern in &expect.must_not_claim {
        if matches(pattern, &root_cause, failures) {
            failures.push(format!("must not claim: `{pattern}` is in: {root_cause}"));
        }
    }
}

/// A pattern that is none fails its case, as a check that is skipped would look like one that passed.
fn matches(pattern: &str, text: &str, failures: &mut Vec<String>) -> bool {
    match expression(pattern) {
        Ok(regex) => regex.is_match(text),
        Err(error) => {
            failures.push(format!("case: `{pattern}` is no regular expression: {error}"));
            false
        }
    }
}

fn expression(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).build()
}
