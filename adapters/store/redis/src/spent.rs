//! What was spent.

use crate::fault::Fault;
use crate::unit::Unit;
use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_service::id::JobId;
use midwatch_service::spend::{Spend, Spender};

pub(crate) fn write(_: &mut Unit, _: &Spend) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn since(_: &mut Unit, _: Timestamp, _: Option<&Spender>) -> Result<ModelUse, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn on_job(_: &mut Unit, _: JobId) -> Result<ModelUse, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
