//! The outbox: messages that are to be sent or edited, and who is at it.
//!
//! ```text
//! post:KEY                    hash: state (all but what it says, with the revision and the fence), words
//! posts:number                the age of the youngest message
//! posts:open                  sorted set by the moment they are due: messages not settled
//! posts:thread:ID             sorted set, score 0: every message of a thread
//! posts:due:ID                sorted set by the moment they are due: those of a thread that are not settled
//! posts:unsent:ID             the queue of a thread: messages that were never sent and are to be, the oldest first
//! out:PLATFORM                sorted set by how many of its messages can be taken, now or later: the channels
//! out:PLATFORM:LANE:CHANNEL   sorted set, score 0: these messages in the order they go; each entry tells when it is due
//! due:PLATFORM:LANE:CHANNEL   sorted set by the moment it is due: the same messages
//! ```
//!
//! Must never give one message to two senders, nor send what came later in a thread before what came earlier. Every entry of
//! an index follows from the state of its message, and changes with it ([`index`]). [`kept`] is the state and how it moves,
//! [`lane`] its place in an index, [`write`] takes messages in, [`choose`] knows which are next, [`take`] hands them out,
//! [`outcome`] hears what became of them.

mod choose;
mod index;
mod kept;
mod lane;
mod outcome;
mod take;
mod write;

pub(crate) use choose::next;
pub(crate) use index::{due_in, forget_thread};
pub(crate) use outcome::{not_sent, sent};
pub(crate) use take::take;
pub(crate) use write::{post, unchanged, written};
