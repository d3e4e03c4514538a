//! Settings of Prometheus: where it is and how to log in.
//!
//! Never talks to it: the adapter does. Start at [`PrometheusSettings`].

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::field::{Field, Slot};
use crate::headers::Headers;

/// Where metrics are read: Prometheus, or what speaks its API.
#[derive(Debug, Clone)]
pub struct PrometheusSettings {
    /// Base of its API. Default none: it is not asked.
    pub url: Option<Url>,
    /// Bearer token. Default none.
    pub token: Option<SecretString>,
    /// File that holds it. Default none.
    pub token_file: Option<PathBuf>,
    /// User, for those that log in with user and password. Default none.
    pub user: Option<String>,
    /// Password. Default none.
    pub password: Option<SecretString>,
    /// File that holds it. Default none.
    pub password_file: Option<PathBuf>,
    /// PEM file with the authorities to trust beyond the system's. Default none.
    pub ca_file: Option<PathBuf>,
    /// Time for one request. 1 second to 2 minutes, default 5 seconds.
    pub timeout: Duration,
    /// Headers sent with every request. Default none.
    pub headers: Headers,
}

impl Default for PrometheusSettings {
    fn default() -> Self {
        Self {
            url: None,
            token: None,
            token_file: None,
            user: None,
            password: None,
            password_file: None,
            ca_file: None,
            timeout: Duration::from_secs(5),
            headers: Headers::default(),
        }
    }
}

/// Fields of the section `prometheus`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field { key: "prometheus.url", doc: "Base of Prometheus's API.", slot: Slot::Url(|s| &mut s.prometheus.url) },
    Field {
        key: "prometheus.token",
        doc: "Bearer token for Prometheus.",
        slot: Slot::Secret { at: |s| &mut s.prometheus.token, file: |s| &mut s.prometheus.token_file },
    },
    Field {
        key: "prometheus.token_file",
        doc: "File that holds the token for Prometheus.",
        slot: Slot::SecretFile(|s| &mut s.prometheus.token_file),
    },
    Field {
        key: "prometheus.user",
        doc: "User, where Prometheus wants user and password.",
        slot: Slot::Name(|s| &mut s.prometheus.user),
    },
    Field {
        key: "prometheus.password",
        doc: "Password for Prometheus.",
        slot: Slot::Secret { at: |s| &mut s.prometheus.password, file: |s| &mut s.prometheus.password_file },
    },
    Field {
        key: "prometheus.password_file",
        doc: "File that holds the password for Prometheus.",
        slot: Slot::SecretFile(|s| &mut s.prometheus.password_file),
    },
    Field {
        key: "prometheus.ca_file",
        doc: "PEM file with the authorities to trust beyond the system's.",
        slot: Slot::Path(|s| &mut s.prometheus.ca_file),
    },
    Field {
        key: "prometheus.timeout",
        doc: "Time for one request to Prometheus.",
        slot: Slot::Duration {
            at: |s| &mut s.prometheus.timeout,
            min: Duration::from_secs(1),
            max: Duration::from_mins(2),
        },
    },
    Field {
        key: "prometheus.headers",
        doc: "Headers sent with every request, such as a tenant.",
        slot: Slot::Headers(|s| &mut s.prometheus.headers),
    },
];
