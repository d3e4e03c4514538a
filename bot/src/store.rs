//! The store's place and the key of its audit trail, from settings.
//!
//! Must never make a new key beside a store that has entries already sealed with another. Start at [`directory`].

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use midwatch_config::{SecretFileError, Settings, read_secret, state_directory};
use midwatch_service::audit::ChainKey;
use midwatch_sqlite::FILE;
use secrecy::SecretString;

/// The file of the key that is made when none is configured, beside the store.
const KEY: &str = "audit.key";

/// Why the store has no place or no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// Nothing says where.
    #[error("there is no place for the store: neither HOME nor STATE_DIRECTORY is set; set store.directory")]
    Nowhere,
    /// The key's file cannot be used.
    #[error("the key of the audit trail: {0}; {}", .0.fix())]
    Key(#[source] SecretFileError),
    /// The key's file is gone and the store is there.
    #[error(
        "{}: the key of the audit trail is gone; put it back, or set audit.key_file. Without it the trail so far cannot be \
         checked; to begin a new one, move the store away",
        .0.display()
    )]
    Lost(PathBuf),
    /// The key's file cannot be made.
    #[error("{}: the key of the audit trail cannot be made: {source}", path.display())]
    Make {
        /// The file.
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

/// The key that seals the audit trail: the configured one, else the one beside the store. None when there is neither.
pub(crate) fn chain_key(settings: &Settings, directory: &Path) -> Result<Option<ChainKey>, PlaceError> {
    if let Some(key) = &settings.audit.key {
        return Ok(Some(ChainKey::new(key.clone())));
    }
    let path = directory.join(KEY);
    if !path.exists() {
        return Ok(None);
    }
    read_secret(&path).map(|key| Some(ChainKey::new(key))).map_err(PlaceError::Key)
}

/// The same for the server, which makes one at its first start.
pub(crate) fn chain_key_or_new(settings: &Settings, directory: &Path) -> Result<ChainKey, PlaceError> {
    if let Some(key) = chain_key(settings, directory)? {
        return Ok(key);
    }
    let path = directory.join(KEY);
    if directory.join(FILE).exists() {
        return Err(PlaceError::Lost(path));
    }
    let key = random().map_err(|source| PlaceError::Make { path: path.clone(), source })?;
    keep(&path, &key).map_err(|source| PlaceError::Make { path, source })?;
    Ok(ChainKey::new(SecretString::from(key)))
}

/// 32 bytes of the system's randomness, in hexadecimal.
fn random() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Durable before the first entry is sealed with it, and for its owner only.
fn keep(path: &Path, key: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        // As the store itself makes it: nobody else looks in.
        std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700).create(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_never_replaced() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("state");
        let settings = Settings::default();
        assert!(chain_key(&settings, &dir).unwrap().is_none(), "only a server makes one");
        chain_key_or_new(&settings, &dir).unwrap();
        let made = std::fs::read_to_string(dir.join(KEY)).unwrap();
        assert_eq!(made.trim().len(), 64);
        assert_eq!(std::fs::metadata(dir.join(KEY)).unwrap().permissions().mode() & 0o777, 0o600);
        chain_key_or_new(&settings, &dir).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join(KEY)).unwrap(), made);

        std::fs::remove_file(dir.join(KEY)).unwrap();
        std::fs::write(dir.join(FILE), "").unwrap();
        assert!(matches!(chain_key_or_new(&settings, &dir), Err(PlaceError::Lost(_))));
    }
}
