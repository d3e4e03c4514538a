//! A run as a table for people, as Markdown for a pull request, as JSON for programs.

use std::fmt::Write as _;

use midwatch_agent::render::clean;
use midwatch_redact::Redacted;
use serde::Serialize;

use super::compare::{Comparison, Totals};
use super::marks::{Marked, Run};

type Both = (Run, Option<Comparison>);

/// As a table, with what failed and why.
pub fn text(run: &Redacted<Run>, compared: Option<&Redacted<Comparison>>) -> Redacted<String> {
    both(run, compared).map(as_text)
}

/// As Markdown.
pub fn markdown(run: &Redacted<Run>, compared: Option<&Redacted<Comparison>>) -> Redacted<String> {
    both(run, compared).map(as_markdown)
}

/// As JSON: what `--compare` reads.
pub fn json(run: &Redacted<Run>, compared: Option<&Redacted<Comparison>>) -> Redacted<String> {
    both(run, compared).map(as_json)
}

fn both(run: &Redacted<Run>, compared: Option<&Redacted<Comparison>>) -> Redacted<Both> {
    match compared {
        Some(compared) => {
            run.clone().zip(compared.clone()).map(|(run, compared)| (run.clone(), Some(compared.clone())))
        }
        None => run.map(|run| (run.clone(), None)),
    }
}

const HEAD: [&str; 9] = ["case", "passed", "verdict", "by", "tools", "facts", "left out", "tokens", "ms"];

fn rows(run: &Run) -> Vec<[String; 9]> {
    let mut rows: Vec<[String; 9]> = run.cases.iter().map(row).collect();
    let all = Totals::of(run);
    rows.push([
        "all".to_owned(),
        format!("{}/{}", all.passed, all.cases),
        format!("{}/{} right", all.right_verdicts, all.cases),
        String::new(),
        all.used.calls.to_string(),
        format!("{}/{}", all.facts, all.facts_of),
        all.left_out.to_string(),
        all.used.tokens().to_string(),
        all.elapsed.as_millis().to_string(),
    ]);
    rows
}

fn row(case: &Marked) -> [String; 9] {
    [
        clean::line(&case.id).into_owned(),
        if case.failures.is_empty() { "yes" } else { "no" }.to_owned(),
        case.verdict.map_or("-", |verdict| verdict.as_str()).to_owned(),
        if case.by_model { "model" } else { "rules" }.to_owned(),
        case.used.calls.to_string(),
        format!("{}/{}", case.facts, case.facts_of),
        case.left_out.to_string(),
        case.used.tokens().to_string(),
        case.elapsed.as_millis().to_string(),
    ]
}

fn as_text((run, compared): &Both) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows(run));
    let width = |column: usize| lines.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut out = format!("{}\n", clean::line(&run.model));
    for (at, line) in lines.iter().enumerate() {
        if at == 1 || at + 1 == lines.len() {
            let _ = writeln!(out, "{}", widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  "));
        }
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(at, (cell, width))| match at {
            0..=3 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    failed(run, &mut out, "  ", "    ");
    told(compared.as_ref(), &mut out, "  ");
    out
}

fn as_markdown((run, compared): &Both) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let line = |row: &[String; 9]| format!("| {} |\n", row.each_ref().map(|text| cell(text)).join(" | "));
    let mut out = format!("## Evaluation: {}\n\n", clean::line(&run.model));
    out += &line(&HEAD.map(str::to_owned));
    out += "|---|---|---|---|---:|---:|---:|---:|---:|\n";
    for row in rows(run) {
        out += &line(&row);
    }
    failed(run, &mut out, "- ", "  - ");
    told(compared.as_ref(), &mut out, "- ");
    out
}

fn failed(run: &Run, out: &mut String, case_mark: &str, why_mark: &str) {
    let failed: Vec<&Marked> = run.cases.iter().filter(|case| !case.failures.is_empty()).collect();
    if failed.is_empty() {
        return;
    }
    out.push_str("\nFailed:\n");
    for case in failed {
        let _ = writeln!(out, "{case_mark}{} ({})", clean::line(&case.id), clean::line(&case.class));
        for why in &case.failures {
            let _ = writeln!(out, "{why_mark}{}", clean::line(why));
        }
    }
}

fn told(compared: Option<&Comparison>, out: &mut String, mark: &str) {
    let Some(Comparison { better, worse, added, gone, before, now }) = compared else { return };
    out.push_str("\nAgainst the earlier run:\n");
    for (what, cases) in [("better", better), ("worse", worse), ("new", added), ("gone", gone)] {
        let names: Vec<_> = cases.iter().map(|id| clean::line(id)).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let _ = writeln!(out, "{mark}{what}: {names}");
    }
    let (b, n) = (before.used.tokens(), now.used.tokens());
    let _ = writeln!(out, "{mark}passed {} -> {}, tokens {b} -> {n}", before.passed, now.passed);
    let _ = writeln!(out, "{mark}cost {} -> {}", cost(before), cost(now));
    let _ = writeln!(out, "{mark}time {} ms -> {} ms", before.elapsed.as_millis(), now.elapsed.as_millis());
}

#[expect(clippy::cast_precision_loss, reason = "money to a thousandth of a dollar")]
fn cost(totals: &Totals) -> String {
    totals.used.micro_usd.map_or("unknown".to_owned(), |micro| format!("{:.3} $", micro as f64 / 1e6))
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(flatten)]
    run: &'a Run,
    passed: bool,
    totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<&'a Comparison>,
}

fn as_json((run, compared): &Both) -> String {
    let wire = Wire { run, passed: run.passed(), totals: Totals::of(run), compared: compared.as_ref() };
    // Structs with text keys: writing does not fail.
    let mut text = serde_json::to_string_pretty(&wire).unwrap_or_default();
    text.push('\n');
    text
}
