//! Whether Redis can be written, and what it promises to keep.
//!
//! Must never need more rights than the store itself: what may not be asked is not known. Start at [`check`].

use std::collections::BTreeMap;

use midwatch_service::port::store::StoreError;
use redis::Cmd;

use crate::keys::Keys;
use crate::link::Link;
use crate::open::RedisStore;

/// Writes and reads back a mark.
pub(crate) async fn check(link: &Link, keys: &Keys) -> Result<(), StoreError> {
    let key = keys.key("mark");
    let written: i64 = link.ask(redis::cmd("INCR").arg(&key)).await?;
    let read: i64 = link.ask(redis::cmd("GET").arg(&key)).await?;
    if read < written {
        return Err(StoreError::Damaged(format!("mark {written} was written, {read} was read back")));
    }
    Ok(())
}

/// What Redis says of itself, as far as the user may ask; what is not known is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durability {
    /// Its version.
    pub version: Option<String>,
    /// Whether it writes an append-only file.
    pub aof: Option<bool>,
    /// When it brings that to the disk: `always`, `everysec`, `no`. Only with `always` what was answered survives a power cut.
    pub fsync: Option<String>,
    /// What it does when memory is used up. Anything but `noeviction` deletes what is kept.
    pub policy: Option<String>,
    /// Memory it may use, in bytes; 0 is no bound.
    pub max_memory: Option<u64>,
    /// Memory it uses, in bytes.
    pub used_memory: Option<u64>,
    /// Replicas that are connected to it.
    pub replicas: Option<u64>,
    /// Replicas that it wants before it takes a write. With 0, a failover may lose what was answered just before it.
    pub min_replicas: Option<u64>,
    /// Whether it is a node of a cluster.
    pub cluster: Option<bool>,
}

impl RedisStore {
    /// What Redis promises to keep, for whoever looks after it.
    ///
    /// # Errors
    /// When it does not answer at all.
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        let info: String = self.optional(&redis::cmd("INFO")).await?.unwrap_or_default();
        let facts = facts(&info);
        let fact = |name: &str| facts.get(name).map(|value| (*value).to_owned());
        let settings = ["appendfsync", "maxmemory-policy", "min-replicas-to-write"];
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg(&settings);
        let config: BTreeMap<String, String> = self.optional(&command).await?.unwrap_or_default();
        let number = |name: &str| fact(name).and_then(|text| text.parse().ok());
        Ok(Durability {
            version: fact("redis_version"),
            aof: fact("aof_enabled").map(|on| on == "1"),
            fsync: config.get("appendfsync").cloned(),
            policy: fact("maxmemory_policy").or_else(|| config.get("maxmemory-policy").cloned()),
            max_memory: number("maxmemory"),
            used_memory: number("used_memory"),
            replicas: number("connected_slaves"),
            min_replicas: config.get("min-replicas-to-write").and_then(|text| text.parse().ok()),
            cluster: fact("cluster_enabled").map(|on| on == "1"),
        })
    }

    /// An answer, or nothing when the server refuses the question.
    async fn optional<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<Option<T>, StoreError> {
        match self.inner.link.ask(command).await {
            Ok(answer) => Ok(Some(answer)),
            Err(StoreError::Busy(words)) => Err(StoreError::Busy(words)),
            Err(_) => Ok(None),
        }
    }
}

/// The lines of `INFO`: `name:value`, and headings.
fn facts(info: &str) -> BTreeMap<&str, &str> {
    info.lines().filter_map(|line| line.trim_end().split_once(':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_past_headings() {
        let facts = facts("# Persistence\r\naof_enabled:1\r\nos:Linux: 6\r\n\r\n");
        assert_eq!(facts, BTreeMap::from([("aof_enabled", "1"), ("os", "Linux: 6")]));
    }
}
