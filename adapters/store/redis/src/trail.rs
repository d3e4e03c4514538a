//! The audit trail.

use crate::fault::Fault;
use crate::unit::Unit;
use midwatch_service::audit::{ChainKey, Entry, Sealed};

pub(crate) fn add(_: &mut Unit, _: &ChainKey, _: &Entry) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn page(_: &mut Unit, _: u64, _: usize) -> Result<Vec<Sealed>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
