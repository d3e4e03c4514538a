//! What was heard.

use crate::fault::Fault;
use crate::unit::Unit;
use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::heard::Heard;
use midwatch_service::id::WorkerId;
use midwatch_service::port::store::{DueHeard, HeardLease};
use std::time::Duration;

pub(crate) fn hear(_: &mut Unit, _: Timestamp, _: &Redacted<Heard>, _: u64) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn handled(_: &mut Unit, _: Timestamp, _: &HeardLease) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn not_handled(_: &mut Unit, _: &HeardLease, _: Timestamp, _: &str) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn take(_: &mut Unit, _: &WorkerId, _: Timestamp, _: Duration, _: usize) -> Result<Vec<DueHeard>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn next(_: &mut Unit) -> Result<Option<Timestamp>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
