//! Bans, licences and sources of `deny.toml`, checked without anything installed: `cargo metadata` and that file.

use std::collections::BTreeSet;

use crate::support::root;

fn metadata() -> serde_json::Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("metadata is JSON")
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

#[test]
fn banned_crates_are_absent_and_all_come_from_the_registry() {
    let deny = deny();
    let banned: BTreeSet<String> = deny["bans"]["deny"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|b| b["crate"].as_str().expect("a name").to_owned())
        .collect();
    assert!(banned.contains("openssl"));
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        assert!(!banned.contains(name), "{name} is banned");
        let source = package["source"].as_str();
        assert!(source.is_none_or(|s| s.starts_with("registry+") || s.starts_with("sparse+")), "{name}: {source:?}");
    }
}
