//! Bans, licences and sources of `deny.toml`, checked without anything installed: `cargo metadata`, `cargo tree` and that file.

use std::collections::BTreeSet;

use crate::support::root;

fn cargo(args: &str) -> Vec<u8> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    let output = cargo.args(args.split(' ')).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn metadata() -> serde_json::Value {
    serde_json::from_slice(&cargo("metadata --format-version 1 --locked")).expect("metadata is JSON")
}

/// Every crate that is built, with all features, for any system. The lock file holds more: what a feature would bring that
/// nobody switches on (`serde_with` names `chrono` so).
fn built() -> BTreeSet<String> {
    let tree = cargo("tree --workspace --all-features --target all -e normal,build,dev --prefix none --locked");
    let tree = String::from_utf8(tree).expect("the tree is text");
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn deny() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml").parse().expect("deny.toml is TOML")
}

fn texts(value: &toml::Value) -> BTreeSet<String> {
    value.as_array().expect("a list").iter().map(|v| v.as_str().expect("a text").to_owned()).collect()
}

/// Whether an SPDX expression can be satisfied: `MIT OR (Apache-2.0 AND BSD-3-Clause)`, with the older slash for OR.
fn allowed(expression: &str, licences: &BTreeSet<String>) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let parts: Vec<&str> = flat.split(" AND ").collect();
    parts.iter().all(|part| part.split(" OR ").any(|one| licences.contains(one.trim())))
}

#[test]
fn licences_are_those_allowed() {
    let licences = texts(&deny()["licenses"]["allow"]);
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none"));
        assert!(allowed(licence, &licences), "{name}: {licence}");
    }
    assert!(!allowed("GPL-3.0", &licences) && !allowed("MIT AND GPL-3.0", &licences), "the check can fail");
}

/// The crates that bring one of this name into what is built.
fn dependents(name: &str) -> BTreeSet<String> {
    let flags = "--workspace --all-features --target all -e normal,build,dev --prefix none --depth 1 --locked";
    let tree = cargo(&format!("tree {flags} -i {name}"));
    let tree = String::from_utf8(tree).expect("the tree is text");
    tree.lines().skip(1).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn banned_crates_are_absent_and_all_come_from_the_registry() {
    let deny = deny();
    let metadata = metadata();
    let bans = deny["bans"]["deny"].as_array().expect("a list");
    let is_wrapped = |ban: &&toml::Value| {
        let wrappers = ban.get("wrappers").map(texts).unwrap_or_default();
        !wrappers.is_empty() && dependents(ban["crate"].as_str().expect("a name")).is_subset(&wrappers)
    };
    let banned: BTreeSet<String> = bans
        .iter()
        .filter(|ban| !is_wrapped(ban))
        .map(|ban| ban["crate"].as_str().expect("a name").to_owned())
        .collect();
    assert!(banned.contains("openssl"));
    let built = built();
    assert!(built.contains("midwatch") && built.contains("rustls"), "the tree was read");
    assert_eq!(built.intersection(&banned).collect::<Vec<_>>(), Vec::<&String>::new(), "banned");
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let source = package["source"].as_str();
        assert!(source.is_none_or(|s| s.starts_with("registry+") || s.starts_with("sparse+")), "{name}: {source:?}");
    }
}
