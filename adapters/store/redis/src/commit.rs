//! What each part of a write does. One part after the other, in the order given; each sees what those before it did.

use jiff::Timestamp;
use midwatch_service::audit::ChainKey;
use midwatch_service::port::store::Write;

use crate::fault::Fault;
use crate::unit::Unit;
use crate::{
    artifacts, feedback, fleet, heard, incidents, jobs::write as job, mutes, once, outbox, packs, reports, spent,
    threads, trail, wake,
};

/// Plans all parts. What one part misses does not keep the others from saying what they will need, so that it is read in one
/// go; whatever they say otherwise is worth nothing then.
pub(crate) fn plan(unit: &mut Unit, key: &ChainKey, by: &str, now: Timestamp, writes: &[Write]) -> Result<(), Fault> {
    let mut missing = false;
    for write in writes {
        match part(unit, key, now, write) {
            Ok(()) => {}
            Err(Fault::Missing) => missing = true,
            Err(_) if missing => break,
            Err(fault) => return Err(fault),
        }
    }
    if missing {
        return Err(Fault::Missing);
    }
    wake::call(unit, by, writes);
    Ok(())
}

fn part(unit: &mut Unit, key: &ChainKey, now: Timestamp, write: &Write) -> Result<(), Fault> {
    match write {
        Write::Enqueue { job, bound } => job::enqueue(unit, now, job, *bound),
        Write::Advance { lease, to, reason } => job::advance(unit, now, lease, *to, reason),
        Write::Finish { lease, outcome } => job::finish(unit, now, lease, outcome),
        Write::Retry { lease, run_at, error } => job::retry(unit, now, lease, *run_at, error),
        Write::Lost { lease, run_at, error } => job::lost(unit, now, lease, *run_at, error),
        Write::HandBack { lease, reason } => job::hand_back(unit, now, lease, reason),
        Write::Cancel { job, cancel } => job::cancel(unit, now, *job, cancel),
        Write::Replay { job, by } => job::replay(unit, now, *job, by),
        Write::Discard { job, by } => job::discard(unit, now, *job, by),
        Write::Incident(incident) => incidents::write(unit, incident),
        Write::OpenThread(thread) => threads::open(unit, now, thread),
        Write::Remember(entry) => threads::remember(unit, now, entry),
        Write::IfPost { key, revision } => outbox::unchanged(unit, key, *revision),
        Write::Post(post) => outbox::post(unit, now, post),
        Write::Sent { taken, message } => outbox::sent(unit, now, taken, message),
        Write::NotSent { taken, next, why } => outbox::not_sent(unit, now, taken, *next, why),
        Write::Artifact(artifact) => artifacts::write(unit, artifact),
        Write::Audit(entry) => trail::add(unit, key, entry),
        Write::Hear { heard, bound } => heard::hear(unit, now, heard, *bound),
        Write::Handled(taken) => heard::handled(unit, now, taken),
        Write::NotHandled { taken, again, why } => heard::not_handled(unit, taken, *again, why),
        Write::Once { key, by } => once::mark(unit, now, key, by),
        Write::Mute(mute) => mutes::write(unit, now, mute),
        Write::Unmute(mute) => mutes::end(unit, now, *mute),
        Write::Feedback(feedback) => feedback::write(unit, feedback),
        Write::Spent(spend) => spent::write(unit, spend),
        Write::Findable(report) => reports::write(unit, report),
        Write::Drain { replica, order } => fleet::drain(unit, replica, order.as_ref()),
        Write::Kill(order) => fleet::kill(unit, order.as_ref()),
        Write::Pack { name, enabled } => {
            packs::switch(unit, name, *enabled);
            Ok(())
        }
    }
}
