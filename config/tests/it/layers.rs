//! Which layer wins, and what is said about it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use midwatch_config::{
    Depth, LogFormat, OutputFormat, Sources, When, describe, environment_of, load, search_paths, state_directory,
};

use crate::support::World;

const FILE: &str = "\
investigation:
  lookback: 2h
  tail_lines: 50
  previous_logs: false
  depth: deep
  max_log_bytes: 64KiB
redaction:
  keep: [shop.example.com, '10.0.0.1']
output:
  format: json
log:
  level: off
";

#[test]
fn a_file_sets_what_it_names() {
    let settings = World::with_file(FILE).load().expect("valid").settings;
    assert_eq!(settings.investigation.lookback, Duration::from_hours(2));
    assert_eq!(settings.investigation.tail_lines, 50);
    assert!(!settings.investigation.previous_logs);
    assert_eq!(settings.investigation.depth, Depth::Deep);
    assert_eq!(settings.investigation.max_log_bytes, 65_536);
    assert_eq!(settings.investigation.parallel_reads, 5);
    assert_eq!(settings.redaction.keep, ["shop.example.com", "10.0.0.1"]);
    assert_eq!(settings.output.format, OutputFormat::Json);
    // YAML 1.1 would make this `false`.
    assert_eq!(settings.log.level, "off");
}

#[test]
fn flags_beat_variables_beat_the_file() {
    let world = World::with_file(FILE)
        .env("MIDWATCH__INVESTIGATION__LOOKBACK", "3h")
        .env("midwatch__investigation__Tail_Lines", "60")
        .env("UNRELATED", "x")
        .env("MIDWATCH_SERVICE_HOST", "10.0.0.1")
        .flag("investigation.lookback", "4h", "--since");
    let loaded = world.load().expect("valid");
    assert_eq!(loaded.settings.investigation.lookback, Duration::from_hours(4));
    assert_eq!(loaded.settings.investigation.tail_lines, 60);
    let rows = describe(&loaded);
    let row = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).expect("a row");
        let origin = row.origin.to_string();
        (row.value.clone(), origin.replace(&format!("{}/", world.dir().display()), ""))
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(row("investigation.lookback"), pair("4h", "flag --since"));
    let variable = "environment variable midwatch__investigation__Tail_Lines";
    assert_eq!(row("investigation.tail_lines"), pair("60", variable));
    assert_eq!(row("investigation.depth"), pair("deep", "m.yaml:5:10"));
    assert_eq!(row("redaction.keep"), pair(r#"["shop.example.com", "10.0.0.1"]"#, "m.yaml:8:9"));
    assert_eq!(row("output.colour"), pair("auto", "default"));
}

#[test]
fn variables_hold_any_type() {
    let settings = World::new()
        .env("MIDWATCH__REDACTION__ENTROPY", "False")
        .env("MIDWATCH__REDACTION__EXTRA_NAMES", r#"[PIN, "*_DSN"]"#)
        .env("MIDWATCH__REDACTION__KEEP", "a: b # not a comment")
        .env("MIDWATCH__OUTPUT__COLOUR", "NEVER")
        .env("MIDWATCH__LOG__LEVEL", "info,midwatch_snapshot=debug")
        .env("MIDWATCH__LOG__FORMAT", "'json'")
        .load()
        .expect("valid")
        .settings;
    assert!(!settings.redaction.entropy);
    assert_eq!(settings.redaction.extra_names, ["PIN", "*_DSN"]);
    assert_eq!(settings.redaction.keep, ["a: b # not a comment"]);
    assert_eq!(settings.output.colour, When::Never);
    assert_eq!(settings.log.level, "info,midwatch_snapshot=debug");
    assert_eq!(settings.log.format, LogFormat::Json);
}

#[test]
fn the_flag_then_the_variable_then_the_search_choose_the_file() {
    let world = World::new();
    let lookback = |hours: u32| format!("investigation: {{lookback: {hours}h}}");
    let flag = world.write("flag.yaml", lookback(2));
    let variable = world.write("variable.yaml", lookback(3));
    let found = world.write("found.yaml", lookback(4));
    let env = vec![("MIDWATCH_CONFIG".to_owned(), variable.display().to_string())];
    let mut sources = Sources {
        file: Some(&flag),
        env,
        search: vec![PathBuf::from("/nonexistent/midwatch.yaml"), found.clone()],
        ..Sources::default()
    };
    let mut chosen = Vec::new();
    chosen.push(load(&sources).expect("valid").file);
    sources.file = None;
    chosen.push(load(&sources).expect("valid").file);
    sources.env.clear();
    chosen.push(load(&sources).expect("valid").file);
    sources.search.clear();
    chosen.push(load(&sources).expect("valid").file);
    assert_eq!(chosen, [Some(flag.clone()), Some(variable), Some(found), None]);
}

#[test]
fn where_files_are_looked_for() {
    let env = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    };
    let paths = |pairs: &[(&str, &str)]| -> Vec<String> {
        search_paths(&env(pairs)).iter().map(|p| p.display().to_string()).collect()
    };
    let home = ("HOME", "/home/u");
    assert_eq!(paths(&[]), ["midwatch.yaml"]);
    assert_eq!(paths(&[home]), ["midwatch.yaml", "/home/u/.config/midwatch/config.yaml"]);
    assert_eq!(paths(&[home, ("XDG_CONFIG_HOME", "/x")]), ["midwatch.yaml", "/x/midwatch/config.yaml"]);
    for useless in ["", "relative"] {
        assert_eq!(paths(&[home, ("XDG_CONFIG_HOME", useless)]).len(), 2);
        assert!(paths(&[home, ("XDG_CONFIG_HOME", useless)])[1].starts_with("/home/u"));
    }
}

#[test]
fn only_variables_that_matter_are_kept() {
    let vars = ["MIDWATCH__LOG__LEVEL", "midwatch_config", "HOME", "PATH", "MIDWATC", "é"];
    let kept = environment_of(vars.map(|name| (OsString::from(name), OsString::from("v"))));
    let names: Vec<_> = kept.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["MIDWATCH__LOG__LEVEL", "midwatch_config", "HOME"]);
}

#[test]
fn a_named_file_that_is_missing_is_a_mistake_and_no_other_is_taken() {
    let world = World::new();
    let sources = Sources {
        file: Some(Path::new("/nowhere/m.yaml")),
        search: vec![world.write("found.yaml", "")],
        ..Sources::default()
    };
    let expected = "flag --config: there is no file `/nowhere/m.yaml`\n    check the path; relative paths start at the working directory";
    assert_eq!(load(&sources).expect_err("a mistake").to_string(), expected);
}

#[test]
fn where_state_is_kept() {
    let state = |pairs: &[(&str, &str)]| {
        let env: Vec<_> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        state_directory(&env).map(|path| path.display().to_string())
    };
    let home = ("HOME", "/home/u");
    assert_eq!(state(&[]), None);
    assert_eq!(state(&[home]).as_deref(), Some("/home/u/.local/state/midwatch"));
    assert_eq!(state(&[home, ("XDG_STATE_HOME", "/s")]).as_deref(), Some("/s/midwatch"));
    assert_eq!(state(&[home, ("XDG_STATE_HOME", "s")]).as_deref(), Some("/home/u/.local/state/midwatch"));
    let systemd = ("STATE_DIRECTORY", "/var/lib/midwatch:/var/lib/other");
    assert_eq!(state(&[home, ("XDG_STATE_HOME", "/s"), systemd]).as_deref(), Some("/var/lib/midwatch"));
}
