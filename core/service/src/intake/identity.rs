//! What tells alerts apart and what they share: identity, the workload they are about, namespaces.
//!
//! Pure. The identity is ours and not the delivered fingerprint: that one differs between the copies of a highly available
//! pair of Prometheus servers, whose alerts are one. Must never group by namespace alone. Start at [`identity`] and
//! [`Entity::of`].

use std::collections::BTreeSet;

use midwatch_diagnosis::alert::Alert;
use sha2::{Digest as _, Sha256};

use crate::posts::VALUES;

/// Whether an alert speaks of no trouble. kube-prometheus gives severity `none` to those that always fire so that their
/// absence can be noticed (`Watchdog`) or only silence others (`InfoInhibitor`):
/// <https://runbooks.prometheus-operator.dev/runbooks/general/watchdog/>. `TestAlert` of instance `Grafana` is what the
/// button "Test" of a contact point sends.
pub(crate) fn is_heartbeat(alert: &Alert) -> bool {
    let silent = alert.label("severity") == Some("none");
    let named = matches!(alert.name.as_str(), "Watchdog" | "InfoInhibitor" | "DeadMansSwitch");
    silent || named || (alert.name == "TestAlert" && alert.label("instance") == Some("Grafana"))
}

/// What an alert is, whoever delivers it: the first 64 bits of a hash over its labels without those that tell replicas
/// apart. Of an alert that is told by a post, also over the values that are told without names. Among 50,000 alerts two are
/// confused with a probability below 1e-10.
pub(crate) fn identity(alert: &Alert, replica_labels: &[String], is_told: bool) -> u64 {
    let told = alert.annotations.get_key_value(VALUES).filter(|_| is_told);
    let mut hash = Sha256::new();
    for (name, value) in alert.labels.iter().filter(|(name, _)| !replica_labels.contains(name)).chain(told) {
        // The length goes first, so that no two label sets run into the same bytes.
        for text in [name, value] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text);
        }
    }
    let hash = hash.finalize();
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The workload or the machine that an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Entity {
    /// Empty when it is not known.
    pub(crate) cluster: String,
    /// Empty for a machine.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
    /// What the labels say it is; none when only a pod's name tells.
    pub(crate) kind: Option<&'static str>,
}

/// Labels of kube-state-metrics that name a workload, and its kind.
const WORKLOADS: [(&str, &str); 6] = [
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("cronjob", "CronJob"),
    ("job_name", "Job"),
    ("replicaset", "ReplicaSet"),
];

impl Entity {
    /// What the alert is about; none when it is about a whole namespace or does not say.
    pub(crate) fn of(alert: &Alert, cluster: Option<&str>) -> Option<Self> {
        let cluster = cluster.or_else(|| alert.label("cluster")).unwrap_or_default().to_owned();
        let Some(namespace) = namespace_of(alert) else { return Self::machine(alert, cluster) };
        let named = WORKLOADS.iter().find_map(|(label, kind)| alert.label(label).map(|name| (name, Some(*kind))));
        let (name, kind) = named.or_else(|| alert.label("pod").map(|pod| (pod, None)))?;
        let (name, kind) = match kind {
            None => (workload_of_pod(name), None),
            Some("Job") => (run_of_cronjob(name).unwrap_or(name), Some("Job")),
            Some("ReplicaSet") => (name.rsplit_once('-').filter(|(_, h)| is_hash(h)).map_or(name, |(n, _)| n), None),
            kind => (name, kind),
        };
        Some(Self { cluster, namespace: namespace.to_owned(), name: name.to_owned(), kind })
    }

    fn machine(alert: &Alert, cluster: String) -> Option<Self> {
        let node = alert.label("node").map(|node| (node, Some("Node")));
        let (name, kind) = node.or_else(|| alert.label("instance").map(|instance| (instance, None)))?;
        Some(Self { cluster, namespace: String::new(), name: name.to_owned(), kind })
    }

    /// The key of an incident that is about it.
    pub(crate) fn key(&self) -> String {
        format!("entity:{}/{}/{}", self.cluster, self.namespace, self.name)
    }

    /// For a person: `Deployment shop/checkout, prod-eu`.
    pub(crate) fn title(&self) -> String {
        let kind = self.kind.map(|kind| format!("{kind} ")).unwrap_or_default();
        let place = if self.namespace.is_empty() { String::new() } else { format!("{}/", self.namespace) };
        let cluster = if self.cluster.is_empty() { String::new() } else { format!(", {}", self.cluster) };
        format!("{kind}{place}{}{cluster}", self.name)
    }
}

/// The characters that Kubernetes makes names of at random: no vowels, nothing that looks like another
/// (`SafeEncodeString` in k8s.io/apimachinery/pkg/util/rand).
fn is_random(c: char) -> bool {
    "bcdfghjklmnpqrstvwxz2456789".contains(c)
}

/// The hash of a pod template: up to 10 such characters, in practice 8 to 10.
fn is_hash(text: &str) -> bool {
    (6..=10).contains(&text.len()) && text.chars().all(is_random) && text.chars().any(|c| c.is_ascii_digit())
}

/// The random end of a pod's name: always 5 such characters.
fn is_tail(text: &str) -> bool {
    text.len() == 5 && text.chars().all(is_random)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The workload behind a pod's name: `checkout-765c7c474c-8vsxh` is of `checkout`, `redis-0` of `redis`,
/// `report-29381760-x2x4z` of `report`. A name of no such form is its own workload.
fn workload_of_pod(pod: &str) -> &str {
    let Some((front, last)) = pod.rsplit_once('-').filter(|(front, _)| !front.is_empty()) else { return pod };
    if is_tail(last) {
        if let Some(cronjob) = run_of_cronjob(front) {
            return cronjob;
        }
        return match front.rsplit_once('-') {
            Some((deployment, hash)) if is_hash(hash) && !deployment.is_empty() => deployment,
            // A DaemonSet's pod, a Job's pod.
            _ => front,
        };
    }
    if is_number(last) && last.len() <= 5 {
        return front;
    }
    pod
}

/// The CronJob behind a Job's name: its schedule's minute since 1970 follows, 8 digits until the year 2160.
fn run_of_cronjob(job: &str) -> Option<&str> {
    job.rsplit_once('-').filter(|(front, run)| run.len() == 8 && is_number(run) && !front.is_empty()).map(|(n, _)| n)
}

/// The namespace of an alert, as the engine reads it: an exporter that does not honour labels moves it aside.
pub(crate) fn namespace_of(alert: &Alert) -> Option<&str> {
    alert.label("namespace").or_else(|| alert.label("exported_namespace"))
}

/// The namespaces of alerts, in order; none when one of them has none, because then all of them are meant.
pub(crate) fn namespaces_of_alerts(alerts: &[Alert]) -> Vec<String> {
    let named: Option<BTreeSet<String>> = alerts.iter().map(|a| namespace_of(a).map(str::to_owned)).collect();
    named.unwrap_or_default().into_iter().collect()
}

/// The label that says how grave an alert is.
pub(crate) fn severity_of(alert: &Alert) -> Option<&str> {
    alert.label("severity").or_else(|| alert.label("priority"))
}

/// How grave a severity is, from 0. Words of kube-prometheus, and those of other rule sets that mean the same.
pub(crate) fn gravity(severity: Option<&str>) -> u8 {
    match severity.unwrap_or_default().to_ascii_lowercase().as_str() {
        "critical" | "page" | "emergency" | "fatal" | "p1" => 3,
        "info" | "none" | "informational" | "debug" => 0,
        "error" | "high" | "major" | "p2" => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    use super::*;

    fn alert(labels: &[(&str, &str)]) -> Alert {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Alert { labels, ..Alert::default() }
    }

    #[rstest]
    #[case::of_a_deployment("checkout-765c7c474c-8vsxh", "checkout")]
    #[case::of_a_deployment_with_dashes("redis-cache-5d8f9b7c6-x2x4z", "redis-cache")]
    #[case::of_a_statefulset("redis-0", "redis")]
    #[case::of_a_daemonset("node-exporter-x2x4z", "node-exporter")]
    #[case::of_a_cronjob("report-29381760-x2x4z", "report")]
    #[case::of_a_job("migrate-8vsxh", "migrate")]
    #[case::bare("debug", "debug")]
    #[case::a_word_of_five_letters_is_no_tail("my-redis", "my-redis")]
    #[case::a_year_is_an_ordinal_too("db-2026", "db")]
    #[case::odd("-x2x4z", "-x2x4z")]
    #[case::empty("", "")]
    fn a_pods_name_tells_its_workload(#[case] pod: &str, #[case] workload: &str) {
        assert_eq!(workload_of_pod(pod), workload);
    }

    #[rstest]
    #[case::pod(&[("namespace", "shop"), ("pod", "checkout-765c7c474c-8vsxh"), ("cluster", "eu")], Some("entity:eu/shop/checkout"))]
    #[case::deployment(&[("namespace", "shop"), ("deployment", "checkout")], Some("entity:/shop/checkout"))]
    #[case::workload_before_the_exporters_pod(&[("namespace", "shop"), ("deployment", "checkout"), ("pod", "kube-state-metrics-0")], Some("entity:/shop/checkout"))]
    #[case::run_of_a_cronjob(&[("namespace", "shop"), ("job_name", "report-29381760")], Some("entity:/shop/report"))]
    #[case::a_namespace_is_no_workload(&[("namespace", "shop")], None)]
    #[case::node(&[("node", "worker-1")], Some("entity://worker-1"))]
    #[case::instance(&[("instance", "10.0.0.1:9100")], Some("entity://10.0.0.1:9100"))]
    #[case::nothing(&[("alertname", "Watchdog")], None)]
    fn what_an_alert_is_about(#[case] labels: &[(&str, &str)], #[case] key: Option<&str>) {
        assert_eq!(Entity::of(&alert(labels), None).map(|e| e.key()).as_deref(), key);
    }

    #[test]
    fn replicas_are_one_and_everything_else_tells_apart() {
        let replica = ["replica".to_owned()];
        let of = |labels: &[(&str, &str)]| identity(&alert(labels), &replica, false);
        assert_eq!(of(&[("alertname", "A"), ("replica", "a")]), of(&[("alertname", "A"), ("replica", "b")]));
        assert_ne!(of(&[("alertname", "A"), ("pod", "a")]), of(&[("alertname", "A"), ("pod", "b")]));
        assert_ne!(of(&[("a", "bc")]), of(&[("ab", "c")]));
    }

    #[test]
    fn an_alert_without_a_namespace_means_all_of_them() {
        let (shop, none) = (alert(&[("namespace", "shop")]), alert(&[("node", "n")]));
        assert_eq!(namespaces_of_alerts(&[shop.clone(), shop.clone()]), ["shop"]);
        assert!(namespaces_of_alerts(&[shop, none]).is_empty());
    }
}
