//! Answers as text for a model or a person, and as structure for a program.
//!
//! Takes redacted values only. Start at [`report`].

use midwatch_agent::render::clean;
use midwatch_redact::Redacted;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};

use super::backend::{Found, Reported, Standing};

/// Bytes of a report's structure; a larger one is left out, and its Markdown says all the same.
const STRUCTURE_CAP: usize = 512 * 1024;

/// Bytes of a report's text.
const TEXT_CAP: usize = 256 * 1024;

/// A report: its Markdown, with the job's name behind it; its JSON as structure.
pub(super) fn report(reported: &Reported) -> CallToolResult {
    let end = reported.markdown.floor_char_boundary(TEXT_CAP);
    let kept = reported.markdown.get(..end).unwrap_or_default();
    let cut = if end < reported.markdown.len() { "\n\n[cut: the report is longer]" } else { "" };
    let words = format!("{}{cut}\n\nJob: {}", clean::block(kept).trim_end(), reported.job);
    let mut result = CallToolResult::success(vec![ContentBlock::text(words)]);
    let structure = Some(reported.json.as_str()).filter(|json| json.len() <= STRUCTURE_CAP);
    let structure: Option<Value> = structure.and_then(|json| serde_json::from_str(json).ok());
    result.structured_content = structure.map(|report| json!({"job": reported.job, "report": report}));
    result
}

/// How investigations stand: a line for each.
pub(super) fn status(standing: &Redacted<Vec<Standing>>) -> CallToolResult {
    let lines: Vec<String> = standing.iter().map(standing_line).collect();
    let words = if lines.is_empty() { "Nothing was investigated yet.".to_owned() } else { lines.join("\n") };
    both(words, json!({"investigations": standing.iter().collect::<Vec<_>>()}))
}

fn standing_line(one: &Standing) -> String {
    let outcome = one.outcome.as_deref().map(|outcome| format!(": {outcome}")).unwrap_or_default();
    format!("- {} {} (since {}) {}{outcome}", one.job, one.state, one.since, one.about)
}

/// Reports that were found: two lines for each.
pub(super) fn found(reports: &Redacted<Vec<Found>>) -> CallToolResult {
    let lines: Vec<String> = reports.iter().map(found_lines).collect();
    let words = if lines.is_empty() { "No report has all of these words.".to_owned() } else { lines.join("\n") };
    both(words, json!({"reports": reports.iter().collect::<Vec<_>>()}))
}

fn found_lines(one: &Found) -> String {
    let Found { job, at, verdict, headline, snippet } = one;
    format!("- {job} ({at}) {verdict}: {headline}\n  {}", clean::line(snippet))
}

/// A text that may leave.
pub(super) fn text(words: &Redacted<String>) -> ContentBlock {
    ContentBlock::text(clean::block(words).into_owned())
}

fn both(words: String, structure: Value) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(clean::block(&words).into_owned())]);
    result.structured_content = Some(structure);
    result
}
