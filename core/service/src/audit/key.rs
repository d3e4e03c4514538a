//! The key of the audit chain: from the configuration, or made at the first start.
//!
//! A key beside the store protects against whoever can write the store and not read the key: another process, a restored
//! backup, a hand with `sqlite3`. It does not protect against whoever can read the data directory as Midwatch does: they
//! can make a whole new chain. Against them the key comes from a secret that is mounted (`audit.key_file`), and
//! checkpoints leave the machine with the log.
//!
//! Must never make a new key where one was lost without saying so: the old chain cannot be checked any more. Start at
//! [`ChainKey::load_or_create`].

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

/// Shortest key, in bytes: that of the hash, below which HMAC loses strength (RFC 2104, section 3).
pub const SHORTEST_KEY: usize = 32;

/// Longest key file, in bytes.
const LONGEST_FILE: u64 = 4096;

/// The key of the chain. Who does not hold it can neither forge an entry nor close the gap that removing one leaves.
#[derive(Clone, Debug)]
pub struct ChainKey(SecretString);

/// Why there is no key. The words are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Too short.
    #[error("the audit key has {0} bytes; it needs {SHORTEST_KEY} or more: `openssl rand -hex 32` makes one")]
    Short(usize),
    /// Everyone on the machine can read it.
    #[error(
        "{0}: everyone on this machine can read the audit key; `chmod o-rwx` it, and make a new one if others were here"
    )]
    Open(PathBuf),
    /// It cannot be read or written.
    #[error("{path}: the audit key cannot be {what}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written`.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for the audit key: {0}")]
    Random(String),
}

impl ChainKey {
    /// With this secret, which is long enough; what comes from outside goes through [`ChainKey::from_secret`].
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// With a secret of the configuration, white space around it left out.
    ///
    /// # Errors
    /// When it is too short to be a key.
    pub fn from_secret(secret: &SecretString) -> Result<Self, KeyError> {
        let text = secret.expose_secret().trim();
        if text.len() < SHORTEST_KEY { Err(KeyError::Short(text.len())) } else { Ok(Self(SecretString::from(text))) }
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    /// When it cannot be read, is too short, or everyone can read it. A group may: Kubernetes gives mounted files one.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), what: "read", source };
        let file = std::fs::File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.permissions().mode() & 0o007 != 0 {
            return Err(KeyError::Open(path.to_owned()));
        }
        let mut text = String::new();
        file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed)?;
        Self::from_secret(&SecretString::from(text))
    }

    /// Reads the key, or makes one when the file is not there: 32 random bytes, readable by this user alone, durable before
    /// it is used. The caller holds the store's lock, so that no two processes make one each, and tells the operator when a
    /// key was made (the second value) while the trail has entries already.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn load_or_create(path: &Path) -> Result<(Self, bool), KeyError> {
        match Self::load(path) {
            Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Self::create(path).map(|key| (key, true))
            }
            other => other.map(|key| (key, false)),
        }
    }

    fn create(path: &Path) -> Result<Self, KeyError> {
        let mut bytes = [0_u8; SHORTEST_KEY];
        getrandom::fill(&mut bytes).map_err(|error| KeyError::Random(error.to_string()))?;
        let mut hex = String::new();
        for byte in bytes {
            let _ = write!(hex, "{byte:02x}");
        }
        let key = SecretString::from(hex);
        write_new(path, &key).map_err(|source| KeyError::File { path: path.to_owned(), what: "written", source })?;
        Ok(Self::new(key))
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Written beside and renamed: a crash leaves no key or a whole one.
fn write_new(path: &Path, key: &SecretString) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(format!("{}\n", key.expose_secret()).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_for_us() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.key");
        std::fs::write(path.with_extension("new"), "left by a crash").unwrap();
        let (made, new) = ChainKey::load_or_create(&path).unwrap();
        let (read, again) = ChainKey::load_or_create(&path).unwrap();
        assert!(new && !again && made.secret().expose_secret() == read.secret().expose_secret());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!path.with_extension("new").exists());
        assert!(!format!("{made:?}").contains(made.secret().expose_secret()));
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.key");
        std::fs::write(&path, "short\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(ChainKey::load_or_create(&path), Err(KeyError::Short(5))));
        std::fs::write(&path, "k".repeat(64)).unwrap();
        ChainKey::load(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(ChainKey::load_or_create(&path), Err(KeyError::Open(_))));
        assert!(matches!(ChainKey::load(&dir.path().join("none")), Err(KeyError::File { what: "read", .. })));
    }
}
