//! JSON that was pasted or passed through: the body of Alertmanager's webhook, an array of alerts, a notification of AWS's
//! SNS, the state change of a CloudWatch alarm in it.
//!
//! Start at [`read`].

use std::collections::BTreeMap;

use serde_json::Value;

use super::labels::put;
use super::sheet::Sheet;
use super::{ALERTS_CAP, PostedAlert, PostedAlerts, cloudwatch};

/// Reads a text that is JSON and nothing else, but for a fence around it.
pub(super) fn read(sheet: &Sheet) -> Option<PostedAlerts> {
    let text = sheet.json.as_deref()?.trim().trim_matches('`').trim();
    let text = text.strip_prefix("json").unwrap_or(text).trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    of_alerts(&value).or_else(|| of_alarm(&value)).or_else(|| {
        let message = value.get("Message")?.as_str()?;
        of_alarm(&serde_json::from_str(message).ok()?)
    })
}

/// Alertmanager's webhook, and what its API gives.
fn of_alerts(value: &Value) -> Option<PostedAlerts> {
    let wire = value.as_array().or_else(|| value.get("alerts")?.as_array())?;
    let alerts: Vec<PostedAlert> = wire.iter().take(ALERTS_CAP).filter_map(of_alert).collect();
    let firing = wire.iter().filter(|alert| is_firing(alert)).count();
    let group = value.get("groupKey").and_then(Value::as_str).map(str::to_owned);
    let count = u64::try_from(firing).ok();
    let posted = PostedAlerts { source: "alertmanager".to_owned(), alerts, count, group, summary: false };
    Some(posted).filter(|posted| !posted.alerts.is_empty())
}

fn is_firing(alert: &Value) -> bool {
    alert.get("status").and_then(Value::as_str) != Some("resolved")
}

fn of_alert(value: &Value) -> Option<PostedAlert> {
    let labels = texts(value.get("labels")?);
    let name = labels.get("alertname")?.clone();
    let annotations = value.get("annotations").map(texts).unwrap_or_default();
    let link = value.get("generatorURL").and_then(Value::as_str).filter(|link| !link.is_empty()).map(str::to_owned);
    Some(PostedAlert { name, firing: is_firing(value), labels, values: Vec::new(), annotations, link })
}

/// A CloudWatch alarm: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>.
fn of_alarm(value: &Value) -> Option<PostedAlerts> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let (name, state) = (text("AlarmName")?, text("NewStateValue")?);
    let mut labels = BTreeMap::new();
    for (ours, theirs) in [("region", "Region"), ("account", "AWSAccountId")] {
        put(&mut labels, ours, text(theirs).unwrap_or_default());
    }
    let trigger = value.get("Trigger");
    let dimensions = trigger.and_then(|trigger| trigger.get("Dimensions")?.as_array()).into_iter().flatten();
    for dimension in dimensions.take(ALERTS_CAP) {
        let part = |name: &str| dimension.get(name).and_then(Value::as_str).unwrap_or_default();
        put(&mut labels, part("name"), part("value"));
    }
    if let Some(metric) = trigger.and_then(|trigger| trigger.get("MetricName")?.as_str()) {
        put(&mut labels, "metric", metric);
    }
    let told = [("description", "AlarmDescription"), ("summary", "NewStateReason")];
    let told = told.iter().filter_map(|(ours, theirs)| Some(((*ours).to_owned(), text(theirs)?.to_owned())));
    Some(cloudwatch::posted(name.to_owned(), state != "OK", labels, told.collect(), None))
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}
