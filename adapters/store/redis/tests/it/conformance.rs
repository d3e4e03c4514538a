//! What every store must do, on this one: on a single server, and on a cluster.

use std::sync::Arc;

use midwatch_doubles::redis::{Cluster, Redis};
use midwatch_redis::{Mode, RedisStore};
use midwatch_service::port::store::Store;

use crate::support::{open, options};

macro_rules! on_one {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let redis = Redis::start().await;
            midwatch_conformance::$name(async || Arc::new(open(redis.port()).await) as Arc<dyn Store>).await;
        }
    )* };
}

midwatch_conformance::properties!(on_one);
midwatch_conformance::shared_properties!(on_one);

/// All keys of a store share a slot, so a cluster is one server to it that must be found. The properties share the cluster,
/// each under a prefix of its own.
#[tokio::test]
async fn all_of_it_on_a_cluster() {
    let cluster = Cluster::start().await;
    midwatch_conformance::run_all(async |name| {
        let options = midwatch_redis::Options { prefix: name.to_owned(), ..options(&cluster.ports(), Mode::Cluster) };
        Arc::new(RedisStore::open(options).await.unwrap()) as Arc<dyn Store>
    })
    .await;
}
