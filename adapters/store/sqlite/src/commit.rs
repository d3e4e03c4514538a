//! What each part of a write does. One part after the other, in the order given; the caller undoes all when one fails.

use jiff::Timestamp;
use midwatch_service::audit::ChainKey;
use midwatch_service::port::store::Write;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::{
    artifacts, feedback, fleet, heard, incidents, jobs::write as job, mutes, once, outbox, packs, reports, spent,
    threads, trail,
};

pub(crate) fn apply(db: &Connection, key: &ChainKey, now: Timestamp, writes: &[Write]) -> Result<(), Fault> {
    writes.iter().try_for_each(|write| part(db, key, now, write))
}

fn part(db: &Connection, key: &ChainKey, now: Timestamp, write: &Write) -> Result<(), Fault> {
    match write {
        Write::Enqueue { job, bound } => job::enqueue(db, now, job, *bound),
        Write::Advance { lease, to, reason } => job::advance(db, now, lease, *to, reason),
        Write::Finish { lease, outcome } => job::finish(db, now, lease, outcome),
        Write::Retry { lease, run_at, error } => job::retry(db, now, lease, *run_at, error),
        Write::Lost { lease, run_at, error } => job::lost(db, now, lease, *run_at, error),
        Write::HandBack { lease, reason } => job::hand_back(db, now, lease, reason),
        Write::Cancel { job, cancel } => job::cancel(db, now, *job, cancel),
        Write::Replay { job, by } => job::replay(db, now, *job, by),
        Write::Discard { job, by } => job::discard(db, now, *job, by),
        Write::Incident(incident) => incidents::write(db, incident),
        Write::OpenThread(thread) => threads::open(db, now, thread),
        Write::Remember(entry) => threads::remember(db, now, entry),
        Write::IfPost { key, revision } => outbox::write::unchanged(db, key, *revision),
        Write::Post(post) => outbox::write::post(db, now, post),
        Write::Sent { taken, message } => outbox::outcome::sent(db, now, taken, message),
        Write::NotSent { taken, next, why } => outbox::outcome::not_sent(db, now, taken, *next, why),
        Write::Artifact(artifact) => artifacts::write(db, artifact),
        Write::Audit(entry) => trail::add(db, key, entry),
        Write::Hear { heard, bound } => heard::hear(db, now, heard, *bound),
        Write::Handled(taken) => heard::handled(db, now, taken),
        Write::NotHandled { taken, again, why } => heard::not_handled(db, taken, *again, why),
        Write::Once { key, by } => once::mark(db, now, key, by),
        Write::Mute(mute) => mutes::write(db, now, mute),
        Write::Unmute(mute) => mutes::end(db, now, *mute),
        Write::Feedback(feedback) => feedback::write(db, feedback),
        Write::Spent(spend) => spent::write(db, spend),
        Write::Findable(report) => reports::write(db, report),
        Write::Drain { replica, order } => fleet::drain(db, replica, order.as_ref()),
        Write::Kill(order) => fleet::kill(db, order.as_ref()),
        Write::Pack { name, enabled } => packs::switch(db, name, *enabled),
    }
}
