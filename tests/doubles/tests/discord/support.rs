//! A guild, a plain client, a clock that is moved by hand, and an app of the client library.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_doubles::discord::{Discord, Limits, Options};
use midwatch_service::clock::Clock;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

pub(crate) const ADA: &str = "101";
pub(crate) const ALERTS: &str = "201";
pub(crate) const FORUM: &str = "202";

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

/// A guild with a person, a channel and a forum, without limits.
pub(crate) async fn guild() -> Discord {
    with(Options { limits: Limits::none(), ..Options::default() }).await
}

pub(crate) async fn with(options: Options) -> Discord {
    let discord = Discord::start(options).await;
    discord.add_user(ADA, "ada");
    discord.add_channel(ALERTS, "alerts");
    discord.add_forum(FORUM, "incidents");
    discord
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The code that a call was refused with.
    pub(crate) fn code(&self) -> (u16, u64) {
        (self.status, self.body["code"].as_u64().unwrap_or_else(|| panic!("not refused: {self:?}")))
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// A client that says who it is, as Discord wants it.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().user_agent("DiscordBot (https://midwatch.example, 1.0)").build().unwrap()
}

/// A call with the bot's token; an error when no answer came.
pub(crate) async fn call(
    discord: &Discord,
    verb: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, reqwest::Error> {
    let url = format!("{}/v10{path}", discord.api_url());
    let mut request = client().request(verb, url).header("authorization", format!("Bot {}", discord.bot_token()));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    answered(request).await
}

pub(crate) async fn answered(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
    Ok(Answer { status, headers, body })
}

pub(crate) async fn get(discord: &Discord, path: &str) -> Answer {
    call(discord, Method::GET, path, None).await.unwrap()
}

pub(crate) async fn post(discord: &Discord, path: &str, body: &Value) -> Answer {
    call(discord, Method::POST, path, Some(body)).await.unwrap()
}

pub(crate) async fn patch(discord: &Discord, path: &str, body: &Value) -> Answer {
    call(discord, Method::PATCH, path, Some(body)).await.unwrap()
}

/// A new message in the channel of alerts.
pub(crate) async fn send(discord: &Discord, body: &Value) -> Answer {
    post(discord, &format!("/channels/{ALERTS}/messages"), body).await
}
