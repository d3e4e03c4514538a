//! One who follows a job: reads its log whenever there may be news, until the job has ended.
//!
//! Must never follow without an end: the job's end, the server's stop, an hour, or a client that takes nothing (see
//! `stall`) end it; nor beyond [`FOLLOWERS`]. Start at [`Following::begin`].

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use futures::Stream;
use midwatch_service::event::{Cursor, Logged, PAGE};
use midwatch_service::id::JobId;
use midwatch_service::job::JobState;
use midwatch_service::port::store::StoreError;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::events::EventView;
use crate::fault::Fault;

/// Who may follow at the same time: each takes a connection and reads the store.
pub(crate) const FOLLOWERS: usize = 64;

/// How long one may follow; then the client comes back, and is looked at anew.
const LONGEST: Duration = Duration::from_hours(1);

/// A call may be lost: this often the store is looked at anyway.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A job says many lines a second; what comes within this time is read at once.
const LOOK_AT_MOST: Duration = Duration::from_millis(100);

/// The last lines of a job are written a moment after its end is known.
const LAST_LINES: Duration = Duration::from_millis(500);

/// How far it is.
enum Phase {
    /// The job goes on.
    Live,
    /// The job has ended in this state; its last lines may still come until then.
    Ending(JobState, Instant),
    /// Everything was told.
    Done,
}

/// One who follows.
pub(crate) struct Following {
    app: Arc<App>,
    job: JobId,
    after: Option<Cursor>,
    read: VecDeque<Logged>,
    lines: watch::Receiver<u64>,
    states: watch::Receiver<u64>,
    phase: Phase,
    stop: CancellationToken,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

/// How a job ended, as the last event says it.
#[derive(Serialize)]
struct Ended {
    state: &'static str,
}

impl Following {
    /// Takes a place, and begins after a cursor, or at the oldest line.
    ///
    /// # Errors
    /// When all places are taken.
    pub(crate) async fn begin(
        app: Arc<App>,
        job: JobId,
        after: Option<Cursor>,
        stop: CancellationToken,
    ) -> Result<Self, Fault> {
        let place = Arc::clone(&app.followers).try_acquire_owned().map_err(|_| {
            Fault::busy(format!("{FOLLOWERS} follow jobs already; try again, or read `events` page by page"))
        })?;
        // Before the first look, so that no news falls between the look and the wait.
        let (lines, states) = (app.api.events.follow(job).await, app.api.signals.changes());
        let until = Instant::now() + LONGEST;
        let (read, phase) = (VecDeque::new(), Phase::Live);
        Ok(Self { app, job, after, read, lines, states, phase, stop, until, _place: place })
    }

    /// What is sent.
    pub(crate) fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold(self, |mut following| async move {
            let event = following.next().await?;
            Some((Ok(event), following))
        })
    }

    /// The next event; none when nothing more is sent.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(line) = self.read.pop_front() {
                self.after = Some(line.cursor.clone());
                return Some(self.line(line));
            }
            if matches!(self.phase, Phase::Done) || self.stop.is_cancelled() || self.until <= Instant::now() {
                return None;
            }
            let looked = Instant::now();
            let ended = match self.look().await {
                Ok(ended) => ended,
                Err(error) => {
                    // The client comes back and goes on where it was.
                    tracing::warn!(job = %self.job, "who follows a job was sent away: {error}");
                    return None;
                }
            };
            if let Some(state) = ended {
                self.phase = Phase::Done;
                return Some(json("end", &Ended { state: state.as_str() }));
            }
            if self.read.is_empty() {
                self.wait(looked).await;
            }
        }
    }

    /// Reads what is new; the job's final state when it has ended and there is nothing more.
    async fn look(&mut self) -> Result<Option<JobState>, StoreError> {
        let api = &self.app.api;
        // The state first: what is read after it holds all that was written before it.
        if matches!(self.phase, Phase::Live) {
            let state = api.store.job(self.job).await?.map(|job| job.state);
            match state {
                Some(state) if state.is_final() => self.phase = Phase::Ending(state, Instant::now() + LAST_LINES),
                Some(_) => {}
                None => self.phase = Phase::Done,
            }
        }
        self.read = api.events.events(self.job, self.after.as_ref(), PAGE).await?.into();
        match self.phase {
            Phase::Ending(state, until) if self.read.is_empty() && until <= Instant::now() => Ok(Some(state)),
            Phase::Ending(..) | Phase::Live | Phase::Done => Ok(None),
        }
    }

    async fn wait(&mut self, looked: Instant) {
        let until = match self.phase {
            Phase::Done => return,
            Phase::Ending(_, until) => until,
            Phase::Live => (looked + LOOK_EVERY).min(self.until),
        };
        tokio::select! {
            // The senders live as long as the program; without them the clock still looks.
            Ok(()) = self.lines.changed() => {}
            Ok(()) = self.states.changed() => {}
            () = tokio::time::sleep_until(until) => {}
            () = self.stop.cancelled() => return,
        }
        tokio::time::sleep_until(looked + LOOK_AT_MOST).await;
    }

    fn line(&self, line: Logged) -> Event {
        let id = line.cursor.0.clone();
        let view = self.app.api.redactor.seal(EventView::from(line));
        json("line", &view).id(id)
    }
}

/// An event with a value. A struct of texts and numbers is JSON on one line.
fn json(name: &str, value: &impl Serialize) -> Event {
    Event::default().event(name).data(serde_json::to_string(value).unwrap_or_default())
}
