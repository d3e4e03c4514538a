//! Reports that can be found.

use crate::fault::Fault;
use crate::unit::Unit;
use midwatch_redact::Redacted;
use midwatch_service::search::{Findable, FoundReport};

pub(crate) fn write(_: &mut Unit, _: &Redacted<Findable>) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn find(_: &mut Unit, _: &str, _: usize) -> Result<Vec<FoundReport>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
