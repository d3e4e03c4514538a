//! Requests in, answers out, with the fault that is planned for each.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::args::Refusal;
use super::faults::Fault;
use super::shared::Shared;
use super::state::{Call, Outcome, State};
use super::{api, socket, web};

/// Bytes of a request's body.
const BODY_CAP: usize = 64 * 1024 * 1024;

/// What a call does, and what it answers.
pub(super) type Act = Box<dyn FnOnce(&mut State) -> Reply + Send>;

/// An answer before it is sent.
pub(super) struct Reply {
    pub(super) outcome: Outcome,
    pub(super) status: u16,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(body: &Value) -> Self {
        let outcome = match body["error"].as_str() {
            Some(error) if body["ok"] == false => Outcome::Refused(error.to_owned()),
            _ => Outcome::Ok,
        };
        Self { outcome, status: 200, body: body.to_string() }
    }

    pub(super) fn limited(outcome: Outcome) -> Self {
        Self { outcome, status: 429, body: json!({"ok": false, "error": "ratelimited"}).to_string() }
    }
}

/// The connection is broken instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("reset on purpose")]
pub(super) struct Reset;

/// Accepts connections until the workspace ends; then every one of them is closed.
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

async fn route(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response, Reset> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if let Some(ticket) = path.strip_prefix("/link/") {
        return Ok(socket::open(shared, &mut parts, ticket).await);
    }
    let body = axum::body::to_bytes(Body::new(body), BODY_CAP).await.map_err(|_| Reset)?;
    if let Some(name) = path.strip_prefix("/api/") {
        return web::called(&shared, name, &parts, &body).await;
    }
    if let Some(file) = path.strip_prefix("/upload/").map(str::to_owned) {
        let size = json!({"file": file, "bytes": body.len()});
        return fated(&shared, "upload", size, Box::new(move |s| api::files::upload(s, &file, &body))).await;
    }
    if let Some(handle) = path.strip_prefix("/actions/").map(str::to_owned) {
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let act = Box::new({
            let said = said.clone();
            move |s: &mut State| api::response::respond(s, &handle, &said)
        });
        return fated(&shared, "response_url", said, act).await;
    }
    Ok(answer(&Reply { outcome: Outcome::Ok, status: 404, body: "not found".to_owned() }))
}

/// Does it and answers, or what the fault makes of that.
pub(super) async fn fated(shared: &Arc<Shared>, name: &str, args: Value, act: Act) -> Result<Response, Reset> {
    let (at, fault) = shared.change(|state| {
        let fault = state.faults.meet(name, &args);
        state.calls.push(Call { method: name.to_owned(), at: state.now, args, outcome: None });
        (state.calls.len() - 1, fault)
    });
    let spoiled = |landed| fault.as_ref().map(|f| Outcome::Faulted { fault: format!("{f:?}"), landed });
    let done = |act: Act| shared.change(|state| act_on(state, at, act, spoiled(true)));
    let undone = |status, body: &str| {
        shared.change(|state| state.calls[at].outcome = spoiled(false));
        Reply { outcome: Outcome::Ok, status, body: body.to_owned() }
    };
    let reply = match &fault {
        None => shared.change(|state| act_on(state, at, act, None)),
        Some(Fault::TooMany(seconds)) => {
            shared.change(|state| state.calls[at].outcome = spoiled(false));
            Reply::limited(Outcome::Limited(super::Reach::Workspace, *seconds))
        }
        Some(Fault::Status(status)) => undone(*status, "upstream connect error"),
        Some(Fault::Refuse(error)) => undone(200, &Refusal::of(error).answer().to_string()),
        Some(Fault::ResetBefore) => {
            undone(0, "");
            return Err(Reset);
        }
        Some(Fault::ResetAfter) => {
            done(act);
            return Err(Reset);
        }
        Some(Fault::StatusAfter(status)) => Reply { status: *status, body: String::new(), ..done(act) },
        Some(Fault::Garbage) => Reply { body: "{\"ok\": \u{1}<html>".to_owned(), ..done(act) },
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
    let mut response = answer(&reply);
    let scopes = shared.read(|state| state.options.scopes.join(","));
    if let Ok(scopes) = scopes.parse() {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    Ok(response)
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
        let outcome = Outcome::Faulted { fault: format!("{:?}", Fault::LandsLate), landed: true };
        self.shared.change(|state| drop(act_on(state, self.at, act, Some(outcome))));
    }
}

fn answer(reply: &Reply) -> Response {
    let is_json = reply.body.starts_with('{');
    let mut response = Response::new(Body::from(reply.body.clone()));
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    let kind = if is_json { "application/json; charset=utf-8" } else { "text/html" };
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    if let Outcome::Limited(_, seconds) = &reply.outcome {
        response.headers_mut().insert("retry-after", (*seconds).into());
    }
    response
}
