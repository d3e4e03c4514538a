//! Requests in, answers out, with the fault that is planned for each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::faults::Fault;
use super::limits::{TooMany, Usage, Used};
use super::refusal::Refusal;
use super::state::{Call, Outcome, Shared, State};
use super::{connection, rest};

/// Bytes of a request's body.
const BODY_CAP: usize = 64 * 1024 * 1024;

/// What a call does, and what it answers.
pub(super) type Act = Box<dyn FnOnce(&mut State) -> Reply + Send>;

/// An answer before it is sent.
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) headers: HeaderMap,
}

impl Reply {
    pub(super) fn of(answer: &Result<Value, Refusal>) -> Self {
        let headers = HeaderMap::new();
        match answer {
            Ok(Value::Null) => Self { outcome: Outcome::Ok, status: 204, body: String::new(), headers },
            Ok(body) => Self { outcome: Outcome::Ok, status: 200, body: body.to_string(), headers },
            Err(refusal) => {
                let outcome = Outcome::Refused(refusal.status, refusal.code);
                Self { outcome, status: refusal.status, body: refusal.answer().to_string(), headers }
            }
        }
    }

    pub(super) fn too_many(route: &str, TooMany { used, global }: TooMany) -> Self {
        let after = used.after();
        let body = json!({
            "message": "You are being rate limited.", "retry_after": seconds(after), "global": global,
        });
        let mut reply = Self {
            outcome: Outcome::Limited { global },
            status: 429,
            body: body.to_string(),
            headers: HeaderMap::new(),
        };
        reply.tell(route, used);
        let whole = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        reply.headers.insert("retry-after", whole.max(1).into());
        reply.headers.insert("x-ratelimit-scope", HeaderValue::from_static(if global { "global" } else { "user" }));
        if global {
            reply.headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
        }
        reply
    }

    /// Tells what is left of the window.
    pub(super) fn tell(&mut self, route: &str, used: Used) {
        let resets = f64::from(u32::try_from(used.resets.as_second()).unwrap_or(u32::MAX))
            + f64::from(used.resets.subsec_millisecond()) / 1_000.0;
        let texts = [
            ("x-ratelimit-limit", used.limit.to_string()),
            ("x-ratelimit-remaining", used.remaining.to_string()),
            ("x-ratelimit-reset", format!("{resets:.3}")),
            ("x-ratelimit-reset-after", format!("{:.3}", used.after().as_secs_f64())),
            ("x-ratelimit-bucket", rest::bucket(route)),
        ];
        self.headers.extend(texts.into_iter().filter_map(|(name, text)| {
            Some((http::HeaderName::from_static(name), HeaderValue::from_str(&text).ok()?))
        }));
    }
}

fn seconds(wait: Duration) -> f64 {
    // As Discord tells it: with three digits.
    (wait.as_secs_f64() * 1_000.0).ceil() / 1_000.0
}

/// The connection is broken instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("reset on purpose")]
pub(super) struct Reset;

/// Accepts connections until the guild ends; then every one of them is closed.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                let shared = Arc::clone(&shared);
                open.spawn(async move {
                    let answer = hyper::service::service_fn(move |request| route(Arc::clone(&shared), request));
                    let http = hyper::server::conn::http1::Builder::new();
                    // A broken connection is the client's matter, or a fault.
                    let _ = http.serve_connection(TokioIo::new(stream), answer).with_upgrades().await;
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn route(shared: Arc<Shared>, request: http::Request<Incoming>) -> Result<Response, Reset> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if path == "/gateway-socket" || path == "/gateway-socket/" {
        return Ok(connection::open(shared, &mut parts).await);
    }
    if let Some(file) = path.strip_prefix("/attachments/") {
        return Ok(shared.read(|state| attachment(state, file)));
    }
    let body = axum::body::to_bytes(Body::new(body), BODY_CAP).await.map_err(|_| Reset)?;
    rest::called(&shared, &parts, &body).await
}

/// Does it and answers, or what the fault makes of that.
pub(super) async fn fated(shared: &Arc<Shared>, call: Call, act: Act) -> Result<Response, Reset> {
    let route = call.route.clone();
    let (at, fault) = shared.change(|state| {
        let fault = state.faults.meet(&call.route, &call.body);
        state.calls.push(Call { at: state.now, ..call });
        (state.calls.len() - 1, fault)
    });
    let spoiled = |landed| fault.clone().map(|fault| Outcome::Faulted { fault, landed });
    let done = |act: Act| shared.change(|state| act_on(state, at, act, spoiled(true)));
    let undone = |reply: Reply| {
        shared.change(|state| state.calls[at].outcome = spoiled(false));
        reply
    };
    let plain = |status, body: &str| {
        let headers = HeaderMap::new();
        Reply { outcome: Outcome::Ok, status, body: body.to_owned(), headers }
    };
    let reply = match &fault {
        None => shared.change(|state| act_on(state, at, act, None)),
        Some(Fault::TooMany { seconds, global }) => {
            let used = shared.read(|state| Usage::told(&state.options.limits, &route, *seconds, state.now));
            undone(Reply::too_many(&route, TooMany { used, global: *global }))
        }
        Some(Fault::Status(status)) => undone(plain(*status, "upstream connect error")),
        Some(Fault::Refuse(status, code)) => undone(Reply::of(&Err(Refusal::planned(*status, *code)))),
        Some(Fault::ResetBefore) => {
            undone(plain(0, ""));
            return Err(Reset);
        }
        Some(Fault::ResetAfter) => {
            done(act);
            return Err(Reset);
        }
        Some(Fault::StatusAfter(status)) => Reply { status: *status, body: String::new(), ..done(act) },
        Some(Fault::Garbage) => Reply { status: 200, body: "{\"id\": \u{1}<html>".to_owned(), ..done(act) },
        Some(Fault::Slow(wait)) => {
            let reply = done(act);
            tokio::time::sleep(*wait).await;
            reply
        }
        Some(Fault::LandsLate) => never(Late { shared: Arc::clone(shared), at, act: Some(act) }).await,
        Some(Fault::Stuck) => {
            shared.change(|state| state.stuck.push((at, act)));
            never(()).await
        }
    };
    Ok(answer(reply))
}

/// Does it, and writes down how the call ended.
pub(super) fn act_on(state: &mut State, at: usize, act: Act, outcome: Option<Outcome>) -> Reply {
    let reply = act(state);
    state.calls[at].outcome = Some(outcome.unwrap_or_else(|| reply.outcome.clone()));
    reply
}

/// Waits until the client has gone, and holds something until then.
async fn never<T>(held: T) -> Reply {
    let nothing: Infallible = std::future::pending().await;
    drop(held);
    match nothing {}
}

/// Takes effect when the client is gone.
struct Late {
    shared: Arc<Shared>,
    at: usize,
    act: Option<Act>,
}

impl Drop for Late {
    fn drop(&mut self) {
        let Some(act) = self.act.take() else { return };
        let outcome = Outcome::Faulted { fault: Fault::LandsLate, landed: true };
        self.shared.change(|state| drop(act_on(state, self.at, act, Some(outcome))));
    }
}

fn answer(reply: Reply) -> Response {
    let is_json = reply.body.starts_with(['{', '[']);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    *response.headers_mut() = reply.headers;
    let kind = if is_json { "application/json" } else { "text/html" };
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    response
}

/// A file of a message, as Discord's CDN gives it.
fn attachment(state: &State, path: &str) -> Response {
    let mut parts = path.split('/');
    let (channel, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let messages = state.world.channels.get(channel).into_iter().flat_map(|channel| channel.messages.values());
    let found = messages.flat_map(|message| &message.files).find(|file| file.id == id);
    let mut response = Response::new(found.map_or_else(Body::empty, |file| Body::from(file.content.clone())));
    if found.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
