//! Opening stores on servers of a test's own.

use std::time::Duration;

use midwatch_conformance::given::{at, chain_key, enqueue, job};
use midwatch_redis::{Mode, Node, Options, RedisStore, Waits};
use midwatch_service::id::JobId;
use midwatch_service::port::store::{CommitError, Store as _, StoreError};

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

/// With shorter waits, for tests in which Redis does not answer.
pub(crate) fn impatient(port: u16) -> Options {
    let waits = Waits {
        connect: Duration::from_millis(500),
        command: Duration::from_millis(500),
        call: Duration::from_secs(1),
    };
    Options { waits, ..options(&[port], Mode::Single) }
}

/// Hands in a job.
pub(crate) async fn hand_in(store: &RedisStore) -> Result<JobId, CommitError> {
    let job = job();
    store.commit(at(0), vec![enqueue(&job)]).await.map(|()| job.id)
}

/// Hands in jobs until one is taken: a server that went away comes back.
pub(crate) async fn hand_in_at_last(store: &RedisStore) -> JobId {
    let tries = async {
        loop {
            match hand_in(store).await {
                Ok(id) => return id,
                Err(error) => assert!(is_busy(&error), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), tries).await.expect("the store takes a write again")
}

/// Whether the store says that it may take the same a moment later.
pub(crate) fn is_busy(error: &CommitError) -> bool {
    matches!(error, CommitError::Storage(StoreError::Busy(_) | StoreError::ReadOnly(_)))
}
