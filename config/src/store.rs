//! Settings of the store: embedded, or a Redis that replicas share; how large it may grow, how long things are kept.
//!
//! Never opens it. Start at [`StoreSettings`].

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::choice::choice;
use crate::field::{Field, Slot};

const DAY: Duration = Duration::from_hours(24);
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

choice! {
    /// What answers at the store's address.
    StoreMode {
        /// One Redis server.
        #[default]
        Single = "single",
        /// A Redis Sentinel, which says where the server is.
        Sentinel = "sentinel",
        /// A node of a Redis Cluster.
        Cluster = "cluster",
    }
}

/// Where everything durable is kept, and for how long.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Folder of the embedded store. Default none: see [`crate::state_directory`].
    pub directory: Option<PathBuf>,
    /// The Redis that replicas share: `redis://`, or `rediss://` with TLS. Default none: the store is embedded.
    pub url: Option<Url>,
    /// What answers there. Default `single`.
    pub mode: StoreMode,
    /// Further Sentinels or nodes of the Cluster, as `host:port`. Default none.
    pub nodes: Vec<String>,
    /// What Sentinel calls the server. Default `mymaster`.
    pub master: String,
    /// ACL user on Redis. Default none: `default`.
    pub username: Option<String>,
    /// Its password. Default none.
    pub password: Option<SecretString>,
    /// File that holds it. Default none.
    pub password_file: Option<PathBuf>,
    /// ACL user on the Sentinels. Default none: `default`.
    pub sentinel_username: Option<String>,
    /// Its password. Default none.
    pub sentinel_password: Option<SecretString>,
    /// File that holds it. Default none.
    pub sentinel_password_file: Option<PathBuf>,
    /// Number of the database; a Cluster has only 0. 0 to 15, default 0.
    pub database: u32,
    /// What every key begins with, so that installations can share a Redis. Default `midwatch`.
    pub prefix: String,
    /// PEM file with the authorities to trust beyond the system's. Default none.
    pub ca_file: Option<PathBuf>,
    /// Time for one answer of Redis. 1 second to 1 minute, default 5 seconds.
    pub timeout: Duration,
    /// Largest size, in bytes. 16 MiB to 64 GiB, default 2 GiB.
    pub max_size: u64,
    /// How long jobs that have ended are kept, with their reports and threads. 1 day to 1 year, default 30 days.
    pub keep_jobs: Duration,
    /// How long closed incidents are kept. 1 day to 1 year, default 90 days.
    pub keep_incidents: Duration,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            directory: None,
            url: None,
            mode: StoreMode::Single,
            nodes: Vec::new(),
            master: "mymaster".to_owned(),
            username: None,
            password: None,
            password_file: None,
            sentinel_username: None,
            sentinel_password: None,
            sentinel_password_file: None,
            database: 0,
            prefix: "midwatch".to_owned(),
            ca_file: None,
            timeout: Duration::from_secs(5),
            max_size: 2 * GIB,
            keep_jobs: 30 * DAY,
            keep_incidents: 90 * DAY,
        }
    }
}

/// Fields of the section `store`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "store.directory",
        doc: "Folder of the embedded store, on a local disk.",
        slot: Slot::Path(|s| &mut s.store.directory),
    },
    Field {
        key: "store.url",
        doc: "The Redis that replicas share, instead of the embedded store.",
        slot: Slot::RedisUrl(|s| &mut s.store.url),
    },
    Field { key: "store.mode", doc: "What answers at store.url.", slot: Slot::Choice(|s| &mut s.store.mode) },
    Field {
        key: "store.nodes",
        doc: "Further Sentinels or nodes of the Cluster, each as host:port.",
        slot: Slot::Texts(|s| &mut s.store.nodes),
    },
    Field { key: "store.master", doc: "What Sentinel calls the server.", slot: Slot::Text(|s| &mut s.store.master) },
    Field { key: "store.username", doc: "ACL user on Redis.", slot: Slot::Name(|s| &mut s.store.username) },
    Field {
        key: "store.password",
        doc: "Password on Redis.",
        slot: Slot::Secret { at: |s| &mut s.store.password, file: |s| &mut s.store.password_file },
    },
    Field {
        key: "store.password_file",
        doc: "File that holds the password on Redis.",
        slot: Slot::SecretFile(|s| &mut s.store.password_file),
    },
    Field {
        key: "store.sentinel_username",
        doc: "ACL user on the Sentinels.",
        slot: Slot::Name(|s| &mut s.store.sentinel_username),
    },
    Field {
        key: "store.sentinel_password",
        doc: "Password on the Sentinels.",
        slot: Slot::Secret { at: |s| &mut s.store.sentinel_password, file: |s| &mut s.store.sentinel_password_file },
    },
    Field {
        key: "store.sentinel_password_file",
        doc: "File that holds the password on the Sentinels.",
        slot: Slot::SecretFile(|s| &mut s.store.sentinel_password_file),
    },
    Field {
        key: "store.database",
        doc: "Number of the database on Redis.",
        slot: Slot::Count { at: |s| &mut s.store.database, min: 0, max: 15 },
    },
    Field {
        key: "store.prefix",
        doc: "What every key on Redis begins with.",
        slot: Slot::Text(|s| &mut s.store.prefix),
    },
    Field {
        key: "store.ca_file",
        doc: "PEM file with the authorities to trust beyond the system's, for rediss://.",
        slot: Slot::Path(|s| &mut s.store.ca_file),
    },
    Field {
        key: "store.timeout",
        doc: "Time for one answer of Redis.",
        slot: Slot::Duration { at: |s| &mut s.store.timeout, min: Duration::from_secs(1), max: Duration::from_mins(1) },
    },
    Field {
        key: "store.max_size",
        doc: "Largest size of the embedded store; past it new work is refused.",
        slot: Slot::Size { at: |s| &mut s.store.max_size, min: 16 * MIB, max: 64 * GIB },
    },
    Field {
        key: "store.keep_jobs",
        doc: "How long jobs that have ended are kept, with their reports and threads.",
        slot: Slot::Duration { at: |s| &mut s.store.keep_jobs, min: DAY, max: Duration::from_hours(24 * 365) },
    },
    Field {
        key: "store.keep_incidents",
        doc: "How long closed incidents are kept.",
        slot: Slot::Duration { at: |s| &mut s.store.keep_incidents, min: DAY, max: Duration::from_hours(24 * 365) },
    },
];
