//! Opening the shared store.

use std::sync::Arc;

use midwatch_service::audit::ChainKey;
use midwatch_service::port::store::{CommitError, StoreError};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::fault::{Fault, into_store};
use crate::keys::Keys;
use crate::link::{Figures, Link};
use crate::options::Options;
use crate::unit::{Cell, Unit, look, work};
use crate::value::number;

/// The layout of the keys that this program writes.
const SCHEMA: u32 = 1;

/// The shared store. Cheap to clone: all clones share the connections.
#[derive(Clone, Debug)]
pub struct RedisStore {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) chain_key: ChainKey,
    pub(crate) queues: Queues,
    /// This process, as its calls are signed.
    pub(crate) process: String,
}

/// Where units of this process that write the same cell stand in line, so that they do not make each other begin anew; those
/// of other processes still may.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    /// Those that add to the audit trail.
    pub(crate) trail: Mutex<()>,
    /// Those that lease jobs.
    pub(crate) claims: Mutex<()>,
    /// Those that take what was heard.
    pub(crate) heard: Mutex<()>,
    /// Those that take messages.
    pub(crate) posts: Mutex<()>,
}

impl RedisStore {
    /// Connects, and looks whether the keys are of a layout this program knows.
    ///
    /// # Errors
    /// When Redis cannot be reached or used, or a newer program wrote the keys.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let link = Link::new(&options)?;
        let keys = Keys::new(&options.prefix);
        let process = Uuid::now_v7().simple().to_string();
        let inner = Inner { link, keys, chain_key: options.chain_key, queues: Queues::default(), process };
        let store = Self { inner: Arc::new(inner) };
        store.change(layout).await?;
        Ok(store)
    }

    /// What the connections are doing.
    pub fn figures(&self) -> Figures {
        self.inner.link.figures()
    }

    /// A turn in one of the lines, or none in time.
    pub(crate) async fn turn<'a>(&self, line: &'a Mutex<()>) -> Result<MutexGuard<'a, ()>, StoreError> {
        let busy = |_| StoreError::Busy("those before it wait for Redis".to_owned());
        tokio::time::timeout_at(self.inner.link.deadline(), line.lock()).await.map_err(busy)
    }

    /// Runs a plan that only reads.
    pub(crate) async fn look<T>(
        &self,
        plan: impl Fn(&mut Unit) -> Result<T, Fault> + Send + Sync,
    ) -> Result<T, StoreError> {
        look(&self.inner.link, &self.inner.keys, plan).await
    }

    /// Does what a plan decides, all of it or nothing.
    pub(crate) async fn work<T>(
        &self,
        plan: impl Fn(&mut Unit) -> Result<T, Fault> + Send + Sync,
    ) -> Result<T, CommitError> {
        work(&self.inner.link, &self.inner.keys, plan).await
    }

    /// The same for calls that can only fail because the storage does.
    pub(crate) async fn change<T>(
        &self,
        plan: impl Fn(&mut Unit) -> Result<T, Fault> + Send + Sync,
    ) -> Result<T, StoreError> {
        self.work(plan).await.map_err(into_store)
    }
}

fn layout(unit: &mut Unit) -> Result<(), Fault> {
    let cell = Cell::text(unit.keys().key("schema"));
    match unit.get(&cell)? {
        None => unit.set(cell, Some(SCHEMA.to_string())),
        Some(found) if number::<u32>("schema", &found)? > SCHEMA => {
            return Err(Fault::Damaged(format!(
                "written by a newer Midwatch (schema {found}; this one knows up to {SCHEMA}); use that one"
            )));
        }
        Some(_) => {}
    }
    Ok(())
}
