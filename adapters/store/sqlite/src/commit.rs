//! What each part of a write does. One part after the other, in the order given; the caller undoes all when one fails.

use jiff::Timestamp;
use midwatch_service::audit::ChainKey;
use midwatch_service::port::store::Write;
use rusqlite::Connection;

use crate::fault::Fault;
use crate::{artifacts, incidents, jobs::write as job, outbox, packs, threads, trail};

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
        Write::Incident(incident) => incidents::write(db, incident),
        Write::OpenThread(thread) => threads::open(db, now, thread),
        Write::Remember(entry) => threads::remember(db, now, entry),
        Write::Post(post) => outbox::write::post(db, now, post),
        Write::Sent { taken, message } => outbox::outcome::sent(db, now, taken, message),
        Write::NotSent { taken, next, why } => outbox::outcome::not_sent(db, now, taken, *next, why),
        Write::Artifact(artifact) => artifacts::write(db, artifact),
        Write::Audit(entry) => trail::add(db, key, entry),
        Write::Hear { .. }
        | Write::Handled(_)
        | Write::NotHandled { .. }
        | Write::Once { .. }
        | Write::Mute(_)
        | Write::Unmute(_)
        | Write::Feedback(_) => Err(Fault::Damaged("this is not kept".to_owned())),
        Write::Pack { name, enabled } => packs::switch(db, name, *enabled),
    }
}
