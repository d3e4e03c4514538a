//! Mutes.

use crate::fault::Fault;
use crate::unit::Unit;
use jiff::Timestamp;
use midwatch_service::id::MuteId;
use midwatch_service::mute::Mute;

pub(crate) fn write(_: &mut Unit, _: Timestamp, _: &Mute) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn end(_: &mut Unit, _: Timestamp, _: MuteId) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn list(_: &mut Unit, _: Timestamp) -> Result<Vec<Mute>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
