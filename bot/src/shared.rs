//! The store that several processes share, from settings.
//!
//! Must never show a password, nor fall back to a store of its own. Start at [`open`].

use std::path::Path;

use midwatch_config::{Settings, StoreMode};
use midwatch_redis::{Login, Mode, Node, Options, RedisStore, Tls, Waits};
use midwatch_service::audit::ChainKey;
use url::Url;

use crate::failure::Failure;

/// The port of Redis when the address names none.
const PORT: u16 = 6379;

/// Opens it; none when no address is configured.
pub(crate) async fn open(settings: &Settings) -> Result<Option<RedisStore>, Failure> {
    let Some(options) = options(settings)? else { return Ok(None) };
    let opened = RedisStore::open(options).await;
    opened.map(Some).map_err(|error| Failure::no_report(format!("the store that `store.url` names: {error}")))
}

/// How it is reached.
fn options(settings: &Settings) -> Result<Option<Options>, Failure> {
    let store = &settings.store;
    let Some(url) = &store.url else { return Ok(None) };
    let key = settings.audit.key.as_ref().ok_or_else(|| Failure::usage("`store.url` needs `audit.key`"))?;
    let chain_key = ChainKey::from_secret(key).map_err(Failure::usage)?;
    let mut options = Options::new(first(url)?, chain_key);
    for node in &store.nodes {
        options.nodes.push(further(node)?);
    }
    let sentinels = Login { username: store.sentinel_username.clone(), password: store.sentinel_password.clone() };
    options.mode = match store.mode {
        StoreMode::Single => Mode::Single,
        StoreMode::Sentinel => Mode::Sentinel { master: store.master.clone(), login: sentinels },
        StoreMode::Cluster => Mode::Cluster,
    };
    let tls = url.scheme() == "rediss";
    options.tls = tls.then(|| authorities(store.ca_file.as_deref())).transpose()?;
    options.login = Login { username: store.username.clone(), password: store.password.clone() };
    options.database = store.database;
    options.prefix.clone_from(&store.prefix);
    options.waits =
        Waits { command: store.timeout, call: store.timeout.max(Waits::default().call), ..Waits::default() };
    Ok(Some(options))
}

fn first(url: &Url) -> Result<Node, Failure> {
    let host = url.host_str().ok_or_else(|| Failure::usage("`store.url` names no host"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Node { host, port: url.port().unwrap_or(PORT) })
}

fn further(node: &str) -> Result<Node, Failure> {
    let parts = node.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or_else(|| Failure::usage(format!("`store.nodes`: `{node}` is no host and port")))?;
    Ok(Node { host: host.trim_start_matches('[').trim_end_matches(']').to_owned(), port })
}

fn authorities(file: Option<&Path>) -> Result<Tls, Failure> {
    let read = |file: &Path| {
        std::fs::read(file).map_err(|error| Failure::usage(format!("store.ca_file {}: {error}", file.display())))
    };
    Ok(Tls { ca: file.map(read).transpose()? })
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn the_address_says_where_and_whether_it_is_encrypted() {
        let mut settings = Settings::default();
        assert!(options(&settings).unwrap().is_none(), "the store is embedded");
        settings.store.url = Some("rediss://[::1]".parse().unwrap());
        assert!(options(&settings).is_err(), "all need the same key");
        settings.audit.key = Some(SecretString::from("0123456789abcdef0123456789abcdef"));
        settings.store.nodes = vec!["redis-2:7000".to_owned()];
        settings.store.mode = StoreMode::Cluster;
        let made = options(&settings).unwrap().unwrap();
        assert!(made.tls.is_some() && matches!(made.mode, Mode::Cluster));
        let nodes: Vec<String> = made.nodes.iter().map(ToString::to_string).collect();
        assert_eq!(nodes, ["[::1]:6379", "redis-2:7000"]);
    }
}
