//! Recordings of a cluster: layout, what is left out, what is left alone.

use std::path::Path;

use midwatch_doubles::kubernetes::{ApiServer, Fault, Rule};
use midwatch_redact::Redactor;
use serde_json::json;

use super::connected;
use crate::{Cluster, RecordError, RecordOptions, Recorded, record};

async fn recorded(cluster: &Cluster, dir: &Path, options: &RecordOptions) -> Result<Recorded, RecordError> {
    record(cluster, &["load-0".to_owned()], dir, options, Redactor::default(), &|_| {}).await
}

fn text(dir: &Path, file: &str) -> String {
    std::fs::read_to_string(dir.join(file)).unwrap()
}

#[tokio::test]
async fn a_recording_has_kubectls_layout_and_no_secrets() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"password": "aHVudGVyMg=="},
        "metadata": {"name": "db", "namespace": "load-0"}});
    let settings = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"DB_PASSWORD": "correct-horse-battery"},
        "metadata": {"name": "settings", "namespace": "load-0"}});
    let server = ApiServer::generated(60, 30).object(secret).object(settings).start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("case");
    let done = recorded(&cluster, &dir, &RecordOptions::default()).await.unwrap();
    assert!(done.gaps.is_empty(), "{:?}", done.gaps);
    assert!(done.as_of.is_some());
    let pods: serde_json::Value = serde_json::from_str(&text(&dir, "load-0/pods.json")).unwrap();
    assert_eq!(pods["items"].as_array().unwrap().len(), 50);
    assert_eq!(pods["items"][0]["kind"], "Pod");
    let manager = &pods["items"][0]["metadata"]["managedFields"][0];
    assert!(manager["time"].is_string() && manager.get("fieldsV1").is_none(), "{manager}");
    let secrets = text(&dir, "load-0/secrets.json");
    assert!(secrets.contains(r#""password":"""#) && !secrets.contains("aHVudGVyMg"), "{secrets}");
    assert!(!text(&dir, "load-0/configmaps.json").contains("correct-horse"));
    let log = text(&dir, "load-0/app-0-6c5d8f7b94-00003/logs-previous.txt");
    assert!(log.starts_with("==== START logs for container app of pod load-0/app-0-6c5d8f7b94-00003 ====\nstarting"));
    let namespaces = text(&dir, "namespaces.json");
    assert!(namespaces.contains("load-0") && !namespaces.contains("load-1"));
    assert!(dir.join("load-0/replication-controllers.json").is_file());
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn what_cannot_be_read_stands_where_kubectl_prints_it() {
    let rules = vec![Rule::of(&["list"], &["", "apps"], &["pods", "deployments"])];
    let server = ApiServer::generated(10, 0).token("t", "dev", rules).start().await;
    let cluster = connected(&server, "t", |_| {}).await;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("case");
    let done = recorded(&cluster, &dir, &RecordOptions::default()).await.unwrap();
    assert!(done.gaps.iter().any(|g| g.starts_with("events in load-0: forbidden")), "{:?}", done.gaps);
    assert!(text(&dir, "load-0/events.json").starts_with("Error from server (Forbidden): events is forbidden"));
    let log = text(&dir, "load-0/app-0-6c5d8f7b94-00003/logs.txt");
    assert!(log.contains("Error from server (Forbidden): pods \"app-0"), "{log}");
    assert!(text(&dir, "RECORDING.md").contains("- events in load-0: forbidden"));
}

#[tokio::test]
async fn a_full_directory_is_left_alone_and_a_failed_run_leaves_nothing() {
    let server = ApiServer::generated(10, 0).start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("case");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(dir.join("mine"), "x").unwrap();
    let refused = recorded(&cluster, &dir, &RecordOptions::default()).await.unwrap_err();
    assert!(matches!(refused, RecordError::NotEmpty { .. }), "{refused}");
    assert_eq!(text(&dir, "mine"), "x");
    let other = home.path().join("other");
    server.fault("/version", Fault::Status(401), 9);
    let failed = recorded(&cluster, &other, &RecordOptions::default()).await.unwrap_err();
    assert!(matches!(failed, RecordError::Unreachable(_)), "{failed}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_recording_that_is_full_says_what_is_missing() {
    let server = ApiServer::generated(60, 0).start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    let home = tempfile::tempdir().unwrap();
    let options = RecordOptions { max_bytes: 20_000, ..RecordOptions::default() };
    let done = recorded(&cluster, &home.path().join("case"), &options).await.unwrap();
    assert!(done.gaps.iter().any(|g| g.contains("the recording is full")), "{:?}", done.gaps);
    let pods = text(&done.dir, "load-0/pods.json");
    assert!(serde_json::from_str::<serde_json::Value>(&pods).is_ok(), "{pods}");
}
