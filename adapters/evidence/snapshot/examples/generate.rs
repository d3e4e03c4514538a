//! Writes a recording of many pods, in the layout of `kubectl cluster-info dump`, for measurements.
//!
//! `cargo run --release --example generate -- DIR [PODS] [dump|get|yaml]`
#![allow(clippy::print_stderr, reason = "a command for developers")]

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(dir) = args.next() else {
        eprintln!("usage: generate DIR [PODS] [dump|get|yaml]");
        return Ok(());
    };
    let pods: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(5_000);
    let form = args.next().unwrap_or_else(|| "dump".to_owned());
    let home = Path::new(&dir).join("load");
    fs::create_dir_all(&home)?;
    write(Path::new(&dir), "nodes", "Node", &form, 50, &node)?;
    write(&home, "pods", "Pod", &form, pods, &pod)?;
    write(&home, "replicasets", "ReplicaSet", &form, pods / 5, &replica_set)?;
    write(&home, "events", "Event", &form, pods, &event)
}

/// Streams a list, so that the generator needs no memory to speak of.
fn write(
    dir: &Path,
    name: &str,
    kind: &str,
    form: &str,
    count: usize,
    make: &dyn Fn(usize) -> Value,
) -> io::Result<()> {
    let extension = if form == "yaml" { "yaml" } else { "json" };
    let mut out = BufWriter::new(fs::File::create(dir.join(format!("{name}.{extension}")))?);
    if form == "yaml" {
        out.write_all(b"apiVersion: v1\nitems:\n")?;
        for n in 0..count {
            let text = serde_saphyr::to_string(&[make(n)]).map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        return writeln!(out, "kind: {kind}List\nmetadata:\n  resourceVersion: \"1\"");
    }
    let list = if form == "dump" { format!("\"kind\": \"{kind}List\",\n    ") } else { String::new() };
    write!(out, "{{\n    {list}\"apiVersion\": \"v1\",\n    \"items\": [")?;
    for n in 0..count {
        let mut object = make(n);
        if form == "get" {
            object["kind"] = kind.into();
            object["apiVersion"] = "v1".into();
        }
        let text = serde_json::to_string_pretty(&object)?.replace('\n', "\n        ");
        write!(out, "{}\n        {text}", if n > 0 { "," } else { "" })?;
    }
    let end = if form == "dump" { "" } else { ",\n    \"kind\": \"List\"" };
    writeln!(out, "\n    ]{end}\n}}")
}

fn meta(prefix: &str, n: usize) -> Value {
    json!({
        "name": format!("{prefix}-{:05}-{:x}", n / 5, n * 7919 + 104_729), "namespace": "load",
        "uid": format!("7c9e6679-7425-40de-944b-{n:012x}"), "resourceVersion": (1_000_000 + n).to_string(),
        "creationTimestamp": "2026-11-22T04:10:00Z",
        "labels": { "app": format!("{prefix}-{:05}", n / 5), "pod-template-hash": format!("{:x}", n / 5 + 80_000), "app.kubernetes.io/part-of": "load", "app.kubernetes.io/version": "1.4.2" },
        "annotations": { "prometheus.io/scrape": "true", "prometheus.io/port": "9090", "checksum/config": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" },
        "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{prefix}-{:05}", n / 5), "uid": format!("9b2e6679-7425-40de-944b-{:012x}", n / 5), "controller": true, "blockOwnerDeletion": true }],
        "managedFields": [
            { "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": "2026-11-22T04:10:00Z", "fieldsType": "FieldsV1", "fieldsV1": { "f:metadata": { "f:generateName": {}, "f:labels": { ".": {}, "f:app": {}, "f:pod-template-hash": {} }, "f:ownerReferences": { ".": {} } }, "f:spec": { "f:containers": { "k:{\"name\":\"app\"}": { ".": {}, "f:env": {}, "f:image": {}, "f:resources": {} } }, "f:dnsPolicy": {}, "f:restartPolicy": {} } } },
            { "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-11-22T04:12:00Z", "fieldsType": "FieldsV1", "subresource": "status", "fieldsV1": { "f:status": { "f:conditions": { "k:{\"type\":\"Ready\"}": { ".": {}, "f:lastProbeTime": {}, "f:status": {} } }, "f:containerStatuses": {}, "f:phase": {}, "f:podIP": {} } } }
        ]
    })
}

fn container(name: &str) -> Value {
    json!({
        "name": name, "image": format!("registry.example.com/team/{name}:1.4.2"), "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/server"], "args": ["--config=/etc/app/config.yaml", "--listen=:8080", "--log-format=json"],
        "env": [{ "name": "LOG_LEVEL", "value": "info" }, { "name": "DATABASE_HOST", "value": "db.load.svc" }, { "name": "DATABASE_PASSWORD", "valueFrom": { "secretKeyRef": { "name": "db", "key": "password" } } }, { "name": "POD_IP", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "status.podIP" } } }],
        "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }, { "name": "metrics", "containerPort": 9090, "protocol": "TCP" }],
        "resources": { "requests": { "cpu": "100m", "memory": "128Mi" }, "limits": { "cpu": "1", "memory": "256Mi" } },
        "livenessProbe": { "httpGet": { "path": "/healthz", "port": "http", "scheme": "HTTP" }, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 },
        "readinessProbe": { "httpGet": { "path": "/readyz", "port": "http", "scheme": "HTTP" }, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3 },
        "volumeMounts": [{ "name": "config", "readOnly": true, "mountPath": "/etc/app" }, { "name": "kube-api-access", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" }],
        "securityContext": { "runAsNonRoot": true, "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"
    })
}

fn pod(n: usize) -> Value {
    let status = |name: &str| {
        json!({
            "name": name, "ready": true, "started": true, "restartCount": n % 3, "image": format!("registry.example.com/team/{name}:1.4.2"),
            "imageID": "registry.example.com/team/app@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "containerID": format!("containerd://{n:064x}"), "state": { "running": { "startedAt": "2026-11-22T04:10:03Z" } }, "lastState": {}
        })
    };
    let condition = |kind: &str| json!({ "type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": "2026-11-22T04:10:03Z" });
    let conditions: Vec<Value> =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition).into();
    json!({
        "metadata": meta("app", n),
        "spec": {
            "volumes": [{ "name": "config", "configMap": { "name": "app-config", "defaultMode": 420 } }, { "name": "kube-api-access", "projected": { "sources": [{ "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } }, { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } }, { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } }], "defaultMode": 420 } }],
            "containers": [container("app"), container("sidecar")], "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst", "serviceAccountName": "default", "serviceAccount": "default", "nodeName": format!("node-{}", n % 50),
            "affinity": { "podAntiAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 100, "podAffinityTerm": { "labelSelector": { "matchLabels": { "app": "app" } }, "topologyKey": "kubernetes.io/hostname" } }] } },
            "securityContext": { "fsGroup": 1000 }, "schedulerName": "default-scheduler",
            "tolerations": [{ "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }, { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }],
            "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority"
        },
        "status": {
            "phase": "Running", "conditions": conditions,
            "hostIP": "10.0.0.1", "hostIPs": [{ "ip": "10.0.0.1" }], "podIP": "10.244.0.1", "podIPs": [{ "ip": "10.244.0.1" }], "startTime": "2026-11-22T04:10:00Z",
            "containerStatuses": [status("app"), status("sidecar")], "qosClass": "Burstable"
        }
    })
}

fn node(n: usize) -> Value {
    let mut node = json!({ "metadata": meta("node", n), "status": { "capacity": { "cpu": "16", "memory": "64Gi", "pods": "110" } } });
    node["metadata"]["name"] = format!("node-{n}").into();
    node
}

fn replica_set(n: usize) -> Value {
    json!({ "metadata": meta("app", n * 5), "spec": { "replicas": 5, "template": { "spec": { "containers": [container("app"), container("sidecar")] } } }, "status": { "replicas": 5, "readyReplicas": 5 } })
}

fn event(n: usize) -> Value {
    let mut event = json!({ "metadata": { "name": format!("app-{n}.18{n:x}"), "namespace": "load", "creationTimestamp": "2026-11-22T04:10:00Z" }, "reason": "Scheduled", "type": "Normal", "message": format!("Successfully assigned load/app-{n} to node-{}", n % 50), "eventTime": "2026-11-22T04:10:00.000000Z", "count": null, "firstTimestamp": null, "lastTimestamp": null });
    event["involvedObject"] = json!({ "kind": "Pod", "namespace": "load", "name": format!("app-{n}"), "uid": format!("7c9e6679-7425-40de-944b-{n:012x}"), "apiVersion": "v1" });
    event
}
