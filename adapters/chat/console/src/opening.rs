//! The first post of a thread: the question or the alert.

use midwatch_agent::alertmanager::AlertGroup;
use midwatch_agent::render::when;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::{Redact, Redactor};

use crate::look::Look;
use crate::page::{Ink, Page, Text};

/// What started the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Someone asked.
    Question(Question),
    /// Alerts came in, with a question or without.
    Alerts(AlertGroup, Question),
}

/// What was asked, of whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The words, if there are any.
    pub text: Option<String>,
    /// The namespace, if one was named.
    pub namespace: Option<String>,
    /// The evidence that is looked at.
    pub source: String,
}

impl Redact for Question {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
        self.namespace.redact(redactor);
        self.source.redact(redactor);
    }
}

impl Redact for Opening {
    fn redact(&mut self, redactor: &Redactor) {
        match self {
            Opening::Question(question) => question.redact(redactor),
            Opening::Alerts(group, question) => {
                group.alerts.redact(redactor);
                question.redact(redactor);
            }
        }
    }
}

/// Labels that the headline tells already, or that say only who scraped.
const UNTOLD: &[&str] = &["alertname", "severity", "prometheus", "endpoint", "uid"];

/// Labels of the scrape. Beside an object of the cluster they name the exporter only; without one they may be all there is.
const SCRAPE: &[&str] = &["instance", "job", "service"];

/// Labels told of one alert; more are counted.
const LABELS_SHOWN: usize = 12;

/// Alerts listed; more are counted.
const ALERTS_SHOWN: usize = 3;

pub(crate) fn render(look: Look, opening: &Opening) -> String {
    let mut page = Page::new(look);
    let question = match opening {
        Opening::Question(question) => question,
        Opening::Alerts(group, question) => {
            alerts(&mut page, &group.alerts, group.more);
            question
        }
    };
    let asks = question.text.is_some() || matches!(opening, Opening::Question(_));
    if asks {
        let place = question.namespace.as_ref().map(|ns| format!(" in namespace {ns}")).unwrap_or_default();
        let words = question.text.as_deref().unwrap_or("is anything wrong?");
        page.para(who(&page, "you"), Ink::Strong, &Text::plain(words).with(Ink::Faint, &place));
    }
    page.gutter(" |");
    page.empty();
    page.gutter("");
    let text = Text::new(Ink::Strong, "Investigating").with(Ink::Faint, &format!(" {}", question.source));
    page.para(who(&page, " +- Midwatch"), Ink::Strong, &text);
    page.finish()
}

/// Alerts as whoever sent them would post them; `more` were not handed in singly.
pub(crate) fn alerts(page: &mut Page, alerts: &[Alert], more: usize) {
    for alert in alerts.iter().take(ALERTS_SHOWN) {
        let (state, ink) = if alert.firing { ("[FIRING] ", Ink::Bad) } else { ("[RESOLVED] ", Ink::Good) };
        let text = Text::new(ink, state).with(Ink::Strong, &alert.name).with(Ink::Plain, &details(alert));
        page.para(who(page, "Alertmanager"), Ink::Strong, &text);
        if let Some(summary) = alert.annotations.get("summary").or_else(|| alert.annotations.get("description")) {
            page.para(who(page, ""), Ink::Plain, &Text::new(Ink::Faint, summary));
        }
    }
    let more = more + alerts.len().saturating_sub(ALERTS_SHOWN);
    if more > 0 {
        page.para(who(page, ""), Ink::Plain, &Text::new(Ink::Faint, &format!("and {more} more alerts")));
    }
}

fn details(alert: &Alert) -> String {
    let severity = alert.label("severity").map(|s| format!(" {s}")).unwrap_or_default();
    let since = alert.starts_at.map(|at| format!(" since {} UTC", when(at))).unwrap_or_default();
    let placed = alert.label("namespace").is_some() || alert.label("node").is_some();
    let told = |name: &str| !(UNTOLD.contains(&name) || (placed && SCRAPE.contains(&name)));
    let mut labels: Vec<String> =
        alert.labels.iter().filter(|(name, _)| told(name)).map(|(name, value)| format!("{name}={value}")).collect();
    let more = labels.len().saturating_sub(LABELS_SHOWN);
    labels.truncate(LABELS_SHOWN);
    if more > 0 {
        labels.push(format!("and {more} more labels"));
    }
    let labels = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(" ")) };
    format!("{severity}{labels}{since}")
}

/// Who speaks, as the lead of a post.
pub(crate) fn who(page: &Page, name: &str) -> &'static str {
    match (name, page.is_narrow()) {
        ("you", false) => "you            ",
        ("you", true) => "you  ",
        ("Alertmanager", false) => "Alertmanager   ",
        ("Alertmanager", true) => "Alertmanager ",
        (" +- Midwatch", false) => " +- Midwatch   ",
        (" +- Midwatch", true) => " +- ",
        (_, false) => "               ",
        (_, true) => "  ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(labels: &[(&str, &str)]) -> String {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        details(&Alert { labels, ..Alert::default() })
    }

    #[test]
    fn the_instance_is_told_where_nothing_else_says_what_the_alert_is_about() {
        assert_eq!(told(&[("instance", "10.0.0.1:9100"), ("severity", "page")]), " page (instance=10.0.0.1:9100)");
        assert_eq!(told(&[("instance", "10.0.0.1:8080"), ("namespace", "shop")]), " (namespace=shop)");
    }

    #[test]
    fn hundreds_of_labels_are_counted() {
        let names: Vec<String> = (0..400).map(|n| format!("l{n:03}")).collect();
        let labels: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let text = told(&labels);
        assert!(text.ends_with("l011=x and 388 more labels)"), "{text}");
    }
}
