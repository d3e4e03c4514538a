//! The message that is edited in place: how it stands, its steps as a plan, its alerts.
//!
//! Where the workspace takes no plans, the steps are lines. Start at [`render`].

use midwatch_agent::render::clean;
use midwatch_agent::request::{Progress, Step, StepState};
use midwatch_service::button::Button;
use midwatch_service::post::{AlertsNow, LivingMessage, LivingStatus};
use slack_morphism::prelude::{SlackBlock, SlackPlanBlock, SlackTaskCardBlock, SlackTaskCardStatus, SlackTaskId};

use super::page::{Look, Page, buttons, context};
use super::rich::{self, Rich};
use super::{Message, resolved, word};

/// Characters of a title; Slack documents no limit for plans and tasks, and longer ones are no titles.
const TITLE_CAP: usize = 150;

/// Notes shown; the newest.
const NOTES_SHOWN: usize = 5;

pub(super) fn render(look: Look, living: &LivingMessage) -> Message {
    let mut page = Page::default();
    let over = living.alerts.as_ref().and_then(|now| now.resolved_after.as_ref()).map(|after| resolved(after));
    let (lead, rest) = headline(living);
    let line = match &over {
        Some(over) => Rich::bold(over).with("\n").with_bold(lead).with(&rest),
        None => Rich::bold(lead).with(&rest),
    };
    page.add(vec![rich::line_block(line)]);
    let steps = steps(living);
    if !steps.is_empty() {
        page.add(vec![if look.plan { plan(living, &steps) } else { lines(&steps) }]);
    }
    for note in living.notes.iter().skip(living.notes.len().saturating_sub(NOTES_SHOWN)) {
        page.add(vec![context(&format!("⚠️ {note}"))]);
    }
    let alerts = living.alerts.as_ref().and_then(alerts).map(|text| context(&text));
    let actions = living.job.filter(|_| under_way(&living.status)).map(|job| buttons(&Button::UNDER_WAY, job));
    let text = over.map(|over| format!("{over}. ")).unwrap_or_default() + lead + &rest;
    Message::new(&text, page.finish(alerts.into_iter().chain(actions)))
}

pub(crate) fn under_way(status: &LivingStatus) -> bool {
    matches!(status, LivingStatus::Queued | LivingStatus::Investigating)
}

fn headline(living: &LivingMessage) -> (&'static str, String) {
    let title = clean::line(&living.title);
    match &living.status {
        LivingStatus::Queued => ("⏳ Queued", format!(" {title}")),
        LivingStatus::Investigating => ("🔎 Investigating", format!(" {title}")),
        LivingStatus::Reported { verdict, headline } => (word(*verdict), format!(": {}", clean::line(headline))),
        LivingStatus::Failed { why } => ("❌ No report", format!(" on {title}: {}", clean::line(why))),
        LivingStatus::Cancelled { why } => ("⏹️ Stopped", format!(" {title}: {}", clean::line(why))),
    }
}

/// A step as it is shown.
struct Shown {
    step: Step,
    status: SlackTaskCardStatus,
    text: String,
}

/// While it is under way also the steps to come; afterwards only those that were begun, and none goes on.
fn steps(living: &LivingMessage) -> Vec<Shown> {
    let runs = matches!(living.status, LivingStatus::Investigating);
    let shown = |step: Step| {
        let known = living.steps.iter().find(|known| known.step == step);
        let status = match known.map(|known| known.state) {
            Some(StepState::Complete) => SlackTaskCardStatus::Complete,
            Some(StepState::InProgress) if runs => SlackTaskCardStatus::InProgress,
            // Cut short, or some of it could not be read: both are what the reader has to know.
            Some(StepState::InProgress | StepState::Partial) => SlackTaskCardStatus::Error,
            None if runs => SlackTaskCardStatus::Pending,
            None => return None,
        };
        Some(Shown { step, status, text: text(step, known) })
    };
    Step::shown(&living.steps).filter_map(shown).collect()
}

fn text(step: Step, known: Option<&Progress>) -> String {
    let told = known.filter(|known| known.state != StepState::InProgress && !known.text.trim().is_empty());
    let text = told.map_or(step.title(), |known| known.text.as_str());
    clean::shorten(&clean::line(text), TITLE_CAP).into_owned()
}

fn plan(living: &LivingMessage, steps: &[Shown]) -> SlackBlock {
    let title = clean::line(&living.title);
    let title = if title.trim().is_empty() { "Investigation" } else { &title };
    let tasks = steps.iter().map(|shown| {
        let id = SlackTaskId(format!("{:?}", shown.step).to_lowercase());
        SlackTaskCardBlock::new(id, shown.text.clone()).with_status(shown.status.clone())
    });
    SlackPlanBlock::new(clean::shorten(title, TITLE_CAP).into_owned(), tasks.collect()).into()
}

fn lines(steps: &[Shown]) -> SlackBlock {
    let line = |shown: &Shown| {
        let mark = match shown.status {
            SlackTaskCardStatus::Complete => "✅ ",
            SlackTaskCardStatus::InProgress => "▶️ ",
            SlackTaskCardStatus::Pending => "▫️ ",
            SlackTaskCardStatus::Error => "⚠️ ",
        };
        rich::line(Rich::plain(mark).with(&shown.text).with("\n"))
    };
    rich::block(steps.iter().map(line).collect())
}

fn alerts(now: &AlertsNow) -> Option<String> {
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
    (!parts.is_empty()).then(|| parts.join(" · "))
}
