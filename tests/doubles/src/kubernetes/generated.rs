//! A world of any size: healthy Deployments, and one that crashes. Numbers decide everything, so it is always the same.

use jiff::{SignedDuration, Timestamp};
use midwatch_diagnosis::entity::Kind;
use serde_json::{Value, json};

use super::world::{At, Log, World};

/// Namespaces.
const NAMESPACES: usize = 10;

/// Pods of one Deployment.
const REPLICAS: usize = 50;

/// Now, in the generated world.
pub(super) const NOW: &str = "2026-11-22T06:00:00Z";

/// Builds the world.
pub(super) fn world(pods: usize, events: usize) -> World {
    let mut world = World::default();
    world.serve_all();
    let mut put = |kind: &Kind, object: Value| {
        let at: At = (kind.group().to_owned(), kind.plural());
        world.put(&at, object, true);
    };
    for number in 0..NAMESPACES {
        put(&Kind::Namespace, json!({"metadata": {"name": namespace(number)}, "status": {"phase": "Active"}}));
    }
    put(&Kind::Node, node());
    for app in 0..pods.div_ceil(REPLICAS) {
        let size = REPLICAS.min(pods - app * REPLICAS);
        put(&Kind::Deployment, workload(app, size, true));
        put(&Kind::ReplicaSet, workload(app, size, false));
        for replica in 0..size {
            put(&Kind::Pod, pod(app, replica));
        }
    }
    for number in 0..events {
        put(&Kind::Event, event(number, pods.max(1)));
    }
    for replica in 0..REPLICAS.min(pods) {
        for previous in [false, true] {
            let text = "starting app\nfatal: environment variable DATABASE_URL is not set\n".to_owned();
            let of = (namespace(0), pod_name(0, replica), "app".to_owned(), previous);
            world.logs.insert(of, Log::Text { text, from: Some(at(-60)) });
        }
    }
    world.sort();
    world
}

fn namespace(app: usize) -> String {
    format!("load-{}", app % NAMESPACES)
}

fn pod_name(app: usize, replica: usize) -> String {
    format!("app-{app}-6c5d8f7b94-{replica:05}")
}

/// So many seconds from now.
fn at(seconds: i64) -> Timestamp {
    let now: Timestamp = NOW.parse().expect("a time");
    now + SignedDuration::from_secs(seconds)
}

fn meta(namespace: &str, name: &str, app: usize) -> Value {
    let fields = json!({"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {
        ".": {}, "f:image": {}, "f:name": {}, "f:env": {}, "f:resources": {"f:limits": {"f:memory": {}}}}}}});
    json!({
        "name": name, "namespace": namespace, "uid": format!("uid-{name}"), "resourceVersion": "1000",
        "creationTimestamp": at(-86_400), "generation": 1,
        "labels": {"app": format!("app-{app}"), "pod-template-hash": "6c5d8f7b94"},
        "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
            "time": at(-86_400), "fieldsType": "FieldsV1", "fieldsV1": fields}],
    })
}

fn spec() -> Value {
    json!({"containers": [{
        "name": "app", "image": "registry.example/team/app:1.4.2",
        "env": [{"name": "PORT", "value": "8080"}, {"name": "REGION", "value": "eu-1"}],
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "ports": [{"containerPort": 8080, "name": "http"}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
    }], "serviceAccountName": "default", "restartPolicy": "Always"})
}

fn workload(app: usize, size: usize, deployment: bool) -> Value {
    let broken = app == 0;
    let ready = if broken { 0 } else { size };
    let suffix = if deployment { String::new() } else { "-6c5d8f7b94".to_owned() };
    let mut metadata = meta(&namespace(app), &format!("app-{app}{suffix}"), app);
    if !deployment {
        metadata["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": format!("app-{app}"), "controller": true}]);
        metadata["annotations"] = json!({"deployment.kubernetes.io/revision": "1"});
    }
    let labels = json!({"app": format!("app-{app}")});
    json!({
        "metadata": metadata,
        "spec": {"replicas": size, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec()}},
        "status": {"replicas": size, "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": size,
            "observedGeneration": 1},
    })
}

fn pod(app: usize, replica: usize) -> Value {
    let mut metadata = meta(&namespace(app), &pod_name(app, replica), app);
    metadata["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "name": format!("app-{app}-6c5d8f7b94"), "controller": true}]);
    let broken = app == 0;
    let ready = if broken { "False" } else { "True" };
    let end = json!({"exitCode": 1, "reason": "Error", "startedAt": at(-90), "finishedAt": at(-88)});
    let (state, last) = if broken {
        let message = "back-off 5m0s restarting failed container=app";
        (json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}), json!({"terminated": end}))
    } else {
        (json!({"running": {"startedAt": at(-86_390)}}), json!({}))
    };
    let mut spec = spec();
    spec["nodeName"] = "node-1".into();
    let condition = |name: &str, status: &str| json!({"type": name, "status": status, "lastTransitionTime": at(-600)});
    json!({
        "metadata": metadata, "spec": spec,
        "status": {"phase": "Running", "podIP": "10.0.0.7", "startTime": at(-86_400),
            "conditions": [condition("PodScheduled", "True"), condition("Initialized", "True"),
                condition("ContainersReady", ready), condition("Ready", ready)],
            "containerStatuses": [{"name": "app", "ready": !broken, "restartCount": if broken { 12 } else { 0 },
                "image": "registry.example/team/app:1.4.2", "state": state, "lastState": last}]},
    })
}

fn node() -> Value {
    json!({
        "metadata": {"name": "node-1", "creationTimestamp": at(-864_000)},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": at(-864_000),
            "lastHeartbeatTime": at(-5)}],
            "allocatable": {"cpu": "4000", "memory": "8000Gi", "pods": "10000"}},
    })
}

fn event(number: usize, pods: usize) -> Value {
    let of = number % pods;
    let (app, replica) = (of / REPLICAS, of % REPLICAS);
    let (kind, reason, message) = match (app, number % 3) {
        (0, _) => ("Warning", "BackOff", "Back-off restarting failed container app in pod".to_owned()),
        (_, 0) => {
            ("Normal", "Pulled", "Container image \"registry.example/team/app:1.4.2\" already present".to_owned())
        }
        (_, 1) => ("Normal", "Created", "Created container: app".to_owned()),
        _ => ("Normal", "Started", "Started container app".to_owned()),
    };
    let seconds = -i64::try_from(number % 3000).unwrap_or_default();
    let (ns, pod) = (namespace(app), pod_name(app, replica));
    json!({
        "metadata": {"name": format!("{pod}.{number:08x}"), "namespace": ns, "uid": format!("event-{number}"),
            "creationTimestamp": at(seconds), "managedFields": [{"manager": "kubelet", "operation": "Update",
            "fieldsV1": {"f:count": {}, "f:firstTimestamp": {}, "f:involvedObject": {}, "f:message": {}}}]},
        "involvedObject": {"kind": "Pod", "namespace": ns, "name": pod, "fieldPath": "spec.containers{app}"},
        "type": kind, "reason": reason, "message": message, "count": 1,
        "firstTimestamp": at(seconds), "lastTimestamp": at(seconds),
        "source": {"component": "kubelet", "host": "node-1"},
    })
}
