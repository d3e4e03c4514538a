//! The whole way with the real programs: a rule fires, the webhook arrives, the thread ends in a report, the resolve flips it.

use midwatch_doubles::programs::{Alertmanager, Config, Prometheus, Target, until};

use crate::support::{CASE, Place, keys};

const RULES: &str = r#"
groups:
- name: pods
  rules:
  - alert: KubePodCrashLooping
    expr: max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[2s]) >= 1
    labels: {severity: warning}
    annotations: {summary: Pod is crash looping.}
"#;

const POD: &str = "payments-api-768fcbbc49-t6lgw";

fn metric(value: u8) -> String {
    format!(
        "kube_pod_container_status_waiting_reason{{namespace=\"inc-crashloop\",pod=\"{POD}\",container=\"api\",reason=\"CrashLoopBackOff\"}} {value}"
    )
}

fn routed_to(port: u16) -> String {
    format!(
        "route: {{receiver: midwatch, group_by: [alertname, namespace], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers:\n- name: midwatch\n  webhook_configs:\n  - url: http://127.0.0.1:{port}/webhook/alertmanager\n    send_resolved: true\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_fires_and_the_thread_ends_in_a_report_that_a_resolve_flips() {
    let mut place = Place::new(CASE, "").await;
    let alertmanager = Alertmanager::start(&routed_to(place.port)).await;
    let target = Target::start(&metric(1)).await;
    let config =
        Config { rules_yaml: RULES.to_owned(), targets: vec![target.host()], alertmanagers: vec![alertmanager.host()] };
    let prometheus = Prometheus::start(config).await;
    place.more(&format!(
        "prometheus: {{url: \"{}\"}}\nalertmanager: {{url: \"{}\", poll: 5s}}\n",
        prometheus.url(),
        alertmanager.url()
    ));
    let mut server = place.start();
    server.ready().await;

    let report = until("the report is posted", async || {
        let threads = place.threads();
        let messages = threads.first()?["messages"].as_array()?.clone();
        messages.into_iter().find(|m| m["key"].as_str().is_some_and(|k| k.ends_with(":report")))
    })
    .await;
    let text = report["text"].as_str().unwrap();
    assert!(text.contains("CAUSE") && text.contains("DATABASE_URL"), "{text}");
    assert!(text.contains("kube_pod_container_status_waiting_reason"), "the alert's own expression is told: {text}");

    // Polled and posted, it is one incident.
    until("Alertmanager was polled", async || {
        let (_, health) = server.get("/health/alertmanager").await;
        (health["status"] == "up").then_some(())
    })
    .await;
    let threads = place.threads();
    assert_eq!(threads.len(), 1, "{threads:?}");
    assert_eq!(keys(&threads[0]).iter().filter(|k| k.ends_with(":report")).count(), 1);
    let (status, alerts) = server.get("/api/v1/alerts?namespace=inc-crashloop").await;
    assert_eq!((status, alerts["alerts"].as_array().map(Vec::len)), (200, Some(1)), "{alerts}");

    target.set(&metric(0));
    let living = until("the living message is flipped", async || {
        let threads = place.threads();
        let messages = threads.first()?["messages"].as_array()?.clone();
        let living = messages.into_iter().find(|m| m["key"].as_str().is_some_and(|k| k.ends_with(":living")))?;
        living["text"].as_str()?.to_uppercase().contains("RESOLVED").then_some(living)
    })
    .await;
    assert!(living["edits"].as_u64().unwrap() >= 1, "it is edited, not posted again: {living}");
    until("the resolve is printed", async || place.printed().contains("RESOLVED").then_some(())).await;
    assert!(server.terminate().success());
}
