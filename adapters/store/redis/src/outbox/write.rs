//! Messages that come in, and what one says.

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::id::PostKey;
use midwatch_service::port::store::CommitError;
use midwatch_service::post::{NewPost, PostBody};

use super::index::{keep, load, next_number, queue, state, words, youngest};
use super::kept::Kept;
use crate::fault::Fault;
use crate::threads;
use crate::unit::Unit;
use crate::value::{json, parse};

pub(crate) fn post(unit: &mut Unit, now: Timestamp, new: &NewPost) -> Result<(), Fault> {
    let keys = unit.keys().clone();
    let cell = words(&keys, &new.key);
    for needed in [state(&keys, &new.key), cell.clone(), queue(&keys, new.thread), youngest(&keys)] {
        unit.want(needed);
    }
    let thread = threads::touch(unit, now, new.thread)?;
    let body = json(&new.body)?;
    let Some(old) = load(unit, &new.key)? else {
        let number = next_number(unit)?;
        unit.set(cell, Some(body));
        return keep(unit, &new.key, None, Kept::new(new, &thread, number, now));
    };
    if old.thread != new.thread {
        return Err(CommitError::NotAllowed(format!("message {} belongs to thread {}", new.key, old.thread)).into());
    }
    if unit.peek(&cell)?.as_ref() == Some(&body) {
        return Ok(());
    }
    unit.set(cell, Some(body));
    let mut newer = old.clone();
    newer.revise(new, now);
    keep(unit, &new.key, Some(&old), newer)
}

/// Refuses the commit unless a message is at the revision that was read.
pub(crate) fn unchanged(unit: &mut Unit, key: &PostKey, revision: Option<u64>) -> Result<(), Fault> {
    let now = load(unit, key)?.map(|kept| kept.revision);
    if now == revision { Ok(()) } else { Err(CommitError::Stale.into()) }
}

/// What a message says, and in which revision: both read at once, for who read them writes on them.
pub(crate) fn written(unit: &mut Unit, key: &PostKey) -> Result<Option<(u64, Redacted<PostBody>)>, Fault> {
    let post = super::index::post(unit.keys(), key);
    let read = unit.ask(["HMGET", &post, "state", "words"])?;
    let [state, words] = read.as_slice() else { return Ok(None) };
    let kept: Kept = parse("a message", state)?;
    Ok(Some((kept.revision, Redacted::kept(parse("a message", words)?))))
}
