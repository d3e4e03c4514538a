//! When a provider wants to be asked again.
//!
//! Start at [`after`].

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

/// Nobody is waited for longer than this, whatever an answer says.
const LONGEST: Duration = Duration::from_hours(24);

/// What the headers say, or the body where a provider says it there (Gemini's `RetryInfo`).
pub(crate) fn after(headers: Option<&HeaderMap>, body: &Value, now: Timestamp) -> Option<Duration> {
    let header = |name: &str| headers.and_then(|all| all.get(name)).and_then(|value| value.to_str().ok());
    let millis = header("retry-after-ms").and_then(|text| text.parse::<f64>().ok()).map(|ms| ms / 1000.0);
    // Of the answer's own clock, so that ours may be wrong.
    let sent = header("date").and_then(date).unwrap_or(now);
    millis
        .and_then(seconds)
        .or_else(|| header("retry-after").and_then(|text| said(text, sent)))
        .or_else(|| in_body(body))
        .map(|wait| wait.min(LONGEST))
}

/// `Retry-After`: seconds or a date. <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
fn said(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    let left = date(text)?.duration_since(now);
    // A date that is past: at once.
    Some(Duration::try_from(left).unwrap_or(Duration::ZERO))
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

/// `"retryDelay": "34s"`. <https://cloud.google.com/apis/design/errors#error_payloads>
fn in_body(body: &Value) -> Option<Duration> {
    let details = body["error"]["details"].as_array().or_else(|| body["details"].as_array())?;
    let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str())?;
    seconds(delay.strip_suffix('s')?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(headers: &[(&'static str, &'static str)], body: &Value) -> Option<Duration> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        };
        let map: HeaderMap = headers.iter().map(pair).collect();
        after(Some(&map), body, "2026-11-01T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn seconds_dates_and_bodies_are_read() {
        let none = json!({});
        assert_eq!(read(&[("retry-after", "7")], &none), Some(Duration::from_secs(7)));
        assert_eq!(read(&[("retry-after", "0.5")], &none), Some(Duration::from_millis(500)));
        assert_eq!(read(&[("retry-after-ms", "250"), ("retry-after", "9")], &none), Some(Duration::from_millis(250)));
        assert_eq!(read(&[("retry-after", "Sun, 01 Nov 2026 10:00:30 GMT")], &none), Some(Duration::from_secs(30)));
        let dated = [("date", "Sun, 01 Nov 2026 10:00:20 GMT"), ("retry-after", "Sun, 01 Nov 2026 10:00:30 GMT")];
        assert_eq!(read(&dated, &none), Some(Duration::from_secs(10)));
        let info = json!({"error": {"details": [{"@type": "x"}, {"retryDelay": "34.5s"}]}});
        assert_eq!(read(&[], &info), Some(Duration::from_millis(34_500)));
    }

    #[test]
    fn what_makes_no_sense_is_nothing() {
        let none = json!({});
        for odd in ["-1", "soon", "NaN", "inf", "", "Sun, 99 Nov"] {
            assert_eq!(read(&[("retry-after", odd)], &none), None, "{odd}");
        }
        assert_eq!(read(&[("retry-after", "Sun, 01 Nov 2020 10:00:00 GMT")], &none), Some(Duration::ZERO));
        assert_eq!(read(&[("retry-after", "99999999999")], &none), Some(LONGEST));
    }
}
