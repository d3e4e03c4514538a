//! Names: pages, what may not be read, and that nothing but metadata is asked for.

use std::collections::BTreeSet;

use midwatch_diagnosis::entity::Kind;
use midwatch_doubles::kubernetes::{ApiServer, Fault, Rule};
use serde_json::{Value, json};

use super::connected;
use crate::Names;

fn object(kind: &str, namespace: Option<&str>, name: &str) -> Value {
    let api = match kind {
        "Namespace" => "v1",
        "CronJob" => "batch/v1",
        _ => "apps/v1",
    };
    let mut object = json!({
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "creationTimestamp": "2026-11-22T04:00:00Z"},
    });
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

fn shop() -> ApiServer {
    let server =
        ["shop", "pay"].into_iter().fold(ApiServer::default(), |s, ns| s.object(object("Namespace", None, ns)));
    [
        ("Deployment", "shop", "checkout"),
        ("StatefulSet", "pay", "db"),
        ("DaemonSet", "shop", "agent"),
        ("CronJob", "pay", "bill"),
    ]
    .into_iter()
    .fold(server, |server, (kind, namespace, name)| server.object(object(kind, Some(namespace), name)))
}

fn shown(names: &Names) -> BTreeSet<String> {
    names.workloads.iter().map(|w| format!("{}/{}/{}", w.namespace, w.kind, w.name)).collect()
}

#[tokio::test]
async fn all_there_is_by_name() {
    let server = shop().start().await;
    let names = connected(&server, "double", |_| {}).await.names().await.unwrap();
    assert_eq!(names.namespaces.iter().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(["pay", "shop"]));
    let expected = ["pay/CronJob/bill", "pay/StatefulSet/db", "shop/DaemonSet/agent", "shop/Deployment/checkout"];
    assert_eq!(shown(&names), expected.map(str::to_owned).into());
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_up_to_the_cap() {
    let many = |count: usize| {
        (0..count).fold(ApiServer::default(), |server, n| server.object(object("Namespace", None, &format!("ns-{n}"))))
    };
    for (count, expected, pages) in [(1_200, 1_200, 3), (2_300, 2_000, 4)] {
        let server = many(count).start().await;
        let names = connected(&server, "double", |_| {}).await.names().await.unwrap();
        assert_eq!(names.namespaces.iter().collect::<BTreeSet<_>>().len(), expected);
        assert_eq!(server.requests()["/api/v1/namespaces"], pages);
    }
}

#[tokio::test]
async fn who_may_read_some_namespaces_gets_those_that_are_configured() {
    let rules = vec![Rule::all().within(&["shop"])];
    let server = shop().token("t", "dev", rules).start().await;
    let given = vec!["shop".to_owned(), "pay".to_owned()];
    let names = connected(&server, "t", |o| o.namespaces = given.clone()).await.names().await.unwrap();
    assert_eq!(names.namespaces, given);
    assert_eq!(shown(&names), ["shop/DaemonSet/agent", "shop/Deployment/checkout"].map(str::to_owned).into());
}

#[tokio::test]
async fn who_may_read_nothing_gets_no_names_and_no_error() {
    let server = shop().token("t", "dev", vec![]).start().await;
    let names = connected(&server, "t", |_| {}).await.names().await.unwrap();
    assert_eq!((names.namespaces, names.workloads), (vec!["default".to_owned()], vec![]));
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    let server = shop().start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    for fault in [Fault::HalfBody, Fault::Garbage, Fault::Status(500)] {
        server.fault("/apis/apps/v1/statefulsets", fault, 9);
        assert!(cluster.names().await.is_err());
        server.heal();
    }
    assert!(cluster.names().await.unwrap().workloads.iter().any(|w| w.kind == Kind::StatefulSet));
}
