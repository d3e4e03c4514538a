//! The Dockerfile, as far as it can be checked without building it.

use std::collections::BTreeSet;

use crate::support::{root, text};

/// The instructions: each with its arguments, lines that go on put together.
fn instructions() -> Vec<(String, String)> {
    let joined = text(root().join("Dockerfile")).replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = |line: &str| line.split_once(' ').map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()));
    lines.map(|line| split(line).unwrap_or_else(|| panic!("no instruction: {line}"))).collect()
}

#[test]
fn it_is_built_by_the_toolchain_of_the_repository_and_runs_as_nobody() {
    let instructions = instructions();
    let all = |word: &str| -> Vec<String> {
        instructions.iter().filter(|(of, _)| of == word).map(|(_, rest)| rest.clone()).collect()
    };
    let toolchain = text(root().join("rust-toolchain.toml"));
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    assert_eq!(all("FROM"), [format!("rust:{channel}-bookworm AS build"), "debian:12.12-slim".to_owned()]);
    assert_eq!(all("USER"), ["65532:65532"]);
    assert_eq!(all("ENTRYPOINT"), [r#"["midwatch"]"#]);
    let manifest = text(root().join("bot/Cargo.toml"));
    assert!(manifest.contains("name = \"midwatch\"\n"), "the package whose binary is copied");
    let order = |word: &str| instructions.iter().position(|(of, _)| of == word).unwrap();
    let last = |word: &str| instructions.iter().rposition(|(of, _)| of == word).unwrap();
    assert!(order("USER") > last("RUN") && order("USER") > last("COPY"), "nothing is installed after the user is set");
    assert!(all("RUN").iter().any(|run| run.contains("cargo build --locked --release --package midwatch")));
    assert!(all("RUN").iter().any(|run| run.contains("ca-certificates")));
    assert!(!text(root().join("Dockerfile")).contains("ADD "), "nothing is fetched unchecked");
}

#[test]
fn what_it_copies_is_there_and_is_not_ignored() {
    let ignored = text(root().join(".dockerignore"));
    let let_in: BTreeSet<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut copied = BTreeSet::new();
    for (_, rest) in instructions().into_iter().filter(|(word, _)| word == "COPY") {
        let words: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
        if words[0].starts_with("--from=") {
            assert_eq!(words[..2], ["--from=build", "/usr/local/bin/midwatch"]);
            continue;
        }
        for source in &words[..words.len() - 1] {
            assert!(root().join(source).exists(), "{source} is not there");
            assert!(let_in.contains(source.as_str()), "{source} is ignored");
            copied.insert(source.clone());
        }
    }
    // A member of the workspace that is not copied fails the build.
    for member in text(root().join("Cargo.toml")).lines().filter_map(|line| line.trim().strip_suffix("\",")) {
        let top = member.trim_start_matches('"').split('/').next().unwrap();
        assert!(copied.contains(top) || !root().join(top).is_dir(), "{top} is not copied");
    }
    for line in ignored.lines().filter(|line| !line.starts_with(['#', '!', '*'])) {
        assert!(root().join(line).exists(), "{line} is ignored and not there");
    }
}
