//! A plan as JSON and Markdown.

use serde::Serialize;

use crate::request::Plan;

use super::json::pretty;
use super::markdown::{code, escape};

#[derive(Serialize)]
struct WirePlan<'a> {
    about: &'a str,
    source: &'a str,
    reads: Vec<WireRead>,
    then: &'a [String],
}

#[derive(Serialize)]
struct WireRead {
    read: String,
    why: &'static str,
    command: String,
}

/// The plan as pretty JSON.
pub(super) fn json(plan: &Plan) -> String {
    let read = |r: &crate::request::PlannedRead| WireRead {
        read: r.probe.to_string(),
        why: r.why,
        command: r.probe.command(),
    };
    pretty(&WirePlan {
        about: &plan.about,
        source: &plan.source,
        reads: plan.reads.iter().map(read).collect(),
        then: &plan.then,
    })
}

/// The plan as a Markdown page.
pub(super) fn markdown(plan: &Plan) -> String {
    let mut lines = vec![format!("# Plan: {}", escape(&plan.about)), String::new()];
    lines.push(format!("Source: {}. Nothing was read for this but the list of namespaces.", escape(&plan.source)));
    lines.extend([String::new(), "## Reads".to_owned(), String::new()]);
    lines.extend(plan.reads.iter().zip(1..).map(|(read, number)| {
        format!("{number}. {}: {}. {}", escape(&read.probe.to_string()), read.why, code(&read.probe.command()))
    }));
    if !plan.then.is_empty() {
        lines.extend([String::new(), "## Then".to_owned(), String::new()]);
        lines.extend(plan.then.iter().map(|step| format!("- {}", escape(step))));
    }
    lines.push(String::new());
    lines.join("\n")
}
