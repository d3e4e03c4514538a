//! The frame around every request: id, log line, panic, problem document, headers, count.
//!
//! Must never log what the caller sent as it is: the route's template stands for the path, and an unknown path goes out
//! redacted, on one line and short. Start at [`frame`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use midwatch_agent::render::clean;
use midwatch_service::code::ErrorCode;
use midwatch_service::metrics::ResultLabel;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::app::App;
use crate::fault::Fault;
use crate::request_id::{self, RequestId};

/// Characters of an unknown path that are logged.
const PATH_CAP: usize = 200;

/// A request whose handler has this much time.
pub(crate) async fn within(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let late = || {
        let detail = format!("there was no answer within {} s; try again", limit.as_secs());
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::E003, detail).into_response()
    };
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| late())
}

/// Everything that is the same for every request.
pub(crate) async fn frame(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let route = if let Some(template) = request.extensions().get::<MatchedPath>() {
        template.as_str().to_owned()
    } else {
        let path = app.api.redactor.redact_text(request.uri().path());
        clean::shorten(&clean::line(&path), PATH_CAP).into_owned()
    };
    // Texts are recorded as `str` values, which both log formats quote and escape.
    let span = tracing::info_span!(
        "request",
        request_id = id.as_str(),
        method = request.method().as_str(),
        route = route.as_str()
    );
    async move {
        let begun = Instant::now();
        let response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| panicked());
        let response = finish(&app, &id, response);
        note(&app, &route, response.status(), begun.elapsed());
        response
    }
    .instrument(span)
    .await
}

fn panicked() -> Response {
    let detail =
        "a defect of Midwatch broke this request; please report it with the request id and the log lines of it";
    Fault::new(StatusCode::INTERNAL_SERVER_ERROR, None, detail).into_response()
}

/// Turns a fault into its answer, and sets the headers that every answer has.
fn finish(app: &App, id: &RequestId, mut response: Response) -> Response {
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        problem(app, id, &fault, &mut response);
    }
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.value());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Writes the problem document into the answer, whose headers stay.
fn problem(app: &App, id: &RequestId, fault: &Fault, response: &mut Response) {
    let problem = fault.problem(&app.api.redactor, id.as_str());
    let status = fault.status.as_u16();
    if fault.status.is_server_error() {
        let cause = app.api.redactor.redact_text(fault.cause.as_deref().unwrap_or_default());
        tracing::error!(status, detail = problem.detail(), cause = cause.as_str(), "request failed");
    } else if fault.status == StatusCode::UNAUTHORIZED {
        // Told apart and counted by the guard: whoever tries keys must not fill the log.
        tracing::debug!(status, detail = problem.detail(), "request refused");
    } else {
        tracing::info!(status, detail = problem.detail(), "request refused");
    }
    // A struct of texts and numbers: serialising it cannot fail.
    *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(after) = fault.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    if fault.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"midwatch\""));
    }
}

/// Counts the request, and logs those that people care about: probes and scrapers come every few seconds.
fn note(app: &App, route: &str, status: StatusCode, took: Duration) {
    let result = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "denied",
        StatusCode::SERVICE_UNAVAILABLE => "refused",
        status if status.is_server_error() => "error",
        status if status.is_client_error() => "refused",
        _ => "ok",
    };
    app.api.metrics.http.get_or_create(&ResultLabel { result }).inc();
    let (status, took_ms) = (status.as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    if route.starts_with("/health/") || route == "/metrics" || result == "denied" {
        tracing::debug!(status, took_ms, "request served");
    } else {
        tracing::info!(status, took_ms, "request served");
    }
}
