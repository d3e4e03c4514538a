//! Every command of the README is run, and its example is what the program prints.
#![allow(missing_docs, clippy::expect_used, clippy::disallowed_methods, reason = "a test runs the binary and a shell")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use midwatch_doubles::discord::Discord;
use midwatch_doubles::kubernetes::{ApiServer, Rule, Running};
use midwatch_doubles::programs::until;

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

/// The recorded incident that stands for the reader's cluster.
fn incident() -> PathBuf {
    root().join("tests/corpus/rollout-env-removed")
}

/// A place where the README's commands work: the binary by its name, a live cluster in the kubeconfig, a recorded one
/// where kubectl would make one, an alert.
struct Workplace {
    dir: tempfile::TempDir,
    port: u16,
    pod: String,
    server: Option<Child>,
    discord: Discord,
    _cluster: Running,
}

impl Workplace {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let bin = dir.path().join("bin");
        std::fs::create_dir(&bin).expect("a directory");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_midwatch"), bin.join("midwatch")).expect("a link");
        std::os::unix::fs::symlink(root().join("tests").canonicalize().expect("tests"), dir.path().join("tests"))
            .expect("a link");
        let recording = dir.path().join("recording");
        copy(&incident().join("cluster"), &recording);
        rename(&recording);
        kubectl(&bin, &recording);
        let alert = std::fs::read_to_string(incident().join("alert.json")).unwrap_or_else(|_| {
            r#"{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A","namespace":"shop","deployment":"checkout"}}]}"#.to_owned()
        });
        std::fs::write(dir.path().join("alert.json"), readers_names(&alert)).expect("an alert");
        let cluster = ApiServer::from_snapshot(&recording).token("prod-eu", "reader", vec![Rule::all()]).start().await;
        std::fs::create_dir(dir.path().join(".kube")).expect("a directory");
        let kubeconfig = std::fs::read_to_string(cluster.kubeconfig(dir.path())).expect("a kubeconfig");
        let current = kubeconfig.replace("current-context: double", "current-context: prod-eu");
        std::fs::write(dir.path().join(".kube/config"), current).expect("a kubeconfig");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let pods = std::fs::read_to_string(recording.join("shop/pods.json")).expect("pods");
        let pods: serde_json::Value = serde_json::from_str(&pods).expect("pods");
        let pod = pods["items"][0]["metadata"]["name"].as_str().expect("a pod").to_owned();
        let discord = Discord::start(midwatch_doubles::discord::Options::default()).await;
        Self { dir, port, pod, server: None, discord, _cluster: cluster }
    }

    /// A line of the README as it is run here: with this place's port and pod.
    fn command(&self, line: &str) -> Command {
        let line = line.replace("127.0.0.1:8080", &format!("127.0.0.1:{}", self.port)).replace("checkout-0", &self.pod);
        let path = format!("{}:{}", self.dir.path().join("bin").display(), std::env::var("PATH").expect("a path"));
        let mut command = Command::new("sh");
        command.args(["-c", &line]).current_dir(self.dir.path()).env("PATH", path).env("HOME", self.dir.path());
        command.env_remove("KUBECONFIG").env("MIDWATCH__SERVER__LISTEN", format!("127.0.0.1:{}", self.port));
        command
    }

    /// The same for who has written down how Midwatch is on Discord.
    fn on_discord(&self, line: &str) -> Command {
        let mut command = self.command(line);
        command.env("MIDWATCH__DISCORD__API_URL", self.discord.api_url());
        command.env("MIDWATCH__DISCORD__BOT_TOKEN", self.discord.bot_token());
        command.env("MIDWATCH__DISCORD__GUILD", self.discord.guild());
        command
    }

    /// Starts the server and waits until it answers.
    async fn serve(&mut self) {
        let mut command = self.command("exec midwatch serve");
        self.server = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a server"));
        let ready = "curl -fsS http://127.0.0.1:8080/health/ready";
        until("the server is ready", async || {
            self.command(ready).output().expect("curl").status.success().then_some(())
        })
        .await;
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Stands for kubectl: `cluster-info dump` copies a recording, `get` prints an empty list.
fn kubectl(bin: &Path, recording: &Path) {
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n  cluster-info) mkdir -p dump && cp -r {}/. dump/ ;;\n  get) echo '{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]}}' ;;\nesac\n",
        recording.display()
    );
    let kubectl = bin.join("kubectl");
    std::fs::write(&kubectl, script).expect("a script");
    let mut mode = std::fs::metadata(&kubectl).expect("a script").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    std::fs::set_permissions(&kubectl, mode).expect("a script");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_works() {
    let mut place = Workplace::new().await;
    let mut run = 0;
    for block in blocks("sh") {
        // The two commands that build are run by the checks of every change.
        for line in block.lines().filter(|l| !l.starts_with("cargo ") && !l.starts_with("./test.sh")) {
            run += 1;
            if line == "midwatch serve" {
                place.serve().await;
                continue;
            }
            let on_discord = line.starts_with("midwatch discord");
            if on_discord && cfg!(not(feature = "discord")) {
                continue;
            }
            let mut command = if on_discord { place.on_discord(line) } else { place.command(line) };
            let output = command.output().expect("sh");
            let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "`{line}` ended with {}: {said}{out}", output.status);
        }
    }
    assert_eq!(place.discord.commands().len(), usize::from(cfg!(feature = "discord")), "the command is registered");
    assert!(run >= 30, "only {run} commands were found");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The recording speaks of its own namespace and workload, the README of `shop` and `checkout`.
fn readers_names(text: &str) -> String {
    let case = std::fs::read_to_string(incident().join("case.yaml")).expect("case.yaml");
    let namespace =
        case.split("namespace: ").nth(1).and_then(|n| n.split([',', '}', '\n']).next()).expect("a namespace");
    text.replace("dispatch-worker", "checkout").replace(namespace.trim(), "shop")
}

fn rename(dir: &Path) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rename(&path);
        } else {
            let text = std::fs::read_to_string(&path).expect("text");
            std::fs::write(&path, readers_names(&text)).expect("written");
        }
        let name = readers_names(&entry.file_name().to_string_lossy());
        std::fs::rename(&path, dir.join(name)).expect("renamed");
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

#[test]
fn every_configuration_is_valid() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut checked = 0;
    // Alertmanager's own configuration is not ours.
    let blocks = blocks("yaml").into_iter().filter(|block| !block.starts_with("receivers:"));
    for block in blocks.chain(in_line()) {
        checked += 1;
        // Secrets are in files, which the reader makes.
        let mut text = block.replace("/etc/midwatch", &dir.path().display().to_string());
        for name in files(&block) {
            // Slack's tokens are known by how they begin.
            let begun =
                [("slack-bot", "xoxb-"), ("slack-app", "xapp-")].into_iter().find(|(file, _)| name.starts_with(file));
            let secret = format!("{}1-of-the-reader-0123456789", begun.map_or("", |(_, begun)| begun));
            std::fs::write(dir.path().join(name), secret).expect("a secret");
        }
        text.push('\n');
        let config = dir.path().join("midwatch.yaml");
        std::fs::write(&config, &text).expect("a configuration");
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(["config", "check", "--config"]).arg(&config).env_clear().env("HOME", dir.path());
        let output = command.output().expect("midwatch");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{said}{}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(checked >= 10, "only {checked} configurations were found");
}

/// Configurations in a line of the text.
fn in_line() -> Vec<String> {
    readme().split('`').filter(|code| code.starts_with("model: {")).map(str::to_owned).collect()
}

/// The files that a configuration names in `/etc/midwatch`.
fn files(block: &str) -> Vec<&str> {
    let behind = block.split("/etc/midwatch/").skip(1);
    behind.filter_map(|rest| rest.split(|c: char| c.is_whitespace() || matches!(c, '}' | ',')).next()).collect()
}
