//! One Alertmanager: GET only, one host, bounded in time and size. Start at [`Alertmanager`].
//!
//! Nothing is tried again here: whoever polls asks again soon, and a doctor wants the first answer.

use async_trait::async_trait;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_service::port::alerts::AlertSource;
use reqwest::redirect::{Action, Attempt, Policy};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use url::Url;

use crate::failure;
use crate::options::{self, AlertmanagerOptions, Auth, OptionsError};
use crate::wire::{Entry, WireStatus};

/// A body larger than this (bytes) is not read: tens of thousands of alerts fit.
const BODY_CAP: usize = 32 * 1024 * 1024;

/// The body of an error is read so far (bytes).
const ERROR_CAP: usize = 64 * 1024;

/// Redirects that are followed, within the host.
const REDIRECTS: usize = 3;

/// An Alertmanager.
pub struct Alertmanager {
    http: reqwest::Client,
    base: Url,
    auth: Auth,
    timeout: std::time::Duration,
}

/// What an Alertmanager says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// Its version: `0.25.0`.
    pub version: String,
    /// Its cluster: `ready`, `settling`, `disabled`.
    pub cluster: String,
    /// Members of the cluster, itself counted; 0 without one.
    pub peers: usize,
}

impl Alertmanager {
    /// Connects to nothing yet. A TLS provider must have been installed.
    ///
    /// # Errors
    /// When the options cannot be used.
    pub fn new(options: AlertmanagerOptions) -> Result<Self, OptionsError> {
        let base = options::base(&options.url)?;
        let http = reqwest::Client::builder()
            .default_headers(options::headers(&options.auth)?)
            .tls_certs_merge(options::certificates(&options)?)
            .redirect(Policy::custom(within_host))
            .timeout(options.timeout)
            .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(OptionsError::Client)?;
        Ok(Self { http, base, auth: options.auth, timeout: options.timeout })
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// Why it could not be asked, with the next step.
    pub async fn status(&self) -> Result<ServerStatus, ReadFailure> {
        let WireStatus { version_info, cluster } = self.get("api/v2/status", &[]).await?;
        Ok(ServerStatus {
            version: version_info.version,
            cluster: cluster.status,
            peers: cluster.peers.map_or(0, |peers| peers.len()),
        })
    }

    /// Its name for a person: the address, which holds no credentials.
    pub fn place(&self) -> String {
        format!("Alertmanager at {}", self.base.as_str().trim_end_matches('/'))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, ReadFailure> {
        let place = self.place();
        let outcome = tokio::time::timeout(self.timeout, self.ask(&place, path, query)).await;
        let body = outcome.unwrap_or_else(|_| Err(failure::late(&place, self.timeout)))?;
        serde_json::from_slice(&body).map_err(|error| failure::not_json(&place, &body, &error))
    }

    async fn ask(&self, place: &str, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, ReadFailure> {
        let url = self.base.join(path).map_err(|e| ReadFailure::Unreadable(format!("{place}: {e}")))?;
        let mut request = self.http.get(url).query(query);
        if let Auth::Basic { user, password } = &self.auth {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        let response = request.send().await.map_err(|error| self.broken(place, error))?;
        let status = response.status();
        if !status.is_success() {
            let body = self.body(place, response, ERROR_CAP).await.unwrap_or_default();
            return Err(failure::refused(place, status, &body));
        }
        self.body(place, response, BODY_CAP).await
    }

    async fn body(&self, place: &str, mut response: reqwest::Response, cap: usize) -> Result<Vec<u8>, ReadFailure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(place, error))? {
            if body.len() + chunk.len() > cap {
                return Err(failure::too_large(place, cap));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn broken(&self, place: &str, error: reqwest::Error) -> ReadFailure {
        if error.is_timeout() { failure::late(place, self.timeout) } else { failure::broken(place, error) }
    }
}

#[async_trait]
impl AlertSource for Alertmanager {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    async fn firing(&self) -> Result<Vec<Alert>, ReadFailure> {
        let query = [("active", "true"), ("silenced", "false"), ("inhibited", "false")];
        let entries: Vec<Entry> = self.get("api/v2/alerts", &query).await?;
        let all = entries.len();
        let odd = entries.iter().filter(|entry| matches!(entry, Entry::Odd(_))).count();
        if odd > 0 {
            tracing::warn!(odd, all, "alerts of Alertmanager could not be read");
        }
        // Half a list would look as if the others had ended.
        if odd == all && all > 0 {
            let words = format!("{}: none of its {all} alerts is of API v2's form", self.place());
            return Err(ReadFailure::Unreadable(words));
        }
        Ok(entries.into_iter().filter_map(Entry::firing).collect())
    }
}

/// Redirects stay on the host that was configured: the credentials go along.
fn within_host(attempt: Attempt<'_>) -> Action {
    let same = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
}
