//! The binary as a person runs it: output, exit codes, messages.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn midwatch(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test runs the binary")]
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    let empty = std::env::temp_dir();
    command.args(args).env_clear().env("HOME", "/nonexistent").env("COLUMNS", "100").env("TMPDIR", empty);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = command(args).stdin(Stdio::piped()).spawn().unwrap();
    // The program may end without reading; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn demo_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo")
}

fn cluster() -> String {
    demo_dir().join("cluster").to_str().unwrap().to_owned()
}

fn alert() -> String {
    demo_dir().join("alert.json").to_str().unwrap().to_owned()
}

#[test]
fn the_demo_needs_nothing_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let output = command(&["demo"]).env("TMPDIR", place.path()).current_dir(place.path()).output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for part in
        ["Alertmanager", "[done]", "CAUSE", "Deployment inc-crashloop/payments-api", "no model", "--snapshot ./dump"]
    {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains('\x1b'), "a pipe gets no control codes");
    assert!(!shown.contains(place.path().to_str().unwrap()), "the reader is not told of temporary places");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn json_is_the_same_every_time_and_holds_nothing_of_the_run() {
    let args = ["investigate", "--snapshot", &cluster(), "--alert", &alert(), "-o", "json"];
    let first = midwatch(&args);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert_eq!(first.stdout, midwatch(&args).stdout);
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(report["verdict"], "cause");
    assert_eq!(report["root_entities"][0]["name"], "payments-api");
    assert_eq!(report["alert"]["name"], "KubePodCrashLooping");
}

#[test]
fn questions_in_every_form_find_the_workload() {
    for words in [
        &["payments-api"][..],
        &["deploy/payments-api", "-n", "inc-crashloop"],
        &["inc-crashloop/payments-api"],
        &["why", "is", "payments-api", "down?"],
        &["-n", "inc-crashloop"],
        &[],
    ] {
        let cluster = cluster();
        let args = [&["investigate", "--snapshot", &cluster, "-o", "json"], words].concat();
        let output = midwatch(&args);
        assert_eq!(output.status.code(), Some(0), "{words:?} {}", text(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["root_entities"][0]["name"], "payments-api", "{words:?}");
    }
}

#[test]
fn alerts_come_from_standard_input_too() {
    let body = std::fs::read(alert()).unwrap();
    let output = with_input(&["investigate", "--snapshot", &cluster(), "--alert", "-", "-o", "markdown"], &body);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("# CAUSE: "), "{}", text(&output.stdout));
}

#[test]
fn mistakes_are_told_with_what_to_do_next() {
    let cluster = cluster();
    let snapshot = ["investigate", "--snapshot", &cluster];
    let with =
        |more: &[&'static str]| -> Vec<String> { snapshot.iter().chain(more).map(|word| (*word).to_owned()).collect() };
    let own = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    for (args, code, told) in [
        (own(&["investigate", "checkout"]), 2, "kubectl cluster-info dump"),
        (own(&["investigate", "--snapshot", "/nonexistent"]), 2, "/nonexistent"),
        (with(&["--since", "99h"]), 2, "from 1m to 24h"),
        (with(&["--since", "5"]), 2, "--since"),
        (with(&["--as-of", "yesterday"]), 2, "2026-11-22T04:36:31Z"),
        (with(&["--depth", "bottomless"]), 2, "quick"),
        (with(&["--alert", "/nonexistent.json"]), 2, "/nonexistent.json"),
        (with(&["--alert", "-"]), 2, "Alertmanager"),
        (with(&["--config", "/nonexistent.yaml"]), 2, "/nonexistent.yaml"),
        (with(&["deploy/zzzz"]), 1, "nothing here is called `deploy/zzzz`"),
        (own(&["score", "/nonexistent"]), 2, "midwatch score DIR"),
        (own(&["redact", "/nonexistent"]), 2, "/nonexistent"),
        (own(&["investigat"]), 2, "investigate"),
        (own(&[]), 2, "Usage"),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = midwatch(&args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(told), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn several_that_fit_are_listed_with_their_commands() {
    let place = tempfile::tempdir().unwrap();
    let item = |ns: &str| {
        format!(r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"api","namespace":"{ns}"}}}}"#)
    };
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{},{}]}}"#, item("shop"), item("pay"));
    std::fs::write(place.path().join("deployments.json"), list).unwrap();
    let dir = place.path().to_str().unwrap();
    let output = midwatch(&["investigate", "api", "--snapshot", dir, "--since", "2h", "-o", "json"]);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{said}");
    for (number, ns) in [(1, "pay"), (2, "shop")] {
        let line = format!("midwatch investigate deployment/api -n {ns} --snapshot {dir} --since 2h -o json");
        assert!(said.lines().any(|l| l.trim().starts_with(&format!("{number}. ")) && l.ends_with(&line)), "{said}");
    }
}

#[test]
fn settings_come_from_file_environment_and_flags() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("midwatch.yaml");
    std::fs::write(&file, "output: {format: json}\n").unwrap();
    let config = file.to_str().unwrap();
    let asked = ["investigate", "--snapshot", &cluster(), "--config", config];
    assert!(text(&midwatch(&asked).stdout).starts_with('{'));
    let markdown = command(&asked).env("MIDWATCH__OUTPUT__FORMAT", "markdown").output().unwrap();
    assert!(text(&markdown.stdout).starts_with("# "));
    let flag = command(&[&asked[..], &["-o", "json"]].concat()).env("MIDWATCH__OUTPUT__FORMAT", "markdown").output();
    assert!(text(&flag.unwrap().stdout).starts_with('{'));

    let check = midwatch(&["config", "check", "--config", config]);
    assert_eq!(check.status.code(), Some(0));
    assert!(text(&check.stdout).contains("output.format: json"), "{}", text(&check.stdout));
    std::fs::write(&file, "output: {fromat: json}\n").unwrap();
    let broken = midwatch(&["config", "check", "--config", config]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stderr).contains("format"), "{}", text(&broken.stderr));
    assert_eq!(midwatch(&asked).status.code(), Some(2));
    assert_eq!(midwatch(&["config", "show"]).status.code(), Some(0));
    assert!(text(&midwatch(&["config", "default"]).stdout).contains("lookback: 1h"));
}

#[test]
fn secrets_are_hidden_and_explained() {
    let input = b"url: postgres://app:S3cr3tPassw0rd@db/shop\nplain\n";
    let hidden = with_input(&["redact"], input);
    assert_eq!(text(&hidden.stdout), "url: postgres://app:[redacted:password]@db/shop\nplain\n");
    let pin = command(&["redact"]).env("MIDWATCH__REDACTION__EXTRA_NAMES", "[pin]").stdin(Stdio::piped()).spawn();
    let mut pin = pin.unwrap();
    pin.stdin.take().unwrap().write_all(b"PIN=4711").unwrap();
    assert_eq!(text(&pin.wait_with_output().unwrap().stdout), "PIN=[redacted:literal]");
    let told = text(&with_input(&["redact", "--explain", "-"], input).stdout);
    assert!(told.contains("1:21") && told.contains("1 secret found"), "{told}");
    assert!(!told.contains("S3cr3tPassw0rd"));
}

#[test]
fn a_plan_reads_nothing_and_names_the_commands() {
    let cluster = cluster();
    let plan = midwatch(&["plan", "--snapshot", &cluster, "payments-api", "-n", "inc-crashloop"]);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stderr));
    assert!(text(&plan.stdout).contains("kubectl -n inc-crashloop get pods -o json"), "{}", text(&plan.stdout));
    let json = midwatch(&["plan", "--snapshot", &cluster, "-o", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(!plan["reads"].as_array().unwrap().is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command(&["demo", "-o", "json"]).spawn().unwrap();
    let mut start = [0; 1];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut start).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    for args in [&["completions", "bash"][..], &["config", "default"], &["demo"]] {
        let mut child = command(args).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn completions_help_and_version() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = midwatch(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("investigate"), "{shell}");
    }
    let help = text(&midwatch(&["--help"]).stdout);
    for part in ["Examples:", "Exit codes:", "Environment:", "midwatch demo"] {
        assert!(help.contains(part), "{help}");
    }
    let version = midwatch(&["--version"]);
    assert_eq!(text(&version.stdout), concat!("midwatch ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn colour_is_for_terminals_or_on_demand() {
    assert!(!text(&midwatch(&["demo"]).stdout).contains('\x1b'));
    assert!(text(&midwatch(&["demo", "--colour", "always"]).stdout).contains("\x1b[1m"));
    assert!(!text(&midwatch(&["demo", "--colour", "never"]).stdout).contains('\x1b'));
    let narrow = command(&["demo"]).env("COLUMNS", "40").output().unwrap();
    let long = text(&narrow.stdout).lines().filter(|l| l.chars().count() > 40 && !l.contains("kubectl")).count();
    assert_eq!(long, 0, "{}", text(&narrow.stdout));
}

#[test]
fn a_corpus_is_scored() {
    let place = tempfile::tempdir().unwrap();
    let case = place.path().join("crash");
    std::fs::create_dir_all(&case).unwrap();
    std::os::unix::fs::symlink(demo_dir().join("cluster"), case.join("cluster")).unwrap();
    std::fs::copy(demo_dir().join("alert.json"), case.join("alert.json")).unwrap();
    let root = "{kind: Deployment, namespace: inc-crashloop, name: payments-api}";
    let write = |verdict: &str| {
        let head = "id: crash\nclass: crashloop\nas_of: \"2026-11-22T04:36:31Z\"\n";
        std::fs::write(case.join("case.yaml"), format!("{head}expect: {{verdict: {verdict}, root: [{root}]}}\n"))
            .unwrap();
    };
    let dir = place.path().to_str().unwrap();
    write("cause");
    let good = midwatch(&["score", dir]);
    assert_eq!(good.status.code(), Some(0), "{}{}", text(&good.stdout), text(&good.stderr));
    assert!(text(&good.stdout).contains("crashloop") && text(&good.stdout).contains("100.0 %"));
    write("healthy");
    let bad = midwatch(&["score", dir]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad.stdout).contains("verdict: expected healthy, got cause"), "{}", text(&bad.stdout));
    assert_eq!(midwatch(&["score", dir, "--min-recall", "1"]).status.code(), Some(0));
    let json = midwatch(&["score", dir, "-o", "json"]);
    let score: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&score["total"]["passed"], &score["total"]["false_causes"]), (&0.into(), &1.into()));
}

#[test]
fn an_empty_namespace_is_a_mistake_and_not_all_of_them() {
    let output = midwatch(&["investigate", "--snapshot", &cluster(), "-n", ""]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--namespace"), "{}", text(&output.stderr));
}

#[test]
fn a_negative_duration_is_explained() {
    let output = midwatch(&["investigate", "--snapshot", &cluster(), "--since", "-5m"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("from 1m to 24h"), "{}", text(&output.stderr));
}

/// The double of Discord, with what has to be set so that the program speaks to it.
#[cfg(feature = "discord")]
async fn discord() -> (midwatch_doubles::discord::Discord, Vec<(&'static str, String)>) {
    let discord = midwatch_doubles::discord::Discord::start(midwatch_doubles::discord::Options::default()).await;
    let settings = vec![
        ("MIDWATCH__DISCORD__API_URL", discord.api_url()),
        ("MIDWATCH__DISCORD__BOT_TOKEN", discord.bot_token().to_owned()),
        ("MIDWATCH__DISCORD__GUILD", discord.guild().to_owned()),
    ];
    (discord, settings)
}

/// The program runs beside the double, so not on its thread.
#[cfg(feature = "discord")]
async fn on_discord(verb: &'static str, settings: &[(&'static str, String)]) -> (Option<i32>, String, String) {
    let settings = settings.to_vec();
    let run = move || command(&["discord", verb]).envs(settings).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[cfg(feature = "discord")]
#[tokio::test(flavor = "multi_thread")]
async fn the_command_of_discord_is_registered_once() {
    let (discord, settings) = discord().await;
    let (code, out, err) = on_discord("register", &settings).await;
    assert_eq!(code, Some(0), "{err}");
    for part in [
        "registered with guild 900000000000000003",
        "added    /midwatch investigate",
        "/midwatch pack enable",
        "Next: type /midwatch",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    let registered = discord.commands();
    assert_eq!(registered.len(), 1);
    let (code, out, err) = on_discord("register", &settings).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("nothing was changed"), "{out}");
    assert_eq!(discord.commands()[0]["version"], registered[0]["version"], "nothing was written");
}

#[cfg(feature = "discord")]
#[tokio::test(flavor = "multi_thread")]
async fn the_link_to_discord_is_for_the_guild_and_says_what_comes_next() {
    let (discord, settings) = discord().await;
    let (code, out, err) = on_discord("invite", &settings).await;
    assert_eq!(code, Some(0), "{err}");
    let link = format!(
        "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands",
        discord.application_id()
    );
    for part in [link.as_str(), "guild_id=900000000000000003", "midwatch discord register"] {
        assert!(out.contains(part), "{part}\n{out}");
    }
}

#[cfg(feature = "discord")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_discord_is_said_with_what_to_do() {
    let (_discord, settings) = discord().await;
    let (code, _, err) = on_discord("register", &[]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("discord.bot_token") && err.contains("discord.com/developers"), "{err}");
    let mut wrong = settings.clone();
    wrong[1].1 = "wrong".to_owned();
    let (code, out, err) = on_discord("register", &wrong).await;
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("token is not valid") && !err.contains("wrong\""), "{err}");
    let mut elsewhere = settings;
    elsewhere[2].1 = "900000000000000099".to_owned();
    let (code, _, err) = on_discord("register", &elsewhere).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("midwatch discord invite") && err.contains("900000000000000099"), "{err}");
}

#[test]
fn the_cluster_role_of_the_chart_is_what_the_program_prints() {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/deploy/chart/files");
    for (more, file) in [(None, "clusterrole.yaml"), (Some("--without-secrets"), "clusterrole-without-secrets.yaml")] {
        let args: Vec<&str> = ["config", "rbac"].into_iter().chain(more).collect();
        let output = midwatch(&args);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let expected = std::fs::read_to_string(files.join(file)).unwrap();
        assert_eq!(text(&output.stdout), expected, "`midwatch config rbac {}` goes into {file}", more.unwrap_or(""));
    }
    let json = midwatch(&["config", "rbac", "-o", "json", "--name", "reader"]);
    let role: serde_json::Value = serde_json::from_str(&text(&json.stdout)).unwrap();
    assert_eq!((role["kind"].as_str(), role["metadata"]["name"].as_str()), (Some("ClusterRole"), Some("reader")));
}

/// A pack that looks for less needs less.
#[test]
fn fewer_detectors_need_a_smaller_role() {
    let place = tempfile::tempdir().unwrap();
    for (name, _) in midwatch_config::builtin_packs() {
        let pack = format!("name: {name}\nversion: 9.0.0\ndescription: Only crashes.\ndetectors: [pod.crash]\n");
        std::fs::write(place.path().join(format!("{name}.yaml")), pack).unwrap();
    }
    let mut command = command(&["config", "rbac"]);
    let output = command.env("MIDWATCH__PACKS__DIRECTORY", place.path()).output().unwrap();
    let role = text(&output.stdout);
    assert!(role.contains("- pods\n") && role.contains("- secrets\n"), "{role}{}", text(&output.stderr));
    assert!(!role.contains("clusterroles") && !role.contains("webhookconfigurations"), "{role}");
}

/// What a person is told to type at night must be there.
#[test]
fn the_commands_of_the_runbooks_are_there() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/deploy");
    let runbooks = std::fs::read_to_string(deploy.join("RUNBOOKS.md")).unwrap();
    let mut tried = std::collections::BTreeSet::new();
    for told in runbooks.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("midwatch ")) {
        let is_name = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
        let mut args: Vec<&str> = told.split(' ').take_while(is_name).collect();
        args.push("--help");
        if !tried.insert(told) {
            continue;
        }
        let help = midwatch(&args);
        let shown = text(&help.stdout);
        assert_eq!(help.status.code(), Some(0), "`midwatch {told}`: {}", text(&help.stderr));
        for flag in told.split(' ').filter(|word| word.starts_with("--")) {
            assert!(shown.contains(flag), "`midwatch {told}` has no {flag}\n{shown}");
        }
    }
    assert!(tried.len() > 20, "{tried:?}");
}
