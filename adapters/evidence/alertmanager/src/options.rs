//! How Alertmanager is reached: address, credentials, limits. Wrong options are told at the start, not at the first poll.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// How to reach Alertmanager, or what speaks its API: Mimir, VictoriaMetrics' vmalert proxy.
#[derive(Clone, Debug)]
pub struct AlertmanagerOptions {
    /// The address, with the path prefix where there is one: `https://alerts.example.com/alertmanager`.
    pub url: String,
    /// Who we are.
    pub auth: Auth,
    /// A file of PEM certificates to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Longest time for one read.
    pub timeout: Duration,
}

impl AlertmanagerOptions {
    /// Without credentials, with 5 s for a read.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), auth: Auth::None, ca_file: None, timeout: Duration::from_secs(5) }
    }
}

/// Who we are.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// Nobody in particular.
    #[default]
    None,
    /// A token.
    Bearer(SecretString),
    /// A user with a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The address is none.
    #[error("the address of Alertmanager is not a URL: {0}")]
    Url(#[from] url::ParseError),
    /// The address has another scheme, credentials or a query.
    #[error("the address of Alertmanager {0}; write it as `https://HOST[:PORT][/PREFIX]`")]
    Address(&'static str),
    /// The token holds characters that no header may hold.
    #[error("the token for Alertmanager holds characters that a header must not hold")]
    Token,
    /// The file of certificates cannot be read.
    #[error("the CA file {path} cannot be read")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The client cannot be made of these certificates.
    #[error("the HTTP client for Alertmanager cannot be made (is the CA file PEM?)")]
    Client(#[source] reqwest::Error),
}

/// The base address: it ends with a slash, so that paths are joined behind the prefix.
pub(crate) fn base(text: &str) -> Result<Url, OptionsError> {
    let mut url = Url::parse(text.trim())?;
    let wrong = if !matches!(url.scheme(), "http" | "https") {
        Some("is neither http nor https")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("holds credentials, which would show up in logs; use the settings for them")
    } else if url.query().is_some() {
        Some("holds a query")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return Err(OptionsError::Address(wrong));
    }
    // People paste the address of the API, or of the page they look at (`/#/alerts`).
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api/v2").unwrap_or(path);
    let path = format!("{path}/");
    url.set_path(&path);
    Ok(url)
}

/// The headers of every request, marked as sensitive.
pub(crate) fn headers(auth: &Auth) -> Result<HeaderMap, OptionsError> {
    let mut headers = HeaderMap::new();
    if let Auth::Bearer(token) = auth {
        let value = format!("Bearer {}", token.expose_secret().trim());
        let mut value = HeaderValue::from_str(&value).map_err(|_| OptionsError::Token)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// Certificates of the CA file.
pub(crate) fn certificates(options: &AlertmanagerOptions) -> Result<Vec<reqwest::Certificate>, OptionsError> {
    let Some(path) = &options.ca_file else { return Ok(Vec::new()) };
    let pem = std::fs::read(path).map_err(|source| OptionsError::CaFile { path: path.clone(), source })?;
    reqwest::Certificate::from_pem_bundle(&pem).map_err(OptionsError::Client)
}
