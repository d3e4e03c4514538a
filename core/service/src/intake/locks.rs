//! Keeps deliveries of one process about the same things from running into each other.
//!
//! Only saves work: that two writers cannot both win is the store's promise, by revision and by key. Start at [`Locks`].

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::{Mutex, MutexGuard};

/// Stripes: many more than deliveries at the same time, so that strangers seldom meet on one.
const STRIPES: usize = 1024;

/// Keys of one delivery that are locked. A delivery about more is rare, and the store sorts it out.
const KEYS: usize = 16;

/// Locks by key.
#[derive(Debug)]
pub(super) struct Locks {
    stripes: Vec<Mutex<()>>,
    /// Storms, always taken last: all of a channel's alerts go to one incident then.
    pub(super) storm: Mutex<()>,
}

impl Default for Locks {
    fn default() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(), storm: Mutex::new(()) }
    }
}

impl Locks {
    /// Waits for these keys. Stripes are taken in order, so two deliveries cannot wait for each other.
    pub(super) async fn take(&self, keys: impl Iterator<Item = String>) -> Vec<MutexGuard<'_, ()>> {
        let stripes: BTreeSet<usize> = keys.take(KEYS).map(|key| stripe(&key)).collect();
        let mut guards = Vec::with_capacity(stripes.len());
        for at in stripes {
            if let Some(mutex) = self.stripes.get(at) {
                guards.push(mutex.lock().await);
            }
        }
        guards
    }
}

fn stripe(key: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or_default()
}
