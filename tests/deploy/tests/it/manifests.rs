//! Kubernetes objects as text: parsed as strictly as an API server with `fieldValidation: Strict` does.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::yaml;

/// Every object of a text with several documents, checked.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    let documents = text.split("\n---").map(|part| part.trim_start_matches("---"));
    let parsed = documents.filter(|part| part.lines().any(|l| !l.trim().is_empty() && !l.trim().starts_with('#')));
    parsed.map(yaml).inspect(check).collect()
}

pub(crate) fn name(object: &Value) -> String {
    format!("{} {}", object["kind"].as_str().unwrap_or("?"), object["metadata"]["name"].as_str().unwrap_or("?"))
}

/// Of this kind.
pub(crate) fn of<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

fn check(object: &Value) {
    match object["kind"].as_str().unwrap_or_else(|| panic!("no kind: {object}")) {
        "Namespace" => strict::<Namespace>(object, "v1"),
        "ServiceAccount" => strict::<ServiceAccount>(object, "v1"),
        "ConfigMap" => strict::<ConfigMap>(object, "v1"),
        "PersistentVolumeClaim" => strict::<PersistentVolumeClaim>(object, "v1"),
        "Service" => strict::<Service>(object, "v1"),
        "Deployment" => strict::<Deployment>(object, "apps/v1"),
        "ClusterRole" => strict::<ClusterRole>(object, "rbac.authorization.k8s.io/v1"),
        "ClusterRoleBinding" => strict::<ClusterRoleBinding>(object, "rbac.authorization.k8s.io/v1"),
        "HorizontalPodAutoscaler" => strict::<HorizontalPodAutoscaler>(object, "autoscaling/v2"),
        "NetworkPolicy" => strict::<NetworkPolicy>(object, "networking.k8s.io/v1"),
        "PodDisruptionBudget" => strict::<PodDisruptionBudget>(object, "policy/v1"),
        // Of the Prometheus operator, whose types are not at hand: the fields that are used, by their names.
        "ServiceMonitor" => {
            assert_eq!(object["apiVersion"], "monitoring.coreos.com/v1");
            assert_eq!(fields(&object["spec"]), ["endpoints", "selector"]);
            assert_eq!(fields(&object["spec"]["endpoints"][0]), ["interval", "path", "port"]);
        }
        other => panic!("nobody checks a {other}"),
    }
}

/// By alphabet: the order in which they stand depends on what else is built.
fn fields(object: &Value) -> Vec<&String> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().collect();
    names.sort();
    names
}

/// What the type does not know is lost when it is read, so reading and writing must give the same.
fn strict<T: DeserializeOwned + Serialize>(object: &Value, version: &str) {
    assert_eq!(object["apiVersion"], version, "{}", name(object));
    let typed: T =
        serde_json::from_value(object.clone()).unwrap_or_else(|e| panic!("{}: {e}\n{object:#}", name(object)));
    assert_eq!(&serde_json::to_value(typed).unwrap(), object, "{}: left what is expected to be written", name(object));
}

#[test]
#[should_panic(expected = "left what is expected")]
fn a_field_that_the_api_does_not_know_is_noticed() {
    let spec = json!({"accessModes": ["ReadWriteOnce"], "storageClas": "fast"});
    check(&json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"}, "spec": spec}));
}
