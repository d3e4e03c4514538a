//! The invariants of ARCHITECTURE.md, each as a test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::support::root;

/// Lines that a file may have at most.
const LINES: usize = 600;

/// Crates of `core`, and what each may depend on within the workspace.
const CORE: &[(&str, &[&str])] = &[
    ("midwatch-redact", &[]),
    ("midwatch-diagnosis", &["midwatch-redact"]),
    ("midwatch-conversation", &["midwatch-redact", "midwatch-diagnosis"]),
    ("midwatch-agent", &["midwatch-redact", "midwatch-diagnosis", "midwatch-conversation"]),
    ("midwatch-explore", &["midwatch-redact", "midwatch-diagnosis", "midwatch-conversation", "midwatch-agent"]),
    (
        "midwatch-service",
        &["midwatch-redact", "midwatch-diagnosis", "midwatch-conversation", "midwatch-agent", "midwatch-explore"],
    ),
];

/// Adapters: they know the core, never each other.
const ADAPTERS: &[&str] = &[
    "midwatch-alertmanager",
    "midwatch-console",
    "midwatch-discord",
    "midwatch-http",
    "midwatch-kubernetes",
    "midwatch-mcp",
    "midwatch-model",
    "midwatch-prometheus",
    "midwatch-redis",
    "midwatch-slack",
    "midwatch-snapshot",
    "midwatch-sqlite",
];

fn manifests() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for file in files(&root(), "Cargo.toml") {
        let text = std::fs::read_to_string(&file).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let Some(name) = manifest.get("package").and_then(|p| p["name"].as_str()) else { continue };
        let dependencies = manifest.get("dependencies").and_then(|d| d.as_table()).cloned().unwrap_or_default();
        found.insert(name.to_owned(), dependencies.keys().cloned().collect());
    }
    assert!(found.len() >= 7, "{found:?}");
    found
}

/// Files with this name or ending, without build output and hidden folders.
fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name == "target" || name == "corpus" || name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn ours(dependencies: &BTreeSet<String>) -> BTreeSet<&str> {
    dependencies.iter().map(String::as_str).filter(|d| d.starts_with("midwatch")).collect()
}

#[test]
fn core_knows_no_adapter_and_adapters_know_nothing_of_each_other() {
    let manifests = manifests();
    for (name, allowed) in CORE {
        let extra: Vec<&str> = ours(&manifests[*name]).into_iter().filter(|d| !allowed.contains(d)).collect();
        assert!(extra.is_empty(), "{name} must not depend on {extra:?}");
    }
    for name in ADAPTERS {
        let other: Vec<&str> = ours(&manifests[*name]).into_iter().filter(|d| ADAPTERS.contains(d)).collect();
        assert!(other.is_empty(), "{name} must not depend on {other:?}");
    }
}

#[test]
fn the_pure_engine_has_no_runtime_no_files_no_clock_and_no_randomness() {
    let manifests = manifests();
    for banned in ["tokio", "futures", "async-trait", "rand", "reqwest", "tempfile", "tracing"] {
        assert!(!manifests["midwatch-diagnosis"].contains(banned), "{banned}");
        assert!(!manifests["midwatch-redact"].contains(banned), "{banned}");
        assert!(!manifests["midwatch-conversation"].contains(banned), "{banned}");
    }
    let banned = [
        "std::fs",
        "TcpStream",
        "UdpSocket",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "RandomState",
    ];
    for crate_dir in ["core/diagnosis/src", "core/redact/src"] {
        for file in files(&root().join(crate_dir), ".rs") {
            let text = std::fs::read_to_string(&file).expect("a source file");
            let code = |line: &&str| !line.trim_start().starts_with("//");
            for (line, word) in text.lines().filter(code).flat_map(|line| banned.map(|word| (line, word))) {
                assert!(!line.contains(word), "{word} in {}: {line}", file.display());
            }
        }
    }
}

#[test]
fn the_console_takes_nothing_but_redacted_values() {
    // That only the redactor makes such values is the compiler's business: the witness's field is private.
    let text = std::fs::read_to_string(root().join("adapters/chat/console/src/console.rs")).expect("the console");
    for line in text.lines().filter(|l| l.trim_start().starts_with("pub fn")) {
        let takes_text = line.contains("&str") || line.contains("String)") || line.contains(": String");
        assert!(!takes_text || line.contains("Redacted<"), "{line}");
    }
}

#[test]
fn only_a_store_takes_back_what_was_kept_as_redacted() {
    for file in files(&root(), ".rs") {
        let path = file.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        let may = path.starts_with("adapters/store/") || path == "core/redact/src/witness.rs";
        let text = std::fs::read_to_string(&file).expect("a source file");
        assert!(may || !text.contains(concat!("Redacted::", "kept")), "{path}");
    }
}

#[test]
fn a_message_leaves_through_the_outbox_only() {
    let may = [
        "core/service/src/sender/",
        "core/service/src/port/chat.rs",
        "adapters/chat/",
        "bot/src/serve/wiring.rs",
        "bot/src/serve/chats.rs",
        "bot/src/serve/slack.rs",
        "bot/src/serve/discord/",
        "tests/",
    ];
    for file in files(&root(), ".rs") {
        let path = file.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a source file");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let names = code.into_iter().any(|line| line.contains("ChatPlatform"));
        assert!(
            !names || may.iter().any(|m| path.starts_with(m)) || path.contains("/tests/"),
            "{path} could send by itself"
        );
    }
}

#[test]
fn files_stay_small() {
    for file in files(&root(), ".rs") {
        let lines = std::fs::read_to_string(&file).expect("a source file").lines().count();
        assert!(lines <= LINES, "{} has {lines} lines", file.display());
    }
}

#[test]
fn every_detector_file_has_its_table_of_look_alikes() {
    for file in files(&root().join("core/diagnosis/src/detect"), ".rs") {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let is_detector = text.contains("fn detect(view: &View)") && !file.ends_with("mod.rs");
        let beside = file.with_extension("").join("tests.rs");
        let has_table = text.contains("#[rstest") || text.contains("rstest::rstest") || beside.is_file();
        assert!(!is_detector || has_table, "{} has no table test", file.display());
    }
}
