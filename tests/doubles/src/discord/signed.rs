//! Interactions as signed requests. <https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint>
//!
//! Requests are signed at the time of the guild's clock, which is the one that the app compares with in a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Discord;
use super::api::interactions::acknowledge;
use super::delivery::Delivery;
use super::interaction::{NotAcknowledged, hex, key, public_key};
use super::options::APPLICATION;
use super::state::{Call, Outcome, Shared};

/// Bytes of an app's answer.
const ANSWER_CAP: usize = 1024 * 1024;

/// Sends interactions, each at once: a person waits for it.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        while let Some((delivery, url)) = shared.change_quietly(|state| {
            let url = state.endpoint.clone()?;
            Some((state.posts.pop_front()?, url))
        }) {
            shared.spawn(send(Arc::clone(&shared), delivery, url));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

async fn send(shared: Arc<Shared>, delivery: Delivery, url: String) {
    let (within, now) = shared.read(|state| (state.options.acknowledge_within, state.now));
    let body = delivery.data.to_string();
    let answer = tokio::time::timeout(within, answer(signed(&url, now, &body, true))).await;
    let Some(id) = delivery.interaction else { return };
    shared.change(|state| {
        // A second delivery of the same answers in vain, and one that was given up has been told so.
        if state.interactions.get(&id).is_some_and(|known| known.answered.is_some() || known.given_up) {
            return;
        }
        let end = match answer {
            Err(_) => Err(NotAcknowledged::Late),
            Ok(Some((StatusCode::OK, body))) => {
                let answered = acknowledge(state, &id, &body, &BTreeMap::new());
                answered.map(drop).map_err(|refusal| {
                    let outcome = Some(Outcome::Refused(refusal.status, refusal.code));
                    let route = "the answer of the endpoint".to_owned();
                    state.calls.push(Call { route, path: url.clone(), at: state.now, body, outcome });
                    NotAcknowledged::Failed
                })
            }
            // Accepted: the answer comes as a call of the API.
            Ok(Some((StatusCode::ACCEPTED, _))) => Ok(()),
            Ok(_) => Err(NotAcknowledged::Failed),
        };
        if let Err(why) = end {
            state.ended(&id, Err(why));
        }
    });
}

/// A request with the signature of its body and the time, or with one that is wrong.
fn signed(url: &str, time: Timestamp, body: &str, well: bool) -> Request<Body> {
    let [(signature_name, signature), (time_name, time)] = headers(time.as_second(), body);
    let signature = if well { signature } else { signature.chars().rev().collect() };
    Request::post(url)
        .header("content-type", "application/json")
        .header("user-agent", "Discord-Interactions/1.0 (+https://discord.com)")
        .header(signature_name, signature)
        .header(time_name, time)
        .body(Body::from(body.to_owned()))
        .expect("a URL that a test gave")
}

fn headers(time: i64, body: &str) -> [(&'static str, String); 2] {
    let time = time.to_string();
    let signature = key().sign(format!("{time}{body}").as_bytes());
    [("x-signature-ed25519", hex(signature.as_ref())), ("x-signature-timestamp", time)]
}

/// Status and body of an answer; a body that is no JSON is null.
async fn answer(request: Request<Body>) -> Option<(StatusCode, Value)> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.ok()?;
    let status = response.status();
    let body = axum::body::to_bytes(Body::new(response.into_body()), ANSWER_CAP).await.ok()?;
    Some((status, serde_json::from_slice(&body).unwrap_or_default()))
}

impl Discord {
    /// The application's public key, in hexadecimal digits.
    pub fn public_key(&self) -> String {
        public_key()
    }

    /// Sets the endpoint for interactions, if it passes what Discord tries when the address is saved: a PING is answered, and
    /// one with a wrong signature is 401. From then on interactions come only there.
    ///
    /// # Errors
    /// Why the address is not taken, in words.
    pub async fn deliver_interactions_to(&self, url: &str) -> Result<(), String> {
        let body = self.shared.change(|state| {
            let id = state.snowflake();
            json!({"id": id, "application_id": APPLICATION, "type": 1, "token": "unused", "version": 1}).to_string()
        });
        let (within, now) = self.shared.read(|state| (state.options.acknowledge_within, state.now));
        for (well, wanted) in [(true, StatusCode::OK), (false, StatusCode::UNAUTHORIZED)] {
            let answered = tokio::time::timeout(within, answer(signed(url, now, &body, well))).await.ok().flatten();
            let Some((status, said)) = answered else { return Err("the endpoint does not answer".to_owned()) };
            if status != wanted || (well && said["type"] != 1) {
                let kind = if well { "good" } else { "wrong" };
                return Err(format!("a PING with a {kind} signature was answered {status}: {said}"));
            }
        }
        self.shared.change(|state| state.endpoint = Some(url.to_owned()));
        Ok(())
    }

    /// From now on interactions come over the gateway.
    pub fn deliver_interactions_over_gateway(&self) {
        self.shared.change(|state| state.endpoint = None);
    }

    /// The headers of a request signed at some time, in seconds: for a test that sends one of its own.
    pub fn sign(&self, time: i64, body: &str) -> [(&'static str, String); 2] {
        headers(time, body)
    }
}
