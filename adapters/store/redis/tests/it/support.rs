//! Opening stores on servers of a test's own.

use midwatch_conformance::given::chain_key;
use midwatch_redis::{Mode, Node, Options, RedisStore};

/// Servers on this machine.
pub(crate) fn nodes(ports: &[u16]) -> Vec<Node> {
    ports.iter().map(|port| Node { host: "127.0.0.1".to_owned(), port: *port }).collect()
}

pub(crate) fn options(ports: &[u16], mode: Mode) -> Options {
    let nodes = nodes(ports);
    Options { mode, nodes: nodes.clone(), ..Options::new(nodes[0].clone(), chain_key()) }
}

pub(crate) async fn open(port: u16) -> RedisStore {
    RedisStore::open(options(&[port], Mode::Single)).await.unwrap()
}
