//! Signed HTTP: events, slash commands and interactivity as requests. <https://docs.slack.dev/authentication/verifying-requests-from-slack>
//!
//! Requests are signed at the real time, not at that of the workspace's clock: that is what verifiers compare with.

use std::sync::Arc;

use axum::body::Body;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::time::Instant;

use super::Slack;
use super::delivery::{Delivery, Kind, NotAcknowledged};
use super::options::{SIGNING_SECRET, Targets};
use super::shared::Shared;

/// Bytes of an app's answer.
const ANSWER_CAP: usize = 1024 * 1024;

/// Sends events, one after the other.
pub(super) async fn events(shared: Arc<Shared>) {
    run(shared, |kind| kind == Kind::Event, true).await;
}

/// Sends what a person waits for, at once.
pub(super) async fn answered(shared: Arc<Shared>) {
    run(shared, |kind| kind != Kind::Event, false).await;
}

async fn run(shared: Arc<Shared>, wanted: fn(Kind) -> bool, in_order: bool) {
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        while let Some((delivery, targets)) = shared.change_quietly(|state| {
            let targets = state.targets.clone()?;
            Some((state.take(false, wanted)?, targets))
        }) {
            let sending = send(Arc::clone(&shared), delivery, targets);
            if in_order { sending.await } else { shared.spawn(sending) }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn send(shared: Arc<Shared>, delivery: Delivery, targets: Targets) {
    let (url, kind, body) = written(&delivery, &targets);
    let mut request = signed(&url, kind, body);
    if delivery.attempt > 0 {
        let reason = delivery.reason.map_or("", NotAcknowledged::reason);
        request.headers_mut().insert("x-slack-retry-num", delivery.attempt.into());
        request.headers_mut().insert("x-slack-retry-reason", http::HeaderValue::from_static(reason));
    }
    let within = shared.read(|state| state.options.acknowledge_within);
    let sent = Instant::now();
    let answer = tokio::time::timeout(within, answer(request)).await;
    shared.change(|state| match answer {
        Err(_) => state.missed(delivery, NotAcknowledged::Late),
        Ok(None) => state.missed(delivery, NotAcknowledged::Failed),
        Ok(Some(text)) => {
            let payload = (!text.trim().is_empty()).then(|| serde_json::from_str(&text).unwrap_or(json!(text)));
            state.acknowledged(delivery, payload.filter(|p: &Value| *p != json!({})), sent.elapsed());
        }
    });
}

/// Where it goes, of which type it is, and the body.
fn written(delivery: &Delivery, targets: &Targets) -> (String, &'static str, String) {
    const FORM: &str = "application/x-www-form-urlencoded";
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    match delivery.kind {
        Kind::Event => (targets.events.clone(), "application/json", delivery.payload.to_string()),
        Kind::Command => {
            for (name, value) in delivery.payload.as_object().into_iter().flatten() {
                form.append_pair(name, value.as_str().unwrap_or_default());
            }
            (targets.commands.clone(), FORM, form.finish())
        }
        Kind::Interaction => {
            form.append_pair("payload", &delivery.payload.to_string());
            (targets.interactivity.clone(), FORM, form.finish())
        }
    }
}

/// A request with the signature of its body and the time.
fn signed(url: &str, kind: &str, body: String) -> Request<Body> {
    let time = Timestamp::now().as_second().to_string();
    let signature = signature(&time, &body);
    Request::post(url)
        .header("content-type", kind)
        .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .header("x-slack-request-timestamp", &time)
        .header("x-slack-signature", signature)
        .body(Body::from(body))
        .expect("a URL that a test gave")
}

fn signature(time: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).expect("a key of any length");
    mac.update(format!("v0:{time}:{body}").as_bytes());
    let hex = |mut text: String, byte: u8| {
        text.push_str(&format!("{byte:02x}"));
        text
    };
    mac.finalize().into_bytes().into_iter().fold("v0=".to_owned(), hex)
}

/// The body of a good answer.
async fn answer(request: Request<Body>) -> Option<String> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let body = axum::body::to_bytes(Body::new(response.into_body()), ANSWER_CAP).await.ok()?;
    Some(String::from_utf8_lossy(&body).into_owned())
}

impl Slack {
    /// Sends the challenge that Slack sends when the URL for events is entered; whether the app gave it back.
    pub async fn challenge(&self, targets: &Targets) -> bool {
        let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
        let body = json!({"token": "unused", "challenge": challenge, "type": "url_verification"}).to_string();
        let within = self.shared.read(|state| state.options.acknowledge_within);
        let request = signed(&targets.events, "application/json", body);
        let Ok(Some(text)) = tokio::time::timeout(within, answer(request)).await else { return false };
        let told = serde_json::from_str::<Value>(&text).ok();
        text == challenge || told.is_some_and(|t| t["challenge"] == challenge)
    }

    /// The headers of a request signed at some time, in seconds: for a test that sends one of its own.
    pub fn sign(&self, time: i64, body: &str) -> [(&'static str, String); 2] {
        let time = time.to_string();
        let signature = signature(&time, body);
        [("x-slack-request-timestamp", time), ("x-slack-signature", signature)]
    }
}
