//! CloudWatch, as its notifications have it (`ALARM: "name" in EU (Ireland)`) and as AWS's chat program posts it
//! (`CloudWatch Alarm | name | eu-west-1 | Account: 123456789012`):
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>.
//!
//! Start at [`read`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::labels::put;
use super::sheet::Sheet;
use super::{PostedAlert, PostedAlerts};

/// The subject of a notification.
static SUBJECT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^(ALARM|OK|INSUFFICIENT_DATA):\s*"(.+)"(?:\s+in\s+(.+))?$"#).ok());

/// Reads an alarm's post.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let (name, state, region) = subject(&sheet.title).or_else(|| piped(sheet))?;
    let mut labels = BTreeMap::new();
    put(&mut labels, "region", &region);
    for (field, value) in &sheet.fields {
        match field.as_str() {
            "account" | "aws account" => put(&mut labels, "account", value),
            "region" => put(&mut labels, "region", value),
            _ => {}
        }
    }
    let text = sheet.text();
    let annotations = [("description".to_owned(), text)].into_iter().filter(|(_, text)| !text.is_empty()).collect();
    Some(posted(name, state != "OK", labels, annotations, sheet.link.clone()))
}

/// An alarm; what it is called in its region is the same in each post about it.
pub(super) fn posted(
    name: String,
    firing: bool,
    mut labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    link: Option<String>,
) -> PostedAlerts {
    let group = Some(format!("{name} {}", labels.get("region").map_or("", String::as_str)).trim().to_owned());
    labels.insert("alertname".to_owned(), name.clone());
    let alert = PostedAlert { name, firing, labels, values: Vec::new(), annotations, link };
    PostedAlerts { source: "cloudwatch".to_owned(), alerts: vec![alert], group, ..PostedAlerts::default() }
}

fn subject(title: &str) -> Option<(String, String, String)> {
    let found = SUBJECT.as_ref()?.captures(title)?;
    let region = found.get(3).map_or("", |region| region.as_str());
    Some((found.get(2)?.as_str().to_owned(), found.get(1)?.as_str().to_owned(), region.trim().to_owned()))
}

/// The state stands in a field, or in the words below, or is the colour.
fn piped(sheet: &Sheet) -> Option<(String, String, String)> {
    let mut parts = sheet.title.split('|').map(str::trim);
    if parts.next()? != "CloudWatch Alarm" {
        return None;
    }
    let (name, region) = (parts.next()?.to_owned(), parts.next().unwrap_or_default().to_owned());
    let told = sheet.field("state").or_else(|| sheet.field("current state")).or_else(|| sheet.field("new state"));
    let lines = || sheet.lines.iter().map(|line| line.trim());
    let is_ok = match told {
        Some(told) => told.eq_ignore_ascii_case("ok"),
        None => lines().any(|line| line == "OK" || line.ends_with("-> OK")) || sheet.colour == "good",
    };
    Some((name, if is_ok { "OK" } else { "ALARM" }.to_owned(), region))
}
