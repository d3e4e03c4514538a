//! What probes, scrapers and people read about the program itself.
//!
//! Must never wait for a part: what parts reported is repeated, only the store is read. Open to everyone who reaches
//! the listener (`/metrics` can have a token): reasons are redacted by the parts, and again here. Start at [`ready`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::health::{Component, Status};
use midwatch_service::policy::Verb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::operate;
use crate::who::{Sight, Who};

/// Answers of a probe.
#[derive(Serialize, ToSchema)]
pub(crate) struct Probe {
    /// `ok`, or `unavailable`.
    status: &'static str,
    /// Why it is unavailable: the parts, each with its reason.
    reasons: Vec<String>,
    /// (running + queued) / (slots + queue bound); none when it cannot be read, or when it is not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    utilisation: Option<f64>,
}

impl Redact for Probe {
    fn redact(&mut self, redactor: &Redactor) {
        self.reasons.redact(redactor);
    }
}

/// A part of the program.
#[derive(Serialize, ToSchema)]
pub(crate) struct Part {
    /// `up`, `degraded`, `starting` or `down`.
    status: &'static str,
    /// Why, and what to do; empty when it works.
    reason: String,
    /// How long its last check took, in milliseconds.
    latency_ms: Option<u64>,
    /// When it was last looked at.
    checked_at: Option<Timestamp>,
    /// Whether the program cannot serve without it.
    required: bool,
}

impl Part {
    /// As it was found just now.
    pub(crate) fn now(status: &'static str, reason: String, took: Duration, at: Timestamp) -> Self {
        let latency_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        Self { status, reason, latency_ms, checked_at: Some(at), required: false }
    }
}

impl Redact for Part {
    fn redact(&mut self, redactor: &Redactor) {
        self.reason.redact(redactor);
    }
}

impl From<Component> for Part {
    fn from(part: Component) -> Self {
        let Component { status, reason, latency_ms, checked_at, required } = part;
        let status = match status {
            Status::Up => "up",
            Status::Degraded => "degraded",
            Status::Starting => "starting",
            Status::Down => "down",
        };
        Self { status, reason, latency_ms, checked_at, required }
    }
}

/// The whole program.
#[derive(Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Whether it takes work.
    ready: bool,
    /// The program's version.
    version: &'static str,
    /// (running + queued) / (slots + queue bound); none when the store cannot be read.
    utilisation: Option<f64>,
    /// The parts, by name.
    components: BTreeMap<String, Part>,
}

impl Redact for Overview {
    fn redact(&mut self, redactor: &Redactor) {
        self.components.redact(redactor);
    }
}

/// Whether the program runs at all.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, description = "It runs", body = Probe)))]
pub(crate) async fn live(State(app): State<Arc<App>>) -> Response {
    probe(&app, Vec::new(), None)
}

/// Whether every required part has been looked at once.
#[utoipa::path(
    get, path = "/health/startup", tag = "health",
    responses((status = 200, description = "It has started", body = Probe), (status = 503, description = "Not yet", body = Probe))
)]
pub(crate) async fn startup(State(app): State<Arc<App>>) -> Response {
    probe(&app, app.api.health.not_started(), None)
}

/// Whether it takes work, and how full the queue is.
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses((status = 200, description = "It is ready", body = Probe), (status = 503, description = "It is not", body = Probe))
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let mut reasons = app.api.health.not_ready();
    let utilisation = match app.api.intake.utilisation().await {
        Ok(utilisation) => Some(utilisation),
        Err(error) => {
            reasons.push(format!("store: {error}"));
            None
        }
    };
    probe(&app, reasons, utilisation)
}

fn probe(app: &App, reasons: Vec<String>, utilisation: Option<f64>) -> Response {
    let (code, status) =
        if reasons.is_empty() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    (code, Answer(app.api.redactor.seal(Probe { status, reasons, utilisation }))).into_response()
}

/// One part.
#[utoipa::path(
    get, path = "/health/{component}", tag = "health",
    params(("component" = String, Path, description = "`store`, `worker`, `outbox`, a source")),
    responses((status = 200, description = "It works, at least in part", body = Part), (status = 503, description = "It does not", body = Part))
)]
pub(crate) async fn component(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, Fault> {
    let mut parts = app.api.health.parts();
    let Some(part) = parts.remove(&name) else {
        let known = parts.into_keys().collect::<Vec<_>>().join(", ");
        return Err(Fault::not_found(format!("there is no part `{name}`; there are: {known}")));
    };
    let down = matches!(part.status, Status::Starting | Status::Down);
    let code = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    Ok((code, Answer(app.api.redactor.seal(Part::from(part)))).into_response())
}

/// The program's figures, in the OpenMetrics text format for those who ask for it, else in that of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "The figures", body = String, content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let mut asked = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    // Who names it prefers it: Prometheus lists it first, a person with curl does not name it.
    let (kind, text) = if asked.any(|accepted| accepted.contains("application/openmetrics-text")) {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", app.api.metrics.encode())
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", app.api.metrics.encode_plain())
    };
    ([(CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

/// The parts, the load and the version, for people and programs.
#[utoipa::path(get, path = "/api/v1/health", tag = "health", responses((status = 200, description = "How it does", body = Overview)))]
pub(crate) async fn overview(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<Overview>, Fault> {
    Sight::of(&app.api.policy, &origin.actor, Verb::Doctor)?;
    let utilisation = app.api.intake.utilisation().await.ok();
    let mut components: BTreeMap<String, Part> =
        app.api.health.parts().into_iter().map(|(name, part)| (name, Part::from(part))).collect();
    components.extend(operate::parts(&app).await);
    let ready = app.api.health.not_ready().is_empty() && utilisation.is_some();
    let overview = Overview { ready, version: env!("CARGO_PKG_VERSION"), utilisation, components };
    Ok(Answer(app.api.redactor.seal(overview)))
}
