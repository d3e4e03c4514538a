//! Alerts as Alertmanager means them: <https://prometheus.io/docs/alerting/latest/notifications/>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One alert of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Label `alertname`.
    pub name: String,
    /// Whether it still fires.
    pub firing: bool,
    /// All labels, `alertname` included.
    pub labels: BTreeMap<String, String>,
    /// Annotations: what the rule's author wrote for people.
    pub annotations: BTreeMap<String, String>,
    /// When it began to fire.
    pub starts_at: Option<Timestamp>,
    /// When it ended, if it did.
    pub ends_at: Option<Timestamp>,
    /// Alertmanager's fingerprint of the labels.
    pub fingerprint: String,
}

impl Alert {
    /// Whether the alert speaks of the cluster's own state, which objects and events show too; others measure what only
    /// metrics show (latency, error rates). Alert names of kube-prometheus begin with `Kube` or name the object's trouble;
    /// kube-state-metrics as the source says the same.
    pub fn is_of_cluster_state(&self) -> bool {
        const NAMES: &[&str] = &[
            "Kube",
            "Pod",
            "Job",
            "CronJob",
            "Node",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "PersistentVolume",
            "Container",
        ];
        let source = self.label("job").is_some_and(|job| job.contains("kube-state-metrics"));
        // How long a run took stands in the status of its Job.
        let of_runs = self.label("cronjob").is_some() || self.label("job_name").is_some();
        source || of_runs || NAMES.iter().any(|n| self.name.starts_with(n))
    }

    /// Whether the alert measures how fast or how full something is. No log line that says "served" answers that.
    pub fn is_about_pace(&self) -> bool {
        const WORDS: &[&str] = &[
            "latency",
            "slow",
            "duration",
            "p50",
            "p90",
            "p95",
            "p99",
            "lag",
            "backlog",
            "saturation",
            "throughput",
            "queue",
            "cpu",
            "memory",
            "usage",
        ];
        let name = self.name.to_lowercase();
        WORDS.iter().any(|w| name.contains(w))
    }

    /// A label, if it is set and not empty.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}
