//! Every command of the README is run, and its example is what the program prints.
#![allow(missing_docs, clippy::expect_used, clippy::disallowed_methods, reason = "a test runs the binary and a shell")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// The blocks of one kind: what stands between ```` ```sh ```` and ```` ``` ````.
fn blocks(kind: &str) -> Vec<String> {
    let text = readme();
    let open = format!("```{kind}\n");
    text.split(&open).skip(1).filter_map(|rest| rest.split("\n```").next()).map(str::to_owned).collect()
}

/// A place where the README's commands work: the binary by its name, a recorded cluster where kubectl would make one.
fn workplace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_midwatch"), bin.join("midwatch")).expect("a link");
    let cluster = root().join("tests/corpus/rollout-env-removed/cluster");
    // Stands for kubectl: `cluster-info dump` copies a recording, `get` prints an empty list.
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n  cluster-info) mkdir -p dump && cp -r {0}/. dump/ && mv dump/$(ls {0} | grep -v json) dump/shop ;;\n  get) echo '{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]}}' ;;\nesac\n",
        cluster.canonicalize().expect("the corpus").display()
    );
    let kubectl = bin.join("kubectl");
    std::fs::write(&kubectl, script).expect("a script");
    let mut mode = std::fs::metadata(&kubectl).expect("a script").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&kubectl, mode).expect("a script");
    std::os::unix::fs::symlink(root().join("tests").canonicalize().expect("tests"), dir.path().join("tests"))
        .expect("a link");
    dir
}

#[test]
fn every_command_works() {
    let dir = workplace();
    let path = format!("{}:{}", dir.path().join("bin").display(), std::env::var("PATH").expect("a path"));
    let mut run = 0;
    for block in blocks("sh") {
        // The two commands that build are run by the checks of every change.
        for line in block.lines().filter(|l| !l.starts_with("cargo ") && !l.starts_with("./test.sh")) {
            prepare(dir.path(), line);
            let output =
                Command::new("sh").args(["-c", line]).current_dir(dir.path()).env("PATH", &path).output().expect("sh");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "`{line}` ended with {}: {said}", output.status);
            run += 1;
        }
    }
    assert!(run >= 14, "only {run} commands were found");
}

/// The recording speaks of its own namespace and workload; the README of `shop` and `checkout`.
fn prepare(dir: &Path, line: &str) {
    let dump = dir.join("dump");
    if !dump.is_dir() || dump.join("renamed").exists() || !line.starts_with("midwatch") {
        return;
    }
    let name = "dispatch-worker";
    let namespace =
        std::fs::read_to_string(root().join("tests/corpus/rollout-env-removed/case.yaml")).expect("case.yaml");
    let namespace = namespace
        .split("namespace: ")
        .nth(1)
        .and_then(|n| n.split([',', '}', '\n']).next())
        .expect("a namespace")
        .trim();
    rename(&dump, name, namespace);
    let alert = std::fs::read_to_string(root().join("tests/corpus/rollout-env-removed/alert.json")).unwrap_or_else(|_| {
        r#"{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A","namespace":"shop","deployment":"checkout"}}]}"#.to_owned()
    });
    std::fs::write(dir.join("alert.json"), alert.replace(name, "checkout").replace(namespace, "shop"))
        .expect("an alert");
    std::fs::write(dump.join("renamed"), "").expect("a mark");
}

fn rename(dir: &Path, name: &str, namespace: &str) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rename(&path, name, namespace);
        } else {
            let text = std::fs::read_to_string(&path).expect("text");
            std::fs::write(&path, text.replace(name, "checkout").replace(namespace, "shop")).expect("written");
        }
        let new = entry.file_name().to_string_lossy().replace(name, "checkout");
        std::fs::rename(&path, dir.join(new)).expect("renamed");
    }
}

#[test]
fn the_example_is_what_the_demo_prints() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_midwatch")).arg("demo").env("COLUMNS", "96").output().expect("the demo");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let example = blocks("text").into_iter().next().expect("an example");
    assert!(printed.starts_with(&example), "README's example differs from:\n{printed}");
}
