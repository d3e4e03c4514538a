//! The Redis that replicas share: whether it answers, can be written, and keeps what it takes.
//!
//! Must never write more than the store's own mark. Start at [`checks`].

use midwatch_config::Settings;
use midwatch_redis::{Durability, Options};
use midwatch_service::check::Check;
use midwatch_service::port::store::Store as _;

use crate::store;

const NAME: &str = "store";

/// Older servers lack what the scripts need: <https://redis.io/docs/latest/commands/>.
const OLDEST: (u32, u32) = (7, 0);

/// Share of `maxmemory` from which it is time to look: past it every write is refused.
const MEMORY_WARN: u64 = 80;

/// Looks at Redis; what comes after a failure is not asked.
pub(super) async fn checks(settings: &Settings, options: Options) -> Vec<Check> {
    let redis = match store::shared::open(settings, options).await {
        Ok(redis) => redis,
        Err(error) => {
            let fix = "check store.url, store.mode, the user's rights and the network between";
            return vec![Check::fail(NAME, error.to_string(), fix)];
        }
    };
    if let Err(error) = redis.check().await {
        return vec![Check::fail(NAME, error.to_string(), "let this user write keys under store.prefix")];
    }
    match redis.durability().await {
        Ok(facts) => told(settings, &facts),
        Err(error) => vec![Check::fail(NAME, error.to_string(), "try again")],
    }
}

fn told(settings: &Settings, facts: &Durability) -> Vec<Check> {
    let mode = settings.store.mode;
    let version = facts.version.as_deref().unwrap_or("of unknown version");
    let mut checks = vec![server(mode.as_str(), version)];
    checks.push(policy(facts.policy.as_deref()));
    checks.push(file(facts.aof, facts.fsync.as_deref()));
    checks.extend(memory(facts));
    checks.extend(failover(facts));
    checks
}

fn server(mode: &str, version: &str) -> Check {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let what = format!("Redis {version} ({mode}), can be written");
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => {
            Check::fail(NAME, what, format!("use Redis {}.{} or newer", OLDEST.0, OLDEST.1))
        }
        _ => Check::ok(NAME, what),
    }
}

fn policy(policy: Option<&str>) -> Check {
    let name = format!("{NAME}: maxmemory-policy");
    match policy {
        Some("noeviction") => Check::ok(name, "noeviction: what was taken is never evicted"),
        Some(other) => Check::fail(
            name,
            format!("{other}: when memory is full, jobs and incidents are deleted without a word"),
            "CONFIG SET maxmemory-policy noeviction, and in its configuration; share no Redis that is a cache",
        ),
        None => Check::warn(name, "this user may not ask", "allow it INFO, or make sure that it is noeviction"),
    }
}

fn file(aof: Option<bool>, fsync: Option<&str>) -> Check {
    let name = format!("{NAME}: append-only file");
    match (aof, fsync) {
        (Some(true), Some("always")) => Check::ok(name, "appendfsync always: what was answered survives a power cut"),
        (Some(true), Some("no")) => Check::warn(
            name,
            "appendfsync no: a power cut loses what the system had not written yet, half a minute as a rule",
            "CONFIG SET appendfsync everysec, or always",
        ),
        (Some(true), _) => Check::ok(
            name,
            "appendfsync everysec: a power cut loses two seconds at most, the death of its process nothing",
        ),
        (Some(false), _) => Check::warn(
            name,
            "off: when Redis ends, everything since its last snapshot is lost",
            "CONFIG SET appendonly yes, and in its configuration",
        ),
        (None, _) => Check::warn(name, "this user may not ask", "allow it INFO, or make sure that appendonly is yes"),
    }
}

fn memory(facts: &Durability) -> Option<Check> {
    let (used, most) = (facts.used_memory?, facts.max_memory.filter(|most| *most > 0)?);
    let name = format!("{NAME}: memory");
    let what = format!("{} MiB of {} MiB", used >> 20, most >> 20);
    Some(if used.saturating_mul(100) >= most.saturating_mul(MEMORY_WARN) {
        Check::warn(name, what, "raise maxmemory, or keep less (store.keep_jobs): when it is full, new work is refused")
    } else {
        Check::ok(name, what)
    })
}

/// Only where something could take over.
fn failover(facts: &Durability) -> Option<Check> {
    let replicas = facts.replicas.filter(|count| *count > 0)?;
    let name = format!("{NAME}: failover");
    Some(match facts.min_replicas {
        Some(least) if least > 0 => Check::ok(name, format!("{replicas} replicas; takes writes with {least} or more")),
        Some(_) => Check::warn(
            name,
            format!(
                "{replicas} replicas, none of which has to be there: a primary that is cut off goes on taking writes, which are lost"
            ),
            "CONFIG SET min-replicas-to-write 1 and min-replicas-max-lag 10",
        ),
        None => Check::warn(name, "this user may not ask", "allow it CONFIG GET, or set min-replicas-to-write 1"),
    })
}

#[cfg(test)]
mod tests {
    use midwatch_service::check::Outcome::{self, Fail, Ok, Warn};

    use super::*;

    fn outcomes(facts: &Durability) -> Vec<Outcome> {
        told(&Settings::default(), facts).iter().map(|check| check.result).collect()
    }

    #[test]
    fn what_loses_data_is_told() {
        let good = Durability {
            version: Some("7.0.15".to_owned()),
            aof: Some(true),
            fsync: Some("everysec".to_owned()),
            policy: Some("noeviction".to_owned()),
            max_memory: Some(100 << 20),
            used_memory: Some(10 << 20),
            ..Durability::default()
        };
        assert_eq!(outcomes(&good), [Ok, Ok, Ok, Ok]);
        let evicts = Durability { policy: Some("allkeys-lru".to_owned()), aof: Some(false), ..good.clone() };
        assert_eq!(outcomes(&evicts), [Ok, Fail, Warn, Ok]);
        let old = Durability { version: Some("6.2.6".to_owned()), used_memory: Some(90 << 20), ..good.clone() };
        assert_eq!(outcomes(&old), [Fail, Ok, Ok, Warn]);
        let split = Durability { replicas: Some(2), min_replicas: Some(0), ..good.clone() };
        assert_eq!(outcomes(&split), [Ok, Ok, Ok, Ok, Warn]);
        assert_eq!(outcomes(&Durability::default()), [Ok, Warn, Warn], "what may not be asked is told");
    }
}
