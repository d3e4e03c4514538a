//! Threads and their memory.

use crate::fault::Fault;
use crate::unit::Unit;
use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::{MessageId, ThreadId};
use midwatch_service::thread::{Entry, NewEntry, Thread};

pub(crate) fn open(_: &mut Unit, _: Timestamp, _: &Thread) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn remember(_: &mut Unit, _: Timestamp, _: &NewEntry) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn load(_: &mut Unit, _: ThreadId) -> Result<Option<Thread>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn at(_: &mut Unit, _: &str, _: &str, _: &MessageId) -> Result<Option<Thread>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn memory(_: &mut Unit, _: ThreadId) -> Result<Vec<Redacted<Entry>>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
