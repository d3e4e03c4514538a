//! Opsgenie: what became of an alert, its number and message, with priority, tags and alias as fields:
//! <https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-slack-app/>.
//!
//! Start at [`read`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::labels::{grade, put, put_tags};
use super::sheet::{Sheet, plain};
use super::{PostedAlert, PostedAlerts, title};

/// What became of the alert, its number, its message.
static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let done = "opened|created|new|acknowledged|unacknowledged|closed|escalated|snoozed|assigned|resolved";
    Regex::new(&format!(
        r#"(?i)\b(?:({done})\s+alert(?:\s+(?:{done}))?|alert\s+({done}))\b[\s:,]*(?:\[?#(\d{{1,12}})\]?[\s:]*)?["“]?(.*?)["”]?$"#
    ))
    .ok()
});

/// The number before a message.
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\[?#(\d{1,12})\]?\s*[:\-]?\s*(.+)$").ok());

/// Reads an alert's post.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let fields = sheet.field("priority").is_some() && (sheet.field("tags").is_some() || sheet.field("alias").is_some());
    if !fields && !sheet.is_by("opsgenie") {
        return None;
    }
    let head = HEAD.as_ref()?;
    let found = std::iter::once(&sheet.title).chain(sheet.lines.iter().take(3)).find_map(|line| head.captures(line))?;
    let state = found.get(1).or_else(|| found.get(2))?.as_str().to_lowercase();
    let told = plain(found.get(4).map_or("", |message| message.as_str()));
    // The message stands beside the state, or as the title below it.
    let told = if told.is_empty() { below(sheet)? } else { told };
    let (number, message) = numbered(&told);
    let number = found.get(3).map(|number| number.as_str().to_owned()).or(number);
    let alert = alert(sheet, &message, !matches!(state.as_str(), "closed" | "resolved"));
    let group = sheet.field("alias").map(str::to_owned).or(number.map(|number| format!("#{number}"))).or(Some(message));
    Some(PostedAlerts { source: "opsgenie".to_owned(), alerts: vec![alert], group, ..PostedAlerts::default() })
}

fn alert(sheet: &Sheet, message: &str, firing: bool) -> PostedAlert {
    let inner = title::read(message).unwrap_or_default();
    let name = if inner.name.is_empty() { message.to_owned() } else { inner.name };
    let mut labels = inner.labels;
    let mut annotations = BTreeMap::new();
    for (field, value) in &sheet.fields {
        match field.as_str() {
            "priority" => {
                grade(&mut labels, value);
                put(&mut labels, "priority", value);
            }
            "tags" => {
                put_tags(&mut labels, value);
                annotations.insert("tags".to_owned(), value.clone());
            }
            _ => {
                annotations.insert(field.replace(' ', "_"), value.clone());
            }
        }
    }
    labels.insert("alertname".to_owned(), name.clone());
    PostedAlert { name, firing, labels, values: inner.values, annotations, link: sheet.link.clone() }
}

/// The first line that is not about the state.
fn below(sheet: &Sheet) -> Option<String> {
    let head = HEAD.as_ref()?;
    let lines = std::iter::once(&sheet.title).chain(&sheet.lines);
    lines.filter(|line| !head.is_match(line)).map(|line| plain(line)).find(|line| !line.is_empty())
}

fn numbered(told: &str) -> (Option<String>, String) {
    let found = NUMBERED.as_ref().and_then(|numbered| numbered.captures(told));
    match found.as_ref().and_then(|found| found.get(1).zip(found.get(2))) {
        Some((number, message)) => (Some(number.as_str().to_owned()), plain(message.as_str())),
        None => (None, told.to_owned()),
    }
}
