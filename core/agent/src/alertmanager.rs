//! Alertmanager's webhook body, version 4: <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>.
//!
//! Start at [`parse`]. A body of any size is bounded before it is read; alerts beyond the cap are counted, not lost in silence.

use std::collections::BTreeMap;

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use serde::Deserialize;

use crate::render::clean::shorten;

/// Alerts that one investigation looks at. A group of thousands is one incident; its first hundreds name it.
pub const ALERT_CAP: usize = 500;

/// A body larger than this (bytes) is refused.
pub const BODY_CAP: usize = 64 * 1024 * 1024;

/// Labels, and annotations, that are kept of one alert. Prometheus itself allows about as many as anyone wants; rules have
/// under thirty.
const LABEL_CAP: usize = 128;

/// A label or annotation longer than this (bytes) is cut to a quarter of it, in characters.
const TEXT_CAP: usize = 4096;

/// A link longer than this (bytes) is dropped: half of one leads nowhere. Expressions in it are percent-encoded.
const URL_CAP: usize = 32 * 1024;

/// A group of alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertGroup {
    /// The alerts, at most [`ALERT_CAP`], those that fire first.
    pub alerts: Vec<Alert>,
    /// How many more there were: beyond the cap, not readable, or truncated by Alertmanager.
    pub more: usize,
}

/// Why a body is not a group of alerts.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// Too large.
    #[error("the alert body has {0} bytes; at most {BODY_CAP} are read")]
    TooLarge(usize),
    /// Not JSON, or of another shape.
    #[error("the alert body is not an Alertmanager webhook (version 4): {0}")]
    Shape(#[from] serde_json::Error),
    /// No alert in it, or none that can be read.
    #[error("the alert body holds no alerts that can be read")]
    Empty,
    /// Nothing in it.
    #[error("the alert body is empty")]
    Nothing,
}

#[derive(Deserialize)]
struct Body {
    alerts: Option<Vec<Entry>>,
    #[serde(default, rename = "truncatedAlerts")]
    truncated: Option<usize>,
}

/// One alert; an odd one costs only itself.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Alert(Box<WireAlert>),
    Odd(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAlert {
    #[serde(default)]
    status: Option<serde_json::Value>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default)]
    fingerprint: Option<String>,
    #[serde(default, rename = "generatorURL")]
    generator_url: Option<String>,
}

/// Reads a webhook body, or the array that `amtool alert -o json` and the API's `/api/v2/alerts` give.
///
/// # Errors
/// See [`AlertError`].
pub fn parse(body: &[u8]) -> Result<AlertGroup, AlertError> {
    let body = json_of(body)?;
    let is_array = body.first() == Some(&b'[');
    let (wire, truncated): (Vec<Entry>, usize) = if is_array {
        (serde_json::from_slice(body)?, 0)
    } else {
        let body: Body = serde_json::from_slice(body)?;
        (body.alerts.unwrap_or_default(), body.truncated.unwrap_or_default())
    };
    let all = wire.len();
    let mut alerts: Vec<Alert> = wire.into_iter().filter_map(Entry::alert).collect();
    if alerts.is_empty() {
        return Err(AlertError::Empty);
    }
    alerts.sort_by_key(|a| !a.firing);
    alerts.truncate(ALERT_CAP);
    let more = (all - alerts.len()).saturating_add(truncated);
    Ok(AlertGroup { alerts, more })
}

/// The JSON of a body: within the cap, without a byte order mark, not empty.
pub(crate) fn json_of(body: &[u8]) -> Result<&[u8], AlertError> {
    if body.len() > BODY_CAP {
        return Err(AlertError::TooLarge(body.len()));
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    if body.is_empty() { Err(AlertError::Nothing) } else { Ok(body) }
}

impl Entry {
    pub(crate) fn alert(self) -> Option<Alert> {
        match self {
            Entry::Alert(wire) => Some((*wire).into()),
            Entry::Odd(_) => None,
        }
    }
}

/// Labels or annotations within bounds: the report repeats them, and nothing that names an object is so long.
pub(crate) fn bounded(map: Option<BTreeMap<String, String>>) -> BTreeMap<String, String> {
    let cut = |text: String| if text.len() > TEXT_CAP { shorten(&text, TEXT_CAP / 4).into_owned() } else { text };
    map.unwrap_or_default().into_iter().take(LABEL_CAP).map(|(key, value)| (cut(key), cut(value))).collect()
}

impl From<WireAlert> for Alert {
    fn from(wire: WireAlert) -> Self {
        let labels = bounded(wire.labels);
        let ends_at = wire.ends_at.as_deref().and_then(moment);
        // The webhook says "resolved"; the API says {"state": "active" | "suppressed"} and leaves the end in the future.
        let resolved = wire.status.as_ref().and_then(|s| s.as_str()) == Some("resolved");
        Alert {
            name: labels.get("alertname").cloned().unwrap_or_default(),
            firing: !resolved,
            annotations: bounded(wire.annotations),
            starts_at: wire.starts_at.as_deref().and_then(moment),
            ends_at: ends_at.filter(|_| resolved),
            fingerprint: wire.fingerprint.unwrap_or_default(),
            generator_url: wire.generator_url.filter(|url| !url.is_empty() && url.len() <= URL_CAP),
            labels,
        }
    }
}

/// Go's zero time means "not ended".
fn moment(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().filter(|t| t.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_and_an_api_answer() {
        let webhook = br#"{"version":"4","alerts":[{"status":"resolved","labels":{"alertname":"A"},"endsAt":"2026-11-22T04:26:31Z"},
            {"status":"firing","labels":{"alertname":"B","pod":"p"},"startsAt":"2026-11-22T04:26:31.344Z","endsAt":"0001-01-01T00:00:00Z"}],"truncatedAlerts":2}"#;
        let group = parse(webhook).unwrap();
        assert_eq!(group.more, 2);
        assert_eq!((group.alerts[0].name.as_str(), group.alerts[0].firing, group.alerts[0].ends_at), ("B", true, None));
        assert!(!group.alerts[1].firing && group.alerts[1].ends_at.is_some());
        let api = br#"[{"labels":{"alertname":"C"},"status":{"state":"active"},"fingerprint":"f"}]"#;
        assert_eq!(parse(api).unwrap().alerts[0].name, "C");
    }

    #[test]
    fn bad_bodies_are_errors_for_a_person() {
        for body in ["", "\n", "[7]", "{}", "[]", "{\"alerts\":null}", "{\"alerts\":[", "7", "<html>"] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn an_odd_alert_costs_only_itself() {
        let body = "\u{feff}[{\"labels\":{\"alertname\":7}},null,{\"labels\":{\"alertname\":\"A\"}}]";
        let group = parse(body.as_bytes()).unwrap();
        assert_eq!((group.alerts.len(), group.alerts[0].name.as_str(), group.more), (1, "A", 2));
        let body = format!(r#"{{"alerts":[{{}},7],"truncatedAlerts":{}}}"#, usize::MAX);
        assert_eq!(parse(body.as_bytes()).unwrap().more, usize::MAX);
    }

    #[test]
    fn labels_are_bounded() {
        let many: BTreeMap<String, String> = (0..1000).map(|i| (format!("{i:04}"), "\u{e4}".repeat(10_000))).collect();
        let body = serde_json::json!([{"labels": many}]).to_string();
        let labels = &parse(body.as_bytes()).unwrap().alerts[0].labels;
        assert!(labels.len() == LABEL_CAP && labels.values().all(|v| v.len() <= TEXT_CAP));
    }

    #[test]
    fn ten_thousand_alerts_are_bounded_and_counted() {
        let one = r#"{"labels":{"alertname":"A"},"status":"firing"}"#;
        let body = format!(r#"{{"alerts":[{}]}}"#, vec![one; 10_000].join(","));
        let group = parse(body.as_bytes()).unwrap();
        assert_eq!((group.alerts.len(), group.more), (ALERT_CAP, 10_000 - ALERT_CAP));
    }
}
