//! The first message of a thread: what started it.

use midwatch_agent::render::{clean, when};
use midwatch_diagnosis::alert::Alert;
use midwatch_service::post::Opening;

use super::page::{Page, length};
use super::{Message, colour, escape};

/// Alerts shown one by one; more are counted.
const ALERTS_SHOWN: usize = 5;

/// Labels told of one alert; more are counted.
const LABELS_SHOWN: usize = 10;

/// Labels that the line tells already, or that say only who scraped.
const UNTOLD: &[&str] = &["alertname", "severity", "prometheus", "endpoint", "uid"];

/// Characters of a title: Discord takes 256 of its markup.
const TITLE_CAP: usize = 120;

/// Characters of a question.
const QUESTION_CAP: usize = 1_000;

/// Characters of a name: an alert's, a person's.
const NAME_CAP: usize = 150;

/// Characters that the small lines below take at most.
const TAIL: usize = 500;

pub(super) fn render(opening: &Opening, tag: &str) -> Message {
    let mut page = Page::coloured(tint(opening));
    page.title(&escape::short(&opening.title, TITLE_CAP));
    if let Some(question) = &opening.question {
        page.add(&escape::short_block(question, QUESTION_CAP));
    }
    let fits = |one: &&Alert| {
        let text = alert(one);
        page.room() >= length(&text) + TAIL && page.add(&text)
    };
    let shown = opening.alerts.iter().take(ALERTS_SHOWN).take_while(fits).count();
    page.add(&small(opening, opening.alerts.len() - shown));
    Message { embeds: page.finish("", Some(tag)), ..Message::default() }
}

/// Red while an alert fires; blue when somebody asked.
fn tint(opening: &Opening) -> u32 {
    match opening.alerts.iter().any(|alert| alert.firing) {
        true => colour::RED,
        false if opening.alerts.is_empty() => colour::BLUE,
        false => colour::GREEN,
    }
}

/// The lines below: what is not shown, who asked, what came before. The earlier thread has an id of ours, which is no link.
fn small(opening: &Opening, hidden: usize) -> String {
    let more = opening.more.saturating_add(u64::try_from(hidden).unwrap_or(u64::MAX));
    let more = (more > 0).then(|| format!("-# and {more} more alerts"));
    let asked_by = opening.asked_by.as_ref().map(|who| format!("-# asked by {}", person(who)));
    let previous = opening.previous.as_ref().map(|thread| format!("-# seen before: thread `{thread}`"));
    [more, asked_by, previous].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// A person by their name where Discord gave an id; it does not notify them. What is no such id is text.
fn person(who: &str) -> String {
    let is_id = (17..=20).contains(&who.len()) && who.bytes().all(|b| b.is_ascii_digit());
    if is_id { format!("<@{who}>") } else { escape::short(who, NAME_CAP) }
}

fn alert(alert: &Alert) -> String {
    let state = if alert.firing { "🔴 FIRING" } else { "🟢 RESOLVED" };
    let name = escape::bold(&clean::shorten(&alert.name, NAME_CAP));
    let severity = alert.label("severity").map(|s| format!(" {}", escape::short(s, 30))).unwrap_or_default();
    let since = alert.starts_at.map(|at| format!(" since `{}` UTC", when(at))).unwrap_or_default();
    let mut text = format!("{state} {name}{severity}{since}");
    let labels = escape::code(&clean::shorten(&clean::line(&labels(alert)), 600));
    if !labels.is_empty() {
        text.push('\n');
        text.push_str(&labels);
    }
    if let Some(summary) = alert.annotations.get("summary").or_else(|| alert.annotations.get("description")) {
        text.push('\n');
        text.push_str(&escape::short(summary, 400));
    }
    text
}

fn labels(alert: &Alert) -> String {
    let told: Vec<(&String, &String)> =
        alert.labels.iter().filter(|(name, _)| !UNTOLD.contains(&name.as_str())).collect();
    let mut labels: Vec<String> =
        told.iter().take(LABELS_SHOWN).map(|(name, value)| format!("{name}={value}")).collect();
    if told.len() > LABELS_SHOWN {
        labels.push(format!("and {} more labels", told.len() - LABELS_SHOWN));
    }
    labels.join(" ")
}
