//! The service's clock, as the limiters of `governor` read it.
//!
//! Must never run backwards, whatever the machine's clock does: a limiter would be shut until the lost time came back.
//! Start at [`LimiterClock`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::nanos::Nanos;
use jiff::{Timestamp, TimestampRound, Unit};

use crate::clock::{SharedClock, after};

/// Time since it was made. What the shared clock jumps back is no time at all; from there on it counts again.
#[derive(Clone)]
pub struct LimiterClock {
    clock: SharedClock,
    seen: Arc<Mutex<Seen>>,
}

/// The last look at the clock.
#[derive(Clone, Copy)]
struct Seen {
    at: Timestamp,
    passed: Duration,
}

impl LimiterClock {
    /// Time from now on, by this clock.
    pub fn new(clock: SharedClock) -> Self {
        let at = clock.now();
        Self { clock, seen: Arc::new(Mutex::new(Seen { at, passed: Duration::ZERO })) }
    }

    /// When it will be that time, in whole microseconds and never sooner: the store keeps no more of a moment.
    pub fn moment(&self, time: Nanos) -> Timestamp {
        let seen = self.look();
        let left = Duration::from(time).saturating_sub(seen.passed);
        let up = TimestampRound::new().smallest(Unit::Microsecond).mode(jiff::RoundMode::Ceil);
        after(seen.at, left).round(up).unwrap_or(Timestamp::MAX)
    }

    /// What time it will be at a moment; now when that has passed.
    pub fn time(&self, moment: Timestamp) -> Nanos {
        let seen = self.look();
        let left = Duration::try_from(moment.duration_since(seen.at)).unwrap_or_default();
        nanos(seen.passed.saturating_add(left))
    }

    fn look(&self) -> Seen {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.clock.now();
        let passed = Duration::try_from(at.duration_since(seen.at)).unwrap_or_default();
        *seen = Seen { at, passed: seen.passed.saturating_add(passed) };
        *seen
    }
}

impl Clock for LimiterClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        nanos(self.look().passed)
    }
}

/// At most 292 years, so that what is added to it does not overflow.
fn nanos(time: Duration) -> Nanos {
    Nanos::new(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::tests::Hand;

    #[test]
    fn a_clock_that_is_set_back_loses_no_more_than_the_jump() {
        let hand = Arc::new(Hand::default());
        let clock = LimiterClock::new(hand.clone());
        hand.pass(Duration::from_secs(5));
        assert_eq!(clock.now(), Nanos::from(Duration::from_secs(5)));
        hand.back(Duration::from_hours(1));
        assert_eq!(clock.now(), Nanos::from(Duration::from_secs(5)));
        hand.pass(Duration::from_secs(1));
        assert_eq!(clock.now(), Nanos::from(Duration::from_secs(6)));
    }

    #[test]
    fn a_moment_is_never_sooner_than_its_time() {
        let hand = Arc::new(Hand::default());
        let clock = LimiterClock::new(hand.clone());
        hand.pass(Duration::from_secs(1));
        let moment = clock.moment(Nanos::new(1_000_000_001));
        assert_eq!(moment, after(hand.moment(), Duration::from_micros(1)));
        assert_eq!(clock.time(moment), Nanos::new(1_000_001_000));
        assert_eq!(clock.moment(Nanos::new(7)), hand.moment(), "what has passed is now");
        assert!(clock.moment(clock.time(Timestamp::MAX)) > hand.moment(), "what cannot be reckoned is far away");
    }
}
