//! Commands that read a live cluster, against a local API server.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use midwatch_doubles::kubernetes::{ApiServer, Rule, Running};

/// A server that holds the demo's incident, and the directory of its kubeconfig.
struct Lab {
    server: Running,
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
}

async fn lab(server: ApiServer) -> Lab {
    let server = server.start().await;
    let home = tempfile::tempdir().unwrap();
    let kubeconfig = server.kubeconfig(home.path());
    Lab { server, home, kubeconfig }
}

fn demo() -> ApiServer {
    ApiServer::from_snapshot(&Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cluster"))
}

impl Lab {
    /// Runs the binary; the server answers meanwhile.
    #[expect(clippy::disallowed_methods, reason = "a test runs the binary")]
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(args).env_clear().env("HOME", self.home.path()).env("KUBECONFIG", &self.kubeconfig);
        command.env("COLUMNS", "100").current_dir(self.home.path()).stdin(Stdio::null());
        let Output { status, stdout, stderr } = tokio::task::block_in_place(|| command.output().unwrap());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_cluster_is_investigated() {
    let lab = lab(demo()).await;
    let now = ["--as-of", "2026-11-22T04:36:31Z"];
    let asked = [&["investigate", "payments-api", "-n", "inc-crashloop", "-o", "json"][..], &now].concat();
    let (code, out, err) = lab.run(&asked);
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["verdict"], "cause", "{out}");
    assert_eq!(report["root_entities"][0]["name"], "payments-api");
    assert!(lab.server.requests().keys().any(|path| path.ends_with("/pods")));

    let (code, out, err) = lab.run(&["investigate", "--context", "double", "-n", "inc-crashloop", "--as-of", now[1]]);
    assert_eq!((code, out.contains("context double")), (0, true), "{out}{err}");
    let (code, out, _) = lab.run(&["plan", "--context", "double", "payments-api", "-n", "inc-crashloop"]);
    assert_eq!((code, out.contains("get pods")), (0, true), "{out}");
    let (code, _, err) = lab.run(&["investigate", "zzzz", "--context", "double"]);
    assert_eq!((code, err.contains("nothing here is called `zzzz`")), (1, true), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_that_cannot_be_read_are_explained() {
    let lab = lab(demo()).await;
    let (code, _, err) = lab.run(&["investigate", "--context", "prod"]);
    assert_eq!((code, err.contains("no context prod") && err.contains("double")), (2, true), "{err}");
    let (code, _, err) = lab.run(&["investigate", "--kubeconfig", "/nonexistent/config"]);
    assert_eq!((code, err.contains("/nonexistent/config") && err.contains("--snapshot DIR")), (2, true), "{err}");
    let (code, _, err) = lab.run(&["investigate", "--context", "double", "--snapshot", "x"]);
    assert_eq!((code, err.contains("cannot be used with")), (2, true), "{err}");
    let (code, _, err) = lab.run(&["investigate", "--prometheus", "prom:9090"]);
    assert_eq!((code, err.contains("flag --prometheus")), (2, true), "{err}");

    let kubeconfig = std::fs::read_to_string(&lab.kubeconfig).unwrap();
    let gone = kubeconfig.replace(lab.server.url(), "http://127.0.0.1:1");
    std::fs::write(&lab.kubeconfig, gone).unwrap();
    let (code, _, err) = lab.run(&["investigate", "-n", "inc-crashloop"]);
    assert!(code < 2 && !err.contains("panicked"), "{code} {err}");
    assert!(err.contains("mend it: midwatch doctor") && !err.contains("kube_client"), "{err}");
    let (code, out, err) = lab.run(&["doctor"]);
    assert_eq!((code, out.contains("FAIL  cluster")), (1, true), "{out}{err}");
    let (code, _, err) = lab.run(&["snapshot", "-n", "x", "--output-directory", "gone"]);
    assert_eq!((code, err.contains("the cluster cannot be read")), (1, true), "{err}");
    assert!(!lab.home.path().join("gone").exists(), "nothing half written is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_down_gives_the_same_verdict() {
    let lab = lab(demo()).await;
    let write = ["snapshot", "-n", "inc-crashloop", "--output-directory", "dump"];
    let (code, out, err) = lab.run(&write);
    assert_eq!(code, 0, "{err}");
    let next = out.trim().strip_prefix("midwatch ").unwrap();
    assert!(next.starts_with("investigate --snapshot "), "{out}");
    assert!(lab.home.path().join("dump/inc-crashloop/pods.json").is_file(), "{err}");
    let words = ["investigate", "--snapshot", "dump", "--as-of", "2026-11-22T04:36:31Z", "-o", "json"];
    let (code, out, err) = lab.run(&words);
    assert_eq!((code, out.contains(r#""verdict": "cause""#)), (0, true), "{out}{err}");
    let (code, _, err) = lab.run(&write);
    assert_eq!((code, err.contains("not empty")), (2, true), "{err}");
    let (code, _, err) = lab.run(&["snapshot", "--output-directory", "x"]);
    assert_eq!((code, err.contains("--all-namespaces")), (2, true), "{err}");
    let (code, _, err) = lab.run(&["snapshot", "-A", "-n", "x", "--output-directory", "x"]);
    assert_eq!(code, 2, "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_the_missing_rule() {
    let all_but_logs = Rule::of(&["get", "list"], &["*"], &["pods", "events", "namespaces", "deployments"]);
    let lab = lab(demo().token("reader", "system:serviceaccount:ops:midwatch", vec![all_but_logs])).await;
    let (code, out, err) = lab.run(&["doctor", "--context", "reader"]);
    assert_eq!(code, 1, "{out}{err}");
    for part in [
        "ok    configuration",
        "ok    cluster reader ",
        "cluster reader: clock",
        "FAIL  cluster reader: permissions  may not get pods/log",
        "warn  cluster reader: permissions  may not list replicasets",
        "pods/log",
        "warn  prometheus",
        "will be made at the first start",
        "may listen on 127.0.0.1:8080",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    assert!(!lab.home.path().join(".local").exists(), "the doctor makes nothing");

    let (code, out, _) = lab.run(&["doctor", "--context", "reader", "-o", "json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let checks = told["checks"].as_array().unwrap();
    let log = checks.iter().find(|c| c["what"] == "may not get pods/log").unwrap();
    assert_eq!((code, log["result"].as_str()), (1, Some("fail")));
    assert!(log["fix"].as_str().unwrap().contains(r#"resources: ["pods/log"]"#), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_is_content_where_all_is_well_and_strict_beyond_loopback() {
    let lab = lab(demo()).await;
    let (code, out, err) = lab.run(&["doctor"]);
    assert_eq!((code, out.contains("nothing failed")), (0, true), "{out}{err}");
    std::fs::write(lab.home.path().join("midwatch.yaml"), "server: {listen: '0.0.0.0:8080'}\n").unwrap();
    let (code, out, _) = lab.run(&["doctor"]);
    assert_eq!((code, out.contains("FAIL  server")), (1, true), "{out}");
    std::fs::write(lab.home.path().join("midwatch.yaml"), "server: {lisen: x}\n").unwrap();
    let (code, out, _) = lab.run(&["doctor"]);
    assert_eq!((code, out.contains("did you mean `listen`?")), (1, true), "{out}");
    assert_eq!(lab.run(&["doctor", "--what"]).0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_may_be_among_what_is_forbidden_is_not_called_unknown() {
    let lab = lab(demo().token("nobody", "system:serviceaccount:ops:nobody", Vec::new())).await;
    let asked = ["investigate", "payments-api", "-n", "inc-crashloop", "--context", "nobody", "-o", "json"];
    let (code, out, err) = lab.run(&asked);
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["verdict"], "blind", "{out}");
    let rule = r#"{apiGroups: [""], resources: ["pods"], verbs: ["get", "list"]}"#;
    let fixes: Vec<&str> =
        report["could_not_see"].as_array().unwrap().iter().filter_map(|g| g["fix"].as_str()).collect();
    assert!(fixes.iter().take(3).any(|fix| fix.contains(rule)), "{fixes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_logs_are_forbidden_the_report_speaks_of_logs() {
    let rules =
        vec![Rule::of(&["get", "list"], &["*"], &["pods", "events", "namespaces", "deployments", "replicasets"])];
    let lab = lab(demo().token("reader", "system:serviceaccount:ops:midwatch", rules)).await;
    let asked = ["investigate", "payments-api", "-n", "inc-crashloop", "--context", "reader", "-o", "json"];
    let (code, out, err) = lab.run(&asked);
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let told = report["analysis"]["root_cause"].as_str().unwrap();
    assert!(told.contains("log of inc-crashloop/payments-api") && !told.contains("pods could not be read"), "{told}");
    assert!(report["could_not_see"][0]["fix"].as_str().unwrap().contains(r#"resources: ["pods/log"]"#), "{out}");
}
