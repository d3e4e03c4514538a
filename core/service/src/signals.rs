//! What the parts of one process tell each other: wake-up calls, so that what was written is worked on at once and not at
//! the next look; and how the process stands among the others that share its store.
//!
//! Calls must never be relied on: every loop also looks at the store by the clock, so a lost call costs a second and no job.
//! Start at [`Signals`].

use tokio::sync::{Notify, watch};

use crate::fleet::Standing;

/// The calls, and the standing.
#[derive(Debug)]
pub struct Signals {
    /// A job was handed in or handed back.
    pub jobs: Notify,
    /// Something was said.
    pub heard: Notify,
    /// An operator ordered something of all, or of one process.
    pub orders: Notify,
    /// How this process stands; alone unless it was made for one that shares its store.
    pub standing: Standing,
    posts: watch::Sender<u64>,
    changes: watch::Sender<u64>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            jobs: Notify::new(),
            heard: Notify::new(),
            orders: Notify::new(),
            standing: Standing::default(),
            posts: watch::Sender::new(0),
            changes: watch::Sender::new(0),
        }
    }
}

impl Signals {
    /// For a process that shares its store with others: a [`Member`](crate::fleet::Member) keeps its standing.
    pub fn among_others() -> Self {
        Self { standing: Standing::among_others(), ..Self::default() }
    }

    /// Says that a message was written.
    pub fn post_written(&self) {
        self.posts.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// To wait for the next message that is written. Each sender has its own: one call reaches the senders of all platforms, and one
    /// that is busy meanwhile hears of it afterwards.
    pub fn posts(&self) -> watch::Receiver<u64> {
        self.posts.subscribe()
    }

    /// Says that a job changed its state.
    pub fn job_changed(&self) {
        self.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// To wait for the next change of any job.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
