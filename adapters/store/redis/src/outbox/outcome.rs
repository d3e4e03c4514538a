//! What became of a message that was taken. Only the one who holds it now is heard.

use jiff::Timestamp;
use midwatch_service::id::MessageId;
use midwatch_service::port::store::{AfterFailure, PostLease};

use super::index::{keep, load};
use super::kept::{Kept, lost};
use crate::fault::Fault;
use crate::threads;
use crate::unit::Unit;

pub(crate) fn sent(unit: &mut Unit, now: Timestamp, taken: &PostLease, message: &MessageId) -> Result<(), Fault> {
    let old = held(unit, taken)?;
    let mut new = old.clone();
    new.sent(taken, message, now);
    let (thread, private) = (new.thread, new.private);
    keep(unit, &taken.key, Some(&old), new)?;
    if !private {
        threads::root(unit, thread, message)?;
    }
    threads::touch(unit, now, thread).map(|_| ())
}

pub(crate) fn not_sent(
    unit: &mut Unit,
    now: Timestamp,
    taken: &PostLease,
    next: AfterFailure,
    why: &str,
) -> Result<(), Fault> {
    let old = held(unit, taken)?;
    let mut new = old.clone();
    new.not_sent(taken, next, why, now);
    keep(unit, &taken.key, Some(&old), new)
}

fn held(unit: &mut Unit, taken: &PostLease) -> Result<Kept, Fault> {
    let kept = load(unit, &taken.key)?.ok_or_else(|| lost(taken))?;
    Ok(kept.held(taken)?)
}
