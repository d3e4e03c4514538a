//! The report as a Markdown page, for a ticket or a wiki.
//!
//! Must never let quoted text become markup: text is escaped, quotes stand in code whose fence is longer than any in
//! the quote. Start at [`render`].

use std::fmt::Write as _;

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::evidence::{Evidence, Excerpt};
use midwatch_diagnosis::report::{Claim, EvidenceId, Gap, IncidentSummary, Moment, Recommendation, Report};

use super::{clean, kind_of, model, when};

/// The whole page.
pub(super) fn render(report: &Report) -> String {
    let mut page = Page::default();
    head(&mut page, report);
    page.list("Why", &report.why, |c| format!("1. {}", claim(c)));
    for told in model::told(report) {
        page.list(&escape(&told.title), &told.points, model_point);
    }
    page.list("Ruled out", &report.ruled_out, |c| format!("- {}", claim(c)));
    timeline(&mut page, &report.timeline);
    page.list("Blast radius", &report.blast_radius, |c| format!("- {}", claim(c)));
    page.list("Do this", &report.recommendations, recommendation);
    page.list("What would decide it", &report.next_probes, |probe| format!("- {}", code(probe)));
    page.list("Could not see", &report.could_not_see, gap);
    page.list("All incidents", &report.incidents, incident);
    if let Some(config) = &report.pod_config {
        page.heading("Configuration of the container");
        page.block(&fenced("", config, ""));
    }
    evidence(&mut page, report);
    let collected = &report.collected;
    let range = collected.time_range.map(|(from, to)| format!(", window {} to {} UTC", when(from), when(to)));
    page.block(&format!(
        "Read: {} log lines, {} events{}. Report {}.",
        collected.logs_lines,
        collected.events_count,
        range.unwrap_or_default(),
        code(&report.id)
    ));
    page.text
}

fn head(page: &mut Page, report: &Report) {
    page.block(&format!("# {}: {}", report.verdict.as_str().to_uppercase(), escape(&report.root_cause)));
    let mut facts = vec![format!("Confidence: {}", report.confidence.as_str())];
    if !report.root_entities.is_empty() {
        let roots: Vec<String> = report.root_entities.iter().map(|e| code(&e.to_string())).collect();
        facts.push(format!("Root: {}", roots.join(", ")));
    }
    facts.extend(report.lasted().map(|time| format!("For: {time}")));
    facts.extend(report.question.as_ref().map(|asked| format!("Asked: {}", escape(asked))));
    facts.extend(report.alert.as_ref().map(|alert| alert_line(alert, report.alerts)));
    facts.push(format!("As of: {} UTC", when(report.as_of)));
    let facts: Vec<String> = facts.iter().map(|fact| format!("- {fact}")).collect();
    page.block(&facts.join("\n"));
}

fn alert_line(alert: &Alert, alerts: usize) -> String {
    let state = if alert.firing { "firing" } else { "resolved" };
    let since = alert.starts_at.map(|at| format!(" since {} UTC", when(at))).unwrap_or_default();
    let more = if alerts > 1 { format!(", and {} more", alerts - 1) } else { String::new() };
    let labels: Vec<String> =
        alert.labels.iter().filter(|(k, _)| *k != "alertname").map(|(k, v)| code(&format!("{k}={v}"))).collect();
    format!("Alert: {}, {state}{since}{more} {}", escape(&alert.name), labels.join(" "))
}

fn model_point(point: &model::Point) -> String {
    let source = if point.source.is_empty() { String::new() } else { format!(" {}", escape(&point.source)) };
    format!("- {}{source}", escape(&point.text))
}

fn timeline(page: &mut Page, moments: &[Moment]) {
    if moments.is_empty() {
        return;
    }
    page.heading("Timeline");
    let mut table = "| Time (UTC) | What | Details | Evidence |\n| --- | --- | --- | --- |".to_owned();
    for moment in moments {
        let source = moment.evidence.map(link).unwrap_or_default();
        let (event, details) = (escape(&moment.event), escape(&moment.details));
        let _ = write!(table, "\n| {} | {event} | {details} | {source} |", when(moment.at));
    }
    page.block(&table);
}

fn recommendation(one: &Recommendation) -> String {
    let mut text = format!("{}. **{}**", one.priority, escape(&one.action));
    if let Some(command) = &one.command {
        let _ = write!(text, "\n\n{}\n", fenced("sh", command, "   "));
    }
    let _ = write!(text, "\n   Risk: {}.", escape(&one.risk));
    if let Some(check) = &one.check {
        let _ = write!(text, " Check: {}", code(check));
    }
    text
}

fn gap(gap: &Gap) -> String {
    let fix = gap.fix.as_ref().map(|fix| format!(" Fix: {}", escape(fix))).unwrap_or_default();
    format!("- {}: {}.{fix}", escape(&gap.what), escape(&gap.why))
}

fn incident(incident: &IncidentSummary) -> String {
    let roots: Vec<String> = incident.root_entities.iter().map(|e| code(&e.to_string())).collect();
    let mut text = format!("1. {} ({})", escape(&incident.root_cause), roots.join(", "));
    for one in &incident.why {
        let _ = write!(text, "\n   - {}", claim(one));
    }
    text
}

fn evidence(page: &mut Page, report: &Report) {
    if report.ledger.iter().next().is_none() {
        return;
    }
    page.heading("Evidence");
    for (id, piece) in report.ledger.iter() {
        page.block(&format!("### {id}"));
        page.block(&about(piece));
        page.block(&fenced("", piece.text(), ""));
        page.block(&format!("Shown by {}", code(&piece.command)));
    }
}

fn about(piece: &Evidence) -> String {
    let entity = escape(&piece.about.to_string()).into_owned();
    match &piece.excerpt {
        Excerpt::Event { kind, reason, count, .. } => {
            let at = piece.at().map(|at| format!(", last at {} UTC", when(at))).unwrap_or_default();
            format!("{} event {} on {entity}, {count} times{at}", escape(kind), escape(reason))
        }
        Excerpt::Log { number, previous, .. } => {
            let run = if *previous { "previous log" } else { "log" };
            format!("Line {number} of the {run} of {entity}")
        }
        Excerpt::Metric { expr, at, .. } => {
            format!("Value of {} for {entity} at {} UTC", code(expr), when(*at))
        }
        Excerpt::Answer { tool, .. } => format!("{} of {entity} by {}", kind_of(piece), code(tool)),
        Excerpt::Object(_) | Excerpt::Absence(_) => format!("{} {entity}", kind_of(piece)),
    }
}

fn claim(claim: &Claim) -> String {
    let ids: Vec<String> = claim.evidence().iter().copied().map(link).collect();
    format!("{} {}", escape(&claim.text), ids.join(" "))
}

/// The heading of the evidence is its anchor.
fn link(id: EvidenceId) -> String {
    format!("[[{id}]](#{id})")
}

/// Text as text: nothing in it is markup. Underscores inside words are none and stay readable.
pub(super) fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    let text = clean::line(text);
    if !text.contains(|c: char| c.is_ascii_punctuation()) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let inside_word = before.is_alphanumeric() && rest.peek().is_some_and(|n| n.is_alphanumeric());
        let first = out.is_empty() && matches!(c, '#' | '+' | '-' | '=');
        if first
            || (c == '_' && !inside_word)
            || matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&')
        {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out.into()
}

/// A short quote on a line, in backticks that it cannot end. A bar would end a table's cell, but none is in one.
pub(super) fn code(text: &str) -> String {
    let text = clean::line(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A quote of several lines, in a fence that it cannot end.
fn fenced(language: &str, text: &str, indent: &str) -> String {
    let text = clean::block(text);
    let fence = "`".repeat((longest_run(&text) + 1).max(3));
    let lines = std::iter::once(format!("{fence}{language}"))
        .chain(text.lines().map(str::to_owned))
        .chain(std::iter::once(fence.clone()));
    lines.map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Blocks with an empty line between them.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn heading(&mut self, title: &str) {
        self.block(&format!("## {title}"));
    }

    /// A heading and one item for each value; nothing when there is none.
    fn list<T>(&mut self, title: &str, values: &[T], item: fn(&T) -> String) {
        if !values.is_empty() {
            self.heading(title);
            self.block(&values.iter().map(item).collect::<Vec<_>>().join("\n"));
        }
    }
}
