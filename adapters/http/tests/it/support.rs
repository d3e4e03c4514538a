//! A running server on loopback, and what its neighbours would do: a worker that ends jobs, a source of alerts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_agent::render::{self, sample};
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_http::{Api, ApiKey, HttpSettings, KeyHash, Limits, router, serve};
use midwatch_redact::Redactor;
use midwatch_service::audit::ChainKey;
use midwatch_service::clock::SystemClock;
use midwatch_service::health::Health;
use midwatch_service::id::{ArtifactId, WorkerId};
use midwatch_service::inbox::{Inbox, InboxParts, InboxSettings};
use midwatch_service::intake::{Intake, IntakeParts, IntakeSettings, PackChoice};
use midwatch_service::job::{JobError, JobResult, JobState, Leased, PackRef};
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::{Pack, Packs};
use midwatch_service::policy::{Policy, Rule, Verb};
use midwatch_service::port::alerts::AlertSource;
use midwatch_service::port::events::EventLog;
use midwatch_service::port::store::{Artifact, JobOutcome, Store, Write};
use midwatch_service::signals::Signals;
use midwatch_sqlite::{Options, SqliteEvents, SqliteStore};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The pack that can be switched.
const PACK: &str = "name: one\nversion: 1.0.0\ndescription: the only one\ntriggers: {alerts: all}\n";

/// No wait of a test is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What differs between tests.
pub(crate) struct Setup {
    pub(crate) settings: HttpSettings,
    pub(crate) intake: IntakeSettings,
    pub(crate) rules: Vec<Rule>,
    pub(crate) alerts: Option<Arc<dyn AlertSource>>,
}

impl Default for Setup {
    fn default() -> Self {
        let settings = HttpSettings { wait: Duration::ZERO, ..HttpSettings::default() };
        Self { settings, intake: IntakeSettings::default(), rules: vec![Rule::default()], alerts: None }
    }
}

impl Setup {
    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.settings.limits);
        self
    }

    pub(crate) fn key(mut self, name: &str, key: &str) -> Self {
        self.settings.api_keys.push(ApiKey { name: name.to_owned(), sha256: KeyHash::of(&key.into()) });
        self
    }
}

/// A server, and what stands behind it.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) events: Arc<dyn EventLog>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) packs: Arc<Packs>,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<std::io::Result<()>>,
    _directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().expect("a directory");
        let options = Options {
            directory: directory.path().join("store"),
            chain_key: ChainKey::new("a key of thirty-two bytes for tests".into()),
            max_bytes: None,
            now: Timestamp::now(),
        };
        let sqlite = Arc::new(SqliteStore::open(options).expect("a store"));
        let store: Arc<dyn Store> = sqlite.clone();
        let (signals, metrics, health) =
            (Arc::<Signals>::default(), Arc::<Metrics>::default(), Arc::<Health>::default());
        let policy = Arc::new(Policy::new(setup.rules));
        let intake = Arc::new(Intake::new(IntakeParts {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            signals: signals.clone(),
            metrics: metrics.clone(),
            policy: policy.clone(),
            packs: Arc::new(OnePack),
            redactor: Redactor::default(),
            settings: setup.intake,
        }));
        let limits = setup.settings.limits;
        let packs = Arc::new(Packs::load(&[("one", PACK)], None).expect("a pack"));
        let inbox = Arc::new(Inbox::new(InboxParts {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            signals: signals.clone(),
            metrics: metrics.clone(),
            health: health.clone(),
            policy: policy.clone(),
            packs: packs.clone(),
            intake: intake.clone(),
            alerts: setup.alerts.clone(),
            directories: BTreeMap::new(),
            redactor: Redactor::default(),
            settings: InboxSettings::new(WorkerId::new("test")),
        }));
        let events: Arc<dyn EventLog> = Arc::new(SqliteEvents::start(sqlite));
        let api = Api {
            events: events.clone(),
            intake: intake.clone(),
            inbox,
            store: store.clone(),
            clock: Arc::new(SystemClock),
            signals: signals.clone(),
            health: health.clone(),
            metrics: metrics.clone(),
            alerts: setup.alerts,
            policy,
            packs: packs.clone(),
            redactor: Arc::default(),
            settings: setup.settings,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let served = tokio::spawn(serve(listener, router(api), limits, stop.clone()));
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().expect("a client");
        Self {
            address,
            client,
            store,
            events,
            signals,
            health,
            metrics,
            intake,
            packs,
            stop,
            served,
            _directory: directory,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).json(body)
    }

    pub(crate) fn deliver(&self, fixture: &str) -> RequestBuilder {
        let body = webhook(fixture);
        self.client.post(self.url("/webhook/alertmanager")).header("Content-Type", "application/json").body(body)
    }

    /// Takes the next job, as a worker would.
    pub(crate) async fn claim(&self) -> Leased {
        let worker = WorkerId::new("test");
        let claimed = async {
            loop {
                let found = self.store.claim(&worker, Timestamp::now(), PATIENCE, 1).await.expect("a claim");
                if let Some(leased) = found.into_iter().next() {
                    return leased;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, claimed).await.expect("a job to claim")
    }

    /// Ends a job in a report, as a worker would.
    pub(crate) async fn report(&self, leased: Leased) {
        let report = Redactor::default().seal(sample::report(Verdict::Cause, "a line"));
        let kept = report.map(|report| serde_json::to_string(report).unwrap_or_default());
        self.finish(leased, Some(("report", kept)), |report| {
            let headline = "the cause".to_owned();
            JobOutcome::Completed(JobResult { verdict: Verdict::Cause, headline, report })
        })
        .await;
    }

    /// Ends a job in an error.
    pub(crate) async fn fail(&self, leased: Leased, error: JobError) {
        self.finish(leased, None, |_| JobOutcome::Failed { error, dead: false }).await;
    }

    async fn finish(
        &self,
        leased: Leased,
        artifact: Option<(&str, midwatch_redact::Redacted<String>)>,
        outcome: impl FnOnce(ArtifactId) -> JobOutcome,
    ) {
        let (lease, now, id) = (leased.lease, Timestamp::now(), ArtifactId::new());
        let step = |to| Write::Advance { lease: lease.clone(), to, reason: String::new() };
        let mut writes = vec![step(JobState::Running), step(JobState::Completing)];
        writes.extend(artifact.map(|(name, text)| {
            let (name, media_type) = (name.to_owned(), "application/json".to_owned());
            Write::Artifact(Artifact { id, job: lease.job, name, media_type, text, at: now })
        }));
        writes.push(Write::Finish { lease: lease.clone(), outcome: outcome(id) });
        self.store.commit(now, writes).await.expect("a commit");
        self.signals.job_changed();
    }

    /// How many requests ended in this way.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        let line = format!("midwatch_http_requests_total{{result=\"{name}\"}} ");
        let text = self.metrics.encode();
        text.lines().find_map(|l| l.strip_prefix(&line)).map_or(0, |n| n.parse().expect("a number"))
    }
}

/// The report that a worker of these tests makes, as the API should give it.
pub(crate) fn expected_report() -> Value {
    let report = Redactor::default().seal(sample::report(Verdict::Cause, "a line"));
    serde_json::from_str(&render::json(&report)).expect("a report is JSON")
}

pub(crate) fn webhook(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhooks").join(name);
    std::fs::read(path).expect("a webhook")
}

pub(crate) async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// Sends a request, and takes its answer as JSON.
pub(crate) async fn json(request: RequestBuilder) -> (StatusCode, Value) {
    let response = send(request).await;
    let status = response.status();
    (status, response.json().await.expect("an answer in JSON"))
}

/// Sends a request that is refused: the status, the code and the detail of the problem document.
pub(crate) async fn problem(request: RequestBuilder) -> (u16, String, String) {
    let response = send(request).await;
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let body: Value = response.json().await.expect("a problem in JSON");
    assert_eq!(
        (body["status"].as_u64(), body["request_id"].as_str()),
        (Some(status.as_u16().into()), Some(id.as_str()))
    );
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert!(!text("title").is_empty() && !text("type").is_empty() && !text("detail").is_empty(), "{body}");
    (status.as_u16(), text("code"), text("detail"))
}

/// A rule for one user.
pub(crate) fn rule(user: &str, verbs: &[Verb], namespaces: &[&str]) -> Rule {
    let namespaces = namespaces.iter().map(|n| (*n).to_owned()).collect();
    let mut rule = Rule { verbs: verbs.to_vec(), namespaces, ..Rule::default() };
    rule.who.user = Some(user.to_owned());
    rule
}

/// One pack for everything.
struct OnePack;

impl PackChoice for OnePack {
    fn by_name(&self, _: &str) -> Option<Pack> {
        None
    }

    fn for_alerts(&self, _: &[Alert]) -> Option<Pack> {
        Some(pack())
    }

    fn for_verb(&self, _: Verb, _: Option<&str>) -> Option<Pack> {
        Some(pack())
    }

    fn is_enabled(&self, _: &str) -> bool {
        true
    }
}

fn pack() -> Pack {
    let id = PackRef { name: "standard".to_owned(), version: "1".to_owned() };
    Pack { id, deadline: Duration::from_mins(2), ..Pack::default() }
}

/// A source that gives what was put in, or fails.
pub(crate) struct Source(pub(crate) Mutex<Option<Vec<Alert>>>);

#[async_trait]
impl AlertSource for Source {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    async fn firing(&self) -> Result<Vec<Alert>, ReadFailure> {
        let alerts = self.0.lock().expect("a lock").clone();
        alerts.ok_or_else(|| ReadFailure::Unreadable("connection refused".to_owned()))
    }
}
