//! Compares the program with tools that everyone has, on the same files in one run:
//! a dump of 5,000 pods with `jq -c .`, a log of 1 GB with `grep -ciE`, and `--version`.
//!
//! `cargo bench -p midwatch-tests`; `MIDWATCH_BENCH_LOG_MB=100` for a shorter log. Prints medians and ratios, asserts nothing:
//! times of a shared machine are for people to read.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that starts others and prints"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod support;

use support::{RUNS, build, median, mib};

const PODS: usize = 5_000;

fn main() {
    let binary = build();
    let dir = tempfile::tempdir().expect("a directory");
    println!("{} cores; medians of {RUNS} runs", std::thread::available_parallelism().map_or(1, usize::from));
    version(&binary);
    dump(&binary, &dir.path().join("dump"));
    log(&binary, &dir.path().join("log"));
}

fn exists(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn version(binary: &Path) {
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let started = Instant::now();
            let status = Command::new(binary).arg("--version").stdout(Stdio::null()).status().expect("it starts");
            assert!(status.success());
            started.elapsed()
        })
        .collect();
    times.sort();
    println!("--version: {:.1} ms", times[10].as_secs_f64() * 1e3);
}

fn dump(binary: &Path, dir: &Path) {
    let files = write_dump(dir);
    let bytes: u64 = files.iter().filter_map(|f| Some(std::fs::metadata(f).ok()?.len())).sum();
    let (ours, peak) = median(|| {
        let mut command = Command::new(binary);
        command.args(["investigate", "--snapshot"]).arg(dir).args(["-o", "json"]);
        command
    });
    println!("dump of {PODS} pods, {} MB: midwatch {ours:.2?}, {:.0} MiB", bytes / 1_000_000, mib(peak));
    if !exists("jq") {
        println!("  jq is not installed; nothing to compare with");
        return;
    }
    let (jq, _) = median(|| {
        let mut command = Command::new("jq");
        command.args(["-c", "."]).args(&files);
        command
    });
    println!(
        "  jq -c . on the same files {jq:.2?}; ratio {:.2} (goal: under 0.5, under 300 MiB)",
        ours.as_secs_f64() / jq.as_secs_f64()
    );
}

fn write_dump(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut write = |path: PathBuf, kind: &str, items: Vec<Value>| {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        let list = json!({"kind": format!("{kind}List"), "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
        std::fs::write(&path, serde_json::to_vec_pretty(&list).expect("JSON")).expect("a file");
        files.push(path);
    };
    write(dir.join("nodes.json"), "Node", (0..50).map(node).collect());
    for ns in 0..20 {
        let namespace = format!("team-{ns:02}");
        let place = dir.join(&namespace);
        let range = (ns * PODS / 20)..((ns + 1) * PODS / 20);
        write(place.join("pods.json"), "Pod", range.clone().map(|i| pod(&namespace, i)).collect());
        write(place.join("events.json"), "Event", range.clone().map(|i| event(&namespace, i)).collect());
        let apps = range.clone().step_by(5);
        write(place.join("deployments.json"), "Deployment", apps.clone().map(|i| deployment(&namespace, i)).collect());
        write(place.join("replicasets.json"), "ReplicaSet", apps.clone().map(|i| replica_set(&namespace, i)).collect());
        write(place.join("services.json"), "Service", apps.map(|i| service(&namespace, i)).collect());
    }
    files
}

fn app(index: usize) -> String {
    format!("app-{:04}", index / 5)
}

fn node(index: usize) -> Value {
    json!({"metadata": {"name": format!("node-{index}")}, "status": {
        "allocatable": {"cpu": "32", "memory": "128Gi", "pods": "250"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": "2026-11-22T12:00:00Z", "lastTransitionTime": "2026-11-01T12:00:00Z"}]}})
}

/// A real pod of the corpus, renamed: its size and shape are the API server's. Every 500th fails.
fn pod(namespace: &str, index: usize) -> Value {
    let text = include_str!("../corpus/healthy-quiet/cluster/identity/pods.json");
    let list: Value = serde_json::from_str(text).expect("a pod list");
    let mut pod = list["items"][0].clone();
    let app = app(index);
    pod["metadata"]["name"] = json!(format!("{app}-6d5f8c7b9d-{index:05}"));
    pod["metadata"]["namespace"] = json!(namespace);
    pod["metadata"]["uid"] = json!(format!("00000000-0000-4000-8000-{index:012}"));
    pod["metadata"]["labels"] = json!({"app": app, "pod-template-hash": "6d5f8c7b9d"});
    pod["metadata"]["ownerReferences"][0]["name"] = json!(format!("{app}-6d5f8c7b9d"));
    if index.is_multiple_of(500) {
        pod["status"]["conditions"] = json!([{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]);
        let status = &mut pod["status"]["containerStatuses"][0];
        status["ready"] = json!(false);
        status["restartCount"] = json!(7);
        status["state"] =
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}});
        status["lastState"] = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": "2026-11-22T04:30:00Z", "finishedAt": "2026-11-22T04:35:00Z"}});
    }
    pod
}

fn event(namespace: &str, index: usize) -> Value {
    let name = format!("{}-6d5f8c7b9d-{index:05}", app(index));
    json!({"metadata": {"name": format!("{name}.1"), "namespace": namespace, "creationTimestamp": "2026-11-22T04:36:00Z"},
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": name, "uid": format!("00000000-0000-4000-8000-{index:012}")},
        "reason": "Pulled", "message": "Container image already present on machine", "type": "Normal", "count": 1,
        "firstTimestamp": "2026-11-22T04:36:00Z", "lastTimestamp": "2026-11-22T04:36:00Z", "source": {"component": "kubelet"}})
}

fn deployment(namespace: &str, index: usize) -> Value {
    let app = app(index);
    json!({"metadata": {"name": app, "namespace": namespace, "uid": format!("d-{index}"), "annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": 5, "selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]}}},
        "status": {"replicas": 5, "readyReplicas": 5, "availableReplicas": 5, "updatedReplicas": 5}})
}

fn replica_set(namespace: &str, index: usize) -> Value {
    let mut set = deployment(namespace, index);
    let app = app(index);
    set["metadata"]["name"] = json!(format!("{app}-6d5f8c7b9d"));
    set["metadata"]["ownerReferences"] =
        json!([{"kind": "Deployment", "name": app, "controller": true, "uid": format!("d-{index}")}]);
    set
}

fn service(namespace: &str, index: usize) -> Value {
    let app = app(index);
    json!({"metadata": {"name": app, "namespace": namespace}, "spec": {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}], "clusterIP": "10.96.0.10"}})
}

fn log(binary: &Path, dir: &Path) {
    let megabytes: usize = std::env::var("MIDWATCH_BENCH_LOG_MB").ok().and_then(|v| v.parse().ok()).unwrap_or(1_000);
    let file = write_log(dir, megabytes);
    let small = dir.with_extension("small");
    write_log(&small, 10);
    let investigate = |dir: &Path| {
        let mut command = Command::new(binary);
        command.args(["investigate", "worker", "-n", "jobs", "--snapshot"]).arg(dir).args(["-o", "json"]);
        command
    };
    let (ours, peak) = median(|| investigate(dir));
    let (_, floor) = median(|| investigate(&small));
    let rate = |time: Duration| f64::from(u32::try_from(megabytes).unwrap_or(u32::MAX)) / time.as_secs_f64();
    println!(
        "log of {megabytes} MB: midwatch {ours:.2?}, {:.0} MB/s, {:.0} MiB (a log of 10 MB: {:.0} MiB)",
        rate(ours),
        mib(peak),
        mib(floor)
    );
    if !exists("grep") {
        return;
    }
    let (grep, _) = median(|| {
        let mut command = Command::new("grep");
        command.args(["-ciE", "error|exception|fail"]).arg(&file);
        command
    });
    println!(
        "  grep -ciE 'error|exception|fail' {grep:.2?}, {:.0} MB/s; throughput ratio {:.2} (goal: 0.33)",
        rate(grep),
        grep.as_secs_f64() / ours.as_secs_f64()
    );
}

/// A recording of one crashing pod whose log has this many megabytes: four kinds of calm lines, an error in a thousand.
fn write_log(dir: &Path, megabytes: usize) -> PathBuf {
    let place = dir.join("jobs");
    let pod_dir = place.join("worker-6d5f8c7b9d-00000");
    std::fs::create_dir_all(&pod_dir).expect("a directory");
    let mut one = pod("jobs", 0);
    let name = "worker-6d5f8c7b9d-00000";
    one["metadata"]["name"] = json!(name);
    one["metadata"]["ownerReferences"] = json!([]);
    let container = one["spec"]["containers"][0]["name"].as_str().unwrap_or("app").to_owned();
    let list = json!({"kind": "PodList", "items": [one]});
    std::fs::write(place.join("pods.json"), list.to_string()).expect("a file");
    let path = pod_dir.join("logs.txt");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
    writeln!(out, "==== START logs for container {container} of pod jobs/{name} ====").expect("written");
    let mut written = 0;
    let mut number = 0_u64;
    while written < megabytes * 1_000_000 {
        number += 1;
        let at = format!("2026-11-22T04:{:02}:{:02}.{:03}Z", number / 60_000 % 60, number / 1000 % 60, number % 1000);
        let line = match number % 1000 {
            0 => format!("ts={at} level=error msg=\"upstream answered\" status=502 attempt={number}"),
            n if n % 4 == 0 => format!(
                "ts={at} level=info msg=\"request served\" method=GET path=/orders/{number} status=200 duration_ms={}",
                number % 97
            ),
            n if n % 4 == 1 => {
                format!("{{\"ts\":\"{at}\",\"level\":\"info\",\"msg\":\"cache hit\",\"key\":\"user:{number}\"}}")
            }
            n if n % 4 == 2 => {
                format!("{at} INFO  c.e.orders.Worker - processed batch {number} in {} ms", number % 211)
            }
            _ => format!("ts={at} level=debug msg=\"poll\" queue=orders depth={}", number % 13),
        };
        writeln!(out, "{line}").expect("written");
        written += line.len() + 1;
    }
    writeln!(out, "==== END logs for container {container} of pod jobs/{name} ====").expect("written");
    out.flush().expect("written");
    path
}
