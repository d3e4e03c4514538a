//! How Prometheus is reached: address, credentials, limits. Wrong options are told at the start, not at the first alert.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// How to reach Prometheus, or what speaks its API: Thanos, Mimir, VictoriaMetrics.
#[derive(Clone, Debug)]
pub struct PrometheusOptions {
    /// The address, with the path prefix where there is one: `https://metrics.example.com/prometheus`.
    pub url: String,
    /// Who we are.
    pub auth: Auth,
    /// More headers, such as `X-Scope-OrgID` of Mimir. Their values are kept secret: some are tokens.
    pub headers: Vec<(String, SecretString)>,
    /// A file of PEM certificates to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Longest time for one read, retries included.
    pub timeout: Duration,
    /// Queries at the same time, over all investigations.
    pub max_parallel: usize,
}

impl PrometheusOptions {
    /// Without credentials, with 5 s for a read and 4 reads at a time.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            auth: Auth::None,
            headers: Vec::new(),
            ca_file: None,
            timeout: Duration::from_secs(5),
            max_parallel: 4,
        }
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
    #[error("the address of Prometheus is not a URL: {0}")]
    Url(#[from] url::ParseError),
    /// The address has another scheme, no host, credentials or a query.
    #[error("the address of Prometheus {0}; write it as `https://HOST[:PORT][/PREFIX]`")]
    Address(&'static str),
    /// A header or credential holds characters that no header may hold.
    #[error("`{0}` cannot be sent as a header: its name or value holds characters that headers must not hold")]
    Header(String),
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
    #[error("the HTTP client for Prometheus cannot be made (is the CA file PEM?)")]
    Client(#[source] reqwest::Error),
}

/// The base address: it ends with a slash, so that paths are joined behind the prefix.
pub(crate) fn base(text: &str) -> Result<Url, OptionsError> {
    let mut url = Url::parse(text.trim())?;
    let wrong = if !matches!(url.scheme(), "http" | "https") {
        Some("is neither http nor https")
    } else if !url.username().is_empty() || url.password().is_some() {
        Some("holds credentials, which would show up in logs; use the settings for them")
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("holds a query or fragment")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return Err(OptionsError::Address(wrong));
    }
    // People paste the address of the API or of the page they look at.
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api/v1").or_else(|| path.strip_suffix("/graph")).unwrap_or(path);
    let path = format!("{path}/");
    url.set_path(&path);
    Ok(url)
}

/// The headers of every request, marked as sensitive.
pub(crate) fn headers(options: &PrometheusOptions) -> Result<HeaderMap, OptionsError> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        let wrong = || OptionsError::Header(name.to_owned());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(key, value);
        Ok::<(), OptionsError>(())
    };
    for (name, value) in &options.headers {
        add(name, value.expose_secret())?;
    }
    if let Auth::Bearer(token) = &options.auth {
        add(AUTHORIZATION.as_str(), &format!("Bearer {}", token.expose_secret().trim()))?;
    }
    Ok(headers)
}

/// Certificates of the CA file.
pub(crate) fn certificates(options: &PrometheusOptions) -> Result<Vec<reqwest::Certificate>, OptionsError> {
    let Some(path) = &options.ca_file else { return Ok(Vec::new()) };
    let pem = std::fs::read(path).map_err(|source| OptionsError::CaFile { path: path.clone(), source })?;
    reqwest::Certificate::from_pem_bundle(&pem).map_err(OptionsError::Client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("http://p:9090", Some("http://p:9090/"))]
    #[case("https://m.example.com/prometheus/", Some("https://m.example.com/prometheus/"))]
    #[case(" http://p:9090/prom/api/v1/ ", Some("http://p:9090/prom/"))]
    #[case("http://p:9090/graph", Some("http://p:9090/"))]
    #[case("ftp://p", None)]
    #[case("http://me:secret@p", None)]
    #[case("http://p/?x=1", None)]
    #[case("p:9090", None)]
    #[case("", None)]
    fn addresses(#[case] text: &str, #[case] url: Option<&str>) {
        let base = base(text);
        assert_eq!(base.as_ref().ok().map(Url::as_str), url);
        assert!(base.err().is_none_or(|e| !e.to_string().contains("secret")));
    }

    #[test]
    fn credentials_are_never_shown() {
        let mut options = PrometheusOptions::new("http://p");
        options.auth = Auth::Bearer("hunter2\n".into());
        options.headers.push(("X-Scope-OrgID".to_owned(), "tenant-7".into()));
        let headers = headers(&options).unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer hunter2");
        let shown = format!("{options:?} {headers:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("tenant-7"), "{shown}");
    }
}
