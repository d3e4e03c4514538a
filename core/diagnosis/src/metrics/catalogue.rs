//! The fixed queries about containers, with the selectors of the scope.
//!
//! Names are those of cAdvisor (in the kubelet) and of kube-state-metrics, which every common installation scrapes. Start at
//! [`of_pods`].

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::expr::{any_of, string};
use super::{Labels, MetricQuery, Purpose, When};

const MEMORY: &str = "container_memory_working_set_bytes";
const PERIODS: &str = "container_cpu_cfs_periods_total";
const THROTTLED: &str = "container_cpu_cfs_throttled_periods_total";
const RESTARTS: &str = "kube_pod_container_status_restarts_total";

/// The metric that a fixed query stands on; none for the expression of an alert.
pub fn metric(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Memory => Some(MEMORY),
        Purpose::Throttling => Some(PERIODS),
        Purpose::Restarts => Some(RESTARTS),
        Purpose::Expression | Purpose::Value | Purpose::Asked => None,
    }
}

/// The fixed queries about these pods of one namespace, from one moment to another.
pub fn of_pods(namespace: &str, pods: &BTreeSet<&str>, from: Timestamp, to: Timestamp) -> Vec<MetricQuery> {
    let range = When::range(from, to);
    let step = range.step().as_secs();
    let window = to.duration_since(from).as_secs().max(60);
    // `container=""` are the sums of pods and cgroups, `POD` the sandbox.
    let of = format!(
        r#"{{namespace={},pod=~{},container!="",container!="POD"}}"#,
        string(namespace),
        string(&any_of(pods.iter().copied()))
    );
    let by = "by (namespace, pod, container)";
    let query = |purpose, expr, when| MetricQuery { purpose, expr, when, agree_with: Labels::new() };
    vec![
        // The highest within each step, so that a step wider than the scrape interval hides no peak.
        query(Purpose::Memory, format!("max {by} (max_over_time({MEMORY}{of}[{step}s]))"), range),
        query(
            Purpose::Throttling,
            format!("sum {by} (increase({THROTTLED}{of}[{window}s])) / sum {by} (increase({PERIODS}{of}[{window}s]))"),
            When::At(to),
        ),
        // The counter belongs to the pod and never goes back, so the difference is exact; `increase` extrapolates.
        query(
            Purpose::Restarts,
            format!("max {by} (max_over_time({RESTARTS}{of}[{window}s]) - min_over_time({RESTARTS}{of}[{window}s]))"),
            When::At(to),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_hold_exactly_the_scope() {
        let at = |s: i64| Timestamp::from_second(1_700_000_000 + s).unwrap();
        let pods = BTreeSet::from(["api-0", "a.b"]);
        let all = of_pods("sh\"op", &pods, at(0), at(3600));
        assert_eq!(all.len(), 3);
        for query in &all {
            assert!(
                query.expr.contains(r#"{namespace="sh\"op",pod=~"a\\.b|api-0",container!="",container!="POD"}"#),
                "{}",
                query.expr
            );
        }
        assert!(all[0].expr.contains("[15s]") && all[1].expr.contains("[3600s]"));
    }
}
