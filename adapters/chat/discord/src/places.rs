//! Which channel is a thread, and of which channel.
//!
//! A message of Discord names only where it stands; whether that is a thread is told once, when the thread is begun or the
//! gateway says hello, and asked of Discord where it was not. Must never ask twice for the same at once, nor grow without
//! bound. Start at [`Places::parent`].

use std::sync::Arc;

use moka::future::Cache;
use serde_json::Value;

use crate::client::Client;
use crate::fault::Fault;
use crate::route::Route;

/// Channels that are remembered: a guild has at most 500 channels and 1,000 active threads
/// (<https://docs.discord.com/developers/topics/threads>).
const KEPT: u64 = 10_000;

/// Types of channels that are threads:
/// <https://docs.discord.com/developers/resources/channel#channel-object-channel-types>.
const THREADS: [u64; 3] = [10, 11, 12];

/// The places of a guild.
#[derive(Clone)]
pub(crate) struct Places {
    client: Arc<Client>,
    parents: Cache<String, Option<String>>,
}

impl Places {
    /// None known yet.
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client, parents: Cache::new(KEPT) }
    }

    /// A channel is a thread of this one, or none.
    pub(crate) async fn note(&self, channel: String, parent: Option<String>) {
        self.parents.insert(channel, parent).await;
    }

    /// A channel is no more.
    pub(crate) async fn forget(&self, channel: &str) {
        self.parents.invalidate(channel).await;
    }

    /// What [`Places::parent`] would say, where nobody has to be asked.
    pub(crate) async fn known(&self, channel: &str) -> Option<Option<String>> {
        self.parents.get(channel).await
    }

    /// The channel that this is a thread of; none when it is no thread.
    ///
    /// # Errors
    /// It is not known, and Discord could not be asked.
    pub(crate) async fn parent(&self, channel: &str) -> Result<Option<String>, Arc<Fault>> {
        let asked = async {
            let told = self.client.read(Route::Channel(channel), &[]).await?;
            Ok(parent_of(&told))
        };
        self.parents.try_get_with(channel.to_owned(), asked).await
    }
}

/// The parent, as a channel tells it; a channel that is no thread has a category there.
fn parent_of(channel: &Value) -> Option<String> {
    let is_thread = channel.get("type").and_then(Value::as_u64).is_some_and(|kind| THREADS.contains(&kind));
    channel.get("parent_id").and_then(Value::as_str).filter(|_| is_thread).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_threads_have_a_channel_above_them() {
        assert_eq!(parent_of(&json!({"id": "2", "type": 11, "parent_id": "1"})), Some("1".to_owned()));
        assert_eq!(parent_of(&json!({"id": "1", "type": 0, "parent_id": "category"})), None);
        assert_eq!(parent_of(&json!({"id": "1", "type": 15, "parent_id": null})), None);
        assert_eq!(parent_of(&json!({"id": "1"})), None);
    }
}
