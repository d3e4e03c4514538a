//! Why there is no reply, in the words of the port.
//!
//! Must never let a key, an address with a query, or more than a few words of the provider through. Start at
//! [`Failures::of`].

use std::time::Duration;

use genai::webc::StreamTimeout;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use midwatch_explore::port::ModelFailure;
use midwatch_redact::Redactor;
use serde_json::Value;

use crate::waiting;

/// Letters of a provider's words.
const WORDS_CAP: usize = 300;

/// Bytes of an answer that are looked at.
const LOOKED_AT: usize = 64 * 1024;

/// Reads failures of one model.
pub(crate) struct Failures {
    /// Who: `api.example.com`.
    pub(crate) place: String,
    /// Knows the key.
    pub(crate) redactor: Redactor,
    /// Without a byte of a stream.
    pub(crate) silence: Duration,
}

/// What a provider says when it refuses.
struct Said<'a> {
    status: StatusCode,
    headers: Option<&'a HeaderMap>,
    body: Value,
    /// The body in lower case, to look for words in.
    low: String,
    words: String,
}

impl Failures {
    /// Of what genai says.
    pub(crate) fn of(&self, error: genai::Error) -> ModelFailure {
        if let (Some(status), headers) = (error.status(), error.headers()) {
            let body = match &error {
                genai::Error::HttpError { body, .. } => body.as_str(),
                _ => "",
            };
            return self.refused(status, headers, body);
        }
        match error {
            genai::Error::WebStream { error, .. } => self.of_stream(error),
            genai::Error::ChatResponse { body, .. } => self.in_stream(&body),
            genai::Error::StreamParse { .. }
            | genai::Error::JsonValueExt(_)
            | genai::Error::SerdeJson(_)
            | genai::Error::InvalidJsonResponseElement { .. }
            | genai::Error::NoChatResponse { .. } => ModelFailure::Garbled("an event that is not of the format".into()),
            other => ModelFailure::Refused(self.words(&other.to_string())),
        }
    }

    fn of_stream(&self, error: genai::BoxError) -> ModelFailure {
        let error = match error.downcast::<genai::Error>() {
            Ok(inner) => return self.of(*inner),
            Err(other) => other,
        };
        if error.downcast_ref::<StreamTimeout>().is_some() {
            return ModelFailure::TimedOut(self.silence);
        }
        match error.downcast::<reqwest::Error>() {
            Ok(broken) => self.unreachable(*broken),
            Err(_) => ModelFailure::Garbled("a stream that is no text".into()),
        }
    }

    /// The connection, not the provider.
    fn unreachable(&self, error: reqwest::Error) -> ModelFailure {
        let what = if error.is_connect() { "cannot be reached" } else { "broke the connection" };
        let error = error.without_url();
        // The innermost cause says it: `connection refused`.
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let why = format!("{} {what}: {}", self.place, self.words(&cause.to_string()));
        ModelFailure::Unavailable { why, after: None }
    }

    /// An error in the middle of a stream: its kind stands for the status.
    pub(crate) fn in_stream(&self, body: &Value) -> ModelFailure {
        let inner = if body["error"].is_object() { &body["error"] } else { body };
        let number = inner["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        let kind = inner["type"].as_str().or_else(|| inner["code"].as_str()).unwrap_or_default();
        let status = number.filter(|code| (400..600).contains(code)).unwrap_or(match kind {
            "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
            "authentication_error" | "invalid_api_key" => 401,
            "permission_error" => 403,
            "billing_error" => 402,
            "invalid_request_error" | "request_too_large" => 400,
            "not_found_error" => 404,
            _ => 503,
        });
        self.refused(StatusCode::from_u16(status).unwrap_or_default(), None, &body.to_string())
    }

    /// A status that is no success.
    fn refused(&self, status: StatusCode, headers: Option<&HeaderMap>, text: &str) -> ModelFailure {
        let end = (0..=text.len().min(LOOKED_AT)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let text = &text[..end];
        let mut body: Value = serde_json::from_str(text).unwrap_or_default();
        // Gemini answers a list of one when a stream is refused.
        if let Some(first) = body.get_mut(0).map(Value::take) {
            body = first;
        }
        let places = ["/error/message", "/message", "/error", "/detail"];
        let message = places.iter().find_map(|at| body.pointer(at)?.as_str());
        let message = message.unwrap_or(if body.is_null() { text } else { "" });
        let words = format!("{} answers {}", self.place, shown(status));
        let words = if message.is_empty() { words } else { format!("{words}: {}", self.words(message)) };
        Said { status, headers, low: text.to_lowercase(), body, words }.failure()
    }

    /// A provider's words: without secrets, short, in one line.
    fn words(&self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let safe = self.redactor.redact_text(&line);
        match safe.char_indices().nth(WORDS_CAP) {
            Some((end, _)) => format!("{}...", &safe[..end]),
            None => safe.into_inner(),
        }
    }
}

impl Said<'_> {
    fn failure(self) -> ModelFailure {
        let after = waiting::after(self.headers, &self.body, Timestamp::now());
        if self.is_quota(after.is_some()) {
            return ModelFailure::OutOfQuota(self.words);
        }
        if self.is_too_long() {
            return ModelFailure::TooLong(self.words);
        }
        if self.is_key() {
            return ModelFailure::Unauthorised(self.words);
        }
        let why = self.words;
        match self.status.as_u16() {
            300..400 => ModelFailure::Refused(format!(
                "{why}: redirects are not followed, write the new address in the configuration"
            )),
            429 => ModelFailure::RateLimited { why, after },
            408 | 409 | 425 | 500.. => ModelFailure::Unavailable { why, after },
            _ => ModelFailure::Refused(why),
        }
    }

    fn says(&self, any: &[&str]) -> bool {
        any.iter().any(|words| self.low.contains(words))
    }

    /// Money or quota. Gemini uses OpenAI's sentence also for limits of a minute, but then says when to come again.
    fn is_quota(&self, comes_again: bool) -> bool {
        let refused = self.status.is_client_error();
        let for_good =
            ["insufficient_quota", "credit balance is too low", "billing_error", "billing_hard_limit", "perday"];
        let perhaps = ["exceeded your current quota", "insufficient credits", "insufficient balance"];
        self.status == StatusCode::PAYMENT_REQUIRED
            || (refused && (self.says(&for_good) || (self.says(&perhaps) && !comes_again)))
    }

    fn is_too_long(&self) -> bool {
        let words = [
            "context_length_exceeded",
            "prompt is too long",
            "maximum context length",
            "exceeds the maximum number of tokens",
            "exceed_context_size",
            "context window",
            "request_too_large",
        ];
        self.status == StatusCode::PAYLOAD_TOO_LARGE || (self.status == StatusCode::BAD_REQUEST && self.says(&words))
    }

    fn is_key(&self) -> bool {
        matches!(self.status.as_u16(), 401 | 403 | 407)
            || (self.status == StatusCode::BAD_REQUEST && self.says(&["api_key_invalid", "api key not valid"]))
    }
}

/// `429 Too Many Requests`, `529` where nobody gave it a name.
fn shown(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use midwatch_redact::SecretKind;

    fn failures() -> Failures {
        let mut redactor = Redactor::default();
        redactor.learn_literal(SecretKind::Literal, "sk-verysecret-123456");
        redactor.freeze();
        Failures { place: "api.example.com".into(), redactor, silence: Duration::from_secs(1) }
    }

    fn of(status: u16, body: &str) -> ModelFailure {
        failures().refused(StatusCode::from_u16(status).unwrap(), None, body)
    }

    #[test]
    fn words_of_a_provider_are_short_and_without_the_key() {
        let body = format!("{{\"error\": {{\"message\": \"bad key sk-verysecret-123456 \\n{}\"}}}}", "x".repeat(9_000));
        let shown = of(401, &body).to_string();
        assert!(shown.contains("401 Unauthorized: bad key"), "{shown}");
        assert!(!shown.contains("verysecret") && shown.len() < 600, "{shown}");
    }

    #[test]
    fn a_limit_of_a_minute_is_no_used_up_quota() {
        let gemini = r#"{"error": {"code": 429, "message": "You exceeded your current quota", "details": [DETAIL]}}"#;
        let minute = gemini.replace("DETAIL", r#"{"retryDelay": "9s"}"#);
        assert!(matches!(of(429, &minute), ModelFailure::RateLimited { after: Some(_), .. }));
        let day = gemini.replace("DETAIL", r#"{"quotaId": "RequestsPerDay"}, {"retryDelay": "9s"}"#);
        assert!(matches!(of(429, &day), ModelFailure::OutOfQuota(_)));
    }

    #[test]
    fn a_page_of_a_proxy_is_not_taken_for_words_of_the_model() {
        assert!(matches!(of(502, "<html>Bad Gateway</html>"), ModelFailure::Unavailable { .. }));
        assert!(matches!(of(404, ""), ModelFailure::Refused(_)));
        assert!(matches!(of(307, ""), ModelFailure::Refused(_)));
        assert!(matches!(of(402, "{}"), ModelFailure::OutOfQuota(_)));
        assert!(matches!(of(413, "{}"), ModelFailure::TooLong(_)));
    }
}
