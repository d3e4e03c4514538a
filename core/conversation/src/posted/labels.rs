//! Labels of posted alerts: their names as Prometheus and kube-state-metrics write them, their severities, their bounds.
//!
//! Must never rename a label without keeping what was told. Start at [`put`].

use std::collections::BTreeMap;

use super::PostedAlert;
use super::sheet::cut_to;

/// Labels, annotations and values that are kept of one alert.
const LABELS_CAP: usize = 128;

/// Bytes of a name.
const NAME_CAP: usize = 256;

/// Bytes of a value.
const VALUE_CAP: usize = 4_096;

/// Names of others for what kube-state-metrics has a name for.
/// Datadog: <https://docs.datadoghq.com/containers/kubernetes/tag/>.
const SYNONYMS: [(&str, &str); 15] = [
    ("kube_namespace", "namespace"),
    ("pod_name", "pod"),
    ("kube_deployment", "deployment"),
    ("kube_cluster_name", "cluster"),
    ("cluster_name", "cluster"),
    ("kube_stateful_set", "statefulset"),
    ("kube_daemon_set", "daemonset"),
    ("kube_replica_set", "replicaset"),
    ("kube_job", "job_name"),
    ("kube_cronjob", "cronjob"),
    ("kube_container_name", "container"),
    ("container_name", "container"),
    ("kube_node", "node"),
    ("kubernetes_namespace", "namespace"),
    ("kubernetes_pod_name", "pod"),
];

/// Words for how grave an alert is, as rules and programs write them.
const SEVERITIES: [&str; 18] = [
    "critical",
    "warning",
    "info",
    "none",
    "page",
    "emergency",
    "fatal",
    "disaster",
    "error",
    "major",
    "minor",
    "high",
    "low",
    "average",
    "informational",
    "notice",
    "debug",
    "ticket",
];

/// Puts a label, and with it the name that kube-state-metrics would give it, unless that one is told, too.
pub(super) fn put(labels: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || value.is_empty() {
        return;
    }
    if let Some((_, known)) = SYNONYMS.iter().find(|(theirs, _)| name.eq_ignore_ascii_case(theirs)) {
        labels.entry((*known).to_owned()).or_insert_with(|| value.to_owned());
    }
    labels.insert(name.to_owned(), value.to_owned());
}

/// Puts a severity that is told by a word or by a priority, `P1` to `P5`, unless one is there.
pub(super) fn grade(labels: &mut BTreeMap<String, String>, told: &str) {
    let word = told.trim().trim_matches(['[', ']']).to_lowercase();
    let word = word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let severity = match word {
        "p1" | "sev1" => "critical",
        "p2" | "sev2" => "error",
        "p3" | "sev3" | "warn" => "warning",
        "p4" | "p5" | "sev4" | "sev5" => "info",
        word if is_severity(word) => word,
        _ => return,
    };
    labels.entry("severity".to_owned()).or_insert_with(|| severity.to_owned());
}

/// Whether a value says how grave an alert is, and nothing else.
pub fn is_severity(word: &str) -> bool {
    SEVERITIES.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether this can be a label's name: letters, digits, and what others put between them.
pub(super) fn is_name(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c));
    first && rest && text.len() <= NAME_CAP
}

/// Tags as Datadog writes them: `env:prod, kube_namespace:shop`. What has no name is left out.
pub(super) fn put_tags(labels: &mut BTreeMap<String, String>, tags: &str) {
    for tag in tags.split([',', ' ', '\n', ';']) {
        if let Some((name, value)) = tag.trim().trim_matches(['`', '{', '}', '*']).split_once([':', '='])
            && is_name(name)
            && !value.starts_with("//")
        {
            put(labels, name, value.trim_matches(['"', '`']));
        }
    }
}

/// Keeps an alert within its bounds.
pub(super) fn bound(alert: &mut PostedAlert) {
    alert.name = cut_to(&alert.name, VALUE_CAP).to_owned();
    for map in [&mut alert.labels, &mut alert.annotations] {
        let short = |text: &String, cap| cut_to(text, cap).to_owned();
        if map.len() > LABELS_CAP || map.iter().any(|(k, v)| k.len() > NAME_CAP || v.len() > VALUE_CAP) {
            // The name goes first: without it the rest says little.
            let named = map.remove("alertname").map(|name| ("alertname".to_owned(), name));
            let kept = named.into_iter().chain(std::mem::take(map)).take(LABELS_CAP);
            *map = kept.map(|(k, v)| (short(&k, NAME_CAP), short(&v, VALUE_CAP))).collect();
        }
    }
    alert.values.truncate(LABELS_CAP);
    for value in &mut alert.values {
        *value = cut_to(value, VALUE_CAP).to_owned();
    }
    alert.link = alert.link.take().filter(|link| link.len() <= 8 * VALUE_CAP);
}
