//! What goes wrong between Prometheus and us, in words for the person who has to mend it.
//!
//! Start at [`Trouble`]: what one attempt met, whether another may help, and what it is called in the report.

use std::time::Duration;

use midwatch_diagnosis::probe::ReadFailure;
use reqwest::StatusCode;
use serde::Deserialize;

/// Characters of a server's own words that are repeated.
const WORDS_CAP: usize = 300;

/// What one attempt met.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No connection, or it broke.
    Broken(String),
    /// It answered and refuses for now.
    Busy {
        /// Its status.
        status: StatusCode,
        /// When it wants to be asked again.
        after: Option<Duration>,
        /// Its words.
        words: String,
    },
    /// It answered, and asking again would give the same.
    Final(ReadFailure),
}

impl Trouble {
    /// Whether another attempt may help.
    pub(crate) fn is_passing(&self) -> bool {
        !matches!(self, Trouble::Final(_))
    }

    /// When it wants to be asked again.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        if let Trouble::Busy { after, .. } = self { *after } else { None }
    }

    /// As the report says it.
    pub(crate) fn into_failure(self, place: &str) -> ReadFailure {
        match self {
            Trouble::Final(failure) => failure,
            Trouble::Broken(words) => ReadFailure::Unreadable(format!("{place}: {words}")),
            Trouble::Busy { status: StatusCode::TOO_MANY_REQUESTS, words, .. } => ReadFailure::Unreadable(format!(
                "{place} limits queries (429){words}; raise its limit for Midwatch or lower `max_parallel`"
            )),
            Trouble::Busy { status, words, .. } => ReadFailure::Unreadable(format!(
                "{place} is not ready ({}){words}; is it starting, or is what stands before it down?",
                status.as_u16()
            )),
        }
    }
}

/// The error that Prometheus answers with.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default, rename = "errorType")]
    kind: String,
    #[serde(default)]
    error: String,
}

/// What an answer with another status than success means.
pub(crate) fn refused(place: &str, status: StatusCode, after: Option<Duration>, body: &[u8]) -> Trouble {
    let told: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let words = told.as_ref().map(|t| format!(": {}", brief(&t.error))).unwrap_or_default();
    let kind = told.map(|t| t.kind).unwrap_or_default();
    let code = status.as_u16();
    Trouble::Final(match code {
        400 => ReadFailure::Unreadable(format!("{place} does not take the query (400){words}")),
        401 => {
            ReadFailure::Forbidden(format!("{place} wants credentials (401){words}; set a token or user and password"))
        }
        403 => ReadFailure::Forbidden(format!(
            "{place} refuses these credentials (403){words}; grant them the query API, or set the tenant's header"
        )),
        404 => ReadFailure::NotFound(format!(
            "{place} has no query API at this path (404); does it serve under a prefix such as /prometheus? add it to the URL"
        )),
        422 => ReadFailure::Unreadable(format!(
            "{place} cannot run the query (422){words}; if it is too large, raise `--query.max-samples` or its limits"
        )),
        503 if kind == "timeout" => {
            ReadFailure::TimedOut(format!("{place} gave the query up{words}; it is slow, or the query is heavy"))
        }
        429 | 502 | 503 => return Trouble::Busy { status, after, words },
        300..400 => ReadFailure::Unreadable(format!(
            "{place} redirects to another host ({code}), which is not followed; is there a login before it? set a token"
        )),
        _ => ReadFailure::Unreadable(format!("{place} answers with an error ({code}){words}")),
    })
}

/// A body that is not JSON.
pub(crate) fn not_json(place: &str, body: &[u8], error: &serde_json::Error) -> Trouble {
    let start = String::from_utf8_lossy(&body[..body.len().min(64)]).trim_start().to_lowercase();
    if start.starts_with('<') {
        return Trouble::Final(ReadFailure::Unreadable(format!(
            "{place} answers with a web page instead of JSON; is it the login page of a proxy, or the wrong address? set a token or mend the URL"
        )));
    }
    // A body that ends too early comes from a connection that broke: worth another attempt.
    if error.is_eof() {
        return Trouble::Broken("the answer ends in the middle".to_owned());
    }
    Trouble::Final(ReadFailure::Unreadable(format!("{place}: the answer is not that of a Prometheus: {error}")))
}

/// What the HTTP client met before there was a whole answer. Its own words name the URL, which holds the query: left out.
pub(crate) fn broken(error: reqwest::Error) -> Trouble {
    let error = error.without_url();
    let what = if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the request failed"
    };
    let mut words = what.to_owned();
    let mut cause = std::error::Error::source(&error);
    let mut last = String::new();
    while let Some(inner) = cause {
        last = inner.to_string();
        cause = inner.source();
    }
    if !last.is_empty() {
        words = format!("{what}: {}", brief(&last));
    }
    Trouble::Broken(words)
}

/// Text of the outside, on one line and cut.
pub(crate) fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WORDS_CAP {
        line
    } else {
        format!("{}...", line.chars().take(WORDS_CAP).collect::<String>())
    }
}
