//! Several `midwatch serve` on one real Redis: killed, frozen, cut off, ordered about. Nothing is lost, nothing is said twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use midwatch_doubles::redis::{Files, Redis, Settings};
use midwatch_doubles::slack::{Message, Options, Slack};
use serde_json::{Value, json};

use self::line::Line;
use crate::chat::{ALERTS, ANN, BOB, By, OPS, permissions, section, workspace};
use crate::support::{CASE, Place, Server, alert, webhook};

mod frozen;
mod gateway;
mod killed;
mod line;
mod ordered;
mod twice;

/// How long everything may take to come to rest. A bound for a test that fails: a message whose sender died is looked up after
/// its lease of 30 s.
const PATIENCE: Duration = Duration::from_mins(4);

/// Leases short enough for a test, and a thread for each group.
const QUICK: &str = "jobs: {lease: 10s, queue: 1000}\nincidents: {storm_groups: 1000}\n\
    conversation: {user_starts: 1000, channel_starts: 1000, workspace_starts: 1000}\n";

/// The key of the trail, the same for all.
const KEY: &str = "6f1c0a9be2d44d0f8a3e5b7c9d1f2a4e6f1c0a9be2d44d0f8a3e5b7c9d1f2a4e";

/// Where one process runs, and its line to Redis.
struct Site {
    place: Place,
    line: Line,
    roles: &'static str,
}

impl Site {
    /// Starts the process.
    fn start(&self) -> Server {
        let (url, key) = (format!("redis://127.0.0.1:{}", self.line.port()), self.place.file("audit.key", KEY));
        let roles = format!("[{}]", self.roles);
        let settings = [("store__url", url.as_str()), ("audit__key_file", &key), ("server__roles", &roles)];
        self.place.start_with(&settings)
    }

    /// Starts the process and waits until it is ready.
    async fn started(&self) -> Server {
        let mut server = self.start();
        server.ready().await;
        server
    }
}

/// The sites of processes that share one Redis, which keeps everything before it answers.
struct Fleet {
    redis: Redis,
    sites: Vec<Site>,
}

impl Fleet {
    /// A site for each of these roles; `extra` is their configuration.
    async fn new(roles: &[&'static str], extra: &str) -> Fleet {
        let redis = Redis::with(Settings { files: Files::Always, ..Settings::default() }).await;
        let mut sites = Vec::new();
        for roles in roles {
            let place = Place::new(CASE, extra).await;
            sites.push(Site { place, line: Line::to(redis.port()).await, roles });
        }
        Fleet { redis, sites }
    }

    /// What all of them logged, for a test that fails.
    fn logged(&self) -> String {
        let logs = self.sites.iter().enumerate().map(|(n, site)| format!("--- {n}\n{}", tail(&site.place.logged())));
        logs.collect::<Vec<_>>().join("\n")
    }
}

fn tail(log: &str) -> &str {
    let from = log.len().saturating_sub(6_000);
    log.char_indices().map(|(at, _)| at).find(|at| *at >= from).map_or("", |at| &log[at..])
}

/// A fleet in a workspace of Slack, where its incidents are shown.
struct Shift {
    fleet: Fleet,
    slack: Slack,
}

impl Shift {
    async fn new(roles: &[&'static str]) -> Shift {
        Shift::leased(roles, "10s").await
    }

    /// The same with other leases of jobs.
    async fn leased(roles: &[&'static str], lease: &str) -> Shift {
        let alerts = [ALERTS.to_owned()];
        let slack = workspace(Options::default(), &alerts).await;
        let allowed = permissions(&[("slack", ANN), ("slack", BOB)]);
        let own = section(&slack, By::Sockets, &alerts).replacen('{', &format!("{{channel: {OPS}, "), 1);
        let quick = QUICK.replace("10s", lease);
        let fleet = Fleet::new(roles, &format!("{own}{allowed}{quick}")).await;
        Shift { fleet, slack }
    }

    async fn start_all(&self) -> Vec<Server> {
        let mut servers = Vec::new();
        for site in &self.fleet.sites {
            servers.push(site.started().await);
        }
        servers
    }

    /// Waits until every job has ended and every message was sent, then looks whether each of these groups was investigated
    /// and nothing stands twice.
    async fn accounts(&self, server: &Server, taken: &BTreeSet<String>) {
        self.rest(server).await;
        let mut investigated = BTreeSet::new();
        for job in all_jobs(server).await {
            assert_eq!(job["state"], "completed", "{job}\n{}", self.fleet.logged());
            investigated.insert(job["thread"].as_str().unwrap_or_default().to_owned());
        }
        let shown = self.shown();
        for (key, times) in &shown {
            assert_eq!(*times, 1, "{key} stands {times} times\n{}", self.fleet.logged());
        }
        let all = self.own().iter().map(midwatch_doubles::slack::Message::reads).collect::<Vec<_>>().join("\n");
        let missing: Vec<&String> = taken.iter().filter(|name| !all.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "taken and never shown: {missing:?}\n{}", self.fleet.logged());
        let reports = self.own().iter().filter(|message| crate::chat::is_report(message)).count();
        assert!(reports >= investigated.len().min(1), "{reports} reports");
    }

    async fn rest(&self, server: &Server) {
        let began = Instant::now();
        loop {
            let (status, jobs) = server.get("/api/v1/jobs?state=pending,initializing,running,completing&limit=1").await;
            let idle = status == 200 && jobs["jobs"].as_array().is_some_and(Vec::is_empty);
            if idle && figure(server, "midwatch_outbox_messages").await == Some(0.0) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "it does not come to rest: {jobs}\n{}", self.fleet.logged());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn own(&self) -> Vec<Message> {
        [OPS, ALERTS].iter().flat_map(|channel| self.slack.own(channel)).collect()
    }

    /// How often each message stands there, by the key that it carries.
    fn shown(&self) -> BTreeMap<String, usize> {
        let mut shown = BTreeMap::new();
        for message in self.own() {
            let key = message.metadata.as_ref().and_then(|it| it["event_payload"]["key"].as_str().map(str::to_owned));
            // A file carries its key in its name.
            let key = key.or_else(|| message.files.first().map(|file| file.name.clone()));
            *shown.entry(key.unwrap_or_else(|| panic!("no key: {message:?}"))).or_default() += 1;
        }
        shown
    }
}

/// A figure without labels, as `/metrics` has it.
async fn figure(server: &Server, name: &str) -> Option<f64> {
    let text = reqwest::get(format!("{}/metrics", server.url)).await.ok()?.text().await.ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

async fn all_jobs(server: &Server) -> Vec<Value> {
    let (_, jobs) = server.get("/api/v1/jobs?limit=500").await;
    jobs["jobs"].as_array().cloned().unwrap_or_default()
}

/// A webhook about a group of its own.
fn group(name: &str) -> Value {
    let labels = json!({"namespace": "inc-crashloop", "service": name});
    webhook(name, "firing", &[alert(name, "firing", &labels)])
}

/// Hands a group to one of these as Alertmanager does: again, and to another, until it is taken. Whether it was.
async fn hand_in(urls: &[String], first: usize, name: &str) -> bool {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    for turn in 0..200 {
        let url = &urls[(first + turn) % urls.len()];
        let sent = client.post(format!("{url}/webhook/alertmanager")).json(&group(name)).send().await;
        if sent.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Waits for something, with patience.
async fn eventually<T>(what: &str, logged: impl Fn() -> String, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come\n{}", logged());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
