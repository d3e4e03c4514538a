//! Signed HTTP: events, slash commands and interactivity where Slack can reach the server.
//!
//! Must never read more of a body than `BODY` before its signature was checked, nor answer anything that is not signed,
//! not even the first challenge. Start at [`router`].

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use slack_morphism::SlackSigningSecret;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;

use crate::reception::{Kind, Reception, Reply};

/// Bytes that a delivery may have. An interaction carries its whole message, which has 16 kB of blocks at most; an event of
/// a long message with attachments stays below 200 kB.
const BODY: usize = 1 << 20;

/// Time to receive a body.
const RECEIVE: Duration = Duration::from_millis(2_500);

struct Door {
    reception: Reception,
    verifier: SlackEventSignatureVerifier,
}

/// The routes: `/slack/events`, `/slack/commands`, `/slack/interactivity`.
pub fn router(reception: Reception, signing_secret: &SecretString) -> Router {
    let secret = SlackSigningSecret::new(signing_secret.expose_secret().to_owned());
    let door = Arc::new(Door { reception, verifier: SlackEventSignatureVerifier::new(&secret) });
    Router::new()
        .route("/slack/events", post(events))
        .route("/slack/commands", post(commands))
        .route("/slack/interactivity", post(interactivity))
        .with_state(door)
}

async fn events(State(door): State<Arc<Door>>, request: Request) -> Response {
    let body = match door.open(request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Ok(payload) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    if payload.get("type").and_then(Value::as_str) == Some("url_verification") {
        let challenge = payload.get("challenge").and_then(Value::as_str).unwrap_or_default().to_owned();
        return ([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))], challenge).into_response();
    }
    door.hand_over(Kind::Event, &payload).await
}

async fn commands(State(door): State<Arc<Door>>, request: Request) -> Response {
    let body = match door.open(request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let fields = url::form_urlencoded::parse(&body);
    let payload = fields.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect();
    door.hand_over(Kind::Command, &Value::Object(payload)).await
}

async fn interactivity(State(door): State<Arc<Door>>, request: Request) -> Response {
    let body = match door.open(request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let payload = url::form_urlencoded::parse(&body).find(|(name, _)| name == "payload");
    let payload = payload.and_then(|(_, payload)| serde_json::from_str::<Value>(&payload).ok());
    match payload {
        Some(payload) => door.hand_over(Kind::Interaction, &payload).await,
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

impl Door {
    /// The body of a request that Slack signed less than five minutes ago, or the answer to any other.
    async fn open(&self, request: Request) -> Result<Bytes, Response> {
        let (parts, body) = request.into_parts();
        let body = receive(body).await.map_err(axum::response::IntoResponse::into_response)?;
        let header = |name| header(&parts.headers, name);
        let hash = header(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER);
        let signed_at = header(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP);
        let (Some(hash), Some(signed_at), Ok(text)) = (hash, signed_at, std::str::from_utf8(&body)) else {
            return Err(StatusCode::UNAUTHORIZED.into_response());
        };
        match self.verifier.verify(hash, text, signed_at) {
            Ok(()) => Ok(body),
            Err(error) => {
                tracing::warn!("a request to /slack was refused: {error}");
                Err(StatusCode::UNAUTHORIZED.into_response())
            }
        }
    }

    async fn hand_over(&self, kind: Kind, payload: &Value) -> Response {
        match self.reception.take(kind, payload).await {
            Reply::Taken => StatusCode::OK.into_response(),
            Reply::Say(said) => axum::Json(said).into_response(),
            Reply::Again => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn receive(body: Body) -> Result<Bytes, StatusCode> {
    let read = tokio::time::timeout(RECEIVE, Limited::new(body, BODY).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
