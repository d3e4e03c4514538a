//! The case as a model is told of it: what was asked, what the rules found, on which evidence.
//!
//! Must never grow beyond its cap: what does not fit is counted and can be read by its number. Start at [`of_report`].

use std::borrow::Cow;
use std::fmt::Write as _;

use midwatch_agent::request::Request;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::evidence::Evidence;
use midwatch_diagnosis::report::{Claim, EvidenceId, Report};

use super::text::Text;
use crate::ground;
use crate::veil::Veil;

/// Alerts that are told in full; the rest is counted.
const ALERTS: usize = 5;

/// Bytes of one alert.
const ALERT: usize = 2_000;

/// Bytes of one piece of evidence; the whole is on the shelf.
const PIECE: usize = 1_200;

/// Messages of a thread that are told, the newest.
const MEMORY: usize = 20;

/// Bytes of one of them.
const MEMORY_EACH: usize = 1_500;

/// The case, in at most about so many bytes.
pub(crate) fn of_report(report: Option<&Report>, request: &Request, veil: &Veil, cap: usize) -> Text {
    let text = Text::new().ours("The case\n");
    let text = match report.map(|report| report.as_of).or(request.as_of) {
        Some(now) => text.ours("Now is ").plain(now).ours(".\n"),
        None => text,
    };
    let text = alerts(text, request, veil);
    match report {
        Some(report) => evidence(findings(text, report, veil, cap / 2), report, veil, cap),
        None => text.ours("The engine has not made a report yet.\n"),
    }
}

/// What was said in the thread before, oldest first.
pub(crate) fn memory(text: Text, memory: &[String], veil: &Veil) -> Text {
    if memory.is_empty() {
        return text;
    }
    let told = &memory[memory.len().saturating_sub(MEMORY)..];
    let text = text.ours("\nWhat was said in the thread before, oldest first:\n");
    told.iter().fold(text, |text, said| text.data("thread", &clipped(said, MEMORY_EACH), veil).ours("\n"))
}

fn alerts(text: Text, request: &Request, veil: &Veil) -> Text {
    let told = request.alerts.iter().take(ALERTS);
    let text = match &request.text {
        Some(asked) => text.ours("It was asked:\n").data("question", &clipped(asked, ALERT), veil).ours("\n"),
        None => text,
    };
    let text = told.fold(text, |text, alert| {
        let says = alert_says(alert);
        text.data("alert", &clipped(&says, ALERT), veil).ours("\n")
    });
    match request.alerts.len().checked_sub(ALERTS) {
        None | Some(0) => text,
        Some(more) => text.plain(more).ours(" more alerts came with it.\n"),
    }
}

fn alert_says(alert: &Alert) -> String {
    let mut says = format!("{} {}", alert.name, if alert.firing { "fires" } else { "does not fire any more" });
    if let Some(since) = alert.starts_at {
        let _ = write!(says, " since {since}");
    }
    for (name, value) in alert.labels.iter().chain(&alert.annotations) {
        let _ = write!(says, "\n{name}: {value}");
    }
    says
}

/// What the rules say.
fn findings(text: Text, report: &Report, veil: &Veil, cap: usize) -> Text {
    let text = text.ours("\nThe engine's verdict is ").ours(report.verdict.as_str()).ours(", its confidence ");
    let text = text.ours(report.confidence.as_str()).ours(". What it found:\n");
    let mut says = String::new();
    let scope: Vec<String> = report.scope.iter().map(ToString::to_string).collect();
    section(&mut says, "scope", scope);
    section(&mut says, "sentence", [report.root_cause.clone()]);
    let hypotheses = ground::hypotheses(report).into_iter();
    let told = hypotheses.map(|one| format!("{}: {} {}", one.id, one.text, numbers(&one.evidence)));
    section(&mut says, "hypotheses (h), and rivals that it excluded (r)", told);
    section(&mut says, "root entities", report.root_entities.iter().map(ToString::to_string));
    section(&mut says, "claims", report.why.iter().map(claim));
    section(&mut says, "affected", report.blast_radius.iter().map(claim));
    let moments = report.timeline.iter().map(|moment| format!("{} {} {}", moment.at, moment.event, moment.details));
    section(&mut says, "timeline", moments);
    section(
        &mut says,
        "could not be read",
        report.could_not_see.iter().map(|gap| format!("{}: {}", gap.what, gap.why)),
    );
    section(&mut says, "reads that would decide", report.next_probes.iter().cloned());
    text.data("report", &clipped(&says, cap), veil).ours("\n")
}

fn section(says: &mut String, title: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_some() {
        let _ = writeln!(says, "{title}");
    }
    for line in lines {
        let _ = writeln!(says, "- {}", line.trim());
    }
}

fn claim(claim: &Claim) -> String {
    format!("{} {}", claim.text, numbers(claim.evidence()))
}

fn numbers(ids: &[EvidenceId]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(", "))
}

/// The evidence of the report, as far as the cap goes.
fn evidence(text: Text, report: &Report, veil: &Veil, cap: usize) -> Text {
    let mut text = text.ours("\nThe evidence that the engine cites:\n");
    let all = report.ledger.iter().count();
    for (index, (id, piece)) in report.ledger.iter().enumerate() {
        if text.len() >= cap {
            let text = text.plain(all - index).ours(" more are on the shelf, up to e").plain(all);
            return text.ours("; read them with read_evidence.\n");
        }
        text = text.data(&id.to_string(), &clipped(&piece_says(piece), PIECE), veil).ours("\n");
    }
    text
}

fn piece_says(piece: &Evidence) -> String {
    match piece.at() {
        Some(at) => format!("{} at {at}: {}", piece.about, piece.text()),
        None => format!("{}: {}", piece.about, piece.text()),
    }
}

/// As much of a text as fits; says so when it does not.
fn clipped(text: &str, cap: usize) -> Cow<'_, str> {
    if text.len() <= cap {
        return Cow::Borrowed(text);
    }
    let kept = &text[..text.floor_char_boundary(cap)];
    Cow::Owned(format!("{kept} (cut off here, {} bytes more)", text.len() - kept.len()))
}
