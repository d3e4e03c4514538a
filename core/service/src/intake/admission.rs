//! Whether there is room for a new job. Pure.
//!
//! Must never be asked for alerts that join an open incident: those are always taken. Start at [`Room`].

use std::time::Duration;

use super::refused::Refused;
use super::settings::IntakeSettings;
use crate::port::store::Load;

/// How full the queue is, against its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    /// (running + queued) / (slots + queue bound).
    pub(super) utilisation: f64,
    /// Whether new jobs are taken.
    pub(super) open: bool,
    retry_after: Duration,
}

impl Room {
    #[allow(clippy::cast_precision_loss, reason = "queues are far below 2^52")]
    pub(super) fn of(load: &Load, settings: &IntakeSettings) -> Self {
        let live = load.running.saturating_add(load.pending);
        let bound = bound(settings).max(1);
        let utilisation = live as f64 / bound as f64;
        // What waits needs about this long when every job takes a third of its deadline; a guess good enough to spread
        // the retries.
        let rounds = u32::try_from(load.pending / settings.slots.max(1)).unwrap_or(u32::MAX);
        let guess = (settings.deadline / 3).saturating_mul(rounds.saturating_add(1));
        let retry_after = guess.clamp(Duration::from_secs(5), Duration::from_mins(2));
        Self { utilisation, open: utilisation < settings.refuse_at, retry_after }
    }

    /// The refusal.
    pub(super) fn busy(&self) -> Refused {
        Refused::Busy { utilisation: self.utilisation, retry_after: self.retry_after }
    }
}

/// Live jobs there may be.
pub(super) fn bound(settings: &IntakeSettings) -> u64 {
    settings.slots.saturating_add(settings.queue_bound)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty(0, 0, true)]
    #[case::just_below(5, 84, true)]
    #[case::at_ninety_percent(5, 85, false)]
    #[case::beyond(5, 200, false)]
    fn new_jobs_are_taken_below_ninety_percent(#[case] running: u64, #[case] pending: u64, #[case] open: bool) {
        let settings = IntakeSettings { slots: 5, queue_bound: 95, ..IntakeSettings::default() };
        let load = Load { pending, running, ..Load::default() };
        assert_eq!(Room::of(&load, &settings).open, open);
    }

    #[test]
    fn without_any_slot_nothing_divides_by_zero() {
        let settings = IntakeSettings { slots: 0, queue_bound: 0, ..IntakeSettings::default() };
        let room = Room::of(&Load { pending: 1, ..Load::default() }, &settings);
        assert!(!room.open && room.utilisation.is_finite());
    }
}
