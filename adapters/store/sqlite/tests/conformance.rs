//! What every store must do, on this one.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;

use midwatch_conformance::given::{at, chain_key};
use midwatch_service::port::store::Store;
use midwatch_sqlite::{Options, SqliteStore};

fn open(directory: &Path) -> Arc<dyn Store> {
    let options =
        Options { directory: directory.to_owned(), chain_key: chain_key(), max_bytes: None, now: at(0) };
    Arc::new(SqliteStore::open(options).unwrap())
}

macro_rules! each {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let place = tempfile::tempdir().unwrap();
            midwatch_conformance::$name(async || open(place.path())).await;
        }
    )* };
}

midwatch_conformance::properties!(each);
