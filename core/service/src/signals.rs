//! Wake-up calls inside one process: what was written is worked on at once, not at the next look.
//!
//! Must never be relied on: every loop also looks at the store by the clock, so a lost call costs a second and no job.
//! Start at [`Signals`].

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::{Mutex, MutexGuard, Notify, watch};

use crate::id::ThreadId;

/// Threads whose living messages are written at the same time, at most.
const WRITERS: usize = 64;

/// The calls.
#[derive(Debug)]
pub struct Signals {
    /// A job was handed in or handed back.
    pub jobs: Notify,
    posts: watch::Sender<u64>,
    changes: watch::Sender<u64>,
    living: [Mutex<()>; WRITERS],
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            jobs: Notify::new(),
            posts: watch::Sender::new(0),
            changes: watch::Sender::new(0),
            living: std::array::from_fn(|_| Mutex::new(())),
        }
    }
}

impl Signals {
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

    /// The right to write the living messages of these threads, from reading it to the commit: intake and worker both write it, each
    /// its own part, and neither may write back the other's part as it was before.
    pub async fn living(&self, threads: impl IntoIterator<Item = ThreadId>) -> Vec<MutexGuard<'_, ()>> {
        // In order, so two that write several threads cannot wait for each other.
        let stripes: BTreeSet<usize> = threads.into_iter().map(stripe).collect();
        let mut guards = Vec::with_capacity(stripes.len());
        for mutex in stripes.into_iter().filter_map(|at| self.living.get(at)) {
            guards.push(mutex.lock().await);
        }
        guards
    }
}

fn stripe(thread: ThreadId) -> usize {
    let mut hasher = DefaultHasher::new();
    thread.hash(&mut hasher);
    usize::try_from(hasher.finish() % WRITERS as u64).unwrap_or_default()
}
