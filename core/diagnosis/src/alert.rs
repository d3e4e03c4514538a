//! Alerts as Alertmanager means them: <https://prometheus.io/docs/alerting/latest/notifications/>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The annotation that holds label values whose names are not told, with blanks between them: posts in a chat tell alerts
/// so.
pub const VALUES: &str = "values";

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
    /// The link to what made it (`generatorURL`); of Prometheus it holds the expression.
    pub generator_url: Option<String>,
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

    /// The expression that the link to Prometheus holds (`g0.expr`). The rule itself is the better source: the link is
    /// part of a message that anyone may have written.
    pub fn generator_expr(&self) -> Option<String> {
        let (_, query) = self.generator_url.as_ref()?.split_once('?')?;
        let query = query.split('#').next()?;
        let value = query.split('&').find_map(|pair| pair.strip_prefix("g0.expr="))?;
        decoded(value).filter(|expr| !expr.trim().is_empty())
    }

    /// A label, if it is set and not empty.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}

/// A value of a URL's query: `%41` and `+` as what they stand for. None when that is no text.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::prometheus(
        "http://p:9090/graph?g0.expr=up%7Bjob%3D%22a+b%22%7D+%3D%3D+0&g0.tab=1",
        Some("up{job=\"a b\"} == 0")
    )]
    #[case::later_in_the_query("http://p/graph?g0.tab=1&g0.expr=%C3%A4", Some("\u{e4}"))]
    #[case::grafana("http://g/alerting/grafana/abc/view?orgId=1", None)]
    #[case::empty("http://p/graph?g0.expr=", None)]
    #[case::cut("http://p/graph?g0.expr=up%7", None)]
    #[case::no_text("http://p/graph?g0.expr=%FF", None)]
    #[case::not_hexadecimal("http://p/graph?g0.expr=%zz", None)]
    fn expressions_of_links(#[case] url: &str, #[case] expr: Option<&str>) {
        let alert = Alert { generator_url: Some(url.to_owned()), ..Alert::default() };
        assert_eq!(alert.generator_expr().as_deref(), expr);
    }
}
