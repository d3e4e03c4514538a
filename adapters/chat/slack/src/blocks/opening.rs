//! The first message of a thread: what started it.

use midwatch_agent::render::{clean, when};
use midwatch_diagnosis::alert::Alert;
use midwatch_service::post::Opening;

use super::Message;
use super::page::{Page, context};
use super::rich::{self, Rich};

/// Alerts shown one by one; more are counted.
const ALERTS_SHOWN: usize = 5;

/// Labels told of one alert; more are counted.
const LABELS_SHOWN: usize = 10;

/// Labels that the line tells already, or that say only who scraped.
const UNTOLD: &[&str] = &["alertname", "severity", "prometheus", "endpoint", "uid"];

pub(super) fn render(opening: &Opening) -> Message {
    let mut page = Page::default();
    page.add(vec![rich::line_block(Rich::bold(&clean::line(&opening.title)))]);
    let shown: Vec<Rich> = opening.alerts.iter().take(ALERTS_SHOWN).map(alert).collect();
    if !shown.is_empty() {
        page.add(vec![rich::block(vec![rich::bullets(shown)])]);
    }
    let hidden = opening.alerts.len().saturating_sub(ALERTS_SHOWN);
    let more = opening.more.saturating_add(u64::try_from(hidden).unwrap_or(u64::MAX));
    if more > 0 {
        page.add(vec![context(&format!("and {more} more alerts"))]);
    }
    if let Some(question) = &opening.question {
        page.add(vec![rich::line_block(Rich::plain(question))]);
    }
    let asked_by = opening.asked_by.as_ref().map(|who| context(&format!("asked by {who}")));
    let previous = opening.previous.as_ref().map(|thread| context(&format!("seen before: thread {thread}")));
    let text = match &opening.question {
        Some(question) => format!("{}: {question}", opening.title),
        None => opening.title.clone(),
    };
    Message::new(&text, page.finish(asked_by.into_iter().chain(previous)))
}

fn alert(alert: &Alert) -> Rich {
    let state = if alert.firing { "🔴 FIRING " } else { "🟢 RESOLVED " };
    let severity = alert.label("severity").map(|s| format!(" {s}")).unwrap_or_default();
    let since = alert.starts_at.map(|at| format!(" since {} UTC", when(at))).unwrap_or_default();
    let told: Vec<(&String, &String)> =
        alert.labels.iter().filter(|(name, _)| !UNTOLD.contains(&name.as_str())).collect();
    let mut labels: Vec<String> =
        told.iter().take(LABELS_SHOWN).map(|(name, value)| format!("{name}={value}")).collect();
    if told.len() > LABELS_SHOWN {
        labels.push(format!("and {} more labels", told.len() - LABELS_SHOWN));
    }
    let line = Rich::plain(state)
        .with_bold(&clean::shorten(&clean::line(&alert.name), 150))
        .with(&clean::line(&severity))
        .with(&since)
        .with(if labels.is_empty() { "" } else { " " })
        .with_code(&clean::shorten(&clean::line(&labels.join(" ")), 600));
    match alert.annotations.get("summary").or_else(|| alert.annotations.get("description")) {
        Some(summary) => line.with("\n").with_faint(&clean::shorten(&clean::line(summary), 400)),
        None => line,
    }
}
