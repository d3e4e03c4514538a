//! Moments in the past as people say them: `yesterday`, `an hour ago`, `14:00`, `2:30 pm`.
//!
//! Must never guess a zone: a time of day is in UTC, as everything that Midwatch writes. Start at [`read`].

use jiff::{SignedDuration, Timestamp, civil, tz};

use super::When;
use crate::length;

/// A moment, in lower case. None when it is none, or one that this cannot tell exactly, such as `last night`.
pub(super) fn read(text: &str) -> Option<When> {
    let text = text.trim();
    let text = ["at ", "about ", "around "].iter().find_map(|before| text.strip_prefix(before)).unwrap_or(text);
    match text {
        "yesterday" => Some(When::Ago(SignedDuration::from_hours(24))),
        "last week" | "a week ago" => Some(When::Ago(SignedDuration::from_hours(7 * 24))),
        "midnight" | "today" => Some(When::Clock(civil::time(0, 0, 0, 0))),
        "noon" => Some(When::Clock(civil::time(12, 0, 0, 0))),
        text => ago(text).map(When::Ago).or_else(|| clock(text).map(When::Clock)).or_else(|| exactly(text).map(When::At)),
    }
}

/// `2 hours ago`, `2h`, `the last 2 hours`, `the past hour`.
fn ago(text: &str) -> Option<SignedDuration> {
    if let Some(length) = text.strip_suffix(" ago") {
        return length::read(length);
    }
    let text = text.strip_prefix("the ").unwrap_or(text);
    match ["last ", "past "].iter().find_map(|before| text.strip_prefix(before)) {
        Some(length) => length::read(length).or_else(|| length::read(&format!("1 {length}"))),
        None => length::read(text).filter(|_| text.starts_with(|c: char| c.is_ascii_digit())),
    }
}

/// `14:00`, `14:00:30 utc`, `2pm`, `2:30 pm`.
fn clock(text: &str) -> Option<civil::Time> {
    let text = text.strip_suffix(" utc").or_else(|| text.strip_suffix('z')).unwrap_or(text);
    let half = ["am", "pm"].into_iter().find_map(|half| text.strip_suffix(half).map(|time| (time.trim_end(), half == "pm")));
    let (time, afternoon) = half.map_or((text, None), |(time, afternoon)| (time, Some(afternoon)));
    let mut parts = time.split(':').map(|part| if part.len() <= 2 { part.parse::<i8>().ok() } else { None });
    let hour = parts.next()??;
    // A number alone is no time of day.
    let minute = parts.next().unwrap_or(afternoon.map(|_| 0))?;
    let second = parts.next().unwrap_or(Some(0))?;
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    civil::Time::new(hour, minute, second, 0).ok().filter(|_| parts.next().is_none())
}

/// `2026-11-22T14:00:00Z`; without a zone, in UTC.
fn exactly(text: &str) -> Option<Timestamp> {
    let text = text.to_uppercase();
    let text = text.strip_suffix(" UTC").unwrap_or(&text);
    let local = || text.parse::<civil::DateTime>().ok().filter(|_| text.contains(':'));
    text.parse().ok().or_else(|| local()?.to_zoned(tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_as_people_say_them() {
        let ago = |minutes| Some(When::Ago(SignedDuration::from_mins(minutes)));
        let clock = |hour, minute| Some(When::Clock(civil::time(hour, minute, 0, 0)));
        for (text, expected) in [
            ("yesterday", ago(1440)),
            ("an hour ago", ago(60)),
            ("half an hour ago", ago(30)),
            ("2h", ago(120)),
            ("the last 2 hours", ago(120)),
            ("the past hour", ago(60)),
            ("last 30m", ago(30)),
            ("14:00", clock(14, 0)),
            ("at 9:05 utc", clock(9, 5)),
            ("2pm", clock(14, 0)),
            ("12:30 am", clock(0, 30)),
            ("noon", clock(12, 0)),
            ("2026-11-22t14:00:00z", "2026-11-22T14:00:00Z".parse().ok().map(When::At)),
            ("2026-11-22 14:00", "2026-11-22T14:00:00Z".parse().ok().map(When::At)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for none in ["", "14", "25:00", "13pm", "0pm", "soon", "last night", "14:0:0:0", "a", "an hour", "the deploy", "2026-11-22", "1:99"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
