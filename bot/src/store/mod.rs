//! The store's place and the key of its audit trail, from settings: embedded here, shared in [`shared`].
//!
//! Must never make a new key beside a store that has entries already sealed with another. Start at [`directory`].

pub(crate) mod shared;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use midwatch_config::{Settings, state_directory};
use midwatch_redis::RedisEvents;
use midwatch_service::audit::{ChainKey, KeyError};
use midwatch_service::port::events::EventLog;
use midwatch_service::port::store::Store;
use midwatch_sqlite::{Claimed, OpenError, SqliteEvents, SqliteStore};

use crate::failure::Failure;

/// The file of the key that is made when none is configured, beside the store.
const KEY: &str = "audit.key";

/// The file of the trail's checkpoints, beside the store.
const CHECKPOINTS: &str = "audit.checkpoints";

/// Why the store has no place or no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Nothing says where.
    #[error("there is no place for the store: neither HOME nor STATE_DIRECTORY is set; set store.directory")]
    Nowhere,
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key's file is gone and the store is there.
    #[error(
        "{}: the key of the audit trail is gone; put it back, or set audit.key_file. Without it the trail so far cannot be \
         checked; to begin a new one, move the store away",
        .0.display()
    )]
    Lost(PathBuf),
    /// The store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The shared store.
    #[error(transparent)]
    Shared(#[from] shared::SharedError),
}

/// Where the store is: as set, else where a program's state belongs.
pub(crate) fn directory(settings: &Settings) -> Result<PathBuf, PlaceError> {
    let env = || midwatch_config::environment_of(std::env::vars_os());
    settings.store.directory.clone().or_else(|| state_directory(&env())).ok_or(PlaceError::Nowhere)
}

/// Where the trail's checkpoints are.
pub(crate) fn checkpoints(directory: &Path) -> PathBuf {
    directory.join(CHECKPOINTS)
}

/// The key that seals the audit trail: the configured one, else the one beside the store.
pub(crate) fn chain_key(settings: &Settings, directory: &Path) -> Result<ChainKey, PlaceError> {
    match &settings.audit.key {
        Some(key) => Ok(ChainKey::from_secret(key)?),
        None => Ok(ChainKey::load(&directory.join(KEY))?),
    }
}

/// A store that is open for reading.
pub(crate) struct Reading {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) events: Arc<dyn EventLog>,
}

/// The store for reading, also beside a server.
pub(crate) async fn reader(settings: &Settings) -> Result<Reading, PlaceError> {
    if let Some(options) = shared::options(settings)? {
        let store = shared::open(settings, options).await?;
        let events = Arc::new(RedisEvents::start(&store));
        return Ok(Reading { store: Arc::new(store), events });
    }
    let store = Arc::new(SqliteStore::open_reader(&directory(settings)?)?);
    let events = Arc::new(SqliteEvents::start(store.clone()));
    Ok(Reading { store, events })
}

impl PlaceError {
    /// There is no embedded store yet.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, PlaceError::Open(OpenError::Missing { .. }))
    }

    /// As a command tells it that only reads.
    pub(crate) fn told(self) -> Failure {
        if self.is_missing() { Failure::usage(self) } else { Failure::no_report(self) }
    }
}

/// The store for the one process that writes it, with the key of its trail. Blocks: it waits for the disk.
pub(crate) fn open(settings: &Settings, directory: &Path) -> Result<SqliteStore, PlaceError> {
    let claimed = Claimed::take(directory, Timestamp::now())?;
    let key = chain_key_or_new(settings, &claimed)?;
    Ok(claimed.open(key, Some(settings.store.max_size))?)
}

/// The key for whoever writes, who makes one with a new store: while the directory is claimed, or two first starts at the
/// same moment would make one each.
fn chain_key_or_new(settings: &Settings, claimed: &Claimed) -> Result<ChainKey, PlaceError> {
    if let Some(key) = &settings.audit.key {
        return Ok(ChainKey::from_secret(key)?);
    }
    let path = claimed.directory().join(KEY);
    if !path.exists() && claimed.has_store() {
        return Err(PlaceError::Lost(path));
    }
    Ok(ChainKey::load_or_create(&path)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_with_a_new_store_and_never_beside_an_old_one() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("state");
        let settings = Settings::default();
        assert!(chain_key(&settings, &dir).is_err(), "only who writes makes one");
        drop(open(&settings, &dir).unwrap());
        let made = std::fs::read_to_string(dir.join(KEY)).unwrap();
        drop(open(&settings, &dir).unwrap());
        assert_eq!(std::fs::read_to_string(dir.join(KEY)).unwrap(), made);
        chain_key(&settings, &dir).unwrap();

        std::fs::remove_file(dir.join(KEY)).unwrap();
        assert!(matches!(open(&settings, &dir), Err(PlaceError::Lost(_))));
    }

    /// Whoever does not get the directory touches no key in it.
    #[test]
    fn no_key_is_made_in_a_directory_that_another_has() {
        let place = tempfile::tempdir().unwrap();
        let other = Claimed::take(place.path(), Timestamp::now()).unwrap();
        let refused = open(&Settings::default(), place.path());
        assert!(matches!(refused, Err(PlaceError::Open(OpenError::Locked { .. }))));
        assert!(!place.path().join(KEY).exists());
        drop(other);
        open(&Settings::default(), place.path()).unwrap();
        assert!(place.path().join(KEY).exists());
    }
}
