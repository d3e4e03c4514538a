//! What the handlers work with, and the router that leads to them.
//!
//! Three groups, each behind its own guard, so that no route can be added without one: the API, the webhooks, and what
//! probes and scrapers read. Start at [`Api`] and [`router`].

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use midwatch_redact::Redactor;
use midwatch_service::clock::SharedClock;
use midwatch_service::health::Health;
use midwatch_service::inbox::Inbox;
use midwatch_service::intake::Intake;
use midwatch_service::job::Actor;
use midwatch_service::metrics::Metrics;
use midwatch_service::pack::Packs;
use midwatch_service::policy::Policy;
use midwatch_service::port::alerts::AlertSource;
use midwatch_service::port::events::EventLog;
use midwatch_service::port::store::Store;
use midwatch_service::signals::Signals;
use tokio::sync::Semaphore;

use crate::complaints::Complaints;
use crate::document::{Group, document};
use crate::fault::Fault;
use crate::guard::Caller;
use crate::settings::HttpSettings;
use crate::{alerts, analyze, events, follow, frame, guard, health, jobs, operate, packs, reports, say, webhook};

/// What the HTTP side needs of the program.
pub struct Api {
    /// Where alerts and questions are handed in.
    pub intake: Arc<Intake>,
    /// Where words are understood.
    pub inbox: Arc<Inbox>,
    /// Where jobs, incidents and reports are read.
    pub store: Arc<dyn Store>,
    /// Where it is read what happens inside jobs.
    pub events: Arc<dyn EventLog>,
    /// The time.
    pub clock: SharedClock,
    /// Tells that a job changed.
    pub signals: Arc<Signals>,
    /// How the parts do.
    pub health: Arc<Health>,
    /// The figures.
    pub metrics: Arc<Metrics>,
    /// Where firing alerts are looked up; none: in the open incidents.
    pub alerts: Option<Arc<dyn AlertSource>>,
    /// Who may read what. What is handed in is decided by the intake.
    pub policy: Arc<Policy>,
    /// The packs there are.
    pub packs: Arc<Packs>,
    /// Hides secrets in everything that is answered or logged.
    pub redactor: Arc<Redactor>,
    /// What the operator decided.
    pub settings: HttpSettings,
}

/// The state of the handlers.
pub(crate) struct App {
    pub(crate) api: Api,
    pub(crate) wrong_keys: Complaints,
    /// One permit for each KiB of a body that may be read now.
    pub(crate) bodies: Semaphore,
    /// Places of those who follow jobs.
    pub(crate) followers: Arc<Semaphore>,
    pub(crate) document: Bytes,
}

impl App {
    fn new(api: Api, document: Bytes) -> Arc<Self> {
        let bodies = Semaphore::new(api.settings.limits.bodies_bytes.div_ceil(1024));
        let followers = Arc::new(Semaphore::new(follow::FOLLOWERS));
        Arc::new(Self { wrong_keys: Complaints::default(), bodies, followers, document, api })
    }
}

/// All routes.
pub fn router(api: Api) -> Router {
    let limits = api.settings.limits;
    let waits = limits.answer.saturating_add(api.settings.wait_most);
    let (plain, slow, hooks, open, scraped) = groups();
    let app = App::new(api, document([&plain, &slow, &hooks, &open, &scraped]));
    let plain = within(plain, limits.answer).merge(within(slow, waits));
    let hooks = within(hooks, limits.answer.saturating_add(limits.body));
    watched(&app, open, scraped)
        .merge(plain.route_layer(from_fn_with_state(app.clone(), guard::api)))
        .merge(hooks.route_layer(from_fn_with_state(app.clone(), guard::webhook)))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown)
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}

/// The routes of a process that serves no API: what probes and scrapers read.
pub fn probes(api: Api) -> Router {
    let (_, _, _, open, scraped) = groups();
    let app = App::new(api, Bytes::new());
    watched(&app, open, scraped)
        .method_not_allowed_fallback(wrong_method)
        .fallback(elsewhere)
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}

/// What probes and scrapers read.
fn watched(app: &Arc<App>, open: Group, scraped: Group) -> Router<Arc<App>> {
    let limit = app.api.settings.limits.answer;
    let scraped = within(scraped, limit).route_layer(from_fn_with_state(app.clone(), guard::metrics));
    scraped.merge(within(open, limit))
}

fn within(group: Group, limit: Duration) -> Router<Arc<App>> {
    group.router.layer(from_fn_with_state(limit, frame::within))
}

/// The API without a listener, for who may read the store's files anyway: no key is asked for, `actor` asks. A store that was
/// opened for reading refuses what changes something.
pub fn within_process(api: Api, actor: Actor) -> Router {
    let limit = api.settings.limits.answer;
    let (plain, ..) = groups();
    let app = Arc::new(App {
        wrong_keys: Complaints::default(),
        bodies: Semaphore::new(1),
        followers: Arc::new(Semaphore::new(1)),
        document: document([&plain]),
        api,
    });
    let named = move |mut request: Request, next: Next| {
        request.extensions_mut().insert(Caller(actor.clone()));
        next.run(request)
    };
    within(plain, limit)
        .route_layer(from_fn(named))
        .fallback(unknown)
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}

/// The routes by guard: API, API that waits for reports, webhooks, open to all, scraped.
fn groups() -> (Group, Group, Group, Group, Group) {
    let plain = Group::new(&["bearer", "api_key"])
        .with(alerts::__path_list, alerts::list)
        .with(jobs::__path_list, jobs::list)
        .with(jobs::__path_one, jobs::one)
        .with(jobs::__path_report, jobs::report)
        .with(jobs::__path_bundle, jobs::bundle)
        .with(jobs::__path_model, jobs::model)
        .with(jobs::__path_cancel, jobs::cancel)
        .with(jobs::__path_retry, jobs::retry)
        .with(events::__path_page, events::page)
        .with(events::__path_stream, events::stream)
        .with(reports::__path_search, reports::search)
        .with(reports::__path_markdown, reports::markdown)
        .with(packs::__path_list, packs::list)
        .with(packs::__path_enable, packs::enable)
        .with(packs::__path_disable, packs::disable)
        .with(say::__path_say, say::say)
        .with(health::__path_overview, health::overview)
        .with(__path_openapi, openapi);
    let plain = operate::changes(operate::reads(plain));
    let slow = Group::new(&["bearer", "api_key"])
        .with(analyze::__path_alert, analyze::alert)
        .with(analyze::__path_pod, analyze::pod)
        .with(analyze::__path_question, analyze::question);
    let hooks = Group::new(&["webhook_bearer", "webhook_basic"])
        .with(webhook::__path_alertmanager, webhook::alertmanager)
        .with(webhook::__path_grafana, webhook::grafana);
    let open = Group::new(&[])
        .with(health::__path_live, health::live)
        .with(health::__path_ready, health::ready)
        .with(health::__path_startup, health::startup)
        .with(health::__path_component, health::component);
    (plain, slow, hooks, open, Group::new(&["metrics_bearer"]).with(health::__path_metrics, health::metrics))
}

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "health",
    responses((status = 200, description = "The OpenAPI document", body = serde_json::Value))
)]
async fn openapi(State(app): State<Arc<App>>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], app.document.clone()).into_response()
}

async fn unknown() -> Fault {
    Fault::new(
        StatusCode::NOT_FOUND,
        None,
        "there is nothing at this path; `GET /api/v1/openapi.json` lists what there is",
    )
}

async fn elsewhere() -> Fault {
    let detail = "this process serves no API, only /metrics and /health: it runs without the role `api`";
    Fault::new(StatusCode::NOT_FOUND, None, detail)
}

async fn wrong_method() -> Fault {
    let detail = "this path does not answer this method; `GET /api/v1/openapi.json` lists what there is";
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, None, detail)
}
