//! Messages that are edited in place, as rows: a file shows all of them, a terminal that cannot edit only those that are news.
//!
//! Pure. Must never call a row news that changes with every delivery. Start at [`of_living`].

use midwatch_agent::request::{Progress, StepState};
use midwatch_service::post::{AlertsNow, LivingMessage, LivingStatus, PostBody};

use crate::look::{Look, Motion};
use crate::opening::who;
use crate::page::{Ink, Page, Text};
use crate::report;

use super::storm;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    mark: &'static str,
    ink: Ink,
    text: String,
    /// Whether it is worth a line where messages cannot be edited.
    news: bool,
}

impl Row {
    pub(super) fn new(mark: &'static str, ink: Ink, text: impl Into<String>) -> Self {
        Self { mark, ink, text: text.into(), news: true }
    }

    pub(super) fn quiet(self) -> Self {
        Self { news: false, ..self }
    }

    /// What tells it from other rows.
    pub(super) fn told(&self) -> String {
        format!("{}{}", self.mark, self.text)
    }
}

/// The rows of a message that are news where they were not told before. Other kinds of messages have none.
pub(super) fn news(motion: Motion, body: &PostBody) -> Vec<Row> {
    let rows = match body {
        PostBody::Living(living) if motion == Motion::Final && !is_settled(&living.status) => Vec::new(),
        PostBody::Living(living) if motion != Motion::Hidden => of_living(living),
        PostBody::Storm(table) => storm::rows(table),
        _ => Vec::new(),
    };
    rows.into_iter().filter(|row| row.news).collect()
}

fn is_settled(status: &LivingStatus) -> bool {
    !matches!(status, LivingStatus::Queued | LivingStatus::Investigating)
}

/// Rows as a message of Midwatch.
pub(super) fn page(look: Look, rows: &[Row]) -> String {
    let mut page = Page::new(look);
    for (index, row) in rows.iter().enumerate() {
        let lead = who(&page, if index == 0 { " +- Midwatch" } else { "" });
        page.para(lead, Ink::Strong, &Text::new(row.ink, row.mark).with(Ink::Plain, &row.text));
    }
    page.finish()
}

/// Every row of a living message.
pub(super) fn of_living(living: &LivingMessage) -> Vec<Row> {
    let mut rows = vec![status(living)];
    rows.extend(living.steps.iter().map(step));
    rows.extend(living.notes.iter().map(|note| Row::new("[note]  ", Ink::Open, note.as_str())));
    rows.extend(living.alerts.iter().flat_map(alerts));
    rows
}

fn status(living: &LivingMessage) -> Row {
    let title = &living.title;
    match &living.status {
        LivingStatus::Queued => Row::new("Queued ", Ink::Strong, title.as_str()),
        LivingStatus::Investigating => Row::new("Investigating ", Ink::Strong, title.as_str()),
        LivingStatus::Reported { verdict, headline } => {
            let (word, ink) = report::word(*verdict);
            Row::new(word, ink, format!(": {headline}"))
        }
        LivingStatus::Failed { why } => Row::new("No report", Ink::Bad, format!(" on {title}: {why}")),
        LivingStatus::Cancelled { why } => Row::new("Stopped", Ink::Open, format!(" {title}: {why}")),
    }
}

fn step(progress: &Progress) -> Row {
    let text = if progress.text.is_empty() { progress.step.title() } else { progress.text.as_str() };
    match progress.state {
        StepState::Complete => Row::new("[done]  ", Ink::Good, text),
        StepState::Partial => Row::new("[part]  ", Ink::Open, text),
        StepState::InProgress => Row::new("[now]   ", Ink::Strong, progress.step.title()).quiet(),
    }
}

fn alerts(now: &AlertsNow) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(lasted) = &now.resolved_after {
        rows.push(Row::new("RESOLVED", Ink::Good, format!(" after {lasted}")));
    }
    let count = |n: u64| if n == 1 { "1 alert".to_owned() } else { format!("{n} alerts") };
    if now.firing + now.resolved > 0 {
        rows.push(Row::new("", Ink::Plain, format!("{} firing, {} resolved", count(now.firing), now.resolved)));
    }
    if now.reopened > 0 {
        rows.push(Row::new("", Ink::Plain, format!("reopened: {}", times(u64::from(now.reopened)))));
    }
    if now.repeats > 0 {
        rows.push(Row::new("", Ink::Faint, format!("repeated: {}", times(now.repeats))).quiet());
    }
    rows
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}
