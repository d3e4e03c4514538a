//! Messages that are due, handed to a sender for the time of a lease.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::Redacted;
use midwatch_service::clock::after;
use midwatch_service::id::WorkerId;
use midwatch_service::port::store::{Closed, DuePost, PostLease, Share};

use super::choose::choose;
use super::index::{keep, load, state, words};
use super::lane::Entry;
use crate::fault::Fault;
use crate::rounds::all;
use crate::threads;
use crate::unit::Unit;
use crate::value::parse;

pub(crate) fn take(
    unit: &mut Unit,
    worker: &WorkerId,
    platform: &str,
    now: Timestamp,
    lease: Duration,
    share: Share,
    closed: &Closed,
) -> Result<Vec<DuePost>, Fault> {
    let entries = choose(unit, platform, now, share, closed)?;
    let keys = unit.keys().clone();
    for Entry { key, .. } in &entries {
        unit.want(state(&keys, key));
        unit.want(words(&keys, key));
    }
    let until = after(now, lease);
    let taken = all(entries.iter().map(|entry| one(unit, entry, worker, until)))?;
    Ok(taken.into_iter().flatten().collect())
}

/// Takes one; none when it is not what the index said: another was faster, and its indexes were read a moment too early.
fn one(unit: &mut Unit, entry: &Entry, worker: &WorkerId, until: Timestamp) -> Result<Option<DuePost>, Fault> {
    let key = &entry.key;
    let Some(old) = load(unit, key)?.filter(|kept| Entry::of(key, kept).is_some_and(|(_, now)| now == *entry)) else {
        return Ok(None);
    };
    let Some(due_at) = old.due_at else { return Ok(None) };
    let cell = words(unit.keys(), key);
    let body = unit.peek(&cell)?.ok_or_else(|| Fault::Damaged(format!("message {key} says nothing")))?;
    let body = Redacted::kept(parse("a message", &body)?);
    let thread = threads::load(unit, old.thread)?;
    let thread = thread.ok_or_else(|| Fault::Damaged(format!("thread {} of a message", old.thread)))?;
    let mut new = old.clone();
    new.take(worker, until);
    let taken = PostLease { key: key.clone(), revision: new.revision, fence: new.fence };
    let (urgency, message, tries, doubtful) =
        (new.urgency, new.message.clone(), new.tries.saturating_sub(1), new.doubtful);
    keep(unit, key, Some(&old), new)?;
    Ok(Some(DuePost { taken, thread, body, urgency, due_at, message, tries, doubtful }))
}
