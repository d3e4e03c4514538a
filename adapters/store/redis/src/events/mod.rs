//! The log of what happens inside jobs: a capped stream of each job, and a channel of the same name.
//!
//! ```text
//! place    ids of entries, given by the writer
//! write    batches in pipelines; what failed is sent again without doubling
//! listen   the connection for subscriptions
//! ```
//! Events are written by one task of a process, so those of a job that come from one process stay in order. What Redis has
//! taken can be lost with Redis (see its settings), never a job with it. Must never hold up who appends for longer than a
//! second. Start at [`RedisEvents::start`].

mod listen;
mod place;
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_redact::Redacted;
use midwatch_service::event::{Batch, Batches, Cursor, Followers, JobEvent, Logged, PAGE, Queue, queue};
use midwatch_service::id::JobId;
use midwatch_service::port::events::{EventLog, Exhausted};
use midwatch_service::port::store::StoreError;
use redis::streams::{StreamId, StreamRangeReply};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use self::listen::Ear;
use self::place::Place;
use self::write::{Packed, Writer};
use crate::keys::Keys;
use crate::open::{Inner, RedisStore};

/// The field of an entry that holds the event.
const BODY: &str = "e";

/// The stream of a job, and its channel.
pub(crate) fn stream(keys: &Keys, job: JobId) -> String {
    keys.key(format_args!("events:{job}"))
}

/// The log.
pub struct RedisEvents {
    inner: Arc<Inner>,
    queue: Queue,
    followers: Arc<Followers>,
    more: Arc<Notify>,
    _ear: AbortOnDropHandle<()>,
}

impl RedisEvents {
    /// Starts the log of a store, inside the runtime. What was taken is still written when this is dropped.
    pub fn start(store: &RedisStore) -> Self {
        let inner = Arc::clone(&store.inner);
        let (queue, batches) = queue();
        let (followers, more) = (Arc::<Followers>::default(), Arc::<Notify>::default());
        let writer = Arc::new(Writer::new(Arc::clone(&inner)));
        let (ready, packed) = mpsc::channel(1);
        tokio::spawn(pack(Arc::clone(&writer), batches, ready));
        tokio::spawn(write(writer, packed, Arc::clone(&followers)));
        let ear = Ear { inner: Arc::clone(&inner), followers: Arc::clone(&followers), more: Arc::clone(&more) };
        let ear = AbortOnDropHandle::new(tokio::spawn(ear.run()));
        Self { inner, queue, followers, more, _ear: ear }
    }

    /// Events that wait to be written.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }
}

/// Makes one batch ready while the one before is on its way.
async fn pack(writer: Arc<Writer>, mut batches: Batches, ready: mpsc::Sender<(Batch, Packed)>) {
    // While one batch is under way the next one gathers: no need to wait for more.
    while let Some(batch) = batches.next(Duration::ZERO).await {
        let packed = writer.pack(&batch.events);
        if ready.send((batch, packed)).await.is_err() {
            return;
        }
    }
}

/// Writes batches, one after the other.
async fn write(writer: Arc<Writer>, mut packed: mpsc::Receiver<(Batch, Packed)>, followers: Arc<Followers>) {
    while let Some((batch, packed)) = packed.recv().await {
        let written = if batch.events.is_empty() { Ok(()) } else { writer.write(packed, &batch.events).await };
        match &written {
            // At once, whatever becomes of the subscription.
            Ok(()) => {
                let jobs: BTreeSet<JobId> = batch.events.iter().map(|(job, _)| *job).collect();
                for job in jobs {
                    followers.call(job);
                }
            }
            Err(error) => tracing::warn!(events = batch.events.len(), "events of jobs were lost: {error}"),
        }
        batch.done(written);
    }
}

#[async_trait]
impl EventLog for RedisEvents {
    async fn append(&self, job: JobId, event: Redacted<JobEvent>) -> Result<(), Exhausted> {
        self.queue.append(job, event).await
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.queue.flush().await
    }

    async fn events(&self, job: JobId, after: Option<&Cursor>, limit: usize) -> Result<Vec<Logged>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let after = after.and_then(|cursor| cursor.0.parse::<Place>().ok());
        let from = after.map_or_else(|| "-".to_owned(), |place| format!("({place}"));
        let mut command = redis::cmd("XRANGE");
        command.arg(stream(&self.inner.keys, job)).arg(from).arg("+").arg("COUNT").arg(limit.min(PAGE));
        let reply: StreamRangeReply = self.inner.link.ask(&command).await?;
        reply.ids.iter().map(logged).collect()
    }

    async fn follow(&self, job: JobId) -> watch::Receiver<u64> {
        let calls = self.followers.follow(job);
        self.more.notify_one();
        calls
    }
}

fn logged(entry: &StreamId) -> Result<Logged, StoreError> {
    let damaged = || StoreError::Damaged(format!("the event {} of a job cannot be read", entry.id));
    let body: String = entry.get(BODY).ok_or_else(damaged)?;
    let event = serde_json::from_str(&body).map_err(|_| damaged())?;
    Ok(Logged { cursor: Cursor(entry.id.clone()), event: Redacted::kept(event) })
}
