//! The store's place and the key of its audit trail, from settings.
//!
//! Must never make a new key beside a store that has entries already sealed with another. Start at [`directory`].

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use midwatch_config::{Settings, state_directory};
use midwatch_service::audit::{ChainKey, KeyError};
use midwatch_sqlite::FILE;

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
    /// The directory cannot be made.
    #[error("{}: cannot be made: {source}", path.display())]
    Make {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
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

/// The same for whoever writes, who makes one with a new store.
pub(crate) fn chain_key_or_new(settings: &Settings, directory: &Path) -> Result<ChainKey, PlaceError> {
    if let Some(key) = &settings.audit.key {
        return Ok(ChainKey::from_secret(key)?);
    }
    let path = directory.join(KEY);
    if !path.exists() && directory.join(FILE).exists() {
        return Err(PlaceError::Lost(path));
    }
    // As the store itself makes it: nobody else looks in.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|source| PlaceError::Make { path: directory.to_owned(), source })?;
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
        chain_key_or_new(&settings, &dir).unwrap();
        let made = std::fs::read_to_string(dir.join(KEY)).unwrap();
        chain_key_or_new(&settings, &dir).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join(KEY)).unwrap(), made);
        chain_key(&settings, &dir).unwrap();

        std::fs::remove_file(dir.join(KEY)).unwrap();
        std::fs::write(dir.join(FILE), "").unwrap();
        assert!(matches!(chain_key_or_new(&settings, &dir), Err(PlaceError::Lost(_))));
    }
}
