//! A few connections that read beside the writer, each call with a deadline.
//!
//! Must never hold a read open longer than that: the write-ahead log cannot be emptied behind it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use midwatch_service::port::store::StoreError;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection;
use crate::fault::Fault;

/// Reads at the same time; more wait.
const CONNECTIONS: usize = 3;

/// Time for a read, and for its turn.
const DEADLINE: Duration = Duration::from_secs(10);

/// The connections.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let idle = (0..CONNECTIONS).map(|_| connection::reader(path)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), turns: Arc::new(Semaphore::new(CONNECTIONS)) })
    }

    /// Reads on a thread that may wait. All of one call see the same state only within one statement.
    pub(crate) async fn run<T, F>(self: &Arc<Self>, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let turn = tokio::time::timeout(DEADLINE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(busy()) };
        let Some(db) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() else { return Err(busy()) };
        let stop = db.get_interrupt_handle();
        let pool = Arc::clone(self);
        let mut task = tokio::task::spawn_blocking(move || {
            let result = read(&db);
            pool.give_back(db, turn);
            result
        });
        match tokio::time::timeout(DEADLINE, &mut task).await {
            Ok(Ok(result)) => result.map_err(Fault::into_store),
            Ok(Err(failed)) => {
                Err(StoreError::Other { what: "a read ended by itself".to_owned(), source: failed.into() })
            }
            Err(_) => {
                stop.interrupt();
                Err(busy())
            }
        }
    }

    fn give_back(&self, db: Connection, turn: OwnedSemaphorePermit) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
        drop(turn);
    }
}

fn busy() -> StoreError {
    StoreError::Busy(format!("a read took longer than {} s", DEADLINE.as_secs()))
}
