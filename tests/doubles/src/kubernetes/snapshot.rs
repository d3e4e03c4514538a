//! A world out of a recording: files of lists, refusals in their place, logs between markers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use midwatch_diagnosis::entity::Kind;
use serde_json::{Value, json};

use super::world::{At, Log, Served, World};

/// Reads a recording.
pub(super) fn load(dir: &Path) -> World {
    let mut world = World::default();
    world.serve_known(&Kind::Event);
    let mut homes = Vec::new();
    for path in sorted(dir) {
        if path.is_dir() {
            homes.push(path);
        } else {
            file(&mut world, &path, "");
        }
    }
    for home in &homes {
        let namespace = name(home);
        for path in sorted(home) {
            if path.is_dir() {
                logs(&mut world, &path, &namespace);
            } else {
                file(&mut world, &path, &namespace);
            }
        }
    }
    not_recorded(&mut world, &homes);
    add_namespaces(&mut world, &homes);
    world.sort();
    starts(&mut world);
    world
}

fn sorted(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir).expect("a directory").flatten().map(|e| e.path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// One file of a kind.
fn file(world: &mut World, path: &Path, namespace: &str) {
    let file = name(path);
    let Some(stem) = file.strip_suffix(".json") else { return };
    let text = fs::read_to_string(path).expect("a file");
    let known = Kind::parse(&stem.replace('-', ""));
    let Ok(list) = serde_json::from_str::<Value>(&text) else {
        let Some(kind) = known else { return };
        let at = world.serve_known(&kind);
        let words = text.trim().strip_prefix("Error from server (Forbidden): ").unwrap_or(text.trim()).to_owned();
        world.refused.insert((at, namespace.to_owned()), words);
        return;
    };
    let items = match list.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    let Some(at) = known.as_ref().map(|kind| world.serve_known(kind)).or_else(|| custom(world, stem, &items)) else {
        return;
    };
    for item in items {
        world.put(&at, item, known.is_some());
    }
}

/// A kind that only its objects tell.
fn custom(world: &mut World, plural: &str, items: &[Value]) -> Option<At> {
    let first = items.first()?;
    let (group, version) = first["apiVersion"].as_str()?.split_once('/')?;
    let at = (group.to_owned(), plural.to_owned());
    let namespaced = first["metadata"]["namespace"].is_string();
    let kind = first["kind"].as_str()?.to_owned();
    world.served.entry(at.clone()).or_insert(Served { version: version.to_owned(), kind, namespaced });
    Some(at)
}

/// What the recording leaves out of a namespace is not served there.
fn not_recorded(world: &mut World, homes: &[PathBuf]) {
    for home in homes {
        let present: Vec<Kind> =
            sorted(home).iter().filter_map(|p| Kind::parse(&name(p).strip_suffix(".json")?.replace('-', ""))).collect();
        for kind in Kind::KNOWN.iter().filter(|k| k.namespaced() && !present.contains(k)) {
            let at = (kind.group().to_owned(), kind.plural());
            world.unserved.insert((at, name(home)));
        }
    }
}

/// Every namespace that was recorded exists.
fn add_namespaces(world: &mut World, homes: &[PathBuf]) {
    let at = world.serve_known(&Kind::Namespace);
    for home in homes.iter().map(|h| name(h)) {
        if !world.items.get(&at).is_some_and(|all| all.iter().any(|i| i.name == home)) {
            world.put(&at, json!({"metadata": {"name": home}, "status": {"phase": "Active"}}), true);
        }
    }
}

/// The logs of one pod.
fn logs(world: &mut World, dir: &Path, namespace: &str) {
    for (file, previous) in [("logs.txt", false), ("logs-previous.txt", true)] {
        let Ok(bytes) = fs::read(dir.join(file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let mut container: Option<(String, String)> = None;
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end();
            if let Some(of) = bare.strip_prefix("==== START logs for container ").and_then(|r| r.split(' ').next()) {
                container = Some((of.to_owned(), String::new()));
            } else if bare.starts_with("==== END logs for container ") {
                if let Some((of, text)) = container.take() {
                    world.logs.insert((namespace.to_owned(), name(dir), of, previous), log(text));
                }
            } else if let Some((_, text)) = &mut container {
                text.push_str(line);
            }
        }
    }
}

/// A log, or what kubectl printed in its place.
fn log(text: String) -> Log {
    let line = text.trim();
    let refused = |code, rest: &str| Log::Refused { code, message: rest.to_owned() };
    let one_line = !line.contains('\n');
    for (prefix, code) in [
        ("Error from server (BadRequest): ", 400),
        ("Error from server (Forbidden): ", 403),
        ("Error from server (NotFound): ", 404),
        ("Error from server: ", 500),
        // What `kubectl cluster-info dump` makes of a refusal.
        ("Request log error: ", 403),
    ] {
        if let Some(rest) = line.strip_prefix(prefix).filter(|_| one_line) {
            return refused(code, rest);
        }
    }
    Log::Text { text, from: None }
}

/// When each container began, which is the time of lines that state none.
fn starts(world: &mut World) {
    let pods = world.items.get(&(String::new(), "pods".to_owned()));
    let pods: BTreeMap<(String, String), Value> = pods
        .into_iter()
        .flatten()
        .map(|item| {
            let pod = serde_json::from_str(&item.text).unwrap_or_default();
            ((item.namespace.clone(), item.name.clone()), pod)
        })
        .collect();
    for ((namespace, pod, container, previous), log) in &mut world.logs {
        let Some(pod) = pods.get(&(namespace.clone(), pod.clone())) else { continue };
        if let Log::Text { from, .. } = log {
            *from = start(pod, container, *previous);
        }
    }
}

fn start(pod: &Value, container: &str, previous: bool) -> Option<Timestamp> {
    let lists = ["containerStatuses", "initContainerStatuses"];
    let statuses = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    let status = statuses.into_iter().find(|s| s["name"] == container)?;
    let runs: &[&str] = if previous { &["lastState"] } else { &["state", "lastState"] };
    let begun = |at: &Value| ["running", "terminated"].iter().find_map(|s| at[s]["startedAt"].as_str()?.parse().ok());
    runs.iter().find_map(|state| begun(&status[state]))
}
