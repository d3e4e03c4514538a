//! PagerDuty: `Triggered #123: title`, with the service, the urgency and who is assigned as fields. The title is often
//! Alertmanager's.
//!
//! Start at [`read`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::labels::{grade, put};
use super::sheet::{Sheet, plain};
use super::{PostedAlert, PostedAlerts, title};

/// What became of an incident, its number, its title.
static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let states = "triggered|acknowledged|unacknowledged|resolved|escalated|reassigned|re-triggered|reopened";
    Regex::new(&format!(r"(?i)^({states})[:\s]+(?:incident\s+)?\[?#(\d{{1,12}})\]?\s*[:\-]?\s*(.+)$")).ok()
});

/// Reads an incident's post.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let found = HEAD.as_ref()?.captures(&sheet.title)?;
    let (state, number, name) = (found.get(1)?.as_str(), found.get(2)?.as_str(), plain(found.get(3)?.as_str()));
    let firing = !state.eq_ignore_ascii_case("resolved");
    let mut labels = BTreeMap::new();
    let mut annotations = BTreeMap::from([("incident".to_owned(), format!("#{number}"))]);
    for (field, value) in sheet.fields.iter().cloned().chain(told_by_lines(sheet)) {
        match field.as_str() {
            "service" => put(&mut labels, "service", &value),
            "priority" | "severity" => grade(&mut labels, &value),
            "urgency" | "assigned" | "assigned to" | "status" | "description" => {
                annotations.insert(field.replace(' ', "_"), value);
            }
            _ => {}
        }
    }
    if let Some(urgency) = annotations.get("urgency") {
        grade(&mut labels, urgency);
    }
    let inner = title::read(&name).unwrap_or_default();
    let name = if inner.name.is_empty() { name } else { inner.name };
    labels.extend(inner.labels);
    labels.insert("alertname".to_owned(), name.clone());
    let link = sheet.link.clone();
    let alert = PostedAlert { name, firing, labels, values: inner.values, annotations, link };
    let group = Some(format!("#{number}"));
    Some(PostedAlerts { source: "pagerduty".to_owned(), alerts: vec![alert], group, ..PostedAlerts::default() })
}

/// Fields that stand as lines, as in blocks: `*Service:* checkout`.
fn told_by_lines(sheet: &Sheet) -> impl Iterator<Item = (String, String)> {
    let field = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((plain(name).to_lowercase(), plain(value)))
    };
    sheet.lines.iter().filter_map(field).collect::<Vec<_>>().into_iter()
}
