//! Requests in, replies out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::DropGuard;

use super::asked::{Asked, Chosen};
use super::script::Script;
use super::sending::{self, Reset};
use super::wire::Wire;
use crate::shared::Timed;

/// Bytes of a request's body.
const BODY_CAP: usize = 64 * 1024 * 1024;

/// A server of language models. Everything ends when it is dropped.
pub struct ModelServer {
    url: String,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

pub(super) type Shared = crate::shared::Shared<State>;

/// What the server knows.
pub(super) struct State {
    script: Script,
    asked: Vec<Asked>,
    /// Answers that the client did not wait for.
    pub(super) abandoned: usize,
}

impl Timed for State {
    fn tick(&mut self) {}
}

impl ModelServer {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start(script: impl Into<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = State { script: script.into(), asked: Vec::new(), abandoned: 0 };
        let shared = Arc::new(Shared::new(state));
        shared.spawn(serve(listener, Arc::clone(&shared)));
        let stop = shared.stop.clone().drop_guard();
        Self { url, shared, _stop: stop }
    }

    /// `http://127.0.0.1:PORT`, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<Asked> {
        self.shared.read(|state| state.asked.clone())
    }

    /// How many answers the client did not wait for: it closed the connection before the end.
    pub fn abandoned(&self) -> usize {
        self.shared.read(|state| state.abandoned)
    }

    /// Waits until it was asked so often.
    pub async fn until_asked(&self, times: usize) {
        self.until(|state| state.asked.len() >= times).await;
    }

    /// Waits until the client gave up so many answers.
    pub async fn until_abandoned(&self, times: usize) {
        self.until(|state| state.abandoned >= times).await;
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        let mut changes = self.shared.changes();
        while !self.shared.read(&holds) {
            changes.changed().await.expect("the server lives as long as this");
        }
    }
}

/// Accepts connections until the server ends; then every one of them is closed.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                // Small pieces leave at once.
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                open.spawn(async move {
                    let answer = hyper::service::service_fn(move |request| answer(Arc::clone(&shared), request));
                    // A broken connection is the client's matter, or a fault.
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response, Reset> {
    let (parts, body) = request.into_parts();
    let raw = axum::body::to_bytes(Body::new(body), BODY_CAP).await.map_err(|_| Reset)?;
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let Some(wire) = Wire::of(&path).filter(|_| parts.method == http::Method::POST) else {
        return Ok(sending::plain(404, "text/plain", "no such path"));
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers: BTreeMap<String, String> = parts.headers.iter().map(header).collect();
    let body = serde_json::from_slice(&raw).unwrap_or_default();
    let mut asked = Asked {
        number: 0,
        wire,
        path,
        headers,
        raw,
        body,
        streams: false,
        model: String::new(),
        system: String::new(),
        messages: Vec::new(),
        tools: Vec::new(),
        choice: Chosen::Free,
        max_output: None,
    };
    wire.read(&mut asked);
    let turn = shared.change(|state| {
        asked.number = state.asked.len();
        state.asked.push(asked.clone());
        state.script.next(&asked)
    });
    sending::send(&shared, &turn, &asked).await
}
