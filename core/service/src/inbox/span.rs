//! Times as people read them. Pure.
//!
//! Start at [`moment`].

use std::time::Duration;

use jiff::Timestamp;

/// A moment: the time of today, or the date with it.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%F").to_string();
    let pattern = if day(at) == day(now) { "%H:%M:%S UTC" } else { "%F %H:%M UTC" };
    at.strftime(pattern).to_string()
}

/// The time between two moments.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_another_day_has_its_date() {
        let at: Timestamp = "2026-11-22T14:02:11Z".parse().unwrap();
        assert_eq!(moment(at, at), "14:02:11 UTC");
        assert_eq!(moment(at, "2026-11-23T00:00:00Z".parse().unwrap()), "2026-11-22 14:02 UTC");
    }
}
