//! What every store must do, on this one.

use std::sync::Arc;

use midwatch_conformance::Opened;
use midwatch_service::port::store::Store;
use midwatch_sqlite::SqliteEvents;

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

macro_rules! each_of_events {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let place = tempfile::tempdir().unwrap();
            midwatch_conformance::$name(async || {
                let store = Arc::new(open(place.path()));
                let log = Arc::new(SqliteEvents::start(store.clone()));
                Opened { store, log }
            })
            .await;
        }
    )* };
}

midwatch_conformance::event_properties!(each_of_events);
