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
    /// Decides with the number of groups opened within the window before `now`, and counts those that the decision opens.
    /// Deciding and counting are one step, so that deliveries at the same time cannot all be the tenth.
    pub(super) fn decide<T>(&self, now: Timestamp, window: Duration, decide: impl FnOnce(usize) -> (usize, T)) -> T {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while moments.front().is_some_and(|at| after(*at, window) <= now) {
            moments.pop_front();
        }
        let (opens, decision) = decide(moments.len());
        moments.extend(std::iter::repeat_n(now, opens));
        decision
    }

    /// Takes back groups that were not opened after all.
    pub(super) fn undo(&self, at: Timestamp, groups: usize) {
        let mut moments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..groups {
            if let Some(index) = moments.iter().rposition(|moment| *moment == at) {
                moments.remove(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_moments_and_undone_ones_do_not_count() {
        let gusts = Gusts::default();
        let start = Timestamp::UNIX_EPOCH;
        let minute = Duration::from_mins(1);
        let open = |at: Timestamp| gusts.decide(at, minute, |lately| (1, lately));
        assert_eq!((open(start), open(start)), (0, 1));
        gusts.undo(start, 1);
        assert_eq!(open(after(start, Duration::from_secs(59))), 1);
        assert_eq!(open(after(start, minute)), 1, "the first is a window ago");
    }
}
