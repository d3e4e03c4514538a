//! Commits that another writer was first with: read again, decide anew, try again, a bounded number of times.
//!
//! What several processes change together (an incident, a living message) is guarded by its revision and by no lock, so who
//! comes second hears [`CommitError::Stale`]. Must never be used for a failure that reading again does not mend. Start at
//! [`Collisions`].

use std::time::Duration;

use jiff::Timestamp;

use crate::port::store::CommitError;

/// How often something is tried while others are first.
pub const TRIES: u32 = 20;

/// The collisions of one piece of work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collisions(u32);

impl Collisions {
    /// Whether to read again and try again after this failure; waits a moment if so. `now` sets apart those who collided.
    pub async fn again(&mut self, error: &CommitError, now: Timestamp) -> bool {
        self.0 += 1;
        if !matches!(error, CommitError::Stale) || self.0 >= TRIES {
            return false;
        }
        tokio::time::sleep(pause(self.0, now)).await;
        true
    }
}

/// A short wait, longer with each try, and different for those who collided: by the low digits of the clock.
pub fn pause(tries: u32, now: Timestamp) -> Duration {
    let most = Duration::from_millis(1 << tries.min(6));
    let jitter = u32::try_from(now.subsec_nanosecond()).unwrap_or_default() % 1000;
    most / 2 + most / 2 * jitter / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_came_second_tries_again_but_not_for_ever() {
        let mut collisions = Collisions::default();
        let mut tried = 1;
        while collisions.again(&CommitError::Stale, Timestamp::UNIX_EPOCH).await {
            tried += 1;
        }
        assert_eq!(tried, TRIES);
        let other = CommitError::NotAllowed("no".to_owned());
        assert!(!Collisions::default().again(&other, Timestamp::UNIX_EPOCH).await);
    }

    #[test]
    fn waits_grow_and_stay_short() {
        let at = |tries, nanos| pause(tries, Timestamp::new(0, nanos).unwrap());
        assert!(at(1, 0) < at(3, 0) && at(3, 0) < at(6, 0));
        assert_eq!(at(6, 0), at(40, 0));
        assert!(at(6, 999) > at(6, 0) && at(6, 999) <= Duration::from_millis(64));
    }
}
