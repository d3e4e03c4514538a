//! What happens inside a job: read in pages, or followed live as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Must never show lines of a job that the caller may not see. Start at [`page`] and [`stream`].

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::event::{Cursor, Logged, PAGE};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::follow::Following;
use crate::jobs;
use crate::server::Connection;
use crate::who::{Named, Params, Who};

/// Where a client that lost its connection goes on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Letters of a cursor.
const CURSOR_CAP: usize = 64;

/// A comment is sent so often where nothing else is: proxies close what is silent for a minute, and a client that is gone is
/// noticed by it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Which lines to give.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    /// Only those after this place: the `cursor` of a line.
    after: Option<String>,
    /// At most so many, 1 to 500; 500 when it is missing.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Where to begin.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamQuery {
    /// Only those after this place: the `cursor` of a line, or the `id` of a server-sent event. The header `Last-Event-ID`,
    /// which a browser sends when it comes back, counts before it.
    after: Option<String>,
}

/// Lines of a job's log, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The lines.
    events: Vec<EventView>,
    /// The next page; none when this is the last one so far.
    next: Option<String>,
}

/// One line.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its place in the log.
    cursor: String,
    /// When.
    at: Timestamp,
    /// In which attempt, from 1.
    attempt: u32,
    /// `info`, `warn`, `error`.
    level: &'static str,
    /// The step of the investigation: `scope`, `objects`, `logs`, `verdict`, `model`; none outside of one.
    #[schema(value_type = Option<String>)]
    step: Option<midwatch_agent::request::Step>,
    /// What happened.
    text: String,
}

impl From<Logged> for EventView {
    fn from(logged: Logged) -> Self {
        let Logged { cursor, event } = logged;
        let event = event.into_inner();
        Self {
            cursor: cursor.0,
            at: event.at,
            attempt: event.attempt,
            level: event.level.as_str(),
            step: event.step,
            text: event.text,
        }
    }
}

impl Redact for EventView {
    fn redact(&mut self, redactor: &Redactor) {
        self.text.redact(redactor);
    }
}

impl Redact for EventPage {
    fn redact(&mut self, redactor: &Redactor) {
        self.events.iter_mut().for_each(|event| event.redact(redactor));
    }
}

/// Lists what happened inside a job, oldest first.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/events", operation_id = "list_events", tag = "jobs",
    params(("id" = String, Path, description = "The job's id"), EventsQuery),
    responses((status = 200, description = "Lines of the job's log", body = EventPage))
)]
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    who: Who,
    Named(id): Named,
    Params(query): Params<EventsQuery>,
) -> Result<Answer<EventPage>, Fault> {
    let job = jobs::seen(&app, &who, id).await?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(Fault::invalid(format!("`limit` is from 1 to {PAGE}")));
    }
    let after = query.after.map(|text| cursor("after", &text)).transpose()?;
    let found = app.api.events.events(job.spec.id, after.as_ref(), limit).await?;
    let next = found.last().filter(|_| found.len() >= limit);
    let next = next.map(|last| format!("/api/v1/jobs/{id}/events?limit={limit}&after={}", last.cursor.0));
    let events = found.into_iter().map(EventView::from).collect();
    Ok(Answer(app.api.redactor.seal(EventPage { events, next })))
}

/// Follows what happens inside a job: its lines so far, then each as it comes, as server-sent events. An event `line` has
/// the cursor as its id and the line as JSON; `end` comes when the job has ended, with its state. A stream that ends without
/// it was ended by the server, which stops, or lets nobody follow for more than an hour: go on with `Last-Event-ID`.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/events/stream", operation_id = "follow_events", tag = "jobs",
    params(
        ("id" = String, Path, description = "The job's id"), StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "Only those after this one")
    ),
    responses((status = 200, description = "The lines", body = EventView, content_type = "text/event-stream"))
)]
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    who: Who,
    Named(id): Named,
    Params(query): Params<StreamQuery>,
    Extension(Connection { stop, .. }): Extension<Connection>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let job = jobs::seen(&app, &who, id).await?;
    let last = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty());
    let after = match last {
        Some(value) => Some(cursor("Last-Event-ID", value.to_str().unwrap_or("?"))?),
        None => query.after.map(|text| cursor("after", &text)).transpose()?,
    };
    let following = Following::begin(app, job.spec.id, after, stop).await?;
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(following.events()).keep_alive(alive).into_response())
}

/// A cursor as the logs give them: numbers and signs between them. It goes into links.
fn cursor(name: &str, text: &str) -> Result<Cursor, Fault> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if text.is_empty() || text.len() > CURSOR_CAP || !text.chars().all(is_plain) {
        return Err(Fault::invalid(format!("`{name}` is the cursor of a line, as a page or the stream gave it")));
    }
    Ok(Cursor(text.to_owned()))
}
