//! The outbox: messages that are to be sent or edited, and who is at it.
//!
//! Must never give one message to two senders, nor send what came later in a thread before what came earlier. A message is
//! settled when its column `due_at` is NULL; while a sender holds it, `taken` is the revision it sends and `due_at` the end
//! of its lease. [`write`] takes messages in, [`choose`] knows which are next, [`take`] hands them out, [`outcome`] hears
//! what became of them.

pub(crate) mod choose;
pub(crate) mod outcome;
pub(crate) mod take;
pub(crate) mod write;
