//! Real Redis servers of a test's own: one, one with replicas and Sentinels, a cluster of three.
//!
//! They listen on free ports of 127.0.0.1, keep their files in a temporary directory, and end with the test. They can be
//! killed, frozen, thawed and started again on the same data. The server is `$REDIS_SERVER` if that is set, else
//! `redis-server`. Must never be a model of Redis: what a test sees is what Redis does. Start at [`Redis::start`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "for tests: what fails here fails the test"
)]

mod cluster;
mod resp;
mod sentinels;
mod server;
mod tls;

use std::time::{Duration, Instant};

pub use self::cluster::Cluster;
pub use self::sentinels::{MASTER, Sentinels};
pub use self::server::{Files, Redis, Settings, TlsFiles};
pub use self::tls::Certificates;

/// Longest wait for a server to do what a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds.
///
/// # Panics
/// When it does not within half a minute.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
