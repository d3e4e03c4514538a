//! Recordings built by hand, in every layout, and what each probe gives.

use std::fs;
use std::path::Path;

use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{ContainerRef, Probe, ReadFailure};
use midwatch_diagnosis::view::Content;
use tempfile::TempDir;

use crate::{Limits, OpenError, Snapshot};

mod damage;
mod given;
mod layouts;
mod logs;
mod open;

/// A recording of these files.
fn recording(files: &[(&str, &str)]) -> (TempDir, Snapshot) {
    let dir = directory(files);
    let snapshot = Snapshot::open(dir.path(), Limits::default()).unwrap();
    (dir, snapshot)
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        write(dir.path(), path, text.as_bytes());
    }
    dir
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A list as `kubectl cluster-info dump` writes it: the kind on the list only.
fn dump(kind: &str, names: &[&str]) -> String {
    let items: Vec<String> = names.iter().map(|n| format!(r#"{{"metadata":{}}}"#, meta(n))).collect();
    let items = if items.is_empty() { "null".to_owned() } else { format!("[{}]", items.join(",")) };
    format!(r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"1"}},"items":{items}}}"#)
}

/// A list as `kubectl get -o json` writes it; each name is `kind ns/name` or `kind name`.
fn get(names: &[&str]) -> String {
    let items: Vec<String> = names.iter().map(|n| object(n)).collect();
    format!(r#"{{"apiVersion":"v1","items":[{}],"kind":"List","metadata":{{"resourceVersion":""}}}}"#, items.join(","))
}

fn object(text: &str) -> String {
    let (kind, name) = text.split_once(' ').unwrap();
    format!(r#"{{"apiVersion":"v1","kind":"{kind}","metadata":{}}}"#, meta(name))
}

fn meta(name: &str) -> String {
    match name.split_once('/') {
        Some((ns, name)) => format!(r#"{{"name":"{name}","namespace":"{ns}"}}"#),
        None => format!(r#"{{"name":"{name}"}}"#),
    }
}

async fn ask(snapshot: &Snapshot, kind: &Kind, namespace: Option<&str>) -> Result<Reading, ReadFailure> {
    snapshot.read(&Probe::Objects { kind: kind.clone(), namespace: namespace.map(str::to_owned) }).await
}

/// Names of the objects, or the failure, as one text.
async fn names(snapshot: &Snapshot, kind: Kind, namespace: Option<&str>) -> String {
    match ask(snapshot, &kind, namespace).await {
        Ok(reading) => listed(&reading),
        Err(failure) => failure.to_string(),
    }
}

fn listed(reading: &Reading) -> String {
    let Content::Objects(objects) = &reading.content else { return "a log".to_owned() };
    objects.iter().map(|o| o.entity().to_string()).collect::<Vec<_>>().join(" ")
}

async fn log(snapshot: &Snapshot, whose: &str, previous: bool) -> Result<Reading, ReadFailure> {
    let parts: Vec<&str> = whose.split('/').collect();
    let of = ContainerRef { namespace: parts[0].into(), pod: parts[1].into(), container: parts[2].into() };
    snapshot.read(&Probe::Log { of, previous, onset: None }).await
}
