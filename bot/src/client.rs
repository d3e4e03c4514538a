//! The running server as a command of the same machine asks it: over its own API.
//!
//! Must never go through a proxy, follow a redirect or wait longer than [`PATIENCE`]: the key stays between the two. Start
//! at [`Client::new`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use midwatch_config::Settings;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::failure::Failure;
use crate::input;

/// Longest time for one answer: a switch is one write to the disk.
const PATIENCE: Duration = Duration::from_secs(15);

/// Longest time that one answer is followed: the server ends it after an hour, and the client comes back.
const FOLLOWED: Duration = Duration::from_mins(65);

/// Bytes of a key file.
const KEY_CAP: usize = 4096;

/// The environment variable that holds an API key.
const KEY_VARIABLE: &str = "MIDWATCH_API_KEY";

/// Why the server did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nothing answers.
    #[error(
        "nothing that speaks HTTP answers at {address} ({why})\n  if the server listens elsewhere, say where: \
         MIDWATCH__SERVER__LISTEN=ADDRESS:PORT, or server.listen of the configuration"
    )]
    Unreachable {
        /// Where it was asked.
        address: SocketAddr,
        /// What went wrong.
        why: String,
    },
    /// It wants a key, and none was given.
    #[error("the server at {0} wants an API key: give one with --api-key-file FILE or {KEY_VARIABLE}")]
    KeyWanted(SocketAddr),
    /// It does not know the key.
    #[error("the server at {0} does not know this API key (--api-key-file, {KEY_VARIABLE})")]
    KeyUnknown(SocketAddr),
    /// It refuses; its own words.
    #[error("the server refused ({status}): {detail}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// The problem document's detail.
        detail: String,
    },
    /// What came back is no answer of ours.
    #[error("what answers at {address} is no Midwatch, or another version ({status})")]
    NotOurs {
        /// Where it was asked.
        address: SocketAddr,
        /// The status.
        status: StatusCode,
    },
}

/// A way to the server.
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    key: Option<SecretString>,
}

impl Client {
    /// To the server that these settings describe. A TLS provider has to be installed, as for every client.
    pub(crate) fn new(settings: &Settings, key: Option<SecretString>) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("midwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::no_report(format!("no HTTP client: {error}")))?;
        Ok(Self { http, address: reachable(settings.server.listen), key })
    }

    /// Where it asks.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks something to be done.
    pub(crate) async fn post(&self, path: &[&str]) -> Result<Value, ClientError> {
        self.done(self.ask(Method::POST, path, None).await?)
    }

    /// The same, with more to say.
    pub(crate) async fn send(&self, path: &[&str], body: &Value) -> Result<Value, ClientError> {
        self.done(self.ask(Method::POST, path, Some(body)).await?)
    }

    fn done(&self, (status, body): (StatusCode, Option<Value>)) -> Result<Value, ClientError> {
        match status {
            StatusCode::UNAUTHORIZED if self.key.is_none() => Err(ClientError::KeyWanted(self.address)),
            StatusCode::UNAUTHORIZED => Err(ClientError::KeyUnknown(self.address)),
            status if status.is_success() => body.ok_or(ClientError::NotOurs { address: self.address, status }),
            status => {
                let detail = body.as_ref().and_then(|body| body["detail"].as_str()).map(str::to_owned);
                let not_ours = ClientError::NotOurs { address: self.address, status };
                Err(detail.map_or(not_ours, |detail| ClientError::Refused { status, detail }))
            }
        }
    }

    /// Reads something; the status is for the caller to judge.
    pub(crate) async fn get(&self, path: &[&str]) -> Result<(StatusCode, Option<Value>), ClientError> {
        self.ask(Method::GET, path, None).await
    }

    /// Reads something; what is no success is an error.
    pub(crate) async fn read(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, ClientError> {
        let (status, body) = self.exchange(Method::GET, path, query, None).await?;
        self.done((status, serde_json::from_slice(&body).ok()))
    }

    /// Reads a text.
    pub(crate) async fn text(&self, path: &[&str]) -> Result<String, ClientError> {
        let (status, body) = self.exchange(Method::GET, path, &[], None).await?;
        if !status.is_success() {
            self.done((status, serde_json::from_slice(&body).ok()))?;
        }
        String::from_utf8(body).map_err(|_| ClientError::NotOurs { address: self.address, status })
    }

    /// Follows an answer that goes on: its pieces are for the caller to read, who has to notice silence.
    pub(crate) async fn follow(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Response, ClientError> {
        let request = self.request(Method::GET, path, query)?.timeout(FOLLOWED);
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?;
        match self.done((status, serde_json::from_slice(&body).ok())) {
            Err(error) => Err(error),
            Ok(_) => Err(ClientError::NotOurs { address: self.address, status }),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<(StatusCode, Option<Value>), ClientError> {
        let (status, body) = self.exchange(method, path, &[], body).await?;
        Ok((status, serde_json::from_slice(&body).ok()))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let mut request = self.request(method, path, query)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| self.unreachable(error))?;
        Ok((status, body.to_vec()))
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> Result<RequestBuilder, ClientError> {
        let mut url = reqwest::Url::parse("http://localhost")
            .map_err(|error| ClientError::Unreachable { address: self.address, why: error.to_string() })?;
        let _ = url.set_ip_host(self.address.ip());
        let _ = url.set_port(Some(self.address.port()));
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        let request = self.http.request(method, url).query(query);
        Ok(match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        })
    }

    fn unreachable(&self, error: reqwest::Error) -> ClientError {
        ClientError::Unreachable { address: self.address, why: chain(&error.without_url()) }
    }
}

/// The key from a file, or from the environment.
pub(crate) fn key(file: Option<&Path>) -> Result<Option<SecretString>, Failure> {
    let text = match file {
        Some(file) => {
            let bytes = input::bounded(file, KEY_CAP)?;
            let text = String::from_utf8(bytes);
            Some(text.map_err(|_| Failure::usage(format!("{}: a key is text", file.display())))?)
        }
        None => std::env::var(KEY_VARIABLE).ok(),
    };
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(SecretString::from))
}

/// A server that listens on every address of the machine is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_address_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.0.0.1:80", "10.0.0.1:80"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
