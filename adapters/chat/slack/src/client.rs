//! Calls of Slack's Web API: one host, bounded in time and size, never repeated here.
//!
//! The library's own client is not used for them: it reads answers without a bound, takes an answer that is no JSON for an
//! empty success, hides the scopes that Slack names in a header, and sends the token along to addresses that are only given
//! for an upload. Its types are.
//!
//! Must never show a token, nor an address that is one (uploads, replies, sockets). Start at [`Client::write`].

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Request, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::fault::Fault;
use crate::method::{Method, Token};
use crate::options::{SlackError, SlackOptions};

/// An answer larger than this (bytes) is not read: a full page of history stays below.
const ANSWER_CAP: usize = 16 * 1024 * 1024;

/// Time until a connection stands. Beyond it nothing was sent.
const CONNECT: Duration = Duration::from_secs(4);

/// How long a connection is kept unused. What is sent over one that the other side is closing has an unknown fate.
const IDLE: Duration = Duration::from_secs(30);

/// The header in which Slack names the scopes of a token.
const SCOPES: &str = "x-oauth-scopes";

/// An answer that says `ok`.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The whole of it.
    pub(crate) body: Value,
    /// The scopes of the token, where Slack named them.
    pub(crate) scopes: Option<String>,
}

impl Answer {
    /// A text of the answer.
    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }
}

/// What speaks to one workspace.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    bot: SecretString,
    app: Option<SecretString>,
    timeout: Duration,
}

impl Client {
    pub(crate) fn new(options: &SlackOptions) -> Result<Self, SlackError> {
        let mut base = options.api_url.clone();
        // So that a method's name is joined below it instead of replacing its last part.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        if !matches!(base.scheme(), "https" | "http") || base.join("x").is_err() {
            return Err(SlackError::Address(options.api_url.to_string()));
        }
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT.min(options.timeout))
            .timeout(options.timeout)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(SlackError::Client)?;
        let (bot, app) = (options.bot_token.clone(), options.app_token.clone());
        Ok(Self { http, base, bot, app, timeout: options.timeout })
    }

    /// Whether there is a token of the app.
    pub(crate) fn has_app_token(&self) -> bool {
        self.app.is_some()
    }

    /// Whether an address that came from outside is one to send evidence to: Slack's own, or where the Web API is.
    pub(crate) fn trusts(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let slack = url.scheme() == "https" && (host.ends_with(".slack.com") || host.ends_with(".slack-gov.com"));
        slack || (url.origin() == self.base.origin())
    }

    /// Calls a method that reads.
    pub(crate) async fn read(&self, method: Method, query: &[(&str, &str)]) -> Result<Answer, Fault> {
        let request = self.http.get(self.address(method)?).query(query);
        self.call(method, request).await
    }

    /// Calls a method that writes.
    pub(crate) async fn write(&self, method: Method, args: &(impl Serialize + Sync)) -> Result<Answer, Fault> {
        // Without the charset Slack answers with a warning.
        let kind = "application/json; charset=utf-8";
        let request = self.http.post(self.address(method)?).header(CONTENT_TYPE, kind).json(args);
        self.call(method, request).await
    }

    /// Sends a file's bytes to the address that was given for them. Without the token: the address is the permission.
    pub(crate) async fn upload(&self, url: &Url, bytes: Vec<u8>) -> Result<(), Fault> {
        let request = self.http.post(url.clone()).header(CONTENT_TYPE, "application/octet-stream").body(bytes);
        let (status, headers, _) = self.send(request.build().map_err(not_sent)?).await?;
        accepted(status, &headers)
    }

    /// Answers by the address that came with what a person did. Without the token, as above.
    pub(crate) async fn reply(&self, url: &Url, message: &(impl Serialize + Sync)) -> Result<(), Fault> {
        let request = self.http.post(url.clone()).json(message);
        let (status, headers, body) = self.send(request.build().map_err(not_sent)?).await?;
        accepted(status, &headers)?;
        // It answers `ok` or `{"ok":true}`; a refusal may come with a status of success.
        match serde_json::from_slice::<Value>(&body) {
            Ok(body) if body["ok"] == Value::Bool(false) => Err(Fault::refused(&body)),
            _ => Ok(()),
        }
    }

    fn address(&self, method: Method) -> Result<Url, Fault> {
        self.base.join(method.name()).map_err(|e| Fault::NotSent(e.to_string()))
    }

    async fn call(&self, method: Method, request: reqwest::RequestBuilder) -> Result<Answer, Fault> {
        let token = match method.token() {
            Token::Bot => Some(&self.bot),
            Token::App => self.app.as_ref(),
        };
        let Some(token) = token else { return Err(Fault::NotSent("no app token is configured".to_owned())) };
        let request = request.bearer_auth(token.expose_secret()).build().map_err(not_sent)?;
        let (status, headers, body) = self.send(request).await?;
        let body: Option<Value> = serde_json::from_slice(&body).ok();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let code = body.as_ref().and_then(|body| body["error"].as_str()).unwrap_or_default().to_owned();
            return Err(Fault::Limited { after: retry_after(&headers), code });
        }
        let name = method.name();
        match body {
            Some(body) if status.is_success() && body["ok"] == Value::Bool(true) => {
                let scopes = headers.get(SCOPES).and_then(|value| value.to_str().ok()).map(str::to_owned);
                Ok(Answer { body, scopes })
            }
            Some(body) if !status.is_server_error() && body["error"].is_string() => {
                Err(Fault::answered(&body, retry_after(&headers)))
            }
            _ => Err(Fault::Unknown(format!("{name} was answered with {status} and no answer of Slack's"))),
        }
    }

    /// One request, its answer read up to a cap, all within the deadline.
    async fn send(&self, request: Request) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
        let exchange = async {
            let mut response = self.http.execute(request).await.map_err(broken)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(broken)? {
                if body.len() + chunk.len() > ANSWER_CAP {
                    return Err(Fault::Unknown(format!("the answer is larger than {} MiB", ANSWER_CAP >> 20)));
                }
                body.extend_from_slice(&chunk);
            }
            Ok((status, headers, body))
        };
        let late = || Fault::Unknown(format!("no answer within {} ms", self.timeout.as_millis()));
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(|_| Err(late()))
    }
}

/// An answer that is not of the Web API: only its status counts.
fn accepted(status: StatusCode, headers: &HeaderMap) -> Result<(), Fault> {
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => Err(Fault::Limited { after: retry_after(headers), code: String::new() }),
        _ if status.is_server_error() => Err(Fault::Unknown(format!("answered with {status}"))),
        _ => Err(Fault::Refused { code: format!("http {}", status.as_u16()), needed: None, notes: Vec::new() }),
    }
}

/// Without a connection nothing was sent; after that nobody knows. The address may be a secret, so it goes.
fn broken(error: reqwest::Error) -> Fault {
    let sent = !error.is_connect();
    let words = chain(&error.without_url());
    if sent { Fault::Unknown(words) } else { Fault::NotSent(words) }
}

fn not_sent(error: reqwest::Error) -> Fault {
    Fault::NotSent(chain(&error.without_url()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

/// Whole seconds: <https://docs.slack.dev/apis/web-api/rate-limits>.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
