//! The processes that share the store, and draining one of them.
//!
//! Start at [`workers`].

use std::sync::Arc;

use axum::extract::{Path, State};
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::fleet::{Replica, Role};
use midwatch_service::id::WorkerId;
use midwatch_service::policy::Verb;
use serde::Serialize;
use utoipa::ToSchema;

use super::Reason;
use crate::answer::Answer;
use crate::app::App;
use crate::body::Input;
use crate::fault::Fault;
use crate::who::{Sight, Who};

/// A process.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkerView {
    /// Who it is; new at every start.
    id: String,
    /// The machine or pod it runs on.
    host: String,
    /// Its version.
    version: String,
    /// What it does: `gateway`, `worker`, `api`.
    roles: Vec<&'static str>,
    /// Jobs it may run at the same time.
    slots: u32,
    /// Jobs it runs.
    running: u32,
    /// When it started.
    started_at: Timestamp,
    /// When it last announced itself.
    seen_at: Timestamp,
    /// It is ending, or was ordered to drain, and takes no new jobs.
    draining: bool,
    /// What it leads: what only one process at a time may do.
    leads: Vec<String>,
}

impl From<Replica> for WorkerView {
    fn from(replica: Replica) -> Self {
        let Replica { id, host, version, roles, slots, running, started_at, seen_at, draining, leads } = replica;
        let roles = roles.into_iter().map(Role::as_str).collect();
        Self { id: id.0, host, version, roles, slots, running, started_at, seen_at, draining, leads }
    }
}

/// The processes, those that started first at the front.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkerList {
    /// The processes.
    workers: Vec<WorkerView>,
}

impl Redact for WorkerList {
    fn redact(&mut self, _: &Redactor) {}
}

/// The processes that share the store: what each does, how many jobs it runs, what it leads.
#[utoipa::path(
    get, path = "/api/v1/workers", tag = "operate",
    responses((status = 200, description = "The processes", body = WorkerList))
)]
pub(crate) async fn workers(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<WorkerList>, Fault> {
    Sight::of(&app.api.policy, &origin.actor, Verb::Doctor)?;
    shown(&app).await
}

/// Orders a process to take no new jobs and to finish those that it runs.
#[utoipa::path(
    post, path = "/api/v1/workers/{id}/drain", tag = "operate", params(("id" = String, Path, description = "The process")),
    request_body = Reason,
    responses((status = 200, description = "The processes; this one hears of it within seconds", body = WorkerList))
)]
pub(crate) async fn drain(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Path(id): Path<String>,
    Input(wanted): Input<Reason>,
) -> Result<Answer<WorkerList>, Fault> {
    app.api.intake.drain_worker(WorkerId(id), Some(wanted.checked()?), &origin).await?;
    shown(&app).await
}

/// Lets a process that was ordered to drain take jobs again.
#[utoipa::path(
    post, path = "/api/v1/workers/{id}/undrain", tag = "operate", params(("id" = String, Path, description = "The process")),
    responses((status = 200, description = "The processes; this one hears of it within seconds", body = WorkerList))
)]
pub(crate) async fn undrain(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Path(id): Path<String>,
) -> Result<Answer<WorkerList>, Fault> {
    app.api.intake.drain_worker(WorkerId(id), None, &origin).await?;
    shown(&app).await
}

async fn shown(app: &App) -> Result<Answer<WorkerList>, Fault> {
    let replicas = app.api.store.replicas(app.api.clock.now()).await?;
    let list = WorkerList { workers: replicas.into_iter().map(WorkerView::from).collect() };
    Ok(Answer(app.api.redactor.seal(list)))
}
