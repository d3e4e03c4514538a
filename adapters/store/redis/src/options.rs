//! Where Redis is, and how long this process waits for it.
//!
//! Must never show a password. Start at [`Options`].

use std::fmt;
use std::time::Duration;

use midwatch_service::audit::ChainKey;
use secrecy::SecretString;

/// Longest wait for a connection, the greeting included.
pub const CONNECT: Duration = Duration::from_secs(2);

/// Longest wait for the answer to one command.
pub const COMMAND: Duration = Duration::from_secs(3);

/// Longest wait of one call of the store, with everything it tries anew: a connection that was lost, a failover.
pub const CALL: Duration = Duration::from_secs(5);

/// Calls that may wait for Redis at a time; one more is refused at once.
pub const ROOM: usize = 1024;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A user of an access control list; without a name the default user.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Its name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
}

/// How the server that takes writes is found.
#[derive(Clone, Debug)]
pub enum Mode {
    /// It is the one node; with several, the first that says it is a master.
    Single,
    /// The nodes are Sentinels; they say which one it is.
    Sentinel {
        /// The name under which they watch it.
        master: String,
        /// The Sentinels' own user.
        login: Login,
    },
    /// The nodes are of a cluster; it is the one that serves the slot of our keys.
    Cluster,
}

/// Encryption of the connections, to Sentinels too.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Certificates, PEM, that the server's must be signed by; those of the system when none are given.
    pub ca: Option<Vec<u8>>,
}

/// Longest waits.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For a connection: see [`CONNECT`].
    pub connect: Duration,
    /// For the answer to one command: see [`COMMAND`].
    pub command: Duration,
    /// Of one call: see [`CALL`].
    pub call: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { connect: CONNECT, command: COMMAND, call: CALL }
    }
}

/// Where Redis is, and as whom it is used.
#[derive(Clone, Debug)]
pub struct Options {
    /// Servers, Sentinels, or some nodes of the cluster; at least one.
    pub nodes: Vec<Node>,
    /// How the one that takes writes is found.
    pub mode: Mode,
    /// Encrypted when given.
    pub tls: Option<Tls>,
    /// The user.
    pub login: Login,
    /// The number of the database; 0 in a cluster.
    pub database: u32,
    /// What all keys begin with, as a hash tag, so without braces: `midwatch`.
    pub prefix: String,
    /// The key that seals the audit trail; the same in every process that shares the store.
    pub chain_key: ChainKey,
    /// Longest waits.
    pub waits: Waits,
    /// Calls that may wait at a time: see [`ROOM`].
    pub room: usize,
}

impl Options {
    /// One server without a password, everything else as it is by default.
    pub fn new(node: Node, chain_key: ChainKey) -> Self {
        Self {
            nodes: vec![node],
            mode: Mode::Single,
            tls: None,
            login: Login::default(),
            database: 0,
            prefix: "midwatch".to_owned(),
            chain_key,
            waits: Waits::default(),
            room: ROOM,
        }
    }
}

/// The rights that a user of Redis needs for the store, as `ACL SETUSER` takes them, with the prefix `midwatch`: no right to
/// anything under other keys, and none to commands that are dangerous. Without `INFO` and `CONFIG GET` everything works, but
/// nobody can say what Redis promises to keep.
pub const RIGHTS: &str = "~{midwatch}:* &{midwatch}:* +@read +@write +@connection +@scripting +@pubsub -@dangerous +info +role +time \
                          +cluster|slots +cluster|keyslot";
