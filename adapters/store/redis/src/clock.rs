//! The clock of Redis, so that all replicas agree on the moment it is, whatever their machines say.
//!
//! Must never run backwards, but by more than a moment: then Redis' own clock was set, or another server has taken over, and
//! all follow it. Start at [`RedisStore::clock`].

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use midwatch_service::clock::Clock;
use tokio_util::sync::CancellationToken;

use crate::open::RedisStore;

/// How often Redis is asked what time it is.
const EVERY: Duration = Duration::from_secs(10);

/// By so many microseconds at most the clock stands still rather than run backwards.
const STANDS: i64 = 1_000_000;

/// The longest sleep before it looks again: the clock may have been set meanwhile.
const LOOK: Duration = Duration::from_secs(30);

/// See [`RedisStore::clock`].
#[derive(Debug)]
pub struct RedisClock {
    store: RedisStore,
    last: AtomicI64,
}

impl RedisStore {
    /// The clock of Redis, as far as this process knows it.
    pub fn clock(&self) -> RedisClock {
        RedisClock { store: self.clone(), last: AtomicI64::new(i64::MIN) }
    }

    /// Asks Redis now and then what time it is, until it is stopped. One task of a process does this.
    pub async fn keep_time(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            if let Err(error) = self.inner.link.ask_time().await {
                tracing::debug!(%error, "Redis does not say what time it is");
            }
        }
    }
}

#[async_trait]
impl Clock for RedisClock {
    fn now(&self) -> Timestamp {
        let now = self.store.inner.link.time().now();
        let last = self.last.fetch_max(now, Ordering::Relaxed);
        let now = if last.saturating_sub(now) > STANDS {
            self.last.store(now, Ordering::Relaxed);
            now
        } else {
            now.max(last)
        };
        Timestamp::from_microsecond(now).unwrap_or_else(|_| Timestamp::now())
    }

    async fn sleep_until(&self, moment: Timestamp) {
        while let Ok(left) = Duration::try_from(moment.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }
}
