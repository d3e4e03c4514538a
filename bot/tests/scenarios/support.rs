//! A server of ours in a directory of its own: started, asked, stopped, killed.

use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use midwatch_doubles::kubernetes::{ApiServer, Running};
use midwatch_doubles::programs::until;
use serde_json::{Value, json};

/// A case of the corpus whose cause is known: pods crash for want of a setting.
pub(crate) const CASE: &str = "crash-missing-env";

/// A recorded cluster behind a real API, and a place for a server's files.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) cluster: Running,
    pub(crate) port: u16,
    extra: String,
}

impl Place {
    /// The cluster of a case of the corpus; `extra` is more configuration.
    pub(crate) async fn new(case: &str, extra: &str) -> Place {
        // Both ask for a provider, neither brings one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus").join(case).join("cluster");
        Place::with(ApiServer::from_snapshot(&corpus), extra).await
    }

    /// Any cluster.
    pub(crate) async fn with(server: ApiServer, extra: &str) -> Place {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let cluster = server.start().await;
        cluster.kubeconfig(dir.path());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Place { dir, cluster, port, extra: extra.to_owned() }
    }

    /// The folder of the store.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Adds to the configuration, for the next start.
    pub(crate) fn more(&mut self, extra: &str) {
        self.extra.push_str(extra);
    }

    /// The command, with the configuration written anew.
    pub(crate) fn command(&self, settings: &[(&str, &str)]) -> Command {
        let config = self.dir.path().join("midwatch.yaml");
        let text = format!(
            "kubernetes: {{kubeconfig: {}}}\nstore: {{directory: {}}}\nserver: {{listen: \"127.0.0.1:{}\"}}\n{}",
            self.dir.path().join("kubeconfig").display(),
            self.state().display(),
            self.port,
            self.extra
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.env_clear().env("HOME", self.dir.path()).env("MIDWATCH_CONFIG", config);
        for (key, value) in settings {
            command.env(format!("MIDWATCH__{}", key.to_uppercase()), value);
        }
        command
    }

    /// Starts the server; what it says goes into files.
    pub(crate) fn start(&self) -> Server {
        self.start_as(self.command(&[]))
    }

    /// The same with other settings, as `section__key=value` of the environment.
    pub(crate) fn start_with(&self, settings: &[(&str, &str)]) -> Server {
        self.start_as(self.command(settings))
    }

    /// The same by another command that ends in ours (`prlimit`).
    pub(crate) fn start_as(&self, mut command: Command) -> Server {
        let open = |name: &str| {
            File::options().create(true).append(true).open(self.dir.path().join(name)).expect("a file for output")
        };
        command.arg("serve").stdin(Stdio::null()).stdout(open("stdout")).stderr(open("stderr"));
        let child = command.spawn().expect("midwatch starts");
        Server { child, url: format!("http://127.0.0.1:{}", self.port), log: self.dir.path().join("stderr") }
    }

    /// Everything it printed on standard output so far.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stdout")).unwrap_or_default()
    }

    /// Everything it logged so far.
    pub(crate) fn logged(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default()
    }

    /// The threads as the console keeps them.
    pub(crate) fn threads(&self) -> Vec<Value> {
        let dir = self.state().join("threads");
        let entries = std::fs::read_dir(dir).map(|d| d.flatten().collect::<Vec<_>>()).unwrap_or_default();
        let json = entries.into_iter().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "json"));
        json.map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect()
    }
}

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    log: PathBuf,
}

impl Server {
    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&mut self) {
        let ready = format!("{}/health/ready", self.url);
        until("the server is ready", async || {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut log = String::new();
                let _ = File::open(&self.log).unwrap().read_to_string(&mut log);
                panic!("the server ended with {status}: {log}");
            }
            let answer = reqwest::get(&ready).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// A JSON answer, whatever its status.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// Posts JSON; none when there was no answer.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let client = reqwest::Client::new();
        let answer = client.post(format!("{}{path}", self.url)).json(body).timeout(Duration::from_mins(1)).send();
        let answer = answer.await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.json().await.ok()?;
        Some((status, body))
    }

    /// Waits until no job waits or runs.
    pub(crate) async fn idle(&self) {
        until("all jobs have ended", async || {
            let (status, jobs) = self.get("/api/v1/jobs?state=pending,initializing,running,completing&limit=1").await;
            (status == 200 && jobs["jobs"].as_array().is_some_and(Vec::is_empty)).then_some(())
        })
        .await;
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    /// Sends a signal: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// A figure of `/proc/PID/status` in KiB: `VmRSS`, `VmHWM`.
    pub(crate) fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with(what)).expect("a figure");
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One alert of the case's workload.
pub(crate) fn alert(name: &str, status: &str, labels: &Value) -> Value {
    let mut all = json!({"alertname": name, "severity": "warning"});
    for (key, value) in labels.as_object().unwrap() {
        all[key] = value.clone();
    }
    let ends = if status == "resolved" { "2026-11-22T09:00:00Z" } else { "0001-01-01T00:00:00Z" };
    json!({"status": status, "labels": all, "annotations": {}, "startsAt": "2026-11-22T04:26:31Z", "endsAt": ends,
        "generatorURL": "", "fingerprint": format!("{name}-{labels}")})
}

/// A webhook body of Alertmanager, version 4.
pub(crate) fn webhook(group: &str, status: &str, alerts: &[Value]) -> Value {
    json!({"version": "4", "groupKey": group, "truncatedAlerts": 0, "status": status, "receiver": "midwatch",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": alerts})
}

/// The keys of a thread's messages.
pub(crate) fn keys(thread: &Value) -> Vec<&str> {
    thread["messages"].as_array().unwrap().iter().map(|m| m["key"].as_str().unwrap()).collect()
}

impl Place {
    /// Runs a command of ours with the same configuration: its exit code, standard output and standard error.
    pub(crate) async fn run(&self, args: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let mut command = self.command(settings);
        command.args(args).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Two keys, as the setting `server.api_keys` has them: `ops` and `shop`, each in a file of its name.
    pub(crate) fn two_keys(&self) -> String {
        let (ops, shop) = (self.file("ops.key", OPS), self.file("shop.key", SHOP));
        format!("[{{name: ops, key_file: {ops}}}, {{name: shop, key_file: {shop}}}]")
    }
}

/// The keys of [`Place::two_keys`].
pub(crate) const OPS: &str = "key-of-ops-0123456789abcdef";
pub(crate) const SHOP: &str = "key-of-shop-0123456789abcdef";

impl Server {
    /// A JSON answer for the holder of a key, whatever its status. With a body it is posted.
    pub(crate) async fn keyed(&self, key: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let (client, url) = (reqwest::Client::new(), format!("{}{path}", self.url));
        let request = match body {
            Some(body) => client.post(url).json(body),
            None => client.get(url),
        };
        let answer = request.bearer_auth(key).timeout(Duration::from_mins(1)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// The only job that is in one of these states; it comes soon.
    pub(crate) async fn only_job(&self, states: &str) -> Value {
        until(&format!("one job is {states}"), async || {
            let (_, jobs) = self.get(&format!("/api/v1/jobs?state={states}")).await;
            jobs["jobs"].as_array().filter(|jobs| jobs.len() == 1).map(|jobs| jobs[0].clone())
        })
        .await
    }
}
