//! Calls of Discord's REST API: one host, bounded in time and size, kept within its limits, never repeated here.
//!
//! serenity's own client is not used for them: its limiter sleeps inside, and without it a refusal comes without the headers
//! that tell how long to wait. Must never show a token, the bot's or an interaction's, nor send the bot's along where an
//! interaction's own is the permission. Start at [`Client::call`].

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use midwatch_conversation::answer::File;
use midwatch_service::clock::SharedClock;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Request, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::buckets::{Buckets, Counted, Told};
use crate::fault::Fault;
use crate::options::{DiscordError, DiscordOptions};
use crate::route::{Route, Verb};

/// The version of the API that is spoken: <https://docs.discord.com/developers/reference#api-versioning>.
const VERSION: &str = "v10";

/// Discord wants an address and a version: <https://docs.discord.com/developers/reference#user-agent>.
const USER_AGENT: &str = concat!("DiscordBot (https://midwatch.example.com, ", env!("CARGO_PKG_VERSION"), ")");

/// An answer larger than this (bytes) is not read: a full page of messages with embeds stays below.
const ANSWER_CAP: usize = 16 * 1024 * 1024;

/// Time until a connection stands. Beyond it nothing was sent.
const CONNECT: Duration = Duration::from_secs(4);

/// How long a connection is kept unused. What is sent over one that the other side is closing has an unknown fate.
const IDLE: Duration = Duration::from_secs(30);

/// Who is refused without a word of Discord's is refused by what stands before it, for as long as it does not say.
const SHUT_OUT: Duration = Duration::from_mins(1);

/// The longest that a caller who has time waits for a bucket.
const PATIENCE: Duration = Duration::from_secs(2);

/// What speaks to Discord.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    timeout: Duration,
    buckets: Mutex<Buckets>,
    clock: SharedClock,
    began: (Timestamp, Instant),
}

impl Client {
    pub(crate) fn new(options: &DiscordOptions, clock: SharedClock) -> Result<Self, DiscordError> {
        let mut base = options.api_url.clone();
        let fits = matches!(base.scheme(), "https" | "http") && base.has_host();
        // Many write the version along.
        let named = base.path().trim_end_matches('/').ends_with(&format!("/{VERSION}"));
        match base.path_segments_mut() {
            Ok(mut path) if fits && named => drop(path.pop_if_empty()),
            Ok(mut path) if fits => drop(path.pop_if_empty().push(VERSION)),
            _ => return Err(DiscordError::Address(options.api_url.to_string())),
        }
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT.min(options.timeout))
            .timeout(options.timeout)
            .pool_idle_timeout(IDLE)
            .user_agent(USER_AGENT)
            .build()
            .map_err(DiscordError::Client)?;
        let (token, buckets) = (options.bot_token.clone(), Mutex::default());
        let began = (clock.now(), Instant::now());
        Ok(Self { http, base, token, timeout: options.timeout, buckets, clock, began })
    }

    /// Calls: writes what there is to write, reads otherwise.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) async fn call(&self, route: Route<'_>, body: Option<&Value>) -> Result<Value, Fault> {
        match body {
            Some(body) => self.send(route, body, &[]).await,
            None => self.read(route, &[]).await,
        }
    }

    /// Reads.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) async fn read(&self, route: Route<'_>, query: &[(&str, &str)]) -> Result<Value, Fault> {
        let request = self.request(&route, Verb::Read)?;
        self.made(&route, Verb::Read, request.query(query)).await
    }

    /// Reads, with some patience where a limit is shut or met: for those who have nobody behind them that would wait.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) async fn read_patiently(&self, route: Route<'_>, query: &[(&str, &str)]) -> Result<Value, Fault> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.read(route, query).await {
                Err(Fault::Shut(wait) | Fault::Limited { after: Some(wait), .. }) if Instant::now() + wait <= until => {
                    tokio::time::sleep(wait).await;
                }
                answer => return answer,
            }
        }
    }

    /// Writes, the files in the same call, so that they land with their message or not at all. Of a message that is edited
    /// they replace those that are there.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(crate) async fn send(&self, route: Route<'_>, body: &Value, files: &[File]) -> Result<Value, Fault> {
        let request = self.request(&route, Verb::Write)?;
        let request = if files.is_empty() { request.json(body) } else { request.multipart(form(body, files)?) };
        self.made(&route, Verb::Write, request).await
    }

    fn request(&self, route: &Route<'_>, verb: Verb) -> Result<RequestBuilder, Fault> {
        let address = route.address(&self.base);
        let address = address.ok_or_else(|| Fault::NotSent(format!("{}: an id is none", route.name(verb))))?;
        Ok(self.http.request(route.method(verb), address))
    }

    /// Whether a call that gives way to others may be made: one more is left after it, as far as that is known.
    ///
    /// # Errors
    /// [`Fault::Shut`].
    pub(crate) fn gives_way(&self, route: &Route<'_>) -> Result<(), Fault> {
        self.buckets().spare(&counted(route, Verb::Write), self.now()).map_err(Fault::Shut)
    }

    /// The moment by the clock that senders go by.
    fn now(&self) -> Instant {
        let (at, began) = self.began;
        began + Duration::try_from(self.clock.now().duration_since(at)).unwrap_or_default()
    }

    /// One call within the limits; what its answer tells of them is kept.
    async fn made(&self, route: &Route<'_>, verb: Verb, request: RequestBuilder) -> Result<Value, Fault> {
        let call = route.name(verb);
        let mut request = request.build().map_err(|e| Fault::NotSent(chain(call, &e.without_url())))?;
        if !route.is_of_an_interaction() {
            request.headers_mut().insert(AUTHORIZATION, self.authorization()?);
        }
        let counted = counted(route, verb);
        self.buckets().pass(&counted, self.now()).map_err(Fault::Shut)?;
        let (status, headers, body) = self.exchanged(call, request).await?;
        let read: Option<Value> = serde_json::from_slice(&body).ok();
        self.heed(&counted, status, &headers, read.as_ref());
        match read {
            _ if is_limit(status, read.as_ref()) => {
                let (after, global) = wait(&headers, read.as_ref());
                Err(Fault::Limited { call, after: Some(after), global })
            }
            Some(body) if status.is_success() => Ok(body),
            None if status == StatusCode::NO_CONTENT => Ok(Value::Null),
            said if status.is_client_error() => {
                Err(Fault::refused(route, verb, status.as_u16(), &said.unwrap_or_default()))
            }
            _ => Err(Fault::Unknown(format!("{call}: answered with {status} and no answer of Discord's"))),
        }
    }

    /// Keeps what an answer tells of the limits.
    fn heed(&self, call: &Counted, status: StatusCode, headers: &HeaderMap, body: Option<&Value>) {
        let (told, now) = (told(headers), self.now());
        let mut buckets = self.buckets();
        // An answer that is not Discord's tells nothing of its buckets.
        if told.is_some() || status.is_success() {
            buckets.note(call, told.as_ref(), now);
        }
        if is_limit(status, body) {
            let (after, global) = wait(headers, body);
            buckets.shut(call, after, global, now);
            tracing::debug!(call = call.route, global, after_ms = after.as_millis(), "limited by Discord");
        }
    }

    /// One request, its answer read up to a cap, all within the deadline.
    async fn exchanged(&self, call: &str, request: Request) -> Result<(StatusCode, HeaderMap, Vec<u8>), Fault> {
        let exchange = async {
            let mut response = self.http.execute(request).await.map_err(|e| broken(call, e))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|e| broken(call, e))? {
                if body.len() + chunk.len() > ANSWER_CAP {
                    let cap = ANSWER_CAP >> 20;
                    return Err(Fault::Unknown(format!("{call}: the answer is larger than {cap} MiB")));
                }
                body.extend_from_slice(&chunk);
            }
            Ok((status, headers, body))
        };
        let late = || Fault::Unknown(format!("{call}: no answer within {} ms", self.timeout.as_millis()));
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(|_| Err(late()))
    }

    fn authorization(&self) -> Result<HeaderValue, Fault> {
        let value = HeaderValue::try_from(format!("Bot {}", self.token.expose_secret()));
        let mut value =
            value.map_err(|_| Fault::NotSent("the bot's token holds characters that none has".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn buckets(&self) -> std::sync::MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counted(route: &Route<'_>, verb: Verb) -> Counted {
    Counted { route: route.name(verb), major: route.major(), global: !route.is_of_an_interaction() }
}

/// The message and its files: <https://docs.discord.com/developers/reference#uploading-files>.
fn form(body: &Value, files: &[File]) -> Result<Form, Fault> {
    let mut body = body.clone();
    let named = files.iter().enumerate();
    let named = named.map(|(n, file)| json!({"id": n, "filename": file.name, "description": file.title}));
    // A forum's post holds its message.
    let message = if body["message"].is_object() { &mut body["message"] } else { &mut body };
    message["attachments"] = named.collect();
    let part = |bytes: Vec<u8>, kind: &str| {
        Part::bytes(bytes).mime_str(kind).map_err(|e| Fault::NotSent(chain("attach a file", &e)))
    };
    let mut form = Form::new().part("payload_json", part(body.to_string().into_bytes(), "application/json")?);
    for (n, file) in files.iter().enumerate() {
        let text = part(file.text.clone().into_bytes(), "text/plain; charset=utf-8")?;
        form = form.part(format!("files[{n}]"), text.file_name(file.name.clone()));
    }
    Ok(form)
}

/// Also a refusal by what stands before Discord, which it does to those who were refused too often:
/// <https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans>.
fn is_limit(status: StatusCode, body: Option<&Value>) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || (status == StatusCode::FORBIDDEN && body.is_none())
}

/// How long to wait, and whether with everything.
fn wait(headers: &HeaderMap, body: Option<&Value>) -> (Duration, bool) {
    let said = body.and_then(|body| body["retry_after"].as_f64()).or_else(|| number(headers, RETRY_AFTER.as_str()));
    let global = body.is_none_or(|body| body["global"] == true) || headers.contains_key("x-ratelimit-global");
    (said.and_then(seconds).unwrap_or(SHUT_OUT), global)
}

/// <https://docs.discord.com/developers/topics/rate-limits#header-format>.
fn told(headers: &HeaderMap) -> Option<Told> {
    let whole = |name| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    Some(Told {
        bucket: headers.get("x-ratelimit-bucket")?.to_str().ok()?.to_owned(),
        limit: whole("x-ratelimit-limit")?,
        remaining: whole("x-ratelimit-remaining")?,
        reset_after: number(headers, "x-ratelimit-reset-after").and_then(seconds)?,
    })
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Discord's seconds have fractions.
fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// Without a connection nothing was sent; after that nobody knows. The address may hold a token, so it goes.
fn broken(call: &str, error: reqwest::Error) -> Fault {
    let sent = !error.is_connect();
    let words = chain(call, &error.without_url());
    if sent { Fault::Unknown(words) } else { Fault::NotSent(words) }
}

fn chain(call: &str, error: &dyn std::error::Error) -> String {
    let mut words = format!("{call}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use midwatch_service::clock::SystemClock;

    use super::*;

    #[test]
    fn the_version_is_part_of_the_address_once() {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        for address in ["http://h/api", "http://h/api/", "http://h/api/v10", "http://h/api/v10/"] {
            let mut options = DiscordOptions::new(SecretString::from("t"), "1").unwrap();
            options.api_url = address.parse().unwrap();
            let client = Client::new(&options, Arc::new(SystemClock)).unwrap();
            let met = Route::Me.address(&client.base).unwrap();
            assert_eq!(met.as_str(), "http://h/api/v10/applications/@me", "{address}");
        }
    }
}
