//! Real programs of Debian's packages, started on 127.0.0.1 with a directory of their own and ended with the test.
//!
//! A program that is not installed fails the test and names the command that installs it: a test that is skipped proves
//! nothing. Start at [`Prometheus`], [`Alertmanager`] and [`Target`] (something to scrape); [`until`] waits for what they do.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot start a program must fail"
)]

use std::time::Duration;

use tokio::time::Instant;

mod alertmanager;
mod process;
mod prometheus;
mod target;

pub use alertmanager::Alertmanager;
pub use prometheus::{Config, Prometheus};
pub use target::Target;

/// Longest wait for a program to start, or for [`until`]. Far above what is seen (a few seconds), for busy machines: a queue of
/// hundreds of jobs took more than a minute on one that built other things meanwhile.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// Waits until the check gives something.
///
/// # Panics
/// When it has not within [`PATIENCE`].
pub async fn until<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < end, "after {} s still not: {what}", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
