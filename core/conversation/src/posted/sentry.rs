//! Sentry: an issue's title with its culprit, tags and, below, its short name and rule: `SHOP-4F via Send a notification`.
//! <https://docs.sentry.io/organization/integrations/notification-incidents/slack/>.
//!
//! Start at [`read`].

use std::collections::BTreeMap;

use super::labels::{grade, is_name, put};
use super::sheet::{Sheet, plain};
use super::{PostedAlert, PostedAlerts};

/// Reads an issue's post: by Sentry, with a link to the issue.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let leads = sheet.link.as_deref().is_some_and(|link| link.contains("/issues/"));
    if !sheet.is_by("sentry") || !(leads || short_name(sheet).is_some()) {
        return None;
    }
    let (state, name) = match sheet.title.split_once(": ") {
        Some((state @ ("Resolved" | "Ignored" | "Archived" | "New issue" | "Regression"), name)) => (state, name),
        _ => ("", sheet.title.as_str()),
    };
    let name = plain(name);
    if name.is_empty() {
        return None;
    }
    let mut labels = BTreeMap::from([("alertname".to_owned(), name.clone())]);
    let mut annotations = BTreeMap::new();
    for (field, value) in sheet.fields.iter().cloned().chain(sheet.lines.iter().flat_map(|line| pairs(line))) {
        match field.as_str() {
            "level" => grade(&mut labels, &value),
            "culprit" => {
                annotations.insert("culprit".to_owned(), value);
            }
            _ if is_name(&field) => put(&mut labels, &field, &value),
            _ => {}
        }
    }
    let text = sheet.text();
    if !text.is_empty() {
        annotations.insert("description".to_owned(), text);
    }
    let issue = short_name(sheet);
    if let Some(project) = issue.as_deref().and_then(|issue| issue.rsplit_once('-')).map(|(project, _)| project) {
        labels.entry("project".to_owned()).or_insert_with(|| project.to_lowercase());
    }
    let group = issue.or_else(|| sheet.link.as_deref().and_then(|link| link.split('?').next()).map(str::to_owned));
    let firing = !matches!(state, "Resolved" | "Ignored" | "Archived");
    let alert = PostedAlert { name, firing, labels, values: Vec::new(), annotations, link: sheet.link.clone() };
    Some(PostedAlerts { source: "sentry".to_owned(), alerts: vec![alert], group, ..PostedAlerts::default() })
}

/// `SHOP-4F` of a footer.
fn short_name(sheet: &Sheet) -> Option<String> {
    let first = sheet.footer.split_whitespace().next()?;
    let (project, number) = first.rsplit_once('-')?;
    let fits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (fits(project) && fits(number) && first.chars().any(char::is_uppercase)).then(|| first.to_owned())
}

/// `environment: production  level: error` of a line of tags; a sentence with a colon has none.
fn pairs(line: &str) -> Vec<(String, String)> {
    let words: Vec<String> = line.replace(['`', '*'], " ").split_whitespace().map(str::to_owned).collect();
    let tags = words.chunks_exact(2).map(|two| match two {
        [name, value] => {
            name.strip_suffix(':').filter(|name| is_name(name)).map(|name| (name.to_lowercase(), value.clone()))
        }
        _ => None,
    });
    let told: Option<Vec<(String, String)>> = tags.collect();
    told.filter(|_| words.len().is_multiple_of(2)).unwrap_or_default()
}
