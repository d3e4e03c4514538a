//! The Redis that replicas share, from settings.
//!
//! Must never show a password, nor make a key of its own for the trail: every replica needs the same. Start at [`options`].

use std::path::Path;

use midwatch_config::{Settings, StoreMode, StoreSettings};
use midwatch_redis::{Login, Mode, Node, Options, RedisStore, Tls, Waits};
use midwatch_service::audit::ChainKey;
use midwatch_service::port::store::StoreError;

use super::PlaceError;
use crate::input;

/// The port of Redis, and the one of Sentinel, where none is named: <https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/>.
const PORTS: (u16, u16) = (6379, 26379);

/// Bytes of a file of certificates; all authorities of a system are about 200 KiB.
const CERTIFICATES_CAP: usize = 4 << 20;

/// Why the shared store cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SharedError {
    /// The trail has no key.
    #[error("store.url is set and audit.key is not: every replica seals the same trail; set audit.key_file")]
    NoKey,
    /// An address that is none.
    #[error("{0}: this is no host and port, such as redis.midwatch:6379")]
    Node(String),
    /// The certificates cannot be read.
    #[error("store.ca_file: {0}")]
    Certificates(String),
    /// Redis cannot be reached, or not be used.
    #[error("the shared store at {place} cannot be used: {source}\n  `midwatch doctor` looks at it")]
    Open {
        /// Where.
        place: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// What the adapter is told; none when the store is embedded.
pub(crate) fn options(settings: &Settings) -> Result<Option<Options>, PlaceError> {
    let store = &settings.store;
    let Some(url) = &store.url else { return Ok(None) };
    let key = settings.audit.key.as_ref().ok_or(SharedError::NoKey)?;
    let tls = match url.scheme() {
        "rediss" => Some(Tls { ca: store.ca_file.as_deref().map(certificates).transpose()? }),
        _ => None,
    };
    let database = url.path().trim_start_matches('/').parse().unwrap_or(store.database);
    Ok(Some(Options {
        nodes: nodes(store)?,
        mode: mode(store),
        tls,
        login: Login { username: store.username.clone(), password: store.password.clone() },
        database,
        prefix: store.prefix.clone(),
        waits: Waits { call: store.timeout, command: store.timeout.mul_f64(0.6), ..Waits::default() },
        ..Options::new(Node { host: String::new(), port: 0 }, ChainKey::from_secret(key)?)
    }))
}

/// Connects.
pub(crate) async fn open(settings: &Settings, options: Options) -> Result<RedisStore, PlaceError> {
    let place = || settings.store.url.as_ref().map(ToString::to_string).unwrap_or_default();
    let opened = RedisStore::open(options).await;
    Ok(opened.map_err(|source| SharedError::Open { place: place(), source })?)
}

fn mode(store: &StoreSettings) -> Mode {
    match store.mode {
        StoreMode::Single => Mode::Single,
        StoreMode::Cluster => Mode::Cluster,
        StoreMode::Sentinel => Mode::Sentinel {
            master: store.master.clone(),
            login: Login { username: store.sentinel_username.clone(), password: store.sentinel_password.clone() },
        },
    }
}

/// The address of the URL, then the others.
fn nodes(store: &StoreSettings) -> Result<Vec<Node>, SharedError> {
    let default = if store.mode == StoreMode::Sentinel { PORTS.1 } else { PORTS.0 };
    let first = store.url.as_ref().and_then(|url| {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Node { host, port: url.port().unwrap_or(default) })
    });
    let first = first.ok_or_else(|| SharedError::Node("store.url".to_owned()))?;
    let others = store.nodes.iter().map(|text| node(text).ok_or_else(|| SharedError::Node(text.clone())));
    std::iter::once(Ok(first)).chain(others).collect()
}

fn node(text: &str) -> Option<Node> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then_some(Node { host: host.to_owned(), port: port.parse().ok()? })
}

fn certificates(path: &Path) -> Result<Vec<u8>, SharedError> {
    input::bounded(path, CERTIFICATES_CAP).map_err(|failure| SharedError::Certificates(failure.words().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn settings(url: &str) -> Settings {
        let mut settings = Settings::default();
        settings.store.url = Some(url.parse().unwrap());
        settings.audit.key = Some(SecretString::from("6f1c0a9be2d44d0f8a3e5b7c9d1f2a4e"));
        settings
    }

    fn options_of(settings: &Settings) -> Options {
        options(settings).unwrap().unwrap()
    }

    #[test]
    fn an_address_becomes_a_server() {
        let plain = options_of(&settings("redis://redis.midwatch/3"));
        assert_eq!(plain.nodes, [Node { host: "redis.midwatch".to_owned(), port: 6379 }]);
        assert!(plain.tls.is_none() && plain.database == 3);
        let sealed = options_of(&settings("rediss://[::1]:7000"));
        assert_eq!(sealed.nodes, [Node { host: "::1".to_owned(), port: 7000 }]);
        assert!(sealed.tls.is_some_and(|tls| tls.ca.is_none()));
        assert!(options(&Settings::default()).unwrap().is_none(), "the store is embedded by default");
    }

    #[test]
    fn sentinels_have_a_port_of_their_own() {
        let mut settings = settings("redis://sentinel-0");
        settings.store.mode = StoreMode::Sentinel;
        settings.store.nodes = vec!["sentinel-1:26380".to_owned()];
        let ports: Vec<u16> = options_of(&settings).nodes.iter().map(|node| node.port).collect();
        assert_eq!(ports, [26379, 26380]);
    }

    #[test]
    fn without_a_key_of_the_trail_nothing_is_opened() {
        let mut settings = settings("redis://redis");
        settings.audit.key = None;
        assert!(matches!(options(&settings), Err(PlaceError::Shared(SharedError::NoKey))));
    }
}
