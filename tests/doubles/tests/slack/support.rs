//! A workspace, a client, and a clock that is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_doubles::slack::{Limits, Options, Slack};
use midwatch_service::clock::Clock;
use serde_json::Value;
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;

pub(crate) type Client = SlackClient<SlackClientHyperHttpsConnector>;

/// A clock that is moved by hand.
pub(crate) struct Hand(AtomicI64);

impl Hand {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_800_000_000_000)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

/// A workspace with a person in two channels, without limits.
pub(crate) async fn workspace() -> Slack {
    with(Options { limits: Limits::none(), ..Options::default() }).await
}

pub(crate) async fn with(options: Options) -> Slack {
    let slack = Slack::start(options).await;
    slack.add_user("U1", "ada");
    slack.add_channel("C1", "alerts", &["U1"]);
    slack.add_channel("C2", "incidents", &["U1"]);
    slack
}

pub(crate) fn client(slack: &Slack) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls =
        rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let https = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    SlackClient::new(SlackClientHyperHttpsConnector::from(https).with_slack_api_url(&slack.api_url()))
}

pub(crate) fn bot(slack: &Slack) -> SlackApiToken {
    SlackApiToken::new(slack.bot_token().into())
}

/// A call with a JSON body, as it is.
pub(crate) async fn post(slack: &Slack, method: &str, body: &Value) -> Result<Value, SlackClientError> {
    let (client, token) = (client(slack), bot(slack));
    client.open_session(&token).http_session_api.http_post(method, body, None).await
}

/// A call with a query, as it is.
pub(crate) async fn get(slack: &Slack, method: &str, query: &[(&str, &str)]) -> Result<Value, SlackClientError> {
    let (client, token) = (client(slack), bot(slack));
    let query: Vec<(&str, Option<String>)> = query.iter().map(|(n, v)| (*n, Some((*v).to_owned()))).collect();
    let session = client.open_session(&token);
    session.http_session_api.http_get(method, &query, None).await
}

/// The word that a call was refused with.
pub(crate) fn refused(answer: Result<Value, SlackClientError>) -> String {
    match answer {
        Err(SlackClientError::ApiError(error)) => error.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// The seconds after which a call may be tried again.
pub(crate) fn limited(answer: Result<Value, SlackClientError>) -> u64 {
    match answer {
        Err(SlackClientError::RateLimitError(error)) => error.retry_after.unwrap().as_secs(),
        other => panic!("not limited: {other:?}"),
    }
}
