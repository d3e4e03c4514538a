//! How many groups were opened lately: a storm is too many at once.
//!
//! Kept in memory, because it only limits a rate: after a restart, or with several replicas, a few more threads are opened
//! before the storm is noticed, and nothing is lost. Start at [`Gusts`].

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;

/// Moments at which groups were opened, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Gusts(Mutex<VecDeque<Timestamp>>);

impl Gusts {
    /// Groups that were opened within the window before `now`.
    pub(super) fn lately(&self, now: Timestamp, window: Duration) -> usize {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while moments.front().is_some_and(|at| after(*at, window) <= now) {
            moments.pop_front();
        }
        moments.len()
    }

    /// So many groups were opened.
    pub(super) fn opened(&self, at: Timestamp, groups: usize) {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moments.extend(std::iter::repeat_n(at, groups));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_moments_do_not_count() {
        let gusts = Gusts::default();
        let start = Timestamp::UNIX_EPOCH;
        let minute = Duration::from_mins(1);
        gusts.opened(start, 2);
        gusts.opened(after(start, Duration::from_secs(30)), 1);
        assert_eq!(gusts.lately(after(start, Duration::from_secs(59)), minute), 3);
        assert_eq!(gusts.lately(after(start, minute), minute), 1, "the first two are a window ago");
    }
}
