//! Figures by pack: how many, how fast, how often in vain.
//!
//! Pure. Start at [`Stats::take`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{execution, waiting};
use crate::job::{Job, JobState};

/// The median and the tail of some durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 95 of 100 took no longer.
    pub p95: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
}

impl Quantiles {
    /// Of these durations, each by the nearest rank: a value that really occurred. None without any.
    pub fn of(mut all: Vec<Duration>) -> Option<Self> {
        all.sort_unstable();
        let rank = |percent: usize| {
            let rank = (all.len() * percent).div_ceil(100);
            all.get(rank.saturating_sub(1)).copied()
        };
        Some(Self { p50: rank(50)?, p95: rank(95)?, p99: rank(99)? })
    }
}

/// The figures of one pack, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Jobs that were accepted.
    pub jobs: u64,
    /// Those of them that wait or run.
    pub live: u64,
    /// That ended in a report or an answer.
    pub completed: u64,
    /// That failed.
    pub failed: u64,
    /// Whose deadline passed.
    pub timeout: u64,
    /// That were stopped.
    pub cancelled: u64,
    execution: Vec<Duration>,
    waiting: Vec<Duration>,
}

impl Tally {
    fn take(&mut self, job: &Job, now: Timestamp) {
        self.jobs += 1;
        match job.state {
            JobState::Completed => self.completed += 1,
            JobState::Failed => self.failed += 1,
            JobState::Timeout => self.timeout += 1,
            JobState::Cancelled => self.cancelled += 1,
            _ => self.live += 1,
        }
        self.waiting.extend(waiting(job));
        self.execution.extend(execution(job, now).filter(|_| job.state.is_final()));
    }

    /// Jobs that came to nothing.
    pub fn errors(&self) -> u64 {
        self.failed + self.timeout
    }

    /// The share of errors among the jobs that ended by themselves; none when none did.
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn error_share(&self) -> Option<f64> {
        let ended = self.completed + self.errors();
        (ended > 0).then(|| self.errors() as f64 / ended as f64)
    }

    /// How long the last attempts took that have ended.
    pub fn execution(&self) -> Option<Quantiles> {
        Quantiles::of(self.execution.clone())
    }

    /// How long jobs waited for the start of their last attempt.
    pub fn waiting(&self) -> Option<Quantiles> {
        Quantiles::of(self.waiting.clone())
    }
}

/// The figures of all packs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By pack.
    pub packs: BTreeMap<String, Tally>,
    /// Of all together.
    pub total: Tally,
}

impl Stats {
    /// Counts a job.
    pub fn take(&mut self, job: &Job, now: Timestamp) {
        self.packs.entry(job.spec.pack.name.clone()).or_default().take(job, now);
        self.total.take(job, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(numbers: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        numbers.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        let of = |all| Quantiles::of(all).map(|q| [q.p50, q.p95, q.p99].map(|d| d.as_millis()));
        assert_eq!(of(ms([])), None);
        assert_eq!(of(ms([7])), Some([7, 7, 7]));
        assert_eq!(of(ms([3, 1, 2, 4])), Some([2, 4, 4]));
        assert_eq!(of(ms((1..=100).rev())), Some([50, 95, 99]));
        assert_eq!(of(ms(1..=1000)), Some([500, 950, 990]));
    }

    #[test]
    fn the_share_of_errors_leaves_out_what_was_stopped_or_lives() {
        let tally = Tally { jobs: 9, live: 2, completed: 3, failed: 1, timeout: 0, cancelled: 3, ..Tally::default() };
        assert_eq!(tally.error_share(), Some(0.25));
        assert_eq!(Tally { jobs: 5, live: 2, cancelled: 3, ..Tally::default() }.error_share(), None);
    }
}
