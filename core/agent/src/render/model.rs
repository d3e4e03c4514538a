//! What a language model made of a report, in the order of reading: the same words on every platform.
//!
//! Must never let what a model said look like what the rules found: every section names the model. Pure. Start at [`told`].

use midwatch_diagnosis::report::{Claim, Heard, ModelView, Report, Says};

use super::ids;
use crate::request::{ModelUse, RunFacts};

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its title.
    pub title: String,
    /// What stands below it.
    pub points: Vec<Point>,
}

/// A sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The words.
    pub text: String,
    /// What it stands on: `[e1, e2]`; empty for what claims nothing.
    pub source: String,
}

/// The sections of a model's part; none where no model was asked.
pub fn told(report: &Report) -> Vec<Told> {
    let Some(ModelView { by, heard }) = &report.model else { return Vec::new() };
    let says = match heard {
        Heard::Nothing { why } => {
            return vec![Told { title: format!("Nothing from the model {by}"), points: vec![plain(why)] }];
        }
        Heard::Said(says) => says,
    };
    let mut sections = Vec::new();
    let mut put = |title: String, points: Vec<Point>| {
        if !points.is_empty() {
            sections.push(Told { title, points });
        }
    };
    let title = if report.concluded().by_model { "Likely cause, found by" } else { "Cause, as seen by" };
    put(format!("{title} the model {by}"), cause(report, says));
    put(format!("Explained by the model {by}"), says.summary.iter().map(point).collect());
    put(format!("Found by the model {by}"), says.found.iter().map(point).collect());
    put("The model on what the rules say".to_owned(), says.judgements.iter().map(judgement).collect());
    put("The model would look next at".to_owned(), says.next.iter().map(|next| plain(next)).collect());
    let notes = notes(says);
    if notes.is_empty() && sections.is_empty() {
        sections.push(Told { title: format!("The model {by}"), points: vec![plain("It has nothing to add.")] });
    } else if !notes.is_empty() {
        sections.push(Told { title: format!("About the part of the model {by}"), points: notes });
    }
    sections
}

/// Its own cause, where the rules have none or another.
fn cause(report: &Report, says: &Says) -> Vec<Point> {
    let same = report.root_cause == says.root_cause.as_ref().map(|cause| cause.text.as_str()).unwrap_or_default();
    let Some(cause) = says.root_cause.as_ref().filter(|_| !same) else { return Vec::new() };
    let roots: Vec<String> = says.root_entities.iter().map(ToString::to_string).collect();
    let roots = if roots.is_empty() { String::new() } else { format!(", root: {}", roots.join(", ")) };
    vec![Point { text: format!("{} (confidence {}{roots})", cause.text, says.confidence.as_str()), source: ids(cause) }]
}

fn judgement(judgement: &midwatch_diagnosis::report::Judgement) -> Point {
    let text = format!("{} \"{}\": {}", judgement.stance.as_str(), judgement.on, judgement.because.text);
    Point { text, source: ids(&judgement.because) }
}

/// What a reader has to know about how it came to be.
fn notes(says: &Says) -> Vec<Point> {
    let left_out = match says.left_out {
        0 => None,
        1 => Some("1 sentence of the model was left out: no evidence carries it.".to_owned()),
        n => Some(format!("{n} sentences of the model were left out: no evidence carries them.")),
    };
    let cut_short = says.cut_short.as_ref().map(|why| format!("The model was stopped: {why}."));
    left_out.into_iter().chain(cut_short).map(|text| Point { text, source: String::new() }).collect()
}

fn point(claim: &Claim) -> Point {
    Point { text: claim.text.clone(), source: ids(claim) }
}

fn plain(text: &str) -> Point {
    Point { text: text.to_owned(), source: String::new() }
}

/// What a run took, for a footer: `4.1 s, 19 reads, no model`.
pub fn took(run: RunFacts) -> String {
    let reads = if run.reads == 1 { "read" } else { "reads" };
    let model = run.model.map_or_else(|| "no model".to_owned(), |used| model_took(&used));
    format!("{:.1} s, {} {reads}, {model}", run.elapsed.as_secs_f64(), run.reads)
}

/// What a model took: `model: 5 requests, 12 calls, 21,340 tokens (80 % cached), $0.07`.
pub fn model_took(used: &ModelUse) -> String {
    if *used == ModelUse::default() {
        return "a model looks further".to_owned();
    }
    let count = |n: u32, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let cached = match used.cached.saturating_mul(100).checked_div(used.input) {
        Some(share @ 1..) => format!(" ({share} % of the input cached)"),
        _ => String::new(),
    };
    let cost = used.micro_usd.map(|cost| format!(", {}", dollars(cost))).unwrap_or_default();
    let (requests, calls) = (count(used.requests, "request"), count(used.calls, "call"));
    format!("model: {requests}, {calls}, {} tokens{cached}{cost}", grouped(used.tokens()))
}

/// `$0.07`; below a cent with as many digits as it takes to show two: `$0.0012`.
pub fn dollars(micro_usd: u64) -> String {
    let (whole, part) = (micro_usd / 1_000_000, micro_usd % 1_000_000);
    match micro_usd {
        0 => "$0".to_owned(),
        1..10_000 => format!("${whole}.{}", format!("{part:06}").trim_end_matches('0')),
        _ => {
            let cents = micro_usd.saturating_add(5_000) / 10_000;
            format!("${}.{:02}", cents / 100, cents % 100)
        }
    }
}

/// A number as a person reads it: `21,340`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_footer_says_what_a_model_took() {
        let run = |model| RunFacts { elapsed: Duration::from_millis(4_100), reads: 19, bytes: 1, model };
        assert_eq!(took(run(None)), "4.1 s, 19 reads, no model");
        assert_eq!(took(run(Some(ModelUse::default()))), "4.1 s, 19 reads, a model looks further");
        let used =
            ModelUse { requests: 5, calls: 1, input: 20_000, output: 1_340, cached: 16_000, micro_usd: Some(68_200) };
        let words = "4.1 s, 19 reads, model: 5 requests, 1 call, 21,340 tokens (80 % of the input cached), $0.07";
        assert_eq!(took(run(Some(used))), words);
    }

    #[test]
    fn small_costs_do_not_vanish() {
        let table = [
            (0, "$0"),
            (1, "$0.000001"),
            (1_200, "$0.0012"),
            (9_999, "$0.009999"),
            (10_000, "$0.01"),
            (1_005_000, "$1.01"),
        ];
        for (cost, expected) in table {
            assert_eq!(dollars(cost), expected);
        }
    }
}
