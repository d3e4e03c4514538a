//! The way to what is asked: the server where one answers, else, for reading, the store itself.
//!
//! Must never change anything around a server, nor read an old store where a server has another. Start at [`Way::open`].

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use midwatch_config::Settings;
use reqwest::Url;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::cli::Server;
use crate::client::{self, Client, ClientError};
use crate::failure::Failure;
use crate::store::{self, Reading};
use crate::{offline, output};

/// Bytes of one answer of the store: an artifact with room to spare.
const ANSWER_CAP: usize = 64 << 20;

/// Where it is asked.
pub(super) enum Way {
    /// A server that runs.
    Server(Client),
    /// The store, opened for reading: no server uses it.
    Store(Router),
}

impl Way {
    /// The server, else the store.
    pub(super) async fn open(settings: &Settings, server: &Server) -> Result<Self, Failure> {
        let client = Client::new(settings, client::key(server.api_key_file.as_deref())?)?;
        let Err(silent) = alive(&client).await else { return Ok(Self::Server(client)) };
        match closed_store(settings).await {
            Some(reading) => {
                output::tell("no server runs here: this is what the store holds");
                Ok(Self::Store(offline::router(settings, reading)?))
            }
            None => Err(Failure::no_report(silent)),
        }
    }

    /// Reads something.
    pub(super) async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        match self {
            Self::Server(client) => client.read(path, query).await.map_err(Failure::no_report),
            Self::Store(router) => {
                let (status, body) = from_store(router, path, query).await?;
                let value: Value = serde_json::from_slice(&body).unwrap_or_default();
                if status.is_success() { Ok(value) } else { Err(refused(&value)) }
            }
        }
    }

    /// Reads a text as it is.
    pub(super) async fn text(&self, path: &[&str]) -> Result<String, Failure> {
        match self {
            Self::Server(client) => client.text(path).await.map_err(Failure::no_report),
            Self::Store(router) => {
                let (status, body) = from_store(router, path, &[]).await?;
                if status.is_success() {
                    return Ok(String::from_utf8_lossy(&body).into_owned());
                }
                Err(refused(&serde_json::from_slice(&body).unwrap_or_default()))
            }
        }
    }

    /// Whether nothing changes any more: no server runs.
    pub(super) fn is_still(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

/// The server alone, for what changes something.
pub(super) async fn server(settings: &Settings, server: &Server) -> Result<Client, Failure> {
    let client = Client::new(settings, client::key(server.api_key_file.as_deref())?)?;
    alive(&client).await.map_err(|silent| {
        Failure::no_report(format!("only a running server can do this (`midwatch serve`)\n  {silent}"))
    })?;
    Ok(client)
}

/// Whether what answers is a Midwatch.
async fn alive(client: &Client) -> Result<(), ClientError> {
    match client.get(&["health", "live"]).await? {
        (status, Some(body)) if status.is_success() && body["status"] == "ok" => Ok(()),
        (status, _) => Err(ClientError::NotOurs { address: client.address(), status }),
    }
}

/// The embedded store, where it is there and no server has it. A shared one is asked through a replica: this would write it
/// past all of them.
async fn closed_store(settings: &Settings) -> Option<Reading> {
    if settings.store.url.is_some() {
        return None;
    }
    let directory = store::directory(settings).ok()?;
    if midwatch_sqlite::holder(&directory).is_some() {
        return None;
    }
    match store::reader(settings).await {
        Ok(reading) => Some(reading),
        Err(error) if error.is_missing() => None,
        Err(error) => {
            output::tell(&format!("the store cannot be read: {error}"));
            None
        }
    }
}

async fn from_store(router: &Router, path: &[&str], query: &[(&str, &str)]) -> Result<(StatusCode, Vec<u8>), Failure> {
    let strange = |error: &dyn std::fmt::Display| Failure::no_report(format!("the store could not be asked: {error}"));
    let mut url = Url::parse("http://localhost").map_err(|error| strange(&error))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(path);
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let request = Request::get(target).body(Body::empty()).map_err(|error| strange(&error))?;
    let response = router.clone().oneshot(request).await.map_err(|error| strange(&error))?;
    let status = response.status();
    let body = to_bytes(response.into_body(), ANSWER_CAP).await.map_err(|error| strange(&error))?;
    Ok((status, body.to_vec()))
}

fn refused(problem: &Value) -> Failure {
    Failure::no_report(problem["detail"].as_str().unwrap_or("the store could not be asked").to_owned())
}
