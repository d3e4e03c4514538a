//! Alerts as Alertmanager means them: <https://prometheus.io/docs/alerting/latest/notifications/>.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// One alert of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// A label, if it is set and not empty.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}
