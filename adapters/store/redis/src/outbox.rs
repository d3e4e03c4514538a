//! Messages on their way.

use crate::fault::Fault;
use crate::unit::Unit;
use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::{MessageId, PostKey, WorkerId};
use midwatch_service::port::store::{AfterFailure, Closed, DuePost, PostLease, Share};
use midwatch_service::post::{NewPost, PostBody};
use std::time::Duration;

pub(crate) fn post(_: &mut Unit, _: Timestamp, _: &NewPost) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn unchanged(_: &mut Unit, _: &PostKey, _: Option<u64>) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn written(_: &mut Unit, _: &PostKey) -> Result<Option<(u64, Redacted<PostBody>)>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn sent(_: &mut Unit, _: Timestamp, _: &PostLease, _: &MessageId) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn not_sent(_: &mut Unit, _: Timestamp, _: &PostLease, _: AfterFailure, _: &str) -> Result<(), Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn take(
    _: &mut Unit,
    _: &WorkerId,
    _: &str,
    _: Timestamp,
    _: Duration,
    _: Share,
    _: &Closed,
) -> Result<Vec<DuePost>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn next(_: &mut Unit, _: &str, _: &Closed) -> Result<Option<Timestamp>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}
