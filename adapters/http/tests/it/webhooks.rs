//! Deliveries: durable before they are acknowledged, and told apart by whether trying again helps.

use std::time::Duration;

use midwatch_service::intake::IntakeSettings;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Setup, World, json, problem, send, webhook};

#[tokio::test]
async fn a_delivery_is_durable_when_it_is_acknowledged() {
    let world = World::new().await;
    let (status, receipt) = json(world.deliver("firing-KubePodCrashLooping-2.json")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&receipt["received"], &receipt["truncated"]), (&json!(2), &json!(0)));
    let incidents = world.store.open_incidents(10).await.unwrap();
    assert_eq!(incidents.len(), 1);
    assert_eq!((incidents[0].received, incidents[0].alerts.len()), (2, 2));
    assert_eq!(receipt["incidents"], json!([incidents[0].id.to_string()]));
    assert_eq!(receipt["jobs"].as_array().map(Vec::len), Some(1));

    let (status, again) = json(world.deliver("firing-KubePodCrashLooping-2.json")).await;
    assert_eq!((status, &again["joined"], &again["incidents"]), (StatusCode::OK, &json!(2), &json!([])));
    assert_eq!(world.store.open_incidents(10).await.unwrap()[0].received, 4);
}

#[tokio::test]
async fn grafana_sends_the_same_body_and_truncated_alerts_are_counted() {
    let world = World::new().await;
    let body = json!({"version": "1", "groupKey": "{}/{}:{}", "truncatedAlerts": 3, "alerts": [
        {"status": "firing", "labels": {"alertname": "Slow", "namespace": "shop"}, "fingerprint": "c5c5c5c5c5c5c5c5",
         "startsAt": "2026-11-22T04:12:02Z"}]});
    let (status, receipt) = json(world.post("/webhook/grafana?cluster=prod-eu", &body)).await;
    assert_eq!((status, &receipt["received"], &receipt["truncated"]), (StatusCode::OK, &json!(4), &json!(3)));
    assert_eq!(world.store.open_incidents(10).await.unwrap()[0].source, "grafana");
    let (status, _, detail) = problem(world.post("/webhook/grafana?clutser=prod-eu", &body)).await;
    assert!(status == 400 && detail.contains("clutser"), "{detail}");
}

#[tokio::test]
async fn what_can_never_work_is_400() {
    let world = World::new().await;
    for body in ["", "[7]", "{}", r#"{"alerts":[]}"#, r#"{"alerts":["#, "<html>", "\u{0}\u{1}"] {
        let request = world.client.post(world.url("/webhook/alertmanager")).header("Content-Type", "application/json");
        let (status, code, _) = problem(request.body(body)).await;
        assert_eq!((status, code.as_str()), (400, "E002"), "{body:?}");
    }
    let form = world.client.post(world.url("/webhook/alertmanager")).body("{}");
    let (status, _, detail) = problem(form).await;
    assert!(status == 415 && detail.contains("Content-Type: application/json"), "{detail}");
    assert!(world.store.open_incidents(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_may_work_later_is_503_with_a_time() {
    let full = IntakeSettings { slots: 1, queue_bound: 1, refuse_at: 0.5, ..IntakeSettings::default() };
    let world = World::with(Setup { intake: full, ..Setup::default() }).await;
    assert_eq!(send(world.deliver("firing-KubePodCrashLooping-2.json")).await.status(), StatusCode::OK);
    let other = send(world.deliver("firing-RedisMemoryHigh-1.json")).await;
    assert_eq!(other.status(), StatusCode::SERVICE_UNAVAILABLE);
    let after: u64 = other.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=Duration::from_mins(10).as_secs()).contains(&after));
    assert_eq!(send(world.deliver("firing-KubePodCrashLooping-2.json")).await.status(), StatusCode::OK, "joins");

    world.intake.drain();
    let (status, code, _) = problem(world.deliver("firing-RedisMemoryHigh-1.json")).await;
    assert_eq!((status, code.as_str()), (503, "E008"));
    assert_eq!(world.counted("refused"), 2);
}

#[tokio::test]
async fn a_resolve_closes_what_fires() {
    let world = World::new().await;
    send(world.deliver("firing-KubePodCrashLooping-2.json")).await;
    let (_, list) = json(world.get("/api/v1/alerts")).await;
    assert_eq!((list["alerts"].as_array().map(Vec::len), &list["source"]), (Some(2), &json!("incidents")));
    let resolved = webhook("resolved-KubePodCrashLooping-2.json");
    let request = world.client.post(world.url("/webhook/alertmanager")).header("Content-Type", "application/json");
    assert_eq!(send(request.body(resolved)).await.status(), StatusCode::OK);
    let (_, list) = json(world.get("/api/v1/alerts")).await;
    assert_eq!(list["alerts"], json!([]));
}
