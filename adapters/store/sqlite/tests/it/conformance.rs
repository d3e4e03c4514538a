//! What every store must do, on this one.

use std::sync::Arc;

use midwatch_service::port::store::Store;

use crate::support::open;

macro_rules! each {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let place = tempfile::tempdir().unwrap();
            midwatch_conformance::$name(async || Arc::new(open(place.path())) as Arc<dyn Store>).await;
        }
    )* };
}

midwatch_conformance::properties!(each);
