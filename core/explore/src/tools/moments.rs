//! Moments as a model writes them: `2026-11-22T04:36:31Z`, `2h`, an epoch. Pure.
//!
//! Must never read a clock: "now" is that of the request.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use midwatch_conversation::question::When;

use crate::tool::ToolError;

/// Epochs from here on are milliseconds, further on micro- and nanoseconds: seconds of this size lie in the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// A moment or how long ago.
pub(super) fn past(text: &str) -> Result<When, ToolError> {
    if let Some(at) = moment(text) {
        return Ok(When::At(at));
    }
    let ago = text.trim().trim_end_matches(" ago");
    span(ago).map(|by| When::Ago(by.abs())).ok_or_else(|| {
        ToolError::Arguments(format!(
            "`{}` is no time: write `2026-11-22T04:36:31Z`, or how long ago as `90m`, `2h`, `1d`",
            brief(text)
        ))
    })
}

/// A moment, as RFC 3339 writes it or as seconds, milliseconds, micro- or nanoseconds since the epoch. Without a zone it is UTC.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(civil) = text.trim_end_matches(" UTC").parse::<jiff::civil::DateTime>() {
        return civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    if let Some((whole, _)) = text.split_once('.').filter(|_| text.chars().all(plain)) {
        let seconds = whole.parse::<i64>().ok()?;
        let nanos = (text.parse::<f64>().ok()?.fract() * 1e9).round();
        #[expect(clippy::cast_possible_truncation, reason = "the fraction of a second in nanoseconds")]
        return Timestamp::new(seconds, nanos as i32).ok();
    }
    let epoch: i64 = text.parse().ok()?;
    match epoch.abs() {
        size if size < MILLISECONDS => Timestamp::from_second(epoch).ok(),
        size if size < MILLISECONDS * 1000 => Timestamp::from_millisecond(epoch).ok(),
        size if size < MILLISECONDS * 1_000_000 => Timestamp::from_microsecond(epoch).ok(),
        _ => Timestamp::from_nanosecond(i128::from(epoch)).ok(),
    }
}

/// A length of time: `90s`, `1h 30m`, `2 days`, `PT5M`, `-10m`. A day has 24 hours; months and years have no length.
pub(super) fn span(text: &str) -> Option<SignedDuration> {
    let span: Span = text.trim().parse().ok()?;
    if span.get_months() != 0 || span.get_years() != 0 {
        return None;
    }
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// What of a model's words is said back.
pub(super) fn brief(text: &str) -> String {
    text.chars().take(60).collect()
}
