//! Search over past reports: what of a report can be found, and what a search finds.
//!
//! Words that are searched for are data, never a query language. Must never hold a word of a report that was not redacted.
//! Start at [`Findable`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_diagnosis::report::{Heard, Report};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::Redacted;
use serde::Serialize;

use crate::id::JobId;

/// Words of a search that count; the others are left out.
pub const WORDS: usize = 16;

/// Characters of a word that count.
pub const WORD: usize = 64;

/// Reports that one search finds at most.
pub const FOUND: usize = 100;

/// Bytes of a report's text that can be found.
const TEXT: usize = 64 * 1024;

/// A report as it can be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findable {
    /// The job that made it.
    pub job: JobId,
    /// When it was made.
    pub at: Timestamp,
    /// Its verdict.
    pub verdict: Verdict,
    /// In one sentence.
    pub headline: String,
    /// What else it can be found by: causes, claims, names.
    pub text: String,
}

impl Findable {
    /// What can be found of a report: causes, claims and names of the rules and of a model. A long one is cut.
    pub fn of(job: JobId, at: Timestamp, report: &Redacted<Report>) -> Redacted<Self> {
        report.map_with((job, at), |(job, at), report| Self {
            job,
            at,
            verdict: report.verdict,
            headline: report.root_cause.clone(),
            text: text(report),
        })
    }
}

/// A line for each thing that is said or named, none twice.
fn text(report: &Report) -> String {
    let entities = report.scope.iter().chain(&report.root_entities);
    let names = entities.chain(report.incidents.iter().flat_map(|incident| &incident.root_entities));
    let names = names.map(ToString::to_string);
    let alert = report.alert.iter().map(|alert| alert.name.clone());
    let question = report.question.iter().cloned();
    let incidents = report.incidents.iter().flat_map(|incident| {
        [&incident.root_cause].into_iter().chain(incident.why.iter().map(|claim| &claim.text)).cloned()
    });
    let claims = [&report.why, &report.ruled_out, &report.blast_radius].into_iter().flatten();
    let claims = claims.map(|claim| claim.text.clone());
    let mut seen = BTreeSet::new();
    let mut text = String::new();
    let lines = names.chain(alert).chain(question).chain(incidents).chain(claims).chain(of_model(report));
    for line in lines.filter(|line| seen.insert(line.clone())) {
        if text.len() + line.len() >= TEXT {
            break;
        }
        text += &line;
        text.push('\n');
    }
    text
}

fn of_model(report: &Report) -> Vec<String> {
    let Some(Heard::Said(says)) = report.model.as_ref().map(|model| &model.heard) else { return Vec::new() };
    let names = says.root_entities.iter().map(ToString::to_string);
    let judged = says.judgements.iter().map(|judgement| &judgement.because);
    let claims = says.root_cause.iter().chain(&says.summary).chain(&says.found).chain(judged);
    names.chain(claims.map(|claim| claim.text.clone())).collect()
}

/// A report that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundReport {
    /// The job that made it.
    pub job: JobId,
    /// When it was made.
    pub at: Timestamp,
    /// Its verdict.
    pub verdict: Verdict,
    /// In one sentence.
    pub headline: Redacted<String>,
    /// The words around those that were searched for.
    pub snippet: Redacted<String>,
}
