//! A cluster: all keys in one slot, found by way of any node.

use midwatch_doubles::redis::Cluster;
use midwatch_redis::{Mode, RedisStore};
use midwatch_service::port::store::Store as _;

use crate::support::{hand_in, options};

#[tokio::test]
async fn all_keys_are_on_one_node_whichever_node_is_asked() {
    let cluster = Cluster::start().await;
    for port in cluster.ports() {
        let store = RedisStore::open(options(&[port], Mode::Cluster)).await.unwrap();
        hand_in(&store).await.unwrap();
        store.check().await.unwrap();
    }
    let mut sizes = Vec::new();
    for node in cluster.nodes() {
        sizes.push(node.ask(&["DBSIZE"]).await.concat().parse::<u64>().unwrap());
    }
    assert_eq!(sizes.iter().filter(|size| **size > 0).count(), 1, "{sizes:?}");
    let one = RedisStore::open(options(&cluster.ports(), Mode::Cluster)).await.unwrap();
    assert_eq!(one.load().await.unwrap().pending, 3);
}
