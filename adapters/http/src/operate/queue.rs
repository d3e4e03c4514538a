//! The queue: how full it is, what waits for how long; taking back what is stuck, and clearing what a pack has waiting.
//!
//! Start at [`queue`].

use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::job::JobState;
use midwatch_service::policy::Verb;
use midwatch_service::port::store::{JobFilter, Reaped, StoreError};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{OrderView, age};
use crate::answer::Answer;
use crate::app::App;
use crate::body::Input;
use crate::fault::Fault;
use crate::health::Part;
use crate::view::priority;
use crate::who::{Sight, Who};

/// How full the queue is.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueueView {
    /// Jobs that wait.
    pending: u64,
    /// Jobs that a worker holds.
    running: u64,
    /// Jobs that failed for good and wait for a person.
    dead_letters: u64,
    /// Messages not yet sent, or with a newer revision.
    outbox_messages: u64,
    /// (running + queued) / (slots + queue bound); new jobs are refused from 0.9 on.
    utilisation: f64,
    /// Jobs that wait, by priority, the most urgent first.
    waiting: Vec<WaitingView>,
    /// The kill switch, if it is on: no worker takes jobs.
    kill_switch: Option<OrderView>,
}

/// Jobs of one priority that wait.
#[derive(Serialize, ToSchema)]
pub(crate) struct WaitingView {
    /// `high`, `normal`, `low`.
    priority: &'static str,
    /// How many.
    jobs: u64,
    /// When the oldest of them was accepted.
    oldest_at: Timestamp,
    /// How long ago that is, in seconds.
    oldest_seconds: f64,
}

impl Redact for QueueView {
    fn redact(&mut self, redactor: &Redactor) {
        self.kill_switch.redact(redactor);
    }
}

/// How full the queue is, and what waits for how long.
#[utoipa::path(
    get, path = "/api/v1/queue", tag = "operate",
    responses((status = 200, description = "The queue", body = QueueView))
)]
pub(crate) async fn queue(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<QueueView>, Fault> {
    Sight::of(&app.api.policy, &origin.actor, Verb::Doctor)?;
    let (store, now) = (&app.api.store, app.api.clock.now());
    let load = store.load().await?;
    let waiting = store.waiting().await?.into_iter().map(|(rank, jobs, oldest_at)| WaitingView {
        priority: priority(rank),
        jobs,
        oldest_at,
        oldest_seconds: age(oldest_at, now),
    });
    let view = QueueView {
        pending: load.pending,
        running: load.running,
        dead_letters: load.dead,
        outbox_messages: load.posts,
        utilisation: app.api.intake.utilisation().await?,
        waiting: waiting.collect(),
        kill_switch: store.kill_switch().await?.map(OrderView::from),
    };
    Ok(Answer(app.api.redactor.seal(view)))
}

/// Jobs that were taken from workers that went silent.
#[derive(Serialize, ToSchema)]
pub(crate) struct TakenBack {
    /// They wait again, and are due now.
    moved: Vec<String>,
    /// Too many workers vanished with them: dead letters.
    dead: Vec<String>,
    /// They were to stop anyway.
    cancelled: Vec<String>,
}

impl Redact for TakenBack {
    fn redact(&mut self, _: &Redactor) {}
}

/// Takes jobs back whose worker went silent; they are due at once.
#[utoipa::path(
    post, path = "/api/v1/queue/move-stuck", tag = "operate",
    responses((status = 200, description = "What was taken back", body = TakenBack))
)]
pub(crate) async fn move_stuck(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<TakenBack>, Fault> {
    let mut told = TakenBack { moved: Vec::new(), dead: Vec::new(), cancelled: Vec::new() };
    for reaped in app.api.intake.move_stuck(&origin).await? {
        let (list, id) = match reaped {
            Reaped::Again(id) => (&mut told.moved, id),
            Reaped::Dead(id) => (&mut told.dead, id),
            Reaped::Cancelled(id) => (&mut told.cancelled, id),
        };
        list.push(id.to_string());
    }
    Ok(Answer(app.api.redactor.seal(told)))
}

/// Whose waiting jobs are to be stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clear {
    /// The pack.
    pack: String,
    /// Why, for whoever reads the threads.
    reason: Option<String>,
}

/// What was stopped.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClearedView {
    /// Jobs that waited and were stopped.
    cancelled: usize,
    /// Whether more of the pack may wait: ask again.
    more: bool,
}

impl Redact for ClearedView {
    fn redact(&mut self, _: &Redactor) {}
}

/// Stops what waits of one pack, at most 200 jobs in one call. What runs goes on.
#[utoipa::path(
    post, path = "/api/v1/queue/clear", tag = "operate", request_body = Clear,
    responses((status = 200, description = "What was stopped", body = ClearedView))
)]
pub(crate) async fn clear(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Input(wanted): Input<Clear>,
) -> Result<Answer<ClearedView>, Fault> {
    let reason = wanted.reason.unwrap_or_else(|| "the queue of its pack was cleared".to_owned());
    let cleared = app.api.intake.clear_pack(&wanted.pack, &origin, &reason).await?;
    Ok(Answer(app.api.redactor.seal(ClearedView { cancelled: cleared.cancelled, more: cleared.more })))
}

/// The queue and the artifacts as parts of the program's health: each is read now, with the time that took.
pub(crate) async fn parts(app: &App) -> [(String, Part); 2] {
    let begun = Instant::now();
    let queue = part(queue_state(app).await, begun, app);
    let begun = Instant::now();
    let artifacts = part(artifacts_state(app).await, begun, app);
    [("queue".to_owned(), queue), ("artifacts".to_owned(), artifacts)]
}

/// Why it does not work as it should; none when it does.
async fn queue_state(app: &App) -> Result<Option<String>, StoreError> {
    if let Some(order) = app.api.store.kill_switch().await? {
        let (by, why) = (order.by.user, order.reason);
        return Ok(Some(format!("the kill switch is on, by {by}: {why}; `midwatch kill-switch off` lifts it")));
    }
    app.api.store.waiting().await?;
    let share = app.api.intake.utilisation().await?;
    let full = share >= 0.9;
    Ok(full.then(|| format!("it is {:.0} % full: new jobs are refused until some have ended", share * 100.0)))
}

/// Reads what the newest finished job left.
async fn artifacts_state(app: &App) -> Result<Option<String>, StoreError> {
    let filter = JobFilter { states: vec![JobState::Completed], limit: 1, ..JobFilter::default() };
    let Some(job) = app.api.store.jobs(&filter).await?.into_iter().next() else { return Ok(None) };
    let kept = app.api.store.artifacts(job.spec.id).await?;
    if let Some(first) = kept.first() {
        app.api.store.artifact(job.spec.id, &first.name).await?;
    }
    Ok(None)
}

fn part(state: Result<Option<String>, StoreError>, begun: Instant, app: &App) -> Part {
    let (status, reason) = match state {
        Ok(None) => ("up", String::new()),
        Ok(Some(reason)) => ("degraded", reason),
        Err(error) => ("down", error.to_string()),
    };
    Part::now(status, reason, begun.elapsed(), app.api.clock.now())
}
