//! One connection: made when it is needed, dropped when it broke, made by one task while the others wait for it.
//!
//! Must never try to connect again and again while nobody is there: for a moment after a failure, everybody gets that failure.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, RedisResult};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Place, ServerTime};

/// For so long after a connect failed, the next one is not tried.
const REST: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Line {
    config: AsyncConnectionConfig,
    state: Mutex<State>,
    open: AtomicBool,
    made: AtomicU64,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    failed: Option<(Instant, RedisError)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("open", &self.connection.is_some()).finish_non_exhaustive()
    }
}

impl Line {
    /// With the longest waits for a connection and for an answer.
    pub(super) fn new(connect: Duration, answer: Option<Duration>) -> Self {
        let config = AsyncConnectionConfig::new().set_connection_timeout(Some(connect)).set_response_timeout(answer);
        Self { config, state: Mutex::default(), open: AtomicBool::new(false), made: AtomicU64::new(0) }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// The connection, and which one it is.
    pub(super) async fn get(&self, place: &Place, time: &ServerTime) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((connection.clone(), self.made()));
        }
        if let Some((at, error)) = &state.failed
            && at.elapsed() < REST
        {
            return Err(error.clone());
        }
        match place.connect(&self.config, time).await {
            Ok(connection) => {
                *state = State { connection: Some(connection.clone()), failed: None };
                self.open.store(true, Ordering::Relaxed);
                Ok((connection, self.made.fetch_add(1, Ordering::Relaxed) + 1))
            }
            Err(error) => {
                tracing::debug!(%place, %error, "no connection to Redis");
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Drops the connection, if it is still that one.
    pub(super) async fn broken(&self, made: u64) {
        let mut state = self.state.lock().await;
        if self.made() == made && state.connection.take().is_some() {
            self.open.store(false, Ordering::Relaxed);
        }
    }
}
