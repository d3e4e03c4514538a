//! A message as it is kept, and how it moves: values only, no command.
//!
//! A message is settled when it has no `due_at`. While a sender holds it, `taken` is the revision it sends and `due_at` the
//! end of its lease: so what its sender lost comes back by itself, and is known by `taken` still being set.

use jiff::Timestamp;
use midwatch_service::id::{MessageId, ThreadId, WorkerId};
use midwatch_service::port::store::{AfterFailure, CommitError, PostLease};
use midwatch_service::post::{NewPost, PostBody, Urgency};
use midwatch_service::thread::Thread;
use serde::{Deserialize, Serialize};

use super::lane::Lane;

/// A message without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Its age among all messages: greater is younger.
    pub(super) number: u64,
    pub(super) thread: ThreadId,
    pub(super) platform: String,
    pub(super) channel: String,
    pub(super) urgency: Urgency,
    pub(super) revision: u64,
    /// Seen by one person: each revision is a new message.
    pub(super) private: bool,
    pub(super) message: Option<MessageId>,
    /// When it was last sent or edited.
    pub(super) said_at: Option<Timestamp>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) tries: u32,
    pub(super) doubtful: bool,
    pub(super) taken: Option<u64>,
    pub(super) taken_by: Option<WorkerId>,
    pub(super) fence: u64,
    pub(super) why: Option<String>,
    /// It was never sent, and one before it in its thread is not settled.
    pub(super) waits: bool,
}

impl Kept {
    /// A message that is written for the first time.
    pub(super) fn new(new: &NewPost, thread: &Thread, number: u64, now: Timestamp) -> Self {
        Self {
            number,
            thread: thread.id,
            platform: thread.platform.clone(),
            channel: thread.channel.clone(),
            urgency: new.urgency,
            revision: 1,
            private: is_private(new),
            message: None,
            said_at: None,
            due_at: Some(now),
            tries: 0,
            doubtful: false,
            taken: None,
            taken_by: None,
            fence: 0,
            why: None,
            waits: false,
        }
    }

    /// A newer revision. One that waits keeps the moment it waits for (the platform asked for it); one under way stays so,
    /// and what became of that is heard first.
    pub(super) fn revise(&mut self, new: &NewPost, now: Timestamp) {
        self.revision += 1;
        self.tries = 0;
        self.private = is_private(new);
        self.urgency = if self.due_at.is_some() { self.urgency.min(new.urgency) } else { new.urgency };
        if self.taken.is_none() {
            self.due_at = self.due_at.max(Some(now));
        }
    }

    /// A sender takes it; what its last one did is not known if that still holds it.
    pub(super) fn take(&mut self, worker: &WorkerId, until: Timestamp) {
        self.doubtful |= self.taken.is_some();
        self.taken = Some(self.revision);
        self.taken_by = Some(worker.clone());
        self.fence += 1;
        self.tries += 1;
        self.due_at = Some(until);
    }

    /// It was sent or edited. What is private is never edited: its order is by age alone.
    pub(super) fn sent(&mut self, held: &PostLease, message: &MessageId, now: Timestamp) {
        self.message = Some(message.clone());
        self.said_at = (!self.private).then_some(now);
        (self.doubtful, self.tries, self.why) = (false, 0, None);
        self.release(held, None, now);
    }

    /// It was not.
    pub(super) fn not_sent(&mut self, held: &PostLease, next: AfterFailure, why: &str, now: Timestamp) {
        let again = match next {
            AfterFailure::Untried(at) => {
                self.tries = self.tries.saturating_sub(1);
                Some(at)
            }
            AfterFailure::Again(at) => {
                self.doubtful = false;
                Some(at)
            }
            AfterFailure::LookUp(at) => {
                self.doubtful = true;
                Some(at)
            }
            // Whether it is there may still be unknown: a newer revision has to look first.
            AfterFailure::GiveUp => None,
        };
        self.why = Some(why.to_owned());
        self.release(held, again, now);
    }

    fn release(&mut self, held: &PostLease, again: Option<Timestamp>, now: Timestamp) {
        (self.taken, self.taken_by) = (None, None);
        self.due_at = again.or((self.revision > held.revision).then_some(now));
    }

    /// Refuses who does not hold it now.
    pub(super) fn held(self, held: &PostLease) -> Result<Self, CommitError> {
        if self.fence == held.fence && self.taken == Some(held.revision) { Ok(self) } else { Err(lost(held)) }
    }

    /// It was never sent, and is to be: what comes after it in its thread waits.
    pub(super) fn is_unsettled(&self) -> bool {
        self.message.is_none() && self.due_at.is_some()
    }

    /// What it counts as; none when nothing is to be sent, or it waits.
    pub(super) fn lane(&self) -> Option<Lane> {
        if self.due_at.is_none() || (self.message.is_none() && self.waits) {
            return None;
        }
        Some(match self.urgency {
            _ if self.message.is_none() || self.private => Lane::Post,
            Urgency::Progress => Lane::Progress,
            _ => Lane::Edit,
        })
    }
}

/// The right to send was lost.
pub(super) fn lost(held: &PostLease) -> CommitError {
    CommitError::PostLost(held.key.clone())
}

/// No platform edits these: each revision is a new message.
fn is_private(new: &NewPost) -> bool {
    matches!(*new.body, PostBody::Private(_))
}
