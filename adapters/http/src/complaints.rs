//! Counts what must not fill the log: one line in a while tells how often it happened.
//!
//! Must never keep anything of the requests. Start at [`Complaints::count`].

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The time from one line to the next.
const EVERY: SignedDuration = SignedDuration::from_secs(10);

/// How often something happened since the last line about it.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    state: Mutex<(Option<Timestamp>, u64)>,
}

impl Complaints {
    /// Counts one more; how many there were when it is time to say so.
    pub(crate) fn count(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, since) = &mut *state;
        *since += 1;
        if last.is_some_and(|last| now.duration_since(last) < EVERY) {
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_rest_together() {
        let complaints = Complaints::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(complaints.count(at(100)), Some(1));
        assert_eq!(complaints.count(at(101)), None);
        assert_eq!(complaints.count(at(109)), None);
        assert_eq!(complaints.count(at(110)), Some(3));
        assert_eq!(complaints.count(at(111)), None);
    }
}
