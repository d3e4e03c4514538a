//! The report as text: JSON for programs, Markdown for pages. The terminal's form is the console adapter's.
//!
//! Must never show text of the outside as it is: control and direction characters are made visible ([`clean`]), and
//! only redacted values come in and go out. Start at [`json`] and [`markdown`].

use std::fmt::Write as _;

use jiff::Timestamp;
use midwatch_diagnosis::evidence::{Evidence, Excerpt};
use midwatch_diagnosis::report::{Claim, EvidenceId, Report};
use midwatch_redact::Redacted;

use crate::request::Plan;

pub mod clean;
mod json;
mod markdown;
pub mod model;
mod plan;
pub mod sample;
#[cfg(test)]
mod tests;

pub(crate) use json::pretty;

/// The report as pretty JSON: equal reports give equal bytes.
pub fn json(report: &Redacted<Report>) -> Redacted<String> {
    report.map(json::render)
}

/// The report as a Markdown page.
pub fn markdown(report: &Redacted<Report>) -> Redacted<String> {
    report.map(markdown::render)
}

/// A plan as pretty JSON.
pub fn plan_json(plan: &Redacted<Plan>) -> Redacted<String> {
    plan.map(plan::json)
}

/// A plan as a Markdown page.
pub fn plan_markdown(plan: &Redacted<Plan>) -> Redacted<String> {
    plan.map(plan::markdown)
}

/// The word for a piece of evidence, by where it stands.
pub fn kind_of(evidence: &Evidence) -> &'static str {
    match evidence.excerpt {
        Excerpt::Object(_) => "object",
        Excerpt::Event { .. } => "event",
        Excerpt::Log { .. } => "log",
        Excerpt::Metric { .. } => "metric",
        Excerpt::Absence(_) => "absence",
        Excerpt::Answer { .. } => "read",
    }
}

/// The ids a claim stands on, as they are written behind it: `[e1, e2]`.
pub fn ids(claim: &Claim) -> String {
    bracketed(claim.evidence())
}

fn bracketed(ids: &[EvidenceId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(", "))
}

/// A moment in whole seconds, in UTC: what people read. JSON keeps the fraction.
pub fn when(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Sentences as one text, each with what it stands on.
fn joined(claims: &[Claim]) -> String {
    let mut text = String::new();
    for claim in claims {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{} {}.", claim.text, ids(claim));
    }
    text
}
