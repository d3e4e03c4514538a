//! Runs file work on a thread that may wait, with a deadline.
//!
//! Must never leave a long read running for nobody: when the deadline passes or the caller goes away, [`Stop`] says so,
//! and whoever reads piece by piece looks at it before the next piece.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use midwatch_diagnosis::probe::ReadFailure;

/// Asks the work to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether nobody waits for the result any more.
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Stops the work when the one who waits is dropped.
struct OnDrop(Stop);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` and waits for it, at most `wait`.
pub(crate) async fn run<T, F>(wait: Duration, work: F) -> Result<T, ReadFailure>
where
    T: Send + 'static,
    F: FnOnce(&Stop) -> T + Send + 'static,
{
    let stop = Stop::default();
    let _guard = OnDrop(stop.clone());
    let task = tokio::task::spawn_blocking(move || work(&stop));
    match tokio::time::timeout(wait, task).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(ReadFailure::Unreadable("reading it failed inside the reader".to_owned())),
        Err(_) => Err(ReadFailure::TimedOut(format!("the files gave no answer within {} s", wait.as_secs()))),
    }
}
