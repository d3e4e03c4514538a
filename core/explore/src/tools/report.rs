//! What the rules found, to be read again: the chain, the rivals and what excludes them, what was not seen.

use async_trait::async_trait;
use midwatch_agent::followup::told;
use midwatch_conversation::question::Question;
use midwatch_diagnosis::report::{Claim, Report};
use schemars::JsonSchema;
use serde::Deserialize;

use super::desk::{Desk, Reads, plain};
use crate::tool::{ToolError, ToolResult};

/// `get_findings`.
pub(super) struct Findings;

/// Which of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A rival explanation that is asked about, like `memory`, `the node`, `DNS`: whether the rules rule it out, and by what.
    /// Leave out for everything that the rules found.
    #[serde(default)]
    why_not: Option<String>,
}

#[async_trait]
impl Reads for Findings {
    type Asked = Asked;
    const NAME: &'static str = "get_findings";
    const SET: &'static str = "graph";
    const READS: bool = false;
    const DESCRIPTION: &'static str = "Gives what the rules found, with the numbers of its evidence: verdict, chain, incidents, what is ruled out and why, when what happened, \
         what could not be seen. With `why_not` only what speaks against one explanation. Reads nothing new.";

    async fn read(desk: &Desk, asked: Asked) -> Result<ToolResult, ToolError> {
        let mut open = desk.open().await;
        let report = open.session.context().report.as_ref();
        let report = report.ok_or_else(|| ToolError::Failed("there is no report yet".to_owned()))?;
        let (summary, text) = if let Some(what) = asked.why_not {
            let answer = told(&Question::WhyNot { what: Some(what.clone()) }, report).unwrap_or_default();
            (format!("what the rules say of `{what}`"), plain(&answer))
        } else {
            let head = format!("{}, confidence {}", report.verdict.as_str(), report.confidence.as_str());
            (format!("what the rules found: {head}"), whole(report))
        };
        let about = match report.root_entities.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        Ok(open.result(summary, text, String::new(), about))
    }
}

fn whole(report: &Report) -> String {
    let mut lines = vec![
        format!("verdict: {} (confidence {})", report.verdict.as_str(), report.confidence.as_str()),
        format!("root cause: {}", report.root_cause),
    ];
    lines.extend(report.root_entities.iter().map(|entity| format!("root: {entity}")));
    lines.extend(report.since.map(|since| format!("since: {since}")));
    lines.extend(report.why.iter().map(|one| claim("because", one)));
    for incident in &report.incidents {
        lines.push(format!("incident: {}", incident.root_cause));
        lines.extend(incident.why.iter().map(|one| claim("  because", one)));
    }
    lines.extend(report.ruled_out.iter().map(|one| claim("ruled out", one)));
    lines.extend(report.blast_radius.iter().map(|one| claim("hit", one)));
    for moment in &report.timeline {
        let evidence = moment.evidence.map(|id| format!(" [{id}]")).unwrap_or_default();
        let details = if moment.details.is_empty() { String::new() } else { format!(": {}", moment.details) };
        lines.push(format!("at {}: {}{details}{evidence}", moment.at, moment.event));
    }
    lines.extend(report.could_not_see.iter().map(|gap| format!("not seen: {}: {}", gap.what, gap.why)));
    lines.extend(report.next_probes.iter().map(|probe| format!("would tell more: {probe}")));
    lines.join("\n")
}

fn claim(what: &str, claim: &Claim) -> String {
    let ids: Vec<String> = claim.evidence().iter().map(ToString::to_string).collect();
    format!("{what}: {} [{}]", claim.text, ids.join(", "))
}
