//! What the server says of its parts and of whom it asks, and bounds of what it takes.

use std::process::Stdio;

use midwatch_doubles::kubernetes::Fault;
use midwatch_doubles::programs::{Config, Prometheus, until};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::support::{CASE, Place, Server, alert, webhook};

/// A part, once it was looked at.
async fn part(server: &Server, name: &str) -> (u16, Value) {
    until(&format!("{name} was looked at"), async || {
        let (status, part) = server.get(&format!("/health/{name}")).await;
        (part["checked_at"].is_string()).then_some((status, part))
    })
    .await
}

async fn metrics(server: &Server) -> String {
    reqwest::get(format!("{}/metrics", server.url)).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_tells_the_truth_and_only_ours_count_for_readiness() {
    let nobody = "prometheus: {url: \"http://127.0.0.1:1\"}\nalertmanager: {url: \"http://127.0.0.1:1\", poll: off}\n";
    let place = Place::new(CASE, nobody).await;
    let mut server = place.start();
    server.ready().await;
    for name in ["store", "packs", "worker", "kubernetes"] {
        let (status, part) = part(&server, name).await;
        assert_eq!((status, part["status"].as_str()), (200, Some("up")), "{name}: {part}");
    }
    let (_, kubernetes) = part(&server, "kubernetes").await;
    assert!(kubernetes["latency_ms"].is_u64() && kubernetes["required"] == false, "{kubernetes}");
    for name in ["prometheus", "alertmanager"] {
        let (status, part) = part(&server, name).await;
        assert_eq!((status, part["status"].as_str()), (503, Some("down")), "{name}: {part}");
        assert!(part["reason"].as_str().unwrap().contains("127.0.0.1:1"), "{part}");
    }
    assert_eq!(server.get("/health/ready").await.0, 200, "others are no reason to refuse alerts");

    let labels = json!({"namespace": "inc-crashloop", "pod": "payments-api-768fcbbc49-t6lgw"});
    let body = webhook("a", "firing", &[alert("KubePodCrashLooping", "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
    server.idle().await;
    let (status, outbox) = part(&server, "outbox").await;
    assert_eq!((status, outbox["status"].as_str()), (200, Some("up")), "{outbox}");
    let figures = metrics(&server).await;
    let count = |integration: &str, result: &str| {
        let labels = format!("midwatch_external_requests_total{{integration=\"{integration}\",result=\"{result}\"}} ");
        figures.lines().find_map(|line| line.strip_prefix(&labels)).map_or(0, |n| n.parse::<u64>().unwrap())
    };
    assert!(count("kubernetes", "ok") > 5, "{figures}");
    assert!(count("prometheus", "error") > 0 && count("prometheus", "ok") == 0, "{figures}");
    assert!(count("alertmanager", "error") > 0, "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_or_refuses_is_told_and_waits_for_nobody() {
    let place = Place::new(CASE, "").await;
    place.cluster.fault("/version", Fault::Status(403), 1000);
    let mut server = place.start();
    server.ready().await;
    let (status, kubernetes) = part(&server, "kubernetes").await;
    assert_eq!((status, kubernetes["status"].as_str()), (503, Some("down")), "{kubernetes}");
    assert!(metrics(&server).await.contains("integration=\"kubernetes\",result=\"denied\"}"));
    let (_, health) = server.get("/api/v1/health").await;
    assert_eq!(health["components"]["kubernetes"]["status"], "down", "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_as_configured() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start_with(&[("server__max_body", "1MiB")]);
    server.ready().await;
    let padded = |bytes: usize| {
        let labels = json!({"namespace": "inc-crashloop", "service": "x"});
        let mut body = webhook("large", "resolved", &[alert("Large", "resolved", &labels)]);
        body["externalURL"] = json!("x".repeat(bytes));
        body
    };
    assert_eq!(server.post("/webhook/alertmanager", &padded(1000 << 10)).await.unwrap().0, 200);
    let (status, refused) = server.post("/webhook/alertmanager", &padded(1 << 20)).await.unwrap();
    assert_eq!((status, refused["code"].as_str()), (413, Some("E004")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("1024 KiB"), "{refused}");
    // Questions are small whatever webhooks may have.
    let question = json!({"text": "x".repeat(64 << 10)});
    let (status, refused) = server.post("/api/v1/analyze", &question).await.unwrap();
    assert_eq!((status, refused["detail"].as_str().is_some_and(|d| d.contains("64 KiB"))), (413, true), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_running_server_well() {
    let place = Place::new(CASE, "").await;
    let looked = async |settings: &'static [(&str, &str)]| {
        let (_, out, err) = place.run(&["doctor", "-o", "json"], settings).await;
        let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        let ours = |check: &&Value| ["server", "store"].iter().any(|n| check["name"].as_str().unwrap().starts_with(n));
        told["checks"].as_array().unwrap().iter().filter(ours).cloned().collect::<Vec<_>>()
    };
    let running = |checks: &[Value]| checks.iter().find(|check| check["name"] == "server: running").cloned();
    assert_eq!(running(&looked(&[]).await), None);

    let mut server = place.start();
    server.ready().await;
    let checks = looked(&[]).await;
    assert!(checks.iter().all(|check| check["result"] != "fail"), "{checks:?}");
    let found = running(&checks).unwrap();
    let what = found["what"].as_str().unwrap();
    assert!(found["result"] == "ok" && what.contains("pid ") && what.contains("is ready"), "{found}");

    let checks = looked(&[("server__listen", "127.0.0.1:1")]).await;
    let found = running(&checks).unwrap();
    assert_eq!(found["result"], "warn", "it may have been told to listen elsewhere: {found}");
    assert!(found["fix"].as_str().unwrap().contains("server.listen"), "{found}");
    assert!(server.terminate().success());
    assert_eq!(running(&looked(&[]).await), None, "it has ended");
}

/// Prometheus asks for OpenMetrics and reads it strictly; promtool reads what a person with curl sees.
#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_takes_the_figures() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let host = server.url.trim_start_matches("http://").to_owned();
    let config = Config { targets: vec![host], ..Config::default() };
    let prometheus = Prometheus::start(config).await;
    let query = format!("{}/api/v1/query?query=midwatch_process_resident_memory_bytes", prometheus.url());
    let bytes = until("a figure is in Prometheus", async || {
        let answer: Value = reqwest::get(&query).await.ok()?.json().await.ok()?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse::<u64>().ok().filter(|bytes| *bytes > 0)
    })
    .await;
    assert!(bytes > 1 << 20, "{bytes}");
    let text = metrics(&server).await;
    assert!(text.contains("midwatch_health_status{part=\"store\",required=\"true\",status=\"up\"} 1"), "{text}");
    let mut promtool = tokio::process::Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut checking = promtool.spawn().expect("`promtool` cannot be started; ./test.sh installs what the tests need");
    checking.stdin.take().unwrap().write_all(text.as_bytes()).await.unwrap();
    let output = checking.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}
