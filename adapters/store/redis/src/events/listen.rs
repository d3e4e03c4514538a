//! The one connection for subscriptions: who follows a job here hears of what any process appends.
//!
//! Must never be relied on: a call that is lost with the connection is made up for by one to everybody once there is a new
//! one, and whoever follows also looks by the clock. Start at [`Ear::run`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use midwatch_service::event::Followers;
use midwatch_service::id::JobId;
use redis::aio::PubSub;
use redis::{RedisError, RedisResult};
use tokio::sync::Notify;

use super::stream;
use crate::open::Inner;

/// How often is looked whether the server is still there, and who follows no more.
const TICK: Duration = Duration::from_secs(5);

/// The wait before the next try to connect.
const PAUSE: Duration = Duration::from_millis(500);

/// Who is to hear of what.
pub(super) struct Ear {
    pub(super) inner: Arc<Inner>,
    pub(super) followers: Arc<Followers>,
    /// Somebody began to follow.
    pub(super) more: Arc<Notify>,
}

impl Ear {
    /// Listens for ever. There is no connection until somebody follows.
    pub(super) async fn run(self) {
        loop {
            while self.followers.followed().is_empty() {
                self.more.notified().await;
            }
            let error = match self.inner.link.subscriber().await {
                Ok(connection) => match self.listen(connection).await {
                    Ok(never) => match never {},
                    Err(error) => error,
                },
                Err(error) => error,
            };
            self.inner.link.subscriber_lost();
            tracing::debug!(%error, "events of other processes are not heard");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Listens until the connection breaks.
    async fn listen(&self, connection: PubSub) -> RedisResult<std::convert::Infallible> {
        let (mut sink, mut messages) = connection.split();
        let mut heard: HashSet<JobId> = HashSet::new();
        let mut tick = tokio::time::interval(TICK);
        loop {
            let followed: HashSet<JobId> = self.followers.followed().into_iter().collect();
            let channels = |jobs: Vec<&JobId>| -> Vec<String> {
                jobs.into_iter().map(|job| stream(&self.inner.keys, *job)).collect()
            };
            let (new, old): (Vec<JobId>, Vec<&JobId>) =
                (followed.difference(&heard).copied().collect(), heard.difference(&followed).collect());
            let limit = self.inner.link.call();
            if !new.is_empty() {
                bounded(limit, sink.subscribe(channels(new.iter().collect()))).await?;
            }
            if !old.is_empty() {
                bounded(limit, sink.unsubscribe(channels(old))).await?;
            }
            // What was appended before the subscription was not heard.
            for job in new {
                self.followers.call(job);
            }
            heard = followed;
            loop {
                tokio::select! {
                    message = messages.next() => {
                        let message = message.ok_or_else(|| broken("it ended"))?;
                        self.call(message.get_channel_name());
                    }
                    () = self.more.notified() => break,
                    _ = tick.tick() => {
                        bounded(limit, sink.ping::<redis::Value>()).await?;
                        break;
                    }
                }
            }
        }
    }

    fn call(&self, channel: &str) {
        if let Some(Ok(job)) = channel.rsplit(':').next().map(str::parse::<JobId>) {
            self.followers.call(job);
        }
    }
}

async fn bounded<T>(limit: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(broken("it did not answer in time")))
}

fn broken(why: &'static str) -> RedisError {
    RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}
