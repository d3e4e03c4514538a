//! Socket Mode: several connections, each event on one of them, acknowledged once it is written down.
//!
//! The library keeps the connections; what comes over them is read here from its raw JSON, because the library's typed
//! callbacks drop a message whole when one field of it is odd. Must never acknowledge before the write: what is not
//! acknowledged comes again, on this connection or another. Start at [`Sockets::run`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use async_trait::async_trait;
use hyper_rustls::HttpsConnectorBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory as _};
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::prelude::{SlackClientHyperHttpsConnector, SlackHyperClient};
use slack_morphism::{
    SlackApiToken, SlackClient, SlackClientSocketModeConfig, SlackSocketModeClientListener, SlackSocketModeWssClientId,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::reception::{Kind, Reception, Reply};

/// Seconds between two tries to connect, and between the first tries of two connections.
const AGAIN: u64 = 5;

/// Seconds between two pings.
const PING: u64 = 10;

/// Pongs that may be missed until a connection is given up.
const MISSED: u64 = 3;

/// What health says until a connection stands.
const NOT_CONNECTED: &str =
    "no connection of Socket Mode to Slack stands; it is tried again, and `midwatch doctor` says what is wrong";

/// The connections of Socket Mode.
pub struct Sockets {
    /// The Web API, which is asked for their addresses.
    pub api_url: Url,
    /// The app's token, `xapp-...`.
    pub app_token: SecretString,
    /// How many: 1 to 10.
    pub connections: u32,
    /// Where what they bring is taken.
    pub reception: Reception,
}

impl Sockets {
    /// Listens until it is told to stop. A connection that is lost, or cannot be made, is made again.
    pub async fn run(self, stop: CancellationToken) {
        let client = match client(&self.api_url) {
            Ok(client) => Arc::new(client),
            Err(error) => {
                let why = format!("Socket Mode cannot start: {error}");
                tracing::error!("{why}");
                return self.reception.down(&why);
            }
        };
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(client.clone()));
        let manager = client.http_api.connector.new_clients_manager(environment);
        let listener =
            Arc::new(Listener { manager: OnceLock::new(), open: Mutex::default(), reception: self.reception });
        listener.reception.down(NOT_CONNECTED);
        // Set before anything can come in; the manager holds the listener, so only weakly.
        let _ = listener.manager.set(Arc::downgrade(&manager));
        let config = SlackClientSocketModeConfig::new()
            .with_max_connections_count(self.connections)
            .with_initial_backoff_in_seconds(AGAIN)
            .with_reconnect_timeout_in_seconds(AGAIN)
            .with_ping_interval_in_seconds(PING)
            .with_ping_failure_threshold_times(MISSED);
        let token = SlackApiToken::new(self.app_token.expose_secret().into());
        if let Err(error) = manager.register_new_token(&config, token, listener).await {
            tracing::error!("Socket Mode does not start: {error}");
            return;
        }
        manager.start().await;
        stop.cancelled().await;
        manager.shutdown().await;
    }
}

/// A client that asks for the addresses of sockets. The library's own takes TLS only, which a proxy or a local server does
/// not speak.
fn client(api_url: &Url) -> std::io::Result<SlackHyperClient> {
    let connector =
        HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().enable_http2().build();
    let connector = SlackClientHyperHttpsConnector::from(connector);
    Ok(SlackClient::new(connector.with_slack_api_url(api_url.as_str().trim_end_matches('/'))))
}

struct Listener {
    manager: OnceLock<Weak<dyn SlackSocketModeClientsManager + Send + Sync>>,
    /// The connections that have said hello.
    open: Mutex<BTreeSet<String>>,
    reception: Reception,
}

impl Listener {
    fn opened(&self, connection: String) {
        tracing::info!(connection, "listening to Slack");
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(connection);
        self.reception.up();
    }

    /// Closes a connection and has another made in its place.
    async fn again(&self, connection: &SlackSocketModeWssClientId) {
        let nothing_left = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.remove(&connection.to_string()) && open.is_empty()
        };
        if nothing_left {
            self.reception.down(NOT_CONNECTED);
        }
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(connection).await;
        }
    }
}

#[async_trait]
impl SlackSocketModeClientListener for Listener {
    async fn on_message(&self, connection: &SlackSocketModeWssClientId, body: String) -> Option<String> {
        let envelope: Value = match serde_json::from_str(&body) {
            Ok(envelope) => envelope,
            Err(error) => {
                tracing::error!(bytes = body.len(), "Slack sent what is no JSON: {error}");
                return None;
            }
        };
        let kind = match envelope.get("type").and_then(Value::as_str) {
            Some("events_api") => Kind::Event,
            Some("slash_commands") => Kind::Command,
            Some("interactive") => Kind::Interaction,
            Some("disconnect") => {
                let why = envelope.get("reason").and_then(Value::as_str).unwrap_or("?");
                tracing::info!(connection = connection.to_string(), why, "Slack asks for a new connection");
                self.again(connection).await;
                return None;
            }
            Some("hello") => {
                self.opened(connection.to_string());
                return None;
            }
            other => {
                tracing::debug!(connection = connection.to_string(), "Slack sent an unknown {other:?}");
                return answer(&envelope, None);
            }
        };
        match self.reception.take(kind, envelope.get("payload").unwrap_or(&Value::Null)).await {
            Reply::Taken => answer(&envelope, None),
            Reply::Say(said) => answer(&envelope, Some(said)),
            Reply::Again => None,
        }
    }

    async fn on_error(&self, error: Box<dyn std::error::Error + Send + Sync>) {
        tracing::warn!("Socket Mode: {error}");
    }

    async fn on_disconnect(&self, connection: &SlackSocketModeWssClientId) {
        tracing::warn!(connection = connection.to_string(), "a connection to Slack was lost");
        self.again(connection).await;
    }
}

/// The acknowledgement of an envelope: <https://docs.slack.dev/apis/events-api/using-socket-mode#acknowledge>.
fn answer(envelope: &Value, said: Option<Value>) -> Option<String> {
    let id = envelope.get("envelope_id")?.as_str()?;
    let accepts = envelope.get("accepts_response_payload").and_then(Value::as_bool).unwrap_or_default();
    Some(match said.filter(|_| accepts) {
        Some(said) => json!({"envelope_id": id, "payload": said}).to_string(),
        None => json!({"envelope_id": id}).to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_acknowledged_by_its_id_and_answered_where_it_can_be() {
        let envelope = json!({"envelope_id": "e1", "accepts_response_payload": true});
        assert_eq!(answer(&envelope, None).unwrap(), r#"{"envelope_id":"e1"}"#);
        assert!(answer(&envelope, Some(json!({"text": "x"}))).unwrap().contains(r#""payload":{"text":"x"}"#));
        let closed = json!({"envelope_id": "e1"});
        assert_eq!(answer(&closed, Some(json!({"text": "x"}))).unwrap(), r#"{"envelope_id":"e1"}"#);
        assert_eq!(answer(&json!({}), None), None);
    }
}
