//! The message that is edited in place: how it stands, its steps as fields, its alerts.
//!
//! Start at [`render`].

use midwatch_agent::render::clean;
use midwatch_agent::request::{Progress, Step, StepState};
use midwatch_service::post::{AlertsNow, LivingMessage, LivingStatus};

use super::page::{Page, VALUE_CAP, length};
use super::{Message, buttons, colour, escape, resolved, word};

/// Characters of a title: Discord takes 256 of its markup, and some of it is ours.
const TITLE_CAP: usize = 100;

/// Characters of a verdict's sentence, or of why there is none.
const WHY_CAP: usize = 1_000;

/// Characters of what a step says.
const STEP_CAP: usize = 200;

/// Notes shown; the newest.
const NOTES_SHOWN: usize = 5;

/// Characters of one.
const NOTE_CAP: usize = 300;

/// Characters of a length of time.
const LASTED_CAP: usize = 20;

pub(super) fn render(living: &LivingMessage, tag: &str) -> Message {
    let over = living.alerts.as_ref().and_then(|now| now.resolved_after.as_deref());
    let mut page = Page::coloured(colour::of_status(&living.status, over.is_some()));
    let (lead, why) = headline(&living.status);
    let title = escape::short(&living.title, TITLE_CAP);
    let said = over.map_or_else(|| lead.to_owned(), |after| resolved(&escape::short(after, LASTED_CAP)));
    page.title(&if title.is_empty() { said } else { format!("{said} · {title}") });
    page.add(&match (over, why.is_empty()) {
        (None, _) => why,
        (Some(_), true) => escape::bold(lead),
        (Some(_), false) => format!("{}: {why}", escape::bold(lead)),
    });
    for (name, value) in steps(living) {
        page.field(&name, &value);
    }
    page.field("Alerts", &living.alerts.as_ref().map(alerts).unwrap_or_default());
    page.field("⚠️ Notes", &notes(&living.notes));
    let job = living.job.filter(|_| under_way(&living.status));
    let components = job.map(buttons::under_way).unwrap_or_default();
    Message { embeds: page.finish("", Some(tag)), components, ..Message::default() }
}

fn under_way(status: &LivingStatus) -> bool {
    matches!(status, LivingStatus::Queued | LivingStatus::Investigating)
}

/// How it stands, and what is to be said about it.
fn headline(status: &LivingStatus) -> (&'static str, String) {
    match status {
        LivingStatus::Queued => ("⏳ Queued", String::new()),
        LivingStatus::Investigating => ("🔎 Investigating", String::new()),
        LivingStatus::Reported { verdict, headline } => (word(*verdict), sentence(headline, WHY_CAP)),
        LivingStatus::Failed { why } => ("❌ No report", sentence(why, WHY_CAP)),
        LivingStatus::Cancelled { why } => ("⏹️ Stopped", sentence(why, WHY_CAP)),
    }
}

/// A line of ours, in which `ticks` mean code.
fn sentence(text: &str, cap: usize) -> String {
    escape::with_ticks(&clean::shorten(&clean::line(text), cap))
}

/// While it is under way also the steps to come; afterwards only those that were begun, and none goes on.
fn steps(living: &LivingMessage) -> Vec<(String, String)> {
    let runs = matches!(living.status, LivingStatus::Investigating);
    let shown = |step: Step| {
        let known = living.steps.iter().find(|known| known.step == step);
        let mark = match known.map(|known| known.state) {
            Some(StepState::Complete) => "✅",
            Some(StepState::InProgress) if runs => "▶️",
            // Cut short, or some of it could not be read: both are what the reader has to know.
            Some(StepState::InProgress | StepState::Partial) => "⚠️",
            None if runs => "▫️",
            None => return None,
        };
        Some((format!("{mark} {}", name(step)), text(step, known)))
    };
    Step::shown(&living.steps).filter_map(shown).collect()
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Scope => "Scope",
        Step::Objects => "Objects and events",
        Step::Logs => "Logs",
        Step::Verdict => "Verdict",
        Step::Model => "Model",
    }
}

fn text(step: Step, known: Option<&Progress>) -> String {
    let told = known.filter(|known| known.state != StepState::InProgress && !known.text.trim().is_empty());
    sentence(told.map_or(step.title(), |known| known.text.as_str()), STEP_CAP)
}

/// The newest that fit into a field, in order.
fn notes(notes: &[String]) -> String {
    let mut text = String::new();
    for note in notes.iter().rev().take(NOTES_SHOWN) {
        let line = sentence(note, NOTE_CAP);
        let longer = if text.is_empty() { line } else { format!("{line}\n{text}") };
        if length(&longer) > VALUE_CAP {
            break;
        }
        text = longer;
    }
    text
}

fn alerts(now: &AlertsNow) -> String {
    let count = |n: u64| if n == 1 { "1 alert".to_owned() } else { format!("{n} alerts") };
    let times = |n: u64| if n == 1 { "once".to_owned() } else { format!("{n} times") };
    let mut parts = Vec::new();
    if now.firing + now.resolved > 0 {
        parts.push(format!("{} firing, {} resolved", count(now.firing), now.resolved));
    }
    if now.reopened > 0 {
        parts.push(format!("reopened {}", times(u64::from(now.reopened))));
    }
    if now.repeats > 0 {
        parts.push(format!("repeated {}", times(now.repeats)));
    }
    parts.join(" · ")
}
