//! The log of what happens inside jobs, in the same file: many events in one commit, by the writer thread.
//!
//! Must never keep more of a job than [`EVENTS_KEPT`], nor anything of a job that is gone. Start at [`SqliteEvents::start`].

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::Redacted;
use midwatch_service::event::{Batches, Cursor, EVENTS_KEPT, Entry, Followers, JobEvent, Logged, PAGE, Queue, queue};
use midwatch_service::id::JobId;
use midwatch_service::port::events::{EventLog, Exhausted};
use midwatch_service::port::store::{CommitError, StoreError};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::fault::Fault;
use crate::open::SqliteStore;
use crate::query::{all, change};
use crate::store::for_reading;
use crate::value::{json, parse, rows};
use crate::writer::answered;

/// How long an event waits for others to share a commit: each commit costs a flush of the disk, and a person who follows
/// does not see the difference.
const LINGER: Duration = Duration::from_millis(50);

/// An event of a job that is gone is dropped: it would be kept for ever.
const ADD: &str = "INSERT INTO events (job, body) SELECT id, ?2 FROM jobs WHERE id = ?1";

const TRIM: &str = "DELETE FROM events WHERE job = ?1 AND number <= (
    SELECT number FROM events WHERE job = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)";

/// The log.
pub struct SqliteEvents {
    store: Arc<SqliteStore>,
    queue: Queue,
    followers: Arc<Followers>,
}

impl SqliteEvents {
    /// Starts the log of a store, inside the runtime. What was taken is written when this is dropped, if the store is
    /// still there then.
    pub fn start(store: Arc<SqliteStore>) -> Self {
        let (queue, batches) = queue();
        let followers = Arc::<Followers>::default();
        // Not held by the task: whoever drops the store and its log has the directory free.
        tokio::spawn(run(Arc::downgrade(&store), batches, Arc::clone(&followers)));
        Self { store, queue, followers }
    }
}

async fn run(store: Weak<SqliteStore>, mut batches: Batches, followers: Arc<Followers>) {
    while let Some(mut batch) = batches.next(LINGER).await {
        let events = std::mem::take(&mut batch.events);
        let jobs: BTreeSet<JobId> = events.iter().map(|(job, _)| *job).collect();
        let result = if events.is_empty() { Ok(()) } else { written(&store, events).await };
        match &result {
            Ok(()) => jobs.into_iter().for_each(|job| followers.call(job)),
            Err(error) => tracing::warn!("events of jobs were lost: {error}"),
        }
        batch.done(result);
    }
}

/// Writes events. The store is not kept from ending by it: its writer ends after what it was handed.
async fn written(store: &Weak<SqliteStore>, events: Vec<Entry>) -> Result<(), StoreError> {
    let handed_over = async {
        let store = store.upgrade().ok_or_else(|| StoreError::Busy("it is closed".to_owned()))?;
        let writer = store.writer.as_ref().ok_or_else(for_reading)?;
        writer.hand_over(move |db| write(db, &events)).await
    };
    let written: Result<(), CommitError> = match handed_over.await {
        Ok(answer) => answered(answer).await,
        Err(error) => Err(error),
    };
    written.map_err(|error| Fault::Refused(error).into_store())
}

#[async_trait]
impl EventLog for SqliteEvents {
    async fn append(&self, job: JobId, event: Redacted<JobEvent>) -> Result<(), Exhausted> {
        self.queue.append(job, event).await
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.queue.flush().await
    }

    async fn events(&self, job: JobId, after: Option<&Cursor>, limit: usize) -> Result<Vec<Logged>, StoreError> {
        let after = after.and_then(|cursor| cursor.0.parse::<i64>().ok()).unwrap_or(0);
        self.store.readers.run(move |db| page(db, job, after, limit)).await
    }

    async fn follow(&self, job: JobId) -> watch::Receiver<u64> {
        self.followers.follow(job)
    }
}

fn write(db: &Connection, events: &[Entry]) -> Result<(), Fault> {
    let mut jobs = BTreeSet::new();
    for (job, event) in events {
        change(db, ADD, (job.to_string(), json(event)?))?;
        jobs.insert(job);
    }
    for job in jobs {
        change(db, TRIM, (job.to_string(), rows(EVENTS_KEPT)))?;
    }
    Ok(())
}

fn page(db: &Connection, job: JobId, after: i64, limit: usize) -> Result<Vec<Logged>, Fault> {
    let sql = "SELECT number, body FROM events WHERE job = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
    all(db, sql, (job.to_string(), after, rows(limit.min(PAGE))), |row| {
        let event = parse("an event", &row.get::<_, String>(1)?)?;
        Ok(Logged { cursor: Cursor(row.get::<_, i64>(0)?.to_string()), event: Redacted::kept(event) })
    })
}
