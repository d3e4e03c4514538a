//! Where the server keeps everything: its own store on the disk, or one that several processes share.
//!
//! Must never let two processes share an embedded store; its lock sees to that. Start at [`Kept::open`].

use std::path::Path;
use std::sync::Arc;

use midwatch_config::Settings;
use midwatch_redis::{RedisEvents, RedisStore};
use midwatch_service::clock::{SharedClock, SystemClock};
use midwatch_service::metrics::AskConnections;
use midwatch_service::port::events::EventLog;
use midwatch_service::port::store::Store;
use midwatch_service::signals::Signals;
use midwatch_sqlite::SqliteEvents;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::store::{self, shared};

/// The store, and the time that goes with it.
pub(super) struct Kept {
    pub(super) store: Arc<dyn Store>,
    /// What happens inside jobs.
    pub(super) events: Arc<dyn EventLog>,
    /// Of all processes that share it.
    pub(super) clock: SharedClock,
    /// None: nobody shares it.
    pub(super) shared: Option<RedisStore>,
}

impl Kept {
    /// Opens it: the shared one when there is an address, else the one in this directory.
    pub(super) async fn open(settings: &Settings, directory: &Path) -> Result<Self, Failure> {
        if let Some(options) = shared::options(settings).map_err(Failure::usage)? {
            let shared = shared::open(settings, options).await.map_err(Failure::no_report)?;
            let events = Arc::new(RedisEvents::start(&shared));
            let (store, clock) = (Arc::new(shared.clone()), Arc::new(shared.clock()));
            return Ok(Self { store, events, clock, shared: Some(shared) });
        }
        // Without it a file that may not grow ends the process instead of failing the write.
        midwatch_sqlite::outlive_file_size_limit().map_err(|error| Failure::no_report(format!("signals: {error}")))?;
        let (settings, directory) = (settings.clone(), directory.to_owned());
        // On a blocking thread: it waits for the disk.
        let opening = tokio::task::spawn_blocking(move || store::open(&settings, &directory)).await;
        let opened = opening.map_err(|error| Failure::no_report(format!("the store could not be opened: {error}")))?;
        let store = Arc::new(opened.map_err(Failure::no_report)?);
        let events = Arc::new(SqliteEvents::start(store.clone()));
        Ok(Self { store, events, clock: Arc::new(SystemClock), shared: None })
    }

    /// Tells how the connections to a shared store do.
    pub(super) fn ask_connections(&self) -> Option<AskConnections> {
        let shared = self.shared.clone()?;
        Some(Box::new(move || shared.figures().into()))
    }

    /// Hears what other processes call, and follows their common time.
    pub(super) async fn follow(&self, signals: &Signals, stop: &CancellationToken) {
        if let Some(shared) = &self.shared {
            tokio::join!(shared.hear_calls(signals, stop), shared.keep_time(stop));
        }
    }
}
