//! A real Alertmanager: what fires comes, what is silenced or inhibited does not.

use midwatch_doubles::programs::{Alertmanager as Program, until};

use super::*;

const CONFIG: &str = r#"
route: {receiver: nobody, group_by: [alertname]}
receivers: [{name: nobody}]
inhibit_rules:
- source_matchers: ['alertname="NodeDown"']
  target_matchers: ['alertname="PodDown"']
"#;

async fn post(url: &str, body: serde_json::Value) {
    let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn alerts_and_status() {
    let program = Program::start(CONFIG).await;
    let source = alertmanager(&program.url());
    let status = source.status().await.unwrap();
    assert!(status.version.starts_with(|c: char| c.is_ascii_digit()), "{status:?}");
    assert_eq!((status.cluster.as_str(), status.peers), ("disabled", 0));
    assert_eq!(source.firing().await.unwrap(), []);

    let silence = serde_json::json!({"matchers": [{"name": "alertname", "value": "Noise", "isRegex": false, "isEqual": true}],
        "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z", "createdBy": "test", "comment": "quiet"});
    post(&format!("{}/api/v2/silences", program.url()), silence).await;
    let alerts = ["QueueLag", "Noise", "NodeDown", "PodDown"];
    let alerts = alerts.map(|name| {
        serde_json::json!({"labels": {"alertname": name, "namespace": "shop"},
        "annotations": {"summary": "s"}, "startsAt": "2026-01-01T00:00:00Z"})
    });
    post(&format!("{}/api/v2/alerts", program.url()), alerts.to_vec().into()).await;

    let firing = until("two alerts fire", async || {
        let mut firing = source.firing().await.unwrap();
        firing.sort_by(|a, b| a.name.cmp(&b.name));
        (firing.len() == 2).then_some(firing)
    })
    .await;
    assert_eq!(firing.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["NodeDown", "QueueLag"]);
    let lag = &firing[1];
    assert!(lag.firing && lag.ends_at.is_none() && lag.fingerprint.len() == 16, "{lag:?}");
    assert_eq!((lag.label("namespace"), lag.annotations["summary"].as_str()), (Some("shop"), "s"));
    assert_eq!(lag.starts_at.unwrap().to_string(), "2026-01-01T00:00:00Z");
}
