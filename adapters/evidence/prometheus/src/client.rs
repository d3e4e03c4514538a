//! Requests to one Prometheus: GET only, one host, bounded in time, size and number, with a few retries.
//!
//! Start at [`Client::get`].

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use midwatch_diagnosis::probe::ReadFailure;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;
use url::Url;

use crate::failure::{self, Trouble};
use crate::options::{self, Auth, OptionsError, PrometheusOptions};

/// A body larger than this (bytes) is not read: no bounded query gives it.
const BODY_CAP: usize = 32 * 1024 * 1024;

/// The body of an error is read so far (bytes).
const ERROR_CAP: usize = 64 * 1024;

/// An expression longer than this (bytes) is not sent: it stands in the URL, which servers and proxies bound.
pub(crate) const QUERY_CAP: usize = 8 * 1024;

/// Attempts after the first.
const RETRIES: usize = 2;

/// Redirects that are followed, within the host.
const REDIRECTS: usize = 3;

/// What speaks to one Prometheus.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    auth: Auth,
    timeout: Duration,
    slots: Semaphore,
}

impl Client {
    pub(crate) fn new(options: PrometheusOptions) -> Result<Self, OptionsError> {
        let base = options::base(&options.url)?;
        let http = reqwest::Client::builder()
            .default_headers(options::headers(&options)?)
            .tls_certs_merge(options::certificates(&options)?)
            .redirect(Policy::custom(within_host))
            .timeout(options.timeout)
            .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(OptionsError::Client)?;
        let slots = Semaphore::new(options.max_parallel.clamp(1, Semaphore::MAX_PERMITS));
        Ok(Self { http, base, auth: options.auth, timeout: options.timeout, slots })
    }

    /// Its name for a person: the address, which holds no credentials.
    pub(crate) fn place(&self) -> String {
        format!("Prometheus at {}", self.base.as_str().trim_end_matches('/'))
    }

    /// The longest that one read takes.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Gets a path below the base and reads the answer with `decode`, again when what went wrong may pass.
    pub(crate) async fn get<T>(
        &self,
        path: &str,
        query: &[(&str, String)],
        decode: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, ReadFailure> {
        let place = self.place();
        let late = |what: &str| ReadFailure::TimedOut(format!("{place} {what} {} ms", self.timeout.as_millis()));
        // A slot is free within the time limits of those who hold one.
        let slot = tokio::time::timeout(self.timeout, self.slots.acquire()).await;
        let Ok(Ok(_slot)) = slot else { return Err(late("is busy with other queries of ours for")) };
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_times(RETRIES)
            .with_jitter();
        let attempts = (|| self.attempt(path, query, &decode))
            .retry(backoff)
            .when(Trouble::is_passing)
            // A wait beyond our own time limit would only turn a clear refusal into a time-out.
            .adjust(|trouble, delay| match trouble.retry_after() {
                Some(after) => delay.map(|_| after).filter(|after| *after < self.timeout / 2),
                None => delay,
            });
        let outcome = tokio::time::timeout(self.timeout, attempts).await;
        outcome.map_err(|_| late("did not answer within"))?.map_err(|trouble| trouble.into_failure(&place))
    }

    async fn attempt<T>(
        &self,
        path: &str,
        query: &[(&str, String)],
        decode: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, Trouble> {
        let place = self.place();
        let url = self.base.join(path).map_err(|e| Trouble::Broken(e.to_string()))?;
        let mut request = self.http.get(url).query(query);
        if let Auth::Basic { user, password } = &self.auth {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        let response = request.send().await.map_err(failure::broken)?;
        let status = response.status();
        let after = retry_after(response.headers());
        if !status.is_success() {
            let body = body(response, ERROR_CAP).await.unwrap_or_default();
            return Err(failure::refused(&place, status, after, &body));
        }
        let body = body(response, BODY_CAP).await?;
        decode(&body).map_err(|error| failure::not_json(&place, &body, &error))
    }
}

/// Redirects stay on the host that was configured: the credentials go along.
fn within_host(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let origin = attempt.previous().first().map(Url::origin);
    let same = origin.is_some_and(|o| o == attempt.url().origin());
    if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
}

/// Reads a body up to a cap.
async fn body(mut response: reqwest::Response, cap: usize) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure::broken)? {
        if body.len() + chunk.len() > cap {
            let words = format!("the answer is larger than {} MiB; ask for less", cap >> 20);
            return Err(Trouble::Final(ReadFailure::Unreadable(words)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Seconds only: the date form says nothing without a common clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
