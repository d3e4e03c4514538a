//! What each state is coloured, in one table.
//!
//! Start at [`of_status`].

use midwatch_diagnosis::verdict::Verdict;
use midwatch_service::post::LivingStatus;

pub(super) const RED: u32 = rgb(0xD8, 0x3A, 0x42);
pub(super) const ORANGE: u32 = rgb(0xE6, 0x7E, 0x22);
pub(super) const AMBER: u32 = rgb(0xF0, 0xB2, 0x32);
pub(super) const GREEN: u32 = rgb(0x24, 0x80, 0x46);
pub(super) const BLUE: u32 = rgb(0x34, 0x98, 0xDB);
pub(super) const GREY: u32 = rgb(0x80, 0x84, 0x8E);

/// As Discord takes a colour: 0xRRGGBB.
const fn rgb(red: u32, green: u32, blue: u32) -> u32 {
    red << 16 | green << 8 | blue
}

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
