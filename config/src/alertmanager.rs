//! Settings of Alertmanager: where it is and how to log in.
//!
//! Never talks to it: the adapter does. Start at [`AlertmanagerSettings`].

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::field::{Field, Slot};

/// Where firing alerts are looked up.
#[derive(Debug, Clone)]
pub struct AlertmanagerSettings {
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
    /// Time for one request. 1 second to 2 minutes, default 10 seconds.
    pub timeout: Duration,
    /// How often firing alerts are fetched; none: never. 5 seconds to 1 hour, default 30 seconds.
    pub poll: Option<Duration>,
}

impl Default for AlertmanagerSettings {
    fn default() -> Self {
        Self {
            url: None,
            token: None,
            token_file: None,
            user: None,
            password: None,
            password_file: None,
            ca_file: None,
            timeout: Duration::from_secs(10),
            poll: Some(Duration::from_secs(30)),
        }
    }
}

/// Fields of the section `alertmanager`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field { key: "alertmanager.url", doc: "Base of Alertmanager's API.", slot: Slot::Url(|s| &mut s.alertmanager.url) },
    Field {
        key: "alertmanager.token",
        doc: "Bearer token for Alertmanager.",
        slot: Slot::Secret { at: |s| &mut s.alertmanager.token, file: |s| &mut s.alertmanager.token_file },
    },
    Field {
        key: "alertmanager.token_file",
        doc: "File that holds the token for Alertmanager.",
        slot: Slot::SecretFile(|s| &mut s.alertmanager.token_file),
    },
    Field {
        key: "alertmanager.user",
        doc: "User, where Alertmanager wants user and password.",
        slot: Slot::Name(|s| &mut s.alertmanager.user),
    },
    Field {
        key: "alertmanager.password",
        doc: "Password for Alertmanager.",
        slot: Slot::Secret { at: |s| &mut s.alertmanager.password, file: |s| &mut s.alertmanager.password_file },
    },
    Field {
        key: "alertmanager.password_file",
        doc: "File that holds the password for Alertmanager.",
        slot: Slot::SecretFile(|s| &mut s.alertmanager.password_file),
    },
    Field {
        key: "alertmanager.ca_file",
        doc: "PEM file with the authorities to trust beyond the system's.",
        slot: Slot::Path(|s| &mut s.alertmanager.ca_file),
    },
    Field {
        key: "alertmanager.timeout",
        doc: "Time for one request to Alertmanager.",
        slot: Slot::Duration {
            at: |s| &mut s.alertmanager.timeout,
            min: Duration::from_secs(1),
            max: Duration::from_mins(2),
        },
    },
    Field {
        key: "alertmanager.poll",
        doc: "How often firing alerts are fetched, for those who cannot add a webhook.",
        slot: Slot::Interval {
            at: |s| &mut s.alertmanager.poll,
            min: Duration::from_secs(5),
            max: Duration::from_hours(1),
        },
    },
];
