//! A rule fires in a real Prometheus, a real Alertmanager holds the alert, and the report cites the rule's own expression.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::alertmanager;
use midwatch_agent::port::EvidenceSource;
use midwatch_agent::render;
use midwatch_agent::request::{Limits, Request};
use midwatch_agent::sources::Sources;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_doubles::programs::{Alertmanager, Config, Prometheus, Target, until};
use midwatch_prometheus::PrometheusOptions;
use midwatch_redact::Redactor;

use crate::support::open;

const RULES: &str = r"
groups:
- name: shop
  rules:
  - alert: ApiLatencyHigh
    expr: max by (namespace, deployment) (api_latency_seconds) > 0.9
    for: 1s
    labels: {severity: page}
";

const METRICS: &str = r#"
api_latency_seconds{namespace="shop",deployment="api"} 0.93
api_latency_seconds{namespace="shop",deployment="mails"} 7.5
container_memory_working_set_bytes{namespace="shop",pod="api-1-x",container="api"} 32505856
"#;

/// A workload that is well: only metrics show the trouble.
fn record(dir: &Path) {
    let owner = |kind: &str, name: &str| serde_json::json!([{"kind": kind, "name": name, "controller": true}]);
    let list =
        |items: serde_json::Value| serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let write = |name: &str, items| std::fs::write(dir.join(name), list(items)).expect("a recording");
    write(
        "namespaces.json",
        serde_json::json!([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}]),
    );
    write(
        "deployments.json",
        serde_json::json!([{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": "shop"},
            "spec": {"replicas": 1}, "status": {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1}}]),
    );
    write(
        "replicasets.json",
        serde_json::json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "api-1", "namespace": "shop", "ownerReferences": owner("Deployment", "api")}, "spec": {"replicas": 1}}]),
    );
    write(
        "pods.json",
        serde_json::json!([{"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "api-1-x", "namespace": "shop", "ownerReferences": owner("ReplicaSet", "api-1")},
            "spec": {"containers": [{"name": "api", "resources": {"limits": {"memory": "256Mi"}}}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "api", "ready": true, "state": {"running": {}}}]}}]),
    );
}

/// The alert of one Deployment, as soon as Alertmanager has it.
async fn fired(alertmanager: &Alertmanager, deployment: &str) -> Alert {
    let url = format!("{}/api/v2/alerts", alertmanager.url());
    until("the alert is in Alertmanager", async || {
        let body = reqwest::get(&url).await.ok()?.bytes().await.ok()?;
        let alerts = alertmanager::parse(&body).ok()?.alerts;
        alerts.into_iter().find(|a| a.label("deployment") == Some(deployment))
    })
    .await
}

#[tokio::test]
async fn the_report_cites_the_expression_of_the_rule_that_fired() {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let target = Target::start(METRICS).await;
    let alertmanager = Alertmanager::start("route: {receiver: none}\nreceivers: [{name: none}]").await;
    let prometheus = Prometheus::start(Config {
        rules_yaml: RULES.to_owned(),
        targets: vec![target.host()],
        alertmanagers: vec![alertmanager.host()],
    })
    .await;
    let alert = fired(&alertmanager, "api").await;
    assert_eq!(
        alert.generator_expr().as_deref(),
        Some("max by (namespace, deployment) (api_latency_seconds) > 0.9"),
        "the link holds what the rule says"
    );

    let dir = tempfile::tempdir().expect("a directory");
    record(dir.path());
    let objects: Arc<dyn EvidenceSource> = Arc::new(open(dir.path()));
    let metrics = midwatch_prometheus::Prometheus::new(PrometheusOptions::new(prometheus.url())).expect("options");
    let sources = Sources::new(Arc::clone(&objects)).with_metrics(Arc::new(metrics));
    let request = Request {
        alerts: vec![alert],
        as_of: Some(Timestamp::now()),
        lookback: SignedDuration::from_hours(1),
        ..Request::default()
    };
    let investigate = async |source: &dyn EvidenceSource| {
        midwatch_agent::investigate(source, &request, &Limits::default(), Redactor::default(), &|_| {})
            .await
            .expect("a report")
    };

    let report = investigate(&sources).await.report;
    let page = render::markdown(&report);
    assert_eq!(report.verdict, Verdict::Inconclusive, "{}", *page);
    let why: Vec<&str> = report.why.iter().map(|c| c.text.as_str()).collect();
    let began = why.iter().find(|t| t.contains("began to return")).expect("when it began");
    assert!(
        began.contains("`max by (namespace, deployment) (api_latency_seconds) > 0.9`") && began.contains("0.93"),
        "{began}"
    );
    let now = "the expression of alert ApiLatencyHigh still returns: 0.93 now (threshold > 0.9)";
    assert!(why.contains(&now), "its own series, not its neighbour's: {why:?}");
    let gaps: Vec<&str> = report.could_not_see.iter().map(|g| g.what.as_str()).collect();
    assert!(gaps.contains(&"metric kube_pod_container_status_restarts_total"), "{gaps:?}");
    assert!(!gaps.iter().any(|g| g.contains("container_memory_working_set_bytes")), "{gaps:?}");
    assert!(render::json(&report).contains(r#""kind": "metric""#) && page.contains("promtool query range --start="));

    let without = investigate(objects.as_ref()).await.report;
    assert!(without.why.iter().all(|c| !c.text.contains("expression")));
    assert!(without.could_not_see.iter().any(|g| g.why == "no metrics source is configured"));

    let plan = async |source: &dyn EvidenceSource| {
        let plan =
            midwatch_agent::plan(source, &request, &Limits::default(), &Redactor::default()).await.expect("a plan");
        render::plan_markdown(&plan).to_string()
    };
    assert!(plan(&sources).await.contains("api/v1/rules") && !plan(objects.as_ref()).await.contains("api/v1/rules"));
}
