//! Recordings of investigations as a person uses them, and the evaluation on recorded replies.
#![allow(missing_docs, clippy::expect_used, clippy::disallowed_methods, reason = "a test runs the binary")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn midwatch(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    command.args(args).env_clear().env("HOME", "/nonexistent").env("COLUMNS", "100");
    command.output().expect("the binary runs")
}

fn stdout(args: &[&str]) -> String {
    let output = midwatch(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_recorded_investigation_is_replayed_and_becomes_a_case() {
    let place = tempfile::tempdir().expect("a directory");
    let (bundle, dir) = (place.path().join("incident.json"), place.path().join("corpus"));
    let case = corpus().join("configmap-host-typo");
    let (cluster, alert) = (case.join("cluster"), case.join("alert.json"));
    let asked = ["investigate", "--snapshot", path(&cluster), "--alert", path(&alert), "-o", "json"];
    let first = stdout(&[&asked[..], &["--record", path(&bundle)]].concat());
    assert_eq!(stdout(&["replay", path(&bundle), "-o", "json"]), first);
    assert!(stdout(&["replay", path(&bundle)]).contains("ConfigMap search/search-config"));

    let again = midwatch(&[&asked[..], &["--record", path(&bundle)]].concat());
    assert_eq!(again.status.code(), Some(2), "a file that is there stays");

    let told = stdout(&["case", "add", path(&bundle), "--dir", path(&dir), "--id", "host-typo"]);
    assert_eq!(told.trim(), format!("midwatch score {}", path(&dir.join("host-typo"))));
    let marks = stdout(&["score", path(&dir)]);
    assert!(marks.contains("100.0 %"), "{marks}");
    let other = midwatch(&["replay", path(&alert)]);
    assert_eq!(other.status.code(), Some(2), "an alert is no recording");
}

#[test]
fn recorded_replies_are_marked_and_runs_compared() {
    let place = tempfile::tempdir().expect("a directory");
    let (case, before) = (corpus().join("config-setting-missing"), place.path().join("before.json"));
    let run = stdout(&["eval", path(&case), "--replies", "-o", "json"]);
    let read: serde_json::Value = serde_json::from_str(&run).expect("JSON");
    assert!(read["cases"][0]["left_out"].as_u64() >= Some(2), "what is invented is left out: {run}");
    let mut earlier = read.clone();
    earlier["cases"][0]["failures"] = serde_json::json!(["it was wrong"]);
    std::fs::write(&before, earlier.to_string()).expect("a file");
    let compared = stdout(&["eval", path(&case), "--replies", "--compare", path(&before), "-o", "markdown"]);
    let better = read["cases"][0]["id"].as_str().expect("a name");
    assert!(compared.contains(&format!("- better: {better}")) && compared.contains("- worse: none"), "{compared}");
}
