//! The score as a table for people and as JSON for programs.

use std::fmt::Write as _;

use midwatch_redact::Redacted;
use serde::Serialize;

use super::{CaseScore, Score, Totals};
use crate::render::clean;

/// The table by fault class, the totals, and what failed with the reasons.
pub fn text(score: &Redacted<Score>) -> Redacted<String> {
    score.map(render_text)
}

/// The same as pretty JSON.
pub fn json(score: &Redacted<Score>) -> Redacted<String> {
    score.map(render_json)
}

const HEAD: [&str; 8] =
    ["class", "cases", "passed", "recall", "precision", "false causes", "wrong verdicts", "median ms"];

fn render_text(score: &Score) -> String {
    let mut rows: Vec<[String; 8]> = vec![HEAD.map(str::to_owned)];
    rows.extend(score.classes().into_iter().map(|(class, totals)| row(class, totals)));
    rows.push(row("all", score.totals()));
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|c| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        if index == 1 || index + 1 == rows.len() {
            let _ = writeln!(out, "{}", widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  "));
        }
        let _ = writeln!(out, "{}", aligned(row, &widths));
    }
    failed(score, &mut out);
    out
}

/// Names to the left, numbers to the right.
fn aligned(row: &[String; 8], widths: &[usize]) -> String {
    let cell = |(index, (text, width)): (usize, (&String, &usize))| {
        if index == 0 { format!("{text:<width$}") } else { format!("{text:>width$}") }
    };
    row.iter().zip(widths).enumerate().map(cell).collect::<Vec<_>>().join("  ")
}

fn row(class: &str, totals: Totals) -> [String; 8] {
    [
        clean::line(class).into_owned(),
        totals.cases.to_string(),
        totals.passed.to_string(),
        percent(totals.recall),
        percent(totals.precision),
        totals.false_causes.to_string(),
        totals.wrong_verdicts.to_string(),
        format!("{:.1}", totals.median.as_secs_f64() * 1000.0),
    ]
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

fn failed(score: &Score, out: &mut String) {
    let failed: Vec<&CaseScore> = score.cases.iter().filter(|case| !case.failures.is_empty()).collect();
    if failed.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nFailed:");
    for case in failed {
        let _ = writeln!(out, "  {} ({})", clean::line(&case.id), clean::line(&case.class));
        for why in &case.failures {
            let _ = writeln!(out, "    {}", clean::line(why));
        }
    }
}

#[derive(Serialize)]
struct WireScore<'a> {
    total: WireTotals<'a>,
    classes: Vec<WireTotals<'a>>,
    failed: Vec<WireFailed<'a>>,
}

#[derive(Serialize)]
struct WireTotals<'a> {
    class: &'a str,
    cases: usize,
    passed: usize,
    recall: Option<f64>,
    precision: Option<f64>,
    false_causes: usize,
    wrong_verdicts: usize,
    median_ms: f64,
}

#[derive(Serialize)]
struct WireFailed<'a> {
    id: &'a str,
    class: &'a str,
    failures: &'a [String],
}

fn render_json(score: &Score) -> String {
    let failed = score.cases.iter().filter(|case| !case.failures.is_empty());
    let wire = WireScore {
        total: wire("all", score.totals()),
        classes: score.classes().into_iter().map(|(class, totals)| wire(class, totals)).collect(),
        failed: failed.map(|c| WireFailed { id: &c.id, class: &c.class, failures: &c.failures }).collect(),
    };
    crate::render::pretty(&wire)
}

fn wire(class: &str, totals: Totals) -> WireTotals<'_> {
    WireTotals {
        class,
        cases: totals.cases,
        passed: totals.passed,
        recall: totals.recall,
        precision: totals.precision,
        false_causes: totals.false_causes,
        wrong_verdicts: totals.wrong_verdicts,
        median_ms: totals.median.as_secs_f64() * 1000.0,
    }
}
