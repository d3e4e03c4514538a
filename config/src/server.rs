//! Settings of `midwatch serve`: where it listens, who may talk to it, how long it waits.
//!
//! Never opens a port. Start at [`ServerSettings`].

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::field::{Field, Slot};
use crate::record::{Entries, Record};
use crate::secret::read_secret;

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Shortest API key, in characters: a shorter one can be guessed.
const SHORTEST_KEY: usize = 16;

/// What a process can do.
pub(crate) const ROLES: [&str; 3] = ["gateway", "worker", "api"];

/// What `midwatch serve` listens on, and who may talk to it.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Address and port. Default 127.0.0.1:8080.
    pub listen: SocketAddr,
    /// What this process does: `gateway`, `worker`, `api`. Default all of it.
    pub roles: Vec<String>,
    /// Keys of the REST API. Default none: then only this machine may be listened to.
    pub api_keys: Vec<ApiKey>,
    /// What a webhook's sender shows as a bearer token. Default none.
    pub webhook_token: Option<SecretString>,
    /// File that holds it. Default none.
    pub webhook_token_file: Option<PathBuf>,
    /// The user of a webhook's sender that logs in with user and password. Default none.
    pub webhook_user: Option<String>,
    /// Its password. Default none.
    pub webhook_password: Option<SecretString>,
    /// File that holds it. Default none.
    pub webhook_password_file: Option<PathBuf>,
    /// Largest body of a webhook, in bytes; API requests have 64 KiB at most. 64 KiB to 64 MiB, default 16 MiB.
    pub max_body: u64,
    /// Longest time for one request, without the wait for a report. 1 second to 5 minutes, default 30 seconds.
    pub request_timeout: Duration,
    /// Time to finish or hand back what runs when the program is asked to end. 1 second to 10 minutes, default 20 seconds.
    pub grace: Duration,
}

/// A key of the REST API.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its holder, for permissions and the audit trail.
    pub name: String,
    /// The key, or what is known of it.
    pub secret: ApiKeySecret,
}

/// A key as it is configured.
#[derive(Debug, Clone)]
pub enum ApiKeySecret {
    /// Its SHA-256: the key itself is nowhere on this machine.
    Sha256([u8; 32]),
    /// The key, as its file holds it.
    Key(SecretString),
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            roles: ROLES.map(str::to_owned).to_vec(),
            api_keys: Vec::new(),
            webhook_token: None,
            webhook_token_file: None,
            webhook_user: None,
            webhook_password: None,
            webhook_password_file: None,
            max_body: 16 * MIB,
            request_timeout: Duration::from_secs(30 * SECOND),
            grace: Duration::from_secs(20 * SECOND),
        }
    }
}

impl Record for ApiKey {
    const SHAPE: &'static str = "a list of keys, each with `name` and either `sha256` or `key_file`";
    const EXAMPLE: &'static str = "write a key like `- {name: ci, key_file: ci.key}`; `[]` is the empty list";
    const KEYS: &'static [&'static str] = &["name", "sha256", "key_file"];

    fn read(entries: &mut Entries<'_>) -> Option<Self> {
        if !entries.has("name") {
            entries.wrong_here("has no `name`", "name whoever holds the key: rules and the audit trail call them so");
        }
        let name = entries.text("name");
        let secret = match (entries.has("sha256"), entries.has("key_file")) {
            (true, false) => read_hash(entries),
            (false, true) => read_key(entries),
            (false, false) => {
                let fix = "add `key_file: FILE`, or `sha256` with what `printf %s KEY | sha256sum` prints";
                entries.wrong_here("has no key", fix);
                None
            }
            (true, true) => {
                entries.wrong_here("has both `sha256` and `key_file`", "keep one of them");
                None
            }
        };
        Some(Self { name: name?, secret: secret? })
    }

    fn show(&self) -> String {
        let source = match self.secret {
            ApiKeySecret::Sha256(_) => "sha256",
            ApiKeySecret::Key(_) => "key_file",
        };
        format!("{{name: {:?}, {source}: (set)}}", self.name)
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.name)
    }
}

fn read_hash(entries: &mut Entries<'_>) -> Option<ApiKeySecret> {
    let text = entries.text("sha256")?;
    let hash = bytes(&text);
    if hash.is_none() {
        let fix = "write the 64 hexadecimal digits that `printf %s KEY | sha256sum` prints";
        entries.wrong_at("sha256", "is no SHA-256", fix);
    }
    hash.map(ApiKeySecret::Sha256)
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 2 * hash.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

fn read_key(entries: &mut Entries<'_>) -> Option<ApiKeySecret> {
    let path = entries.path("key_file")?;
    match read_secret(&path) {
        Ok(key) if key.expose_secret().chars().count() < SHORTEST_KEY => {
            let fix = "make one with `openssl rand -hex 32`";
            entries.wrong_at("key_file", &format!("names a key of fewer than {SHORTEST_KEY} characters"), fix);
            None
        }
        Ok(key) => Some(ApiKeySecret::Key(key)),
        Err(error) => {
            entries.wrong_at("key_file", &format!("cannot be used: {error}"), error.fix());
            None
        }
    }
}

/// Fields of the section `server`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field { key: "server.listen", doc: "Address and port to listen on.", slot: Slot::Listen(|s| &mut s.server.listen) },
    Field {
        key: "server.roles",
        doc: "What this process does, where several share a Redis.",
        slot: Slot::Texts(|s| &mut s.server.roles),
    },
    Field {
        key: "server.api_keys",
        doc: "Keys of the REST API, each with the name of its holder.",
        slot: Slot::Records(|s| &mut s.server.api_keys),
    },
    Field {
        key: "server.webhook_token",
        doc: "What a webhook's sender shows as a bearer token.",
        slot: Slot::Secret { at: |s| &mut s.server.webhook_token, file: |s| &mut s.server.webhook_token_file },
    },
    Field {
        key: "server.webhook_token_file",
        doc: "File that holds the webhooks' token.",
        slot: Slot::SecretFile(|s| &mut s.server.webhook_token_file),
    },
    Field {
        key: "server.webhook_user",
        doc: "User of a webhook's sender that logs in with user and password.",
        slot: Slot::Name(|s| &mut s.server.webhook_user),
    },
    Field {
        key: "server.webhook_password",
        doc: "Password of the webhooks' user.",
        slot: Slot::Secret { at: |s| &mut s.server.webhook_password, file: |s| &mut s.server.webhook_password_file },
    },
    Field {
        key: "server.webhook_password_file",
        doc: "File that holds the password of the webhooks' user.",
        slot: Slot::SecretFile(|s| &mut s.server.webhook_password_file),
    },
    Field {
        key: "server.max_body",
        doc: "Largest body of a webhook; a larger one is refused with 413. Bodies of API requests have 64KiB at most.",
        slot: Slot::Size { at: |s| &mut s.server.max_body, min: 64 * KIB, max: 64 * MIB },
    },
    Field {
        key: "server.request_timeout",
        doc: "Longest time for one request, without the wait for a report.",
        slot: Slot::Duration {
            at: |s| &mut s.server.request_timeout,
            min: Duration::from_secs(SECOND),
            max: Duration::from_secs(5 * MINUTE),
        },
    },
    Field {
        key: "server.grace",
        doc: "Time to finish or hand back what runs when the program is asked to end.",
        slot: Slot::Duration {
            at: |s| &mut s.server.grace,
            min: Duration::from_secs(SECOND),
            max: Duration::from_secs(10 * MINUTE),
        },
    },
];
