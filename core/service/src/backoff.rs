//! How long to wait before something is tried again.
//!
//! Pure: the spread comes from who waits and how often it was tried, not from chance, so a test can tell it beforehand.
//! Start at [`backoff`].

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

/// The longest wait.
pub const LONGEST: Duration = Duration::from_mins(1);

/// The wait after so many attempts: 1 s, 2 s, 4 s and so forth, at most [`LONGEST`].
pub fn backoff(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    Duration::from_secs(1 << doublings).min(LONGEST)
}

/// The same wait, between three and five quarters of it, so that those that failed together do not come again together.
pub fn spread(wait: Duration, who: impl Hash) -> Duration {
    let mut hasher = DefaultHasher::new();
    who.hash(&mut hasher);
    let share = u32::try_from(hasher.finish() % 501).unwrap_or_default();
    wait * (750 + share) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = [0, 1, 2, 3, 4, 6, 7, 40, u32::MAX].map(|n| backoff(n).as_secs()).into();
        assert_eq!(waits, [1, 1, 2, 4, 8, 32, 60, 60, 60]);
    }

    #[test]
    fn the_spread_is_bounded_and_the_same_for_the_same() {
        let waits: Vec<Duration> = (0..200).map(|n| spread(Duration::from_secs(4), n)).collect();
        assert!(waits.iter().all(|w| (3000..=5000).contains(&w.as_millis())), "{waits:?}");
        assert!(waits.iter().any(|w| w.as_millis() < 3500) && waits.iter().any(|w| w.as_millis() > 4500));
        assert_eq!(spread(Duration::from_secs(4), ("job", 2)), spread(Duration::from_secs(4), ("job", 2)));
    }
}
