//! The state of a platform of the tests, its lock, and who is told that it changed.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What has a clock of its own.
pub(crate) trait Timed {
    /// Notes what time it is.
    fn tick(&mut self);
}

/// A state behind a lock.
pub(crate) struct Shared<S> {
    state: Mutex<S>,
    changes: watch::Sender<u64>,
    pub(crate) stop: CancellationToken,
}

impl<S: Timed> Shared<S> {
    pub(crate) fn new(state: S) -> Self {
        Self { state: Mutex::new(state), changes: watch::Sender::new(0), stop: CancellationToken::new() }
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tick();
        state
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state, and tells everyone who waits for a change.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        let done = act(&mut self.lock());
        self.changes.send_modify(|n| *n += 1);
        done
    }

    /// Changes what nobody else waits for.
    pub(crate) fn change_quietly<T>(&self, act: impl FnOnce(&mut S) -> T) -> T {
        act(&mut self.lock())
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Starts work that ends with the workspace.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            stop.run_until_cancelled(work).await;
        });
    }
}
