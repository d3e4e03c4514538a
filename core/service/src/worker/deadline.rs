//! The deadline of one attempt: when to warn, when the engine has to stop reading, when the work is dropped.
//!
//! Pure. It counts from the start of the attempt, not from the job's acceptance. Start at [`Deadline`].

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;

/// The longest time that is kept back for judging and composing after the last read.
const COMPOSE: Duration = Duration::from_secs(2);

/// Shares of the deadline, in percent, at which the thread is warned.
pub(super) const WARNINGS: [u32; 2] = [80, 90];

/// The deadline of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    start: Timestamp,
    whole: Duration,
}

impl Deadline {
    pub(super) fn new(start: Timestamp, whole: Duration) -> Self {
        Self { start, whole: whole.max(Duration::from_millis(1)) }
    }

    /// When it has passed: what runs on is dropped.
    pub(super) fn end(&self) -> Timestamp {
        after(self.start, self.whole)
    }

    /// When a share of it has passed.
    pub(super) fn at(&self, percent: u32) -> Timestamp {
        after(self.start, self.whole * percent / 100)
    }

    /// Time the engine has for its reads from now on: a little less than is left, so that what was read still becomes a
    /// report before the end.
    pub(super) fn for_reads(&self, now: Timestamp) -> Duration {
        let left = Duration::try_from(self.end().duration_since(now)).unwrap_or_default();
        left.saturating_sub((self.whole / 20).min(COMPOSE))
    }

    /// The warning of a share, with what is being done.
    pub(super) fn warning(&self, percent: u32, doing: &str) -> String {
        format!("{percent} % of {} used: {doing}", words(self.whole))
    }

    /// As a person says it.
    pub(super) fn words(&self) -> String {
        words(self.whole)
    }
}

/// `2 min`, `90 s`, `300 ms`.
pub(super) fn words(time: Duration) -> String {
    match (time.as_secs(), time.subsec_millis()) {
        (0, ms) => format!("{ms} ms"),
        (s, 0) if s % 60 == 0 => format!("{} min", s / 60),
        (s, 0) => format!("{s} s"),
        (s, ms) => format!("{s}.{} s", ms / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn warnings_come_before_reads_end_and_reads_end_before_the_work_is_dropped() {
        for whole in [1, 50, 2_000, 120_000, 3_600_000] {
            let deadline = Deadline::new(at(0), Duration::from_millis(whole));
            let reads_end = after(at(0), deadline.for_reads(at(0)));
            let order = [deadline.at(80), deadline.at(90), reads_end, deadline.end()];
            assert!(order.is_sorted(), "{whole}: {order:?}");
            assert!(whole < 20 || order[1] < order[2] && order[2] < order[3], "{whole}: {order:?}");
        }
    }

    #[test]
    fn late_starts_leave_less_and_never_less_than_nothing() {
        let deadline = Deadline::new(at(0), Duration::from_mins(2));
        assert_eq!(deadline.for_reads(at(0)), Duration::from_secs(118));
        assert_eq!(deadline.for_reads(at(60_000)), Duration::from_secs(58));
        assert_eq!(deadline.for_reads(at(119_000)), Duration::ZERO);
        assert_eq!(deadline.for_reads(at(500_000)), Duration::ZERO);
    }

    #[test]
    fn the_words() {
        let deadline = Deadline::new(at(0), Duration::from_mins(2));
        assert_eq!(deadline.warning(80, "read logs"), "80 % of 2 min used: read logs");
        assert_eq!(words(Duration::from_secs(90)), "90 s");
        assert_eq!(words(Duration::from_millis(1500)), "1.5 s");
        assert_eq!(words(Duration::from_millis(300)), "300 ms");
    }
}
