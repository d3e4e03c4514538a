//! Finding the server that takes writes, and greeting it.
//!
//! Must never believe a Sentinel or a node of a cluster about itself alone: who is connected to says what it is.
//! Start at [`Place::connect`].

use std::fmt;
use std::sync::Arc;

use midwatch_service::port::store::StoreError;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, Value,
};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use super::ServerTime;
use crate::keys::Keys;
use crate::options::{Login, Mode, Node, Options, Tls};

/// What our connections are called in `CLIENT LIST`.
const NAME: &str = "midwatch";

/// Where the servers are, and as whom they are greeted.
pub(crate) struct Place {
    nodes: Vec<Node>,
    mode: Mode,
    tls: Option<Tls>,
    login: Login,
    database: i64,
    /// A key of ours: its slot is that of all.
    key: Arc<str>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("nodes", &self.nodes).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<String> = self.nodes.iter().map(Node::to_string).collect();
        f.write_str(&nodes.join(", "))
    }
}

impl Place {
    pub(crate) fn new(options: &Options) -> Result<Self, StoreError> {
        let wrong = |what: &str| Err(StoreError::Busy(what.to_owned()));
        let prefix = &options.prefix;
        if options.nodes.is_empty() {
            return wrong("no address of Redis is given: set store.url or store.nodes");
        }
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return wrong("store.prefix must be a word without braces");
        }
        if matches!(options.mode, Mode::Cluster) && options.database != 0 {
            return wrong("a cluster has one database only: leave store.database at 0");
        }
        Ok(Self {
            nodes: options.nodes.clone(),
            mode: options.mode.clone(),
            tls: options.tls.clone(),
            login: options.login.clone(),
            database: i64::from(options.database),
            key: Keys::new(prefix).key("schema").into(),
        })
    }

    /// A connection to the server that takes writes now.
    pub(crate) async fn connect(
        &self,
        config: &AsyncConnectionConfig,
        time: &ServerTime,
    ) -> RedisResult<MultiplexedConnection> {
        let mut last = RedisError::from((ErrorKind::Client, "no server was asked"));
        for node in &self.nodes {
            match self.through(node, config, time).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The same, found by way of one of the nodes that are given.
    async fn through(
        &self,
        node: &Node,
        config: &AsyncConnectionConfig,
        time: &ServerTime,
    ) -> RedisResult<MultiplexedConnection> {
        let found = self.find(node, config).await?;
        let mut connection = self.open(&found, &self.login, self.database, config).await?;
        let role: Value = redis::cmd("ROLE").query_async(&mut connection).await?;
        if first_word(&role) != Some("master") {
            return Err((ErrorKind::Io, "the server is a replica", format!("{found} takes no writes (yet)")).into());
        }
        redis::cmd("CLIENT").arg("SETNAME").arg(NAME).exec_async(&mut connection).await?;
        let asked = Instant::now();
        time.learn(asked, redis::cmd("TIME").query_async(&mut connection).await?);
        Ok(connection)
    }

    /// A connection for subscriptions. What is published on a master reaches the subscribers of its replicas and of every
    /// node of its cluster, so any of them will do.
    pub(crate) async fn subscriber(&self) -> RedisResult<PubSub> {
        let mut last = RedisError::from((ErrorKind::Client, "no server was asked"));
        for node in &self.nodes {
            let opened = async {
                let found = self.find(node, &AsyncConnectionConfig::new()).await?;
                self.client(&found, &self.login, self.database)?.get_async_pubsub().await
            };
            match tokio::time::timeout(crate::options::CONNECT, opened).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => last = error,
                Err(_) => last = (ErrorKind::Io, "it did not answer in time").into(),
            }
        }
        Err(last)
    }

    /// The server that takes writes, as one of the nodes that are given knows it.
    async fn find(&self, node: &Node, config: &AsyncConnectionConfig) -> RedisResult<Node> {
        Ok(match &self.mode {
            Mode::Single => node.clone(),
            Mode::Sentinel { master, login } => {
                let mut sentinel = self.open(node, login, 0, &bounded(config)).await?;
                let mut ask = redis::cmd("SENTINEL");
                let found: Option<(String, u16)> =
                    ask.arg("GET-MASTER-ADDR-BY-NAME").arg(master).query_async(&mut sentinel).await?;
                let (host, port) = found.ok_or((ErrorKind::MasterNameNotFoundBySentinel, "it knows no such master"))?;
                Node { host, port }
            }
            Mode::Cluster => {
                let mut member = self.open(node, &self.login, 0, &bounded(config)).await?;
                let slot: i64 = redis::cmd("CLUSTER").arg("KEYSLOT").arg(&*self.key).query_async(&mut member).await?;
                let slots: Value = redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut member).await?;
                serves(&slots, slot, node).ok_or((ErrorKind::ClusterConnectionNotFound, "no node serves our slot"))?
            }
        })
    }

    async fn open(
        &self,
        node: &Node,
        login: &Login,
        database: i64,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<MultiplexedConnection> {
        self.client(node, login, database)?.get_multiplexed_async_connection_with_config(config).await
    }

    fn client(&self, node: &Node, login: &Login, database: i64) -> RedisResult<Client> {
        let mut user = RedisConnectionInfo::default().set_db(database).set_skip_set_lib_name();
        if let Some(name) = &login.username {
            user = user.set_username(name);
        }
        if let Some(password) = &login.password {
            user = user.set_password(password.expose_secret());
        }
        let (host, port) = (node.host.clone(), node.port);
        let address = match &self.tls {
            None => ConnectionAddr::Tcp(host, port),
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let info: ConnectionInfo = address.into_connection_info()?;
        let info = info.set_redis_settings(user).set_tcp_settings(TcpSettings::default().set_nodelay(true));
        match &self.tls {
            None => Client::open(info),
            Some(tls) => Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: tls.ca.clone() }),
        }
    }
}

/// The same waits for who only tells where to go: an answer is bounded even where that of the connection sought is not.
fn bounded(config: &AsyncConnectionConfig) -> AsyncConnectionConfig {
    config.clone().set_response_timeout(Some(crate::options::COMMAND))
}

/// The master that serves a slot, as `CLUSTER SLOTS` tells it: ranges of slots, each with its nodes, the master first.
fn serves(slots: &Value, slot: i64, asked: &Node) -> Option<Node> {
    let Value::Array(ranges) = slots else { return None };
    ranges.iter().find_map(|range| {
        let Value::Array(range) = range else { return None };
        let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = range.as_slice() else { return None };
        let [host, Value::Int(port), ..] = master.as_slice() else { return None };
        if !(*first..=*last).contains(&slot) {
            return None;
        }
        // A node that does not know its own name means the one that was asked (redis.io, CLUSTER SLOTS).
        let host = word(host).filter(|host| !host.is_empty()).unwrap_or(&asked.host);
        Some(Node { host: host.to_owned(), port: u16::try_from(*port).ok()? })
    })
}

fn first_word(value: &Value) -> Option<&str> {
    let Value::Array(values) = value else { return None };
    values.first().and_then(word)
}

fn word(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
