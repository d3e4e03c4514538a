//! What people think of reports.

use crate::fault::Fault;
use crate::unit::Unit;
use midwatch_service::id::JobId;
use midwatch_service::port::store::Feedback;

pub(crate) fn write(_: &mut Unit, _: &Feedback) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn list(_: &mut Unit, _: JobId) -> Result<Vec<Feedback>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
