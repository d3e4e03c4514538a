//! The queue before a log: events wait here to be written in batches.
//!
//! Must never hold more than [`WAITING`], nor give the events of one job in another order than they were taken. Start at
//! [`queue`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use midwatch_redact::Redacted;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::JobEvent;
use crate::id::JobId;
use crate::port::events::Exhausted;
use crate::port::store::StoreError;

/// Events that wait at most. Each is a line of text, so this is some megabytes.
pub const WAITING: usize = 8192;

/// Events in one batch at most.
pub const BATCH: usize = 512;

/// How long an event waits for room.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long is waited at most until everything is written.
const FLUSH: Duration = Duration::from_secs(10);

/// An event, and whose it is.
pub type Entry = (JobId, Redacted<JobEvent>);

/// Why a batch was not written, for the next one who asks.
type Failed = Arc<Mutex<Option<StoreError>>>;

type Written = oneshot::Sender<Result<(), StoreError>>;

enum Item {
    Event(Entry),
    /// Somebody wants to know when what came before it is written.
    Flush(Written),
}

/// The end where events are put in.
#[derive(Clone)]
pub struct Queue(mpsc::Sender<Item>);

/// The end where batches come out.
pub struct Batches {
    items: mpsc::Receiver<Item>,
    failed: Failed,
}

/// Events to be written together, in order.
pub struct Batch {
    /// The events, at most [`BATCH`].
    pub events: Vec<Entry>,
    written: Option<Written>,
    failed: Failed,
}

/// A queue with both its ends. When the first end is gone and what waited came out, the second ends.
pub fn queue() -> (Queue, Batches) {
    let (put, items) = mpsc::channel(WAITING);
    (Queue(put), Batches { items, failed: Failed::default() })
}

impl Queue {
    /// Puts an event in; waits for room a second at most.
    ///
    /// # Errors
    /// When there is no room by then, or nobody writes any more.
    pub async fn append(&self, job: JobId, event: Redacted<JobEvent>) -> Result<(), Exhausted> {
        let sent = self.0.send_timeout(Item::Event((job, event)), PATIENCE).await;
        sent.map_err(|_| Exhausted { waiting: self.waiting() })
    }

    /// Returns when what was put in so far is written.
    ///
    /// # Errors
    /// When some of it could not be written, or that is not known within ten seconds.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (written, answer) = oneshot::channel();
        let flushed = async {
            self.0.send(Item::Flush(written)).await.ok()?;
            answer.await.ok()
        };
        let busy = |why: &str| StoreError::Busy(format!("the log of events {why}"));
        match tokio::time::timeout(FLUSH, flushed).await {
            Ok(Some(result)) => result,
            Ok(None) => Err(busy("is closed")),
            Err(_) => Err(busy(&format!("was not written within {} s", FLUSH.as_secs()))),
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}

impl Batches {
    /// The next batch: what waits, and what comes within `linger` after the first of it. None at the end.
    pub async fn next(&mut self, linger: Duration) -> Option<Batch> {
        let mut batch = Batch { events: Vec::new(), written: None, failed: Arc::clone(&self.failed) };
        let mut item = self.items.recv().await?;
        let until = Instant::now() + linger;
        loop {
            match item {
                Item::Event(entry) => batch.events.push(entry),
                Item::Flush(written) => {
                    batch.written = Some(written);
                    return Some(batch);
                }
            }
            if batch.events.len() >= BATCH {
                return Some(batch);
            }
            item = match self.items.try_recv() {
                Ok(next) => next,
                Err(_) => match tokio::time::timeout_at(until, self.items.recv()).await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(_) => return Some(batch),
                },
            };
        }
    }
}

impl Batch {
    /// Says what became of it, to those who wait for it.
    pub fn done(self, result: Result<(), StoreError>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = result {
            *failed = Some(error);
        }
        if let Some(written) = self.written {
            // Whoever went away does not want to know.
            let _ = written.send(failed.take().map_or(Ok(()), Err));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use midwatch_redact::Redactor;

    use super::*;
    use crate::event::Level;

    fn event(n: usize) -> Redacted<JobEvent> {
        let at = Timestamp::UNIX_EPOCH;
        Redactor::default().seal(JobEvent { at, attempt: 1, level: Level::Info, step: None, text: n.to_string() })
    }

    #[tokio::test]
    async fn what_is_put_in_comes_out_in_order() {
        let (queue, mut batches) = queue();
        let job = JobId::new();
        for n in 0..BATCH + 3 {
            queue.append(job, event(n)).await.unwrap();
        }
        drop(queue);
        let mut texts = Vec::new();
        let mut sizes = Vec::new();
        while let Some(batch) = batches.next(Duration::ZERO).await {
            sizes.push(batch.events.len());
            texts.extend(batch.events.iter().map(|(_, event)| event.text.clone()));
            batch.done(Ok(()));
        }
        assert_eq!(sizes, [BATCH, 3]);
        assert_eq!(texts, (0..BATCH + 3).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_flush_waits_for_what_came_before_it_and_hears_of_failures() {
        let (queue, mut batches) = queue();
        queue.append(JobId::new(), event(0)).await.unwrap();
        let flushing = queue.clone();
        let flushed = tokio::spawn(async move { flushing.flush().await });
        let batch = batches.next(Duration::from_secs(30)).await.unwrap();
        assert_eq!(batch.events.len(), 1);
        assert!(!flushed.is_finished());
        batch.done(Err(StoreError::Busy("no".to_owned())));
        assert!(flushed.await.unwrap().is_err());
        let flushing = tokio::spawn(async move { queue.flush().await });
        let batch = batches.next(Duration::ZERO).await.unwrap();
        assert!(batch.events.is_empty());
        batch.done(Ok(()));
        assert!(flushing.await.unwrap().is_ok(), "a failure is told once");
    }

    #[tokio::test]
    async fn a_full_queue_refuses_after_a_second() {
        let (queue, batches) = queue();
        let job = JobId::new();
        for n in 0..WAITING {
            queue.append(job, event(n)).await.unwrap();
        }
        let begun = Instant::now();
        assert_eq!(queue.append(job, event(0)).await, Err(Exhausted { waiting: WAITING }));
        assert!(begun.elapsed() >= PATIENCE);
        drop(batches);
        queue.append(job, event(0)).await.unwrap_err();
    }
}
