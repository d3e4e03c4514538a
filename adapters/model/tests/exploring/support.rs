//! A recorded case, and models that explore it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use midwatch_agent::request::{Limits, Request};
use midwatch_diagnosis::report::{Cited, Heard, Report, Says};
use midwatch_doubles::model::{Asked as Sent, Chosen, ModelServer, Script, Turn};
use midwatch_explore::model::{Patience, Patient};
use midwatch_explore::port::{ChatModel, Price};
use midwatch_explore::tool::Tool;
use midwatch_explore::{Asked, Brief, Explained, Explorer, Open};
use midwatch_model::{ModelOptions, Provider, open};
use midwatch_redact::{Redacted, Redactor};
use midwatch_snapshot::Snapshot;
use serde_json::{Value, json};

/// What the report's first piece of evidence says: the checker lets it stand.
pub(crate) const CAUSE: &str = "Container metrics cannot listen: address already in use 0.0.0.0:8080";

/// What a million tokens cost.
pub(crate) const PRICE: Price = Price { input: 1_000_000, cached: 100_000, cache_write: 1_000_000, output: 2_000_000 };

pub(crate) fn options(provider: Provider, server: &ModelServer) -> ModelOptions {
    let _ = rustls::crypto::ring::default_provider().install_default();
    ModelOptions {
        name: "main".into(),
        provider,
        url: Some(server.url().parse().unwrap()),
        model: "model-1".into(),
        key: Some("sk-test-0a1b2c3d4e5f6071".into()),
        headers: Vec::new(),
        timeout: Duration::from_secs(20),
        silence: Duration::from_secs(10),
        context: 128_000,
        max_output: 4_000,
        calls_tools: true,
        masks_names: false,
        price: Some(PRICE),
    }
}

/// A model that is asked again at once.
pub(crate) fn patient(options: &ModelOptions) -> Arc<dyn ChatModel> {
    let patience = Patience { first_wait: Duration::from_millis(1), ..Patience::default() };
    Arc::new(Patient::new(open(options).unwrap(), patience))
}

/// A case that the rules have looked at.
pub(crate) struct Case {
    source: Arc<Snapshot>,
    request: Request,
    limits: Limits,
    report: Redacted<Report>,
}

impl Case {
    pub(crate) async fn open() -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/crash-port-in-use/cluster");
        let source = Arc::new(Snapshot::open(&dir, midwatch_snapshot::Limits::default()).unwrap());
        let request = Request {
            text: Some("points-api is crash looping".into()),
            namespace: Some("loyalty".into()),
            as_of: Some("2026-11-22T05:11:09Z".parse().unwrap()),
            ..Request::default()
        };
        let limits = Limits::default();
        let found =
            midwatch_agent::investigate(&*source, &request, &limits, Redactor::default(), &|_| ()).await.unwrap();
        Self { source, request, limits, report: found.report }
    }

    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked {
            source: self.source.clone(),
            request: &self.request,
            limits: &self.limits,
            report: Some(&self.report),
            redactor: Redactor::default(),
            gate: &Open,
        }
    }

    pub(crate) async fn explain(&self, model: Arc<dyn ChatModel>, foreign: Vec<Arc<dyn Tool>>) -> Explained {
        let explorer = Explorer { model, foreign };
        midwatch_explore::explain(&explorer, self.asked(), &Brief::default(), &|_| ()).await
    }
}

/// What a script makes of an exploration.
pub(crate) async fn explained(provider: Provider, script: impl Into<Script>) -> (Explained, Vec<Sent>) {
    let server = ModelServer::start(script).await;
    let explained = Case::open().await.explain(patient(&options(provider, &server)), Vec::new()).await;
    (explained, server.requests())
}

/// Ends an exploration with what the evidence says.
pub(crate) fn concludes() -> Turn {
    Turn::call("conclude", &conclusion())
}

pub(crate) fn conclusion() -> Value {
    json!({
        "verdict": "cause", "confidence": "high", "root_cause": {"text": CAUSE, "evidence": ["e1"]},
        "root_entities": [{"kind": "Deployment", "namespace": "loyalty", "name": "points-api"}],
    })
}

/// The object that the case is about, as arguments of a tool.
pub(crate) fn about() -> Value {
    json!({"object": "deployment/points-api", "namespace": "loyalty"})
}

pub(crate) fn must_conclude(asked: &Sent) -> bool {
    asked.choice == Chosen::Must("conclude".into())
}

pub(crate) fn said(explained: &Explained) -> &Says<Cited> {
    match &explained.opinion.heard {
        Heard::Said(says) => says,
        Heard::Nothing { why } => panic!("it said nothing: {why}"),
    }
}

pub(crate) fn cause(explained: &Explained) -> Option<&str> {
    said(explained).root_cause.as_ref().map(|cause| cause.text.as_str())
}
