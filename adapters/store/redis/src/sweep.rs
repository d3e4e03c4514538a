//! Removing what has ended.

use crate::fault::Fault;
use crate::unit::Unit;
use jiff::Timestamp;
use midwatch_service::port::store::Retention;

pub(crate) fn sweep(_: &mut Unit, _: Timestamp, _: Retention) -> Result<u64, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
