//! Plain text with labels: `FIRING KubePodCrashLooping namespace=shop pod=checkout-0 severity="critical"`.
//!
//! A word that means trouble is no alert: what makes one is a state in capitals with a rule's name and labels, or the label
//! `alertname`. Start at [`read`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::labels::{grade, put};
use super::sheet::Sheet;
use super::title::is_alert_name;
use super::{ALERTS_CAP, PostedAlert, PostedAlerts};

/// The state that a line begins with.
static STATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "FIRING|RESOLVED|ALERT|ALERTING|PROBLEM|RECOVERY|RECOVERED|CRITICAL|WARNING|OK";
    Regex::new(&format!(r"^\[?({words})\b(?::?\d{{1,9}})?\]?[\s:,-]*(.*)$")).ok()
});

/// `name=value`, `name="a value"`.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:^|[\s,;{(])([A-Za-z_][A-Za-z0-9_]{0,127})\s?=\s?(?:"((?:[^"\\]|\\.)*)"|([^\s,;{}"]+))"#).ok()
});

/// Reads the lines of a text: a line that begins an alert, then lines with more of its labels.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let mut alerts: Vec<PostedAlert> = Vec::new();
    for line in std::iter::once(&sheet.title).chain(&sheet.lines) {
        let pairs = pairs(line);
        match begins(line, &pairs) {
            Some(_) if alerts.len() >= ALERTS_CAP => break,
            Some(alert) => alerts.push(alert),
            None => {
                let Some(alert) = alerts.last_mut() else { continue };
                for (name, value) in pairs {
                    put(&mut alert.labels, &name, &value);
                }
            }
        }
    }
    for alert in &mut alerts {
        settle(alert, sheet);
    }
    alerts.retain(|alert| !alert.name.is_empty() && alert.labels.len() > 1);
    let group = alerts.first().map(|alert| {
        let labels = alert.labels.iter().map(|(name, value)| format!("{name}={value}"));
        labels.collect::<Vec<_>>().join(" ")
    });
    let posted = PostedAlerts { source: "text".to_owned(), alerts, group, ..PostedAlerts::default() };
    Some(posted).filter(|posted| !posted.alerts.is_empty())
}

/// The alert that begins on a line.
fn begins(line: &str, pairs: &[(String, String)]) -> Option<PostedAlert> {
    let line = super::sheet::plain(line);
    let found = STATE.as_ref()?.captures(&line);
    let named = pairs.iter().find(|(name, _)| name == "alertname").map(|(_, value)| value.clone());
    let told = found.as_ref().and_then(|found| found.get(2)).and_then(|rest| rest.as_str().split_whitespace().next());
    let told = told.map(|word| word.trim_matches([':', ',', '{', '(', ')'])).filter(|word| is_rule(word));
    let state = found.as_ref().and_then(|found| found.get(1)).map_or("", |state| state.as_str());
    let name = match (named, told) {
        (Some(name), _) => name,
        (None, Some(name)) if !state.is_empty() && !pairs.is_empty() => name.to_owned(),
        _ => return None,
    };
    let mut labels = BTreeMap::new();
    for (name, value) in pairs {
        put(&mut labels, name, value);
    }
    grade(&mut labels, if matches!(state, "CRITICAL" | "WARNING") { state } else { "" });
    labels.insert("alertname".to_owned(), name.clone());
    let firing = !matches!(state, "RESOLVED" | "RECOVERY" | "RECOVERED" | "OK");
    Some(PostedAlert { name, firing, labels, ..PostedAlert::default() })
}

/// A state that is told as a label is no label: it changes.
fn settle(alert: &mut PostedAlert, sheet: &Sheet) {
    for name in ["status", "state"] {
        if let Some(state) = alert.labels.get(name).map(|state| state.to_lowercase())
            && matches!(state.as_str(), "firing" | "resolved" | "ok" | "alerting")
        {
            alert.firing &= matches!(state.as_str(), "firing" | "alerting");
            alert.labels.remove(name);
        }
    }
    for name in ["summary", "description", "runbook_url"] {
        if let Some(text) = alert.labels.remove(name) {
            alert.annotations.insert(name.to_owned(), text);
        }
    }
    alert.link.clone_from(&sheet.link);
}

/// A rule's name: `KubePodCrashLooping`, `Watchdog`, `instance_down`.
fn is_rule(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_alert_name(word)
        || (plain && word.len() > 3 && word.starts_with(char::is_uppercase) && !word.chars().all(char::is_uppercase))
}

fn pairs(line: &str) -> Vec<(String, String)> {
    let Some(pair) = PAIR.as_ref() else { return Vec::new() };
    let pairs = pair.captures_iter(line).filter_map(|found| {
        let value = match found.get(2) {
            Some(quoted) => quoted.as_str().replace("\\\"", "\"").replace("\\\\", "\\"),
            None => found.get(3)?.as_str().trim_matches(['`', '*', ')']).to_owned(),
        };
        Some((found.get(1)?.as_str().to_owned(), value))
    });
    pairs.collect()
}
