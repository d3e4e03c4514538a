//! Batches of events on their way to Redis: each appended and published, all in one pipeline.
//!
//! A batch that failed may be written, in whole or in part, or be written later by a server that hung: what is missing is
//! sent again under the same ids, which Redis takes once. Only where another writer is already above them new ids are
//! given; the old ones can come in no more then. So nothing doubles; what a call tells to followers may come twice.
//!
//! Must never try for ever, nor change the order of one job's events. Start at [`Writer::write`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use midwatch_service::event::{EVENTS_KEPT, Entry};
use midwatch_service::id::JobId;
use midwatch_service::port::store::StoreError;
use redis::Pipeline;
use redis::streams::StreamRangeReply;
use tokio::time::Instant;

use super::place::{Place, Places};
use super::{BODY, stream};
use crate::open::Inner;

/// How long a batch is tried; what is not written by then is lost.
const GIVE_UP: Duration = Duration::from_mins(1);

/// The wait between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// Tries that Redis answers with a refusal that nothing mends.
const REFUSALS: u32 = 5;

/// Writes batches, one after the other.
pub(super) struct Writer {
    inner: Arc<Inner>,
    places: Mutex<Places>,
}

/// Where an event goes.
struct Line {
    job: JobId,
    place: Place,
    /// Which of the batch it is.
    event: usize,
}

/// A batch, ready to be sent.
pub(super) struct Packed {
    lines: Vec<Line>,
    pipeline: Pipeline,
}

impl Writer {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        let places = Mutex::new(Places::new(&inner.process));
        Self { inner, places }
    }

    /// Gives each event its place.
    pub(super) fn pack(&self, events: &[Entry]) -> Packed {
        let now = self.inner.link.time().now() / 1000;
        let mut places = self.places();
        places.at(u64::try_from(now).unwrap_or_default());
        let lines = events.iter().enumerate();
        let lines: Vec<Line> = lines.map(|(event, (job, _))| Line { job: *job, place: places.take(), event }).collect();
        drop(places);
        let pipeline = self.pipeline(&lines, events);
        Packed { lines, pipeline }
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// When that failed for [`GIVE_UP`]: some of it is lost.
    pub(super) async fn write(&self, packed: Packed, events: &[Entry]) -> Result<(), StoreError> {
        let Packed { lines, pipeline } = packed;
        match self.send(&pipeline).await {
            Ok(()) => Ok(()),
            Err(error) => self.mend(lines, events, error).await,
        }
    }

    async fn send(&self, pipeline: &Pipeline) -> Result<(), StoreError> {
        self.inner.link.pipe(pipeline).await.map(drop)
    }

    fn pipeline(&self, lines: &[Line], events: &[Entry]) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(2 * lines.len());
        for line in lines {
            let Some((_, event)) = events.get(line.event) else { continue };
            // A struct of texts and numbers: serialising it cannot fail.
            let body = serde_json::to_string(event).unwrap_or_default();
            let stream = stream(&self.inner.keys, line.job);
            let kept = pipeline.cmd("XADD").arg(&stream).arg("MAXLEN").arg("~").arg(EVENTS_KEPT);
            kept.arg(line.place.to_string()).arg(BODY).arg(&body).ignore();
            pipeline.cmd("PUBLISH").arg(&stream).arg(&body).ignore();
        }
        pipeline
    }

    /// Sends what is missing until nothing is.
    async fn mend(&self, mut lines: Vec<Line>, events: &[Entry], mut error: StoreError) -> Result<(), StoreError> {
        let until = Instant::now() + GIVE_UP;
        let mut refusals = 0;
        while Instant::now() < until && refusals < REFUSALS {
            tracing::debug!(events = lines.len(), "events are not written yet: {error}");
            tokio::time::sleep(PAUSE).await;
            let sent = match self.missing(&mut lines).await {
                Ok(()) if lines.is_empty() => return Ok(()),
                Ok(()) => self.send(&self.pipeline(&lines, events)).await,
                Err(failed) => Err(failed),
            };
            match sent {
                Ok(()) => return Ok(()),
                Err(failed) => error = failed,
            }
            refusals += u32::from(matches!(error, StoreError::Other { .. }));
        }
        Err(error)
    }

    /// Leaves only the lines that are not written, with new places where the old ones cannot be taken any more.
    async fn missing(&self, lines: &mut Vec<Line>) -> Result<(), StoreError> {
        let mut jobs: BTreeMap<JobId, (Place, Place)> = BTreeMap::new();
        for line in lines.iter() {
            jobs.entry(line.job).or_insert((line.place, line.place)).1 = line.place;
        }
        let mut pipeline = Pipeline::with_capacity(2 * jobs.len());
        for (job, (first, last)) in &jobs {
            let stream = stream(&self.inner.keys, *job);
            pipeline.cmd("XRANGE").arg(&stream).arg(first.to_string()).arg(last.to_string());
            pipeline.cmd("XREVRANGE").arg(&stream).arg("+").arg("-").arg("COUNT").arg(1);
        }
        let answers = self.inner.link.pipe(&pipeline).await?;
        let mut there = BTreeSet::new();
        let mut behind = BTreeSet::new();
        for ((job, (first, _)), answer) in jobs.iter().zip(answers.chunks(2)) {
            let [written, top] = answer else { continue };
            there.extend(range(written)?.map(|place| (*job, place)));
            if let Some(top) = range(top)?.next()
                && top >= *first
            {
                behind.insert(*job);
                self.places().above(top);
            }
        }
        lines.retain(|line| !there.contains(&(line.job, line.place)));
        let mut places = self.places();
        for line in lines.iter_mut().filter(|line| behind.contains(&line.job)) {
            line.place = places.take();
        }
        Ok(())
    }

    /// Nothing half done is ever left in it.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ids of a range.
fn range(answer: &redis::Value) -> Result<impl Iterator<Item = Place> + use<>, StoreError> {
    let damaged = |_| StoreError::Damaged("the log of a job cannot be read".to_owned());
    let reply: StreamRangeReply = redis::from_redis_value_ref(answer).map_err(damaged)?;
    Ok(reply.ids.into_iter().filter_map(|entry| entry.id.parse().ok()))
}
