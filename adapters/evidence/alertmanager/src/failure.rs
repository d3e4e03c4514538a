//! What goes wrong between Alertmanager and us, in words for the person who has to mend it.
//!
//! Start at [`refused`]. What the server says itself is repeated on one line and cut.

use std::time::Duration;

use midwatch_diagnosis::probe::ReadFailure;
use reqwest::StatusCode;

/// Characters of a server's own words that are repeated.
const WORDS_CAP: usize = 300;

/// What an answer with another status than success means.
pub(crate) fn refused(place: &str, status: StatusCode, body: &[u8]) -> ReadFailure {
    let code = status.as_u16();
    let words = words(body);
    match code {
        401 => {
            ReadFailure::Forbidden(format!("{place} wants credentials (401){words}; set a token or user and password"))
        }
        403 => ReadFailure::Forbidden(format!(
            "{place} refuses these credentials (403){words}; allow them GET on /api/v2/alerts and /api/v2/status"
        )),
        404 => ReadFailure::NotFound(format!(
            "{place} has no API v2 at this path (404); does it serve under a prefix such as /alertmanager \
             (`--web.route-prefix`)? add it to the URL"
        )),
        410 => ReadFailure::Unreadable(format!(
            "{place} no longer serves this API (410){words}; API v2 needs 0.16 or later"
        )),
        429 => {
            ReadFailure::Unreadable(format!("{place} limits requests (429){words}; poll less often or raise its limit"))
        }
        502..=504 => ReadFailure::Unreadable(format!(
            "{place} is not ready ({code}){words}; is it starting, or is what stands before it down?"
        )),
        300..=399 => ReadFailure::Unreadable(format!(
            "{place} redirects to another host ({code}), which is not followed; is there a login before it? set a token"
        )),
        _ => ReadFailure::Unreadable(format!("{place} answers with an error ({code}){words}")),
    }
}

/// A body that is not what was asked for.
pub(crate) fn not_json(place: &str, body: &[u8], error: &serde_json::Error) -> ReadFailure {
    ReadFailure::Unreadable(if body.trim_ascii_start().starts_with(b"<") {
        format!(
            "{place} answers with a web page instead of JSON; is it the login page of a proxy, or the wrong address? \
             set a token or mend the URL"
        )
    } else if error.is_eof() {
        format!("{place}: the answer ends in the middle; is a proxy before it cutting answers?")
    } else {
        format!("{place}: the answer is not that of an Alertmanager: {error}; is the URL another program's?")
    })
}

/// No whole answer within the time.
pub(crate) fn late(place: &str, timeout: Duration) -> ReadFailure {
    ReadFailure::TimedOut(format!(
        "{place} did not answer within {} ms; is it overloaded or behind a firewall?",
        timeout.as_millis()
    ))
}

/// An answer that is larger than anything sensible.
pub(crate) fn too_large(place: &str, cap: usize) -> ReadFailure {
    ReadFailure::Unreadable(format!("{place}: the answer is larger than {} MiB; use the webhook instead", cap >> 20))
}

/// What the HTTP client met before there was a whole answer.
pub(crate) fn broken(place: &str, error: reqwest::Error) -> ReadFailure {
    let error = error.without_url();
    let what = if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the request failed"
    };
    let mut last = None;
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    let why = last.map(|why| format!(": {}", brief(&why))).unwrap_or_default();
    ReadFailure::Unreadable(format!("{place}: {what}{why}; check the address and that it runs"))
}

/// The server's own words: Alertmanager answers an error with a JSON text or object, proxies with anything.
fn words(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let told = json.as_ref().and_then(|v| v.as_str().or_else(|| v.get("message").or_else(|| v.get("error"))?.as_str()));
    told.map(|words| format!(": {}", brief(words))).unwrap_or_default()
}

/// Text of the outside, on one line and cut.
fn brief(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let line = text.chars().map(visible).collect::<String>();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WORDS_CAP { line } else { line.chars().take(WORDS_CAP).chain("...".chars()).collect() }
}
