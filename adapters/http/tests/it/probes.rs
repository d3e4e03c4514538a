//! Health and metrics: what Kubernetes and Prometheus read.

use jiff::Timestamp;
use midwatch_service::health::Status;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{World, json, problem, send};

#[tokio::test]
async fn health_follows_the_parts() {
    let world = World::new().await;
    let now = Timestamp::now();
    world.health.expect("store", true);
    world.health.expect("prometheus", false);
    let status = async |path: &str| send(world.get(path)).await.status().as_u16();
    assert_eq!(
        (status("/health/live").await, status("/health/startup").await, status("/health/ready").await),
        (200, 503, 503)
    );
    let (_, probe) = json(world.get("/health/startup")).await;
    assert_eq!(probe, json!({"status": "unavailable", "reasons": ["store: has not been checked yet"]}));

    world.health.report("store", Status::Up, "", None, now);
    let (code, probe) = json(world.get("/health/ready")).await;
    assert_eq!((code, probe), (StatusCode::OK, json!({"status": "ok", "reasons": [], "utilisation": 0.0})));
    assert_eq!((status("/health/startup").await, status("/health/prometheus").await), (200, 503));

    world.health.report("store", Status::Down, "no room; password=hunter2secret", None, now);
    let (code, probe) = json(world.get("/health/ready")).await;
    assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
    assert!(probe["reasons"][0].as_str().unwrap().starts_with("store: no room"));
    assert!(!probe.to_string().contains("hunter2secret"), "{probe}");
    assert_eq!(
        (status("/health/live").await, status("/health/startup").await, status("/health/store").await),
        (200, 200, 503)
    );
    world.health.report("store", Status::Degraded, "slow", None, now);
    let (code, part) = json(world.get("/health/store")).await;
    assert_eq!((code, &part["status"], &part["required"]), (StatusCode::OK, &json!("degraded"), &json!(true)));
    let (code, _, detail) = problem(world.get("/health/coffee")).await;
    assert!(code == 404 && detail.contains("prometheus, store"), "{detail}");
    let (_, overview) = json(world.get("/api/v1/health")).await;
    assert_eq!((&overview["ready"], &overview["components"]["store"]["reason"]), (&json!(true), &json!("slow")));
}

#[tokio::test]
async fn metrics_are_open_metrics_for_those_who_ask_for_it() {
    let world = World::new().await;
    send(world.get("/nothing")).await;
    let response = send(world.get("/metrics")).await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    assert!(text.contains("# TYPE midwatch_http_requests_total counter\n") && !text.contains("# EOF"), "{text}");
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let response = send(world.get("/metrics").header("accept", accept)).await;
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = response.text().await.unwrap();
    assert!(text.ends_with("# EOF\n") && text.contains("midwatch_http_requests_total{result=\"refused\"} 1"), "{text}");
}
