//! Answers of Alertmanager's API v2, as far as they are read. They stop here: what leaves is the domain's [`Alert`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use serde::Deserialize;

/// Labels, and annotations, that are kept of one alert.
const LABELS_CAP: usize = 128;

/// A label or annotation is cut here (bytes), at the boundary of a character.
const TEXT_CAP: usize = 4096;

/// One alert (`gettableAlert`); an odd one costs only itself.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Alert(Box<WireAlert>),
    Odd(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAlert {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    fingerprint: String,
    #[serde(default, rename = "generatorURL")]
    generator_url: Option<String>,
    status: AlertStatus,
}

#[derive(Deserialize)]
struct AlertStatus {
    state: String,
}

/// The answer of `/api/v2/status`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireStatus {
    pub(crate) version_info: VersionInfo,
    pub(crate) cluster: Cluster,
}

#[derive(Deserialize)]
pub(crate) struct VersionInfo {
    #[serde(default)]
    pub(crate) version: String,
}

/// `peers` is left out, or null, when there is no cluster.
#[derive(Deserialize)]
pub(crate) struct Cluster {
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) peers: Option<Vec<serde::de::IgnoredAny>>,
}

impl Entry {
    /// The alert, when it is one and fires: neither silenced, inhibited nor muted by a time interval.
    pub(crate) fn firing(self) -> Option<Alert> {
        let Entry::Alert(wire) = self else { return None };
        if wire.status.state == "suppressed" {
            return None;
        }
        let labels = bounded(wire.labels);
        Some(Alert {
            name: labels.get("alertname").cloned().unwrap_or_default(),
            firing: true,
            annotations: bounded(wire.annotations),
            // Go's zero time means "not known".
            starts_at: wire.starts_at.and_then(|t| t.parse::<Timestamp>().ok()).filter(|t| t.as_second() > 0),
            // The API's `endsAt` of an alert that fires is when it would end if it were not sent again.
            ends_at: None,
            fingerprint: cut(wire.fingerprint),
            // A link that is cut leads nowhere.
            generator_url: wire.generator_url.filter(|url| !url.is_empty() && url.len() <= TEXT_CAP),
            labels,
        })
    }
}

fn bounded(map: BTreeMap<String, String>) -> BTreeMap<String, String> {
    map.into_iter().take(LABELS_CAP).map(|(key, value)| (cut(key), cut(value))).collect()
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_CAP {
        text.truncate(text.floor_char_boundary(TEXT_CAP));
    }
    text
}
