//! What may not be read, custom kinds, and what the server says of itself.

use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_doubles::kubernetes::{ApiServer, Rule};
use serde_json::json;

use super::{connected, objects, read};

fn certificate(namespace: &str) -> serde_json::Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": {"name": "web", "namespace": namespace},
        "status": {"conditions": [{"type": "Ready", "status": "False", "message": "expired"}]},
    })
}

#[tokio::test]
async fn each_missing_permission_comes_with_its_rule() {
    let rules =
        vec![Rule::of(&["get", "list"], &["*"], &["*"]).within(&["shop"]), Rule::of(&["list"], &[""], &["nodes"])];
    let server = ApiServer::generated(0, 0).token("t", "dev", rules).start().await;
    let cluster = connected(&server, "t", |_| {}).await;
    let checks = cluster.permissions(&["shop".to_owned(), "bank".to_owned()]).await;
    assert!(checks.iter().all(|c| c.allowed.is_ok()));
    let find = |resource: &str, sub: Option<&str>, ns: Option<&str>| {
        checks.iter().find(|c| c.resource == resource && c.subresource == sub && c.namespace.as_deref() == ns).unwrap()
    };
    assert_eq!(find("pods", Some("log"), Some("shop")).allowed, Ok(true));
    assert_eq!(find("nodes", None, None).allowed, Ok(true));
    let logs = find("pods", Some("log"), Some("bank"));
    assert_eq!(logs.allowed, Ok(false));
    assert_eq!(logs.fix, r#"grant in a Role in bank: {apiGroups: [""], resources: ["pods/log"], verbs: ["get"]}"#);
    let classes = find("storageclasses", None, None);
    assert_eq!(classes.allowed, Ok(false));
    let rule = r#"grant in a ClusterRole: {apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get", "list"]}"#;
    assert_eq!(classes.fix, rule);
}

#[tokio::test]
async fn custom_kinds_with_a_status_are_found_unless_they_may_not_be_read() {
    let knative =
        json!({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "s", "namespace": "a"}});
    let server = ApiServer::generated(10, 0)
        .object(certificate("shop"))
        .object(knative)
        .token("all", "admin", vec![Rule::all()])
        .token("none", "dev", vec![Rule::of(&["list"], &["apps"], &["*"])])
        .start()
        .await;
    let cluster = connected(&server, "all", |_| {}).await;
    assert_eq!(cluster.other_kinds().await, [Kind::Other("Certificate".to_owned())]);
    let found = objects(read(&cluster, Kind::Other("Certificate".to_owned()), None).await.unwrap());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind(), Kind::Other("Certificate".to_owned()));
    let barred = connected(&server, "none", |_| {}).await;
    assert!(barred.other_kinds().await.is_empty());
    let off = connected(&server, "all", |o| o.custom_kinds = 0).await;
    assert!(off.other_kinds().await.is_empty());
    assert_eq!(server.requests()["/apis"], 2);
}

#[tokio::test]
async fn the_server_tells_its_version_and_its_clock() {
    let server = ApiServer::generated(0, 0).start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    assert_eq!(cluster.version().await.unwrap(), "v1.33.2");
    let at = cluster.server_time().await.unwrap().unwrap();
    let off = (jiff::Timestamp::now() - at).abs();
    assert!(off.compare(jiff::Span::new().seconds(60)).unwrap().is_lt(), "{off}");
}
