//! Investigations that are asked for: of an alert, of a pod, or of a question in words.
//!
//! Each becomes a job like any other; the caller gets its report when it is there in time, else 202 and where to look.
//! Asking the same again while the job is under way joins it: a caller whose connection broke loses nothing and doubles
//! nothing. Start at [`ask`].

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use midwatch_agent::request::Request;
use midwatch_diagnosis::alert::Alert;
use midwatch_service::code::ErrorCode;
use midwatch_service::intake::{Ask, Reply};
use midwatch_service::job::{Origin, Task};
use midwatch_service::policy::Verb;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Input;
use crate::fault::Fault;
use crate::input::{Cluster, Fingerprint, Lookback, Namespace, PodName, Question, Wait};
use crate::report::ReportDocument;
use crate::server::Connection;
use crate::view::JobView;
use crate::wait;
use crate::who::Who;

/// Which alert to investigate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertQuestion {
    /// The alert's fingerprint, as `GET /api/v1/alerts` lists it.
    #[schema(value_type = String)]
    alert_id: Fingerprint,
    /// How far back to look, `1m` to `24h`; the pack's when it is missing.
    #[schema(value_type = Option<String>, example = "1h")]
    lookback: Option<Lookback>,
    /// How long to wait for the report.
    #[schema(value_type = Option<String>, example = "30s")]
    wait: Option<Wait>,
}

/// Which pod to investigate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PodQuestion {
    /// The pod's namespace.
    #[schema(value_type = String)]
    namespace: Namespace,
    /// The pod's name.
    #[schema(value_type = String)]
    pod: PodName,
    /// The cluster; the default one when it is missing.
    #[schema(value_type = Option<String>)]
    cluster: Option<Cluster>,
    /// How far back to look, `1m` to `24h`; the pack's when it is missing.
    #[schema(value_type = Option<String>, example = "1h")]
    lookback: Option<Lookback>,
    /// How long to wait for the report.
    #[schema(value_type = Option<String>, example = "30s")]
    wait: Option<Wait>,
}

/// What to investigate, in words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FreeQuestion {
    /// A target (`checkout`, `deploy/checkout`) or a question.
    #[schema(value_type = String, example = "why is checkout slow")]
    text: Question,
    /// The namespace to look in.
    #[schema(value_type = Option<String>)]
    namespace: Option<Namespace>,
    /// The cluster; the default one when it is missing.
    #[schema(value_type = Option<String>)]
    cluster: Option<Cluster>,
    /// How far back to look, `1m` to `24h`; the pack's when it is missing.
    #[schema(value_type = Option<String>, example = "1h")]
    lookback: Option<Lookback>,
    /// How long to wait for the report.
    #[schema(value_type = Option<String>, example = "30s")]
    wait: Option<Wait>,
}

/// Investigates an alert.
#[utoipa::path(
    post, path = "/api/v1/analyze/alert", tag = "analyze", request_body = AlertQuestion,
    responses(
        (status = 200, description = "The report", body = ReportDocument),
        (status = 202, description = "The job is under way; `Location` says where", body = JobView)
    )
)]
pub(crate) async fn alert(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Extension(connection): Extension<Connection>,
    Input(question): Input<AlertQuestion>,
) -> Result<Response, Fault> {
    let id = question.alert_id.0;
    let alert = known(&app, &id).await?;
    let configured = |cluster: &&str| app.api.settings.clusters.iter().any(|known| known == cluster);
    let cluster = alert.label("cluster").filter(configured).map(str::to_owned);
    let (namespace, back) = (alert.label("namespace").map(str::to_owned), lookback(question.lookback));
    let dedup = Some(format!("api:alert:{id}:{}", back.as_secs()));
    let request = Request { namespace, alerts: vec![alert], lookback: back, ..Request::default() };
    ask(&app, &connection, Asked { request, cluster, origin, dedup }, question.wait).await
}

/// Investigates a pod.
#[utoipa::path(
    post, path = "/api/v1/analyze/pod", tag = "analyze", request_body = PodQuestion,
    responses(
        (status = 200, description = "The report", body = ReportDocument),
        (status = 202, description = "The job is under way; `Location` says where", body = JobView)
    )
)]
pub(crate) async fn pod(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Extension(connection): Extension<Connection>,
    Input(question): Input<PodQuestion>,
) -> Result<Response, Fault> {
    let PodQuestion { namespace: Namespace(namespace), pod: PodName(pod), cluster, lookback: back, wait } = question;
    let (cluster, back) = (cluster.map(|cluster| cluster.0), lookback(back));
    let place = cluster.as_deref().unwrap_or_default();
    let dedup = Some(format!("api:pod:{namespace}/{pod}:{}:{place}", back.as_secs()));
    let text = Some(format!("pod/{pod}"));
    let request = Request { text, namespace: Some(namespace), lookback: back, ..Request::default() };
    ask(&app, &connection, Asked { request, cluster, origin, dedup }, wait).await
}

/// Investigates what is asked in words.
#[utoipa::path(
    post, path = "/api/v1/analyze", tag = "analyze", request_body = FreeQuestion,
    responses(
        (status = 200, description = "The report", body = ReportDocument),
        (status = 202, description = "The job is under way; `Location` says where", body = JobView)
    )
)]
pub(crate) async fn question(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Extension(connection): Extension<Connection>,
    Input(question): Input<FreeQuestion>,
) -> Result<Response, Fault> {
    let request = Request {
        text: Some(question.text.0),
        namespace: question.namespace.map(|namespace| namespace.0),
        lookback: lookback(question.lookback),
        ..Request::default()
    };
    let cluster = question.cluster.map(|cluster| cluster.0);
    ask(&app, &connection, Asked { request, cluster, origin, dedup: None }, question.wait).await
}

/// Zero stands for the pack's.
fn lookback(given: Option<Lookback>) -> SignedDuration {
    given.and_then(|given| SignedDuration::try_from(given.0).ok()).unwrap_or_default()
}

/// The alert with this fingerprint: what the webhooks brought is looked through first, then the source.
async fn known(app: &App, fingerprint: &str) -> Result<Alert, Fault> {
    if let Some((alert, _)) = app.api.intake.alert_by_fingerprint(fingerprint).await? {
        return Ok(alert);
    }
    let Some(source) = &app.api.alerts else { return Err(unknown(fingerprint)) };
    let firing = source.firing().await.map_err(|failure| {
        let detail = format!(
            "no open incident has the alert `{fingerprint}`, and {} could not be asked: {failure}",
            source.name()
        );
        Fault::new(http::StatusCode::BAD_GATEWAY, ErrorCode::E006, detail)
    })?;
    firing.into_iter().find(|alert| alert.fingerprint == fingerprint).ok_or_else(|| unknown(fingerprint))
}

fn unknown(fingerprint: &str) -> Fault {
    Fault::not_found(format!(
        "no alert that fires now has the fingerprint `{fingerprint}`; `GET /api/v1/alerts` lists those that do"
    ))
}

struct Asked {
    request: Request,
    cluster: Option<String>,
    origin: Origin,
    dedup: Option<String>,
}

async fn ask(app: &App, connection: &Connection, asked: Asked, wait: Option<Wait>) -> Result<Response, Fault> {
    let settings = &app.api.settings;
    let wait: Duration = wait.map_or(settings.wait, |wait| wait.0).min(settings.wait_most);
    let Asked { request, cluster, origin, dedup } = asked;
    let reply = Reply::Caller;
    let (task, also, pack) = (Task::Investigate, Vec::new(), None);
    let ask = Ask { request, cluster, task, verb: Verb::Investigate, origin, deadline: None, pack, reply, dedup, also };
    let id = app.api.intake.ask(ask).await?;
    let job = wait::settled(app, id, wait, &connection.stop).await?;
    Ok(wait::answer(app, job).await)
}
