//! What time it is for the server: measured at each connect and now and then, told from this process' monotonic clock between.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use tokio::time::Instant;

/// The server's clock, as far as it is known here.
#[derive(Debug)]
pub(crate) struct ServerTime {
    began: Instant,
    /// The server's time at `began`, in microseconds since 1970.
    base: AtomicI64,
}

impl Default for ServerTime {
    /// This machine's time, until the server was asked.
    fn default() -> Self {
        Self { began: Instant::now(), base: AtomicI64::new(Timestamp::now().as_microsecond()) }
    }
}

impl ServerTime {
    /// Microseconds since 1970, for the server.
    pub(crate) fn now(&self) -> i64 {
        self.base.load(Ordering::Relaxed).saturating_add(self.passed(Instant::now()))
    }

    /// Keeps what `TIME` answered, seconds and microseconds, when it was asked at that moment.
    pub(crate) fn learn(&self, asked: Instant, (seconds, micros): (i64, i64)) {
        let there = seconds.saturating_mul(1_000_000).saturating_add(micros);
        // Half of the way back and forth: that far it is wrong at most.
        let half = i64::try_from(asked.elapsed().as_micros() / 2).unwrap_or(0);
        self.base.store(there.saturating_sub(self.passed(asked)).saturating_sub(half), Ordering::Relaxed);
    }

    fn passed(&self, moment: Instant) -> i64 {
        i64::try_from(moment.saturating_duration_since(self.began).as_micros()).unwrap_or(i64::MAX)
    }
}
