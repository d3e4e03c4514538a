//! Opening: what is refused, with which words, and what is found by itself.

use super::*;

fn refusal(dir: &Path) -> String {
    Snapshot::open(dir, Limits::default()).unwrap_err().to_string()
}

#[test]
fn what_is_no_recording_is_refused_with_help() {
    let dir =
        directory(&[("empty/.keep", ""), ("other/Cargo.toml", "x"), ("d/shop/pods.json", &dump("Pod", &["shop/a"]))]);
    let at = |name: &str| dir.path().join(name);
    assert!(refusal(&at("missing")).contains("missing: "));
    assert!(refusal(&at("empty")).contains("is empty; expected is what `kubectl cluster-info dump"));
    assert!(refusal(&at("other")).contains("no Kubernetes objects in it; expected"));
    let file = refusal(&at("d/shop/pods.json"));
    assert!(file.contains("not a directory") && file.ends_with("/d/shop?"), "{file}");
}

#[test]
fn the_directory_meant_is_suggested() {
    let pods = dump("Pod", &["shop/a"]);
    let dir = directory(&[
        ("x/nodes.json", &dump("Node", &["n"])),
        ("x/shop/pods.json", &pods),
        ("x/shop/a/logs.txt", "hello"),
        ("y/1/2/3/4/5/shop/pods.json", &pods),
    ]);
    let above = refusal(&dir.path().join("x/shop/a"));
    assert!(above.ends_with("/x?"), "{above}");
    let below = refusal(&dir.path().join("y"));
    assert!(below.ends_with("/5?"), "{below}");
    let file = refusal(&dir.path().join("x/nodes.json"));
    assert!(file.ends_with("/x?"), "{file}");
}

#[tokio::test]
async fn the_only_recording_inside_is_taken_and_several_are_not_mixed() {
    let (nodes, pods) = (dump("Node", &["n"]), dump("Pod", &["shop/a"]));
    let dir = directory(&[
        ("one/alert.json", r#"{"alerts":[],"status":"firing"}"#),
        ("one/case.yaml", "id: one\nscope:\n  kind: Pod\n"),
        ("one/cluster/nodes.json", &nodes),
        ("one/cluster/shop/pods.json", &pods),
        ("two/cluster/nodes.json", &nodes),
        ("two/cluster/shop/pods.json", &pods),
    ]);
    let one = Snapshot::open(&dir.path().join("one"), Limits::default()).unwrap();
    assert!(one.root().ends_with("one/cluster"));
    assert_eq!(names(&one, Kind::Pod, Some("shop")).await, "Pod shop/a");
    assert!(one.describe().starts_with("recording "));
    let Err(OpenError::Several { first, count: 2, .. }) = Snapshot::open(dir.path(), Limits::default()) else {
        panic!()
    };
    assert!(first.ends_with("one/cluster"));
}

#[cfg(unix)]
#[tokio::test]
async fn links_stay_inside_and_circles_end() {
    let outside = directory(&[("secret/pods.json", &dump("Pod", &["secret/x"]))]);
    let dir = directory(&[("shop/pods.json", &dump("Pod", &["shop/a"]))]);
    std::os::unix::fs::symlink(outside.path().join("secret"), dir.path().join("secret")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("circle")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("shop/pods.json"), dir.path().join("shop/po.json")).unwrap();
    let snapshot = Snapshot::open(dir.path(), Limits::default()).unwrap();
    assert_eq!(names(&snapshot, Kind::Pod, None).await, "Pod shop/a");
    assert_eq!(snapshot.notes(), ["secret: a link out of the directory, not followed"]);
}

#[tokio::test]
async fn a_directory_over_the_limit_says_so() {
    let dir = directory(&[("pods.json", &get(&["Pod n/a"])), ("q.json", ""), ("r.json", "")]);
    let limits = Limits { entries: 1, ..Limits::default() };
    let snapshot = Snapshot::open(dir.path(), limits).unwrap();
    let reading = ask(&snapshot, &Kind::Pod, Some("n")).await.unwrap();
    assert_eq!(reading.gaps, ["only the first 1 entries of the directory were looked at"]);
}
