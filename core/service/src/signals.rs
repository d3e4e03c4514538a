//! Wake-up calls inside one process: what was written is worked on at once, not at the next look.
//!
//! Must never be relied on: every loop also looks at the store by the clock, so a lost call costs a second and no job.
//! Start at [`Signals`].

use tokio::sync::{Notify, watch};

/// The calls.
#[derive(Debug)]
pub struct Signals {
    /// A job was handed in or handed back.
    pub jobs: Notify,
    /// A message was written.
    pub posts: Notify,
    changes: watch::Sender<u64>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { jobs: Notify::new(), posts: Notify::new(), changes: watch::Sender::new(0) }
    }
}

impl Signals {
    /// Says that a job changed its state.
    pub fn job_changed(&self) {
        self.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// To wait for the next change of any job.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
