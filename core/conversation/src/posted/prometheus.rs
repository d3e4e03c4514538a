//! Posts with Alertmanager's default title, which Grafana's alerting shares, with or without a list of alerts below it.
//!
//! Start at [`read`].

use std::collections::BTreeMap;

use super::labels::{grade, is_severity};
use super::sheet::Sheet;
use super::title::{self, Title};
use super::{PostedAlert, PostedAlerts, listing};

/// Reads a post by its title, or by its list when the title is of someone's own making.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let title = title::read(&sheet.title);
    let list = listing::read(&sheet.lines, title.as_ref().is_none_or(|title| title.firing) && sheet.colour != "good");
    let source = if is_grafana(sheet) { "grafana" } else { "alertmanager" };
    let named = list.iter().any(|alert| !alert.name.is_empty());
    let posted = match title {
        Some(title) if !list.is_empty() => of_list(&title, list),
        Some(title) => of_title(title, sheet),
        None if named => PostedAlerts { alerts: list, ..PostedAlerts::default() },
        None => return None,
    };
    Some(PostedAlerts { source: source.to_owned(), ..posted })
}

fn is_grafana(sheet: &Sheet) -> bool {
    let told = |word: &str| sheet.lines.iter().any(|line| line.trim_start().starts_with(word));
    sheet.is_by("grafana") || told("Silence:") || told("Value:") || told("- grafana_folder = ")
}

fn of_list(title: &Title, mut alerts: Vec<PostedAlert>) -> PostedAlerts {
    for alert in alerts.iter_mut().filter(|alert| alert.name.is_empty()) {
        alert.name.clone_from(&title.name);
        for (name, value) in &title.labels {
            alert.labels.entry(name.clone()).or_insert_with(|| value.clone());
        }
        if !title.name.is_empty() {
            alert.labels.insert("alertname".to_owned(), title.name.clone());
        }
    }
    PostedAlerts { alerts, count: title.count, group: group(title), ..PostedAlerts::default() }
}

/// One alert for the whole group.
fn of_title(title: Title, sheet: &Sheet) -> PostedAlerts {
    let (group, count) = (group(&title), title.count);
    let Title { firing, name, values, mut labels, .. } = title;
    let mut annotations = BTreeMap::new();
    let text = sheet.text();
    if !text.is_empty() {
        annotations.insert("description".to_owned(), text);
    }
    if !name.is_empty() {
        labels.insert("alertname".to_owned(), name.clone());
    }
    if let Some(severity) = values.iter().find(|value| is_severity(value)) {
        grade(&mut labels, severity);
    }
    let alert = PostedAlert { name, firing, labels, values, annotations, link: sheet.link.clone() };
    let alerts = if alert.name.is_empty() && alert.values.is_empty() { Vec::new() } else { vec![alert] };
    PostedAlerts { alerts, count, group, summary: true, ..PostedAlerts::default() }
}

fn group(title: &Title) -> Option<String> {
    Some(title.group.clone()).filter(|group| !group.is_empty())
}
