//! What an operator decides about the HTTP side: who may come in, and within which bounds.
//!
//! Must never let a listener beyond loopback start without keys. Start at [`HttpSettings::check`].

use std::net::SocketAddr;
use std::time::Duration;

use crate::key::{ApiKey, KeyHash, WebhookKey};

/// The settings.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Keys of the API. Without any, only callers on this machine are let in, as user `local`.
    pub api_keys: Vec<ApiKey>,
    /// What webhooks have to show. Without any, only callers on this machine are let in.
    pub webhooks: Vec<WebhookKey>,
    /// The bearer token of `/metrics`; none: open, as scrapers expect. `/health` is always open: probes send no keys.
    pub metrics: Option<KeyHash>,
    /// How long `analyze` waits for the report when the caller does not say, before it answers 202.
    pub wait: Duration,
    /// How long it waits at most, whatever the caller says. The job's own deadline bounds it, too.
    pub wait_most: Duration,
    /// Alerts that are read of one delivery; more are counted.
    pub alerts_per_delivery: usize,
    /// The clusters there are. A label `cluster` of an alert that is none of them does not say where to look.
    pub clusters: Vec<String>,
    /// Bounds of time and size.
    pub limits: Limits,
}

/// Bounds of one connection and one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a request's head, counted from the end of the answer before: so it is also how long an idle connection stays.
    pub head: Duration,
    /// For a request's body, all of it.
    pub body: Duration,
    /// For an answer, without the time that `analyze` waits for a report.
    pub answer: Duration,
    /// For a client that takes no bytes of the answer.
    pub stall: Duration,
    /// For requests under way when the server stops.
    pub drain: Duration,
    /// Connections at the same time; more are answered 503 and closed.
    pub connections: usize,
    /// Bytes of a webhook's body.
    pub webhook_bytes: usize,
    /// Bytes of an API request's body.
    pub api_bytes: usize,
    /// Bytes of all bodies that are being read; beyond that a request is answered 503.
    pub bodies_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            connections: 512,
            webhook_bytes: 8 << 20,
            api_bytes: 64 << 10,
            bodies_bytes: 32 << 20,
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            api_keys: Vec::new(),
            webhooks: Vec::new(),
            metrics: None,
            wait: Duration::from_secs(30),
            wait_most: Duration::from_mins(5),
            alerts_per_delivery: 10_000,
            clusters: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl HttpSettings {
    /// Whether these settings may listen on this address.
    ///
    /// # Errors
    /// What is missing, for the operator.
    pub fn check(&self, listen: SocketAddr) -> Result<(), String> {
        if is_loopback(listen) {
            return Ok(());
        }
        let missing = match (self.api_keys.is_empty(), self.webhooks.is_empty()) {
            (false, false) => return Ok(()),
            (true, true) => "neither API keys nor webhook credentials are",
            (true, false) => "no API key is",
            (false, true) => "no webhook credential is",
        };
        Err(format!(
            "will not listen on {listen}: everyone who reaches this address could ask for investigations, and {missing} \
             configured. Configure both, or listen on 127.0.0.1"
        ))
    }
}

/// Whether only this machine reaches an address.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    // An IPv4 address can come as `::ffff:127.0.0.1`.
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_loopback_both_kinds_of_keys_are_needed() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let mut settings = HttpSettings::default();
        for local in ["127.0.0.1:80", "[::1]:80", "127.8.0.1:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(settings.check(address(local)), Ok(()), "{local}");
        }
        let open = ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "[::ffff:10.0.0.1]:80"];
        for open in open {
            assert!(settings.check(address(open)).unwrap_err().contains("neither"), "{open}");
        }
        settings.api_keys.push(ApiKey { name: "ci".to_owned(), sha256: KeyHash::of(&"key".into()) });
        assert!(settings.check(address("0.0.0.0:80")).unwrap_err().contains("no webhook credential"));
        settings.webhooks.push(WebhookKey::bearer(&"token".into()));
        assert_eq!(settings.check(address("0.0.0.0:80")), Ok(()));
        settings.api_keys.clear();
        assert!(settings.check(address("0.0.0.0:80")).unwrap_err().contains("no API key"));
    }
}
