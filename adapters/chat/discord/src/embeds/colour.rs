//! What each state is coloured, in one table.
//!
//! Start at [`of_status`].

use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::post::LivingStatus;

pub(super) const RED: u32 = 0xD8_3A_42;
pub(super) const ORANGE: u32 = 0xE6_7E_22;
pub(super) const AMBER: u32 = 0xF0_B2_32;
pub(super) const GREEN: u32 = 0x24_80_46;
pub(super) const BLUE: u32 = 0x34_98_DB;
pub(super) const GREY: u32 = 0x80_84_8E;

/// The colour of a verdict, as that of its word.
pub(super) fn of_verdict(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Cause => RED,
        Verdict::Healthy | Verdict::Recovered => GREEN,
        Verdict::Expected => BLUE,
        Verdict::Blind => ORANGE,
        Verdict::Inconclusive => AMBER,
    }
}

/// The colour of how an incident or a question stands; once all alerts are resolved, it is over, whatever was found.
pub(super) fn of_status(status: &LivingStatus, all_resolved: bool) -> u32 {
    match status {
        _ if all_resolved => GREEN,
        LivingStatus::Queued | LivingStatus::Cancelled { .. } => GREY,
        LivingStatus::Investigating => BLUE,
        LivingStatus::Reported { verdict, .. } => of_verdict(*verdict),
        LivingStatus::Failed { .. } => RED,
    }
}
