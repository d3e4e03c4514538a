//! Deliveries of alerts by webhook: Alertmanager's version 4, and Grafana's, which has the same shape and more fields:
//! <https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/>.
//!
//! Unlike [`crate::alertmanager::parse`], which reads what one investigation looks at, this reads a whole delivery with the
//! key of its group. Grafana's alerting of before version 9 (`ruleName`, `state`, `evalMatches`) is read as one alert.
//! Must never lose an alert without counting it. Start at [`parse_delivery`].

use std::collections::BTreeMap;
use std::fmt::Write as _;

use midwatch_diagnosis::alert::Alert;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::alertmanager::{AlertError, Entry, bounded, json_of};

/// A group key longer than this (bytes) is replaced by its hash: it only has to be the same each time.
const KEY_CAP: usize = 512;

/// A fingerprint has 16 digits; one longer than this (bytes) is none.
const FINGERPRINT_CAP: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    alerts: Option<Vec<Entry>>,
    #[serde(default, rename = "truncatedAlerts")]
    truncated: Option<u64>,
    #[serde(default)]
    group_key: Option<String>,
    /// Grafana's organisation; group keys of two of them may be equal.
    #[serde(default)]
    org_id: Option<i64>,
    #[serde(flatten)]
    legacy: Legacy,
}

/// Grafana before version 9: <https://grafana.com/docs/grafana/v8.5/alerting/old-alerting/notifications/#webhook>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Legacy {
    #[serde(default)]
    rule_name: Option<String>,
    #[serde(default)]
    rule_id: Option<i64>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    rule_url: Option<String>,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
}

/// Reads a delivery of `alertmanager` or `grafana`: the key of its group, its alerts, at most `cap`, those that fire first,
/// and how many more there were: beyond the cap, not readable, or left out by the sender.
///
/// # Errors
/// See [`AlertError`].
pub fn parse_delivery(body: &[u8], source: &str, cap: usize) -> Result<(Option<String>, Vec<Alert>, u64), AlertError> {
    let body = json_of(body)?;
    let body: Body = serde_json::from_slice(body)?;
    let Some(wire) = body.alerts else {
        let alert = body.legacy.alert(body.org_id).filter(|_| source == "grafana").ok_or(AlertError::Empty)?;
        return Ok((Some(format!("rule:{}", alert.fingerprint)), vec![alert], 0));
    };
    let all = wire.len();
    let mut alerts: Vec<Alert> = wire.into_iter().filter_map(Entry::alert).collect();
    if alerts.is_empty() {
        return Err(AlertError::Empty);
    }
    alerts.sort_by_key(|alert| !alert.firing);
    alerts.truncate(cap);
    for alert in alerts.iter_mut().filter(|alert| alert.fingerprint.len() > FINGERPRINT_CAP) {
        alert.fingerprint.clear();
    }
    let lost = u64::try_from(all - alerts.len()).unwrap_or(u64::MAX);
    let key = body.group_key.filter(|key| !key.is_empty()).map(|key| match body.org_id {
        Some(org) => short(format!("{org}/{key}")),
        None => short(key),
    });
    Ok((key, alerts, lost.saturating_add(body.truncated.unwrap_or_default())))
}

impl Legacy {
    /// The rule as an alert. What was measured is left out of its labels: a resolve does not repeat it, and has to be of
    /// the same alert.
    fn alert(self, org: Option<i64>) -> Option<Alert> {
        let name = self.rule_name.filter(|name| !name.is_empty())?;
        let firing = match self.state.as_deref() {
            Some("alerting" | "no_data") => true,
            Some("ok") => false,
            // Pending, paused: nothing that anyone has to be told.
            _ => return None,
        };
        let mut labels = bounded(self.tags);
        labels.extend(self.rule_id.map(|id| ("rule_id".to_owned(), id.to_string())));
        labels.extend(bounded(Some(BTreeMap::from([("alertname".to_owned(), name)]))));
        let texts = [("summary", self.title), ("description", self.message)];
        let texts = texts.into_iter().filter_map(|(key, text)| text.map(|text| (key.to_owned(), text))).collect();
        let fingerprint = short_hash(&format!("{org:?} {labels:?}"));
        Some(Alert {
            name: labels.get("alertname").cloned().unwrap_or_default(),
            firing,
            annotations: bounded(Some(texts)),
            generator_url: self.rule_url.filter(|url| !url.is_empty() && url.len() <= KEY_CAP),
            fingerprint,
            labels,
            ..Alert::default()
        })
    }
}

fn short(key: String) -> String {
    if key.len() > KEY_CAP { short_hash(&key) } else { key }
}

/// The first 128 bits of a hash, in hexadecimal.
fn short_hash(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text).iter().take(16) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_delivery_of_alertmanager_has_its_group_key() {
        let body = br#"{"version":"4","groupKey":"{}:{alertname=\"A\"}","truncatedAlerts":3,"alerts":[
            {"status":"resolved","labels":{"alertname":"A"}},{"status":"firing","labels":{"alertname":"A","pod":"p"}},7]}"#;
        let (key, alerts, more) = parse_delivery(body, "alertmanager", 10).unwrap();
        assert_eq!(key.as_deref(), Some("{}:{alertname=\"A\"}"));
        assert_eq!((alerts.len(), alerts[0].firing, more), (2, true, 4));
    }

    #[test]
    fn more_than_the_cap_is_counted() {
        let one = r#"{"status":"firing","labels":{"alertname":"A"}}"#;
        let body = format!(r#"{{"alerts":[{}],"truncatedAlerts":5}}"#, vec![one; 30].join(","));
        let (key, alerts, more) = parse_delivery(body.as_bytes(), "alertmanager", 20).unwrap();
        assert_eq!((key, alerts.len(), more), (None, 20, 15));
    }

    #[test]
    fn grafana_adds_its_organisation_to_the_key() {
        let body = br#"{"receiver":"r","status":"firing","orgId":2,"groupKey":"{}:{}","title":"[FIRING:1]","state":"alerting",
            "message":"m","alerts":[{"status":"firing","labels":{"alertname":"A","grafana_folder":"f"},"values":{"B":22.5},
            "valueString":"[ var='B' ]","fingerprint":"c6eadffa33fcdf37","silenceURL":"http://g","startsAt":"2026-11-22T04:12:02Z"}]}"#;
        let (key, alerts, more) = parse_delivery(body, "grafana", 10).unwrap();
        assert_eq!((key.as_deref(), more), (Some("2/{}:{}"), 0));
        assert_eq!((alerts[0].name.as_str(), alerts[0].fingerprint.as_str()), ("A", "c6eadffa33fcdf37"));
    }

    #[test]
    fn an_old_grafana_rule_and_its_end_are_one_alert() {
        let firing =
            br#"{"ruleName":"Slow","ruleId":7,"orgId":1,"state":"alerting","title":"[Alerting] Slow","message":"m",
            "evalMatches":[{"value":100,"metric":"p99","tags":{"pod":"a"}}],"tags":{"team":"x"}}"#;
        let ended = br#"{"ruleName":"Slow","ruleId":7,"orgId":1,"state":"ok","title":"[OK] Slow","evalMatches":[],"tags":{"team":"x"}}"#;
        let (key, alerts, _) = parse_delivery(firing, "grafana", 10).unwrap();
        let (end_key, end, _) = parse_delivery(ended, "grafana", 10).unwrap();
        assert_eq!((&key, &alerts[0].labels, &alerts[0].fingerprint), (&end_key, &end[0].labels, &end[0].fingerprint));
        assert_eq!((alerts[0].firing, end[0].firing, alerts[0].label("team")), (true, false, Some("x")));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_json("<html>")]
    #[case::no_alerts("{}")]
    #[case::none_readable(r#"{"alerts":[7]}"#)]
    #[case::an_array("[7]")]
    #[case::a_paused_rule(r#"{"ruleName":"Slow","state":"paused"}"#)]
    fn bad_bodies_are_errors(#[case] body: &str) {
        assert!(parse_delivery(body.as_bytes(), "grafana", 10).is_err());
    }

    #[test]
    fn only_grafana_has_old_rules() {
        assert!(parse_delivery(br#"{"ruleName":"Slow","state":"alerting"}"#, "alertmanager", 10).is_err());
    }

    #[test]
    fn keys_and_fingerprints_are_bounded() {
        let long = "k".repeat(100_000);
        let body =
            serde_json::json!({"groupKey": long, "alerts": [{"labels": {"alertname": "A"}, "fingerprint": long}]});
        let (key, alerts, _) = parse_delivery(body.to_string().as_bytes(), "alertmanager", 10).unwrap();
        assert_eq!((key.map(|key| key.len()), alerts[0].fingerprint.as_str()), (Some(32), ""));
    }
}
