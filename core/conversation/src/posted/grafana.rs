//! Grafana's alerting of before version 9: `[Alerting] name`, `[No Data] name`, `[OK] name`, with the measured values as
//! fields: <https://grafana.com/docs/grafana/v8.5/alerting/old-alerting/notifications/>.
//!
//! Start at [`read`].

use std::collections::BTreeMap;

use super::sheet::Sheet;
use super::{PostedAlert, PostedAlerts};

/// Reads a rule's post.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let (state, name) = sheet.title.strip_prefix('[')?.split_once(']')?;
    let firing = match state {
        "Alerting" | "No Data" => true,
        "OK" => false,
        _ => return None,
    };
    let name = name.trim().to_owned();
    if name.is_empty() {
        return None;
    }
    let mut annotations = BTreeMap::new();
    let text = sheet.text();
    if !text.is_empty() {
        annotations.insert("description".to_owned(), text);
    }
    let measured: Vec<String> = sheet.fields.iter().map(|(metric, value)| format!("{metric}={value}")).collect();
    if !measured.is_empty() {
        annotations.insert("value".to_owned(), measured.join(", "));
    }
    let labels = BTreeMap::from([("alertname".to_owned(), name.clone())]);
    let group = Some(name.clone());
    let alert = PostedAlert { name, firing, labels, annotations, link: sheet.link.clone(), ..PostedAlert::default() };
    Some(PostedAlerts { source: "grafana".to_owned(), alerts: vec![alert], group, ..PostedAlerts::default() })
}
