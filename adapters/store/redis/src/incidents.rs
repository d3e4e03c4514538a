//! Incidents.

use crate::fault::Fault;
use crate::unit::Unit;
use midwatch_service::id::{IncidentId, ThreadId};
use midwatch_service::incident::Incident;

pub(crate) fn write(_: &mut Unit, _: &Incident) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn load(_: &mut Unit, _: IncidentId) -> Result<Option<Incident>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn by_keys(_: &mut Unit, _: &[String]) -> Result<Vec<Incident>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn last_closed(_: &mut Unit, _: &[String]) -> Result<Option<IncidentId>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn open(_: &mut Unit, _: usize) -> Result<Vec<Incident>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn of_thread(_: &mut Unit, _: ThreadId) -> Result<Option<Incident>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
