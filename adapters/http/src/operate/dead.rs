//! Dead letters: jobs that failed for good. They are listed as jobs are (`/api/v1/jobs?dead=true`).
//!
//! Start at [`replay`].

use std::sync::Arc;

use axum::extract::State;
use midwatch_service::id::JobId;

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::view::JobView;
use crate::wait;
use crate::who::{Named, Who};

/// Tries a dead letter again, from its first attempt.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{id}/replay", operation_id = "replay_dead_letter", tag = "operate",
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The job, which waits again", body = JobView))
)]
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Named(id): Named,
) -> Result<Answer<JobView>, Fault> {
    app.api.intake.replay_dead(id, origin).await?;
    shown(&app, id).await
}

/// Puts a dead letter away: it stays among the jobs that failed.
#[utoipa::path(
    post, path = "/api/v1/dead-letters/{id}/discard", operation_id = "discard_dead_letter", tag = "operate",
    params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The job, no dead letter any more", body = JobView))
)]
pub(crate) async fn discard(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Named(id): Named,
) -> Result<Answer<JobView>, Fault> {
    app.api.intake.discard_dead(id, origin).await?;
    shown(&app, id).await
}

async fn shown(app: &App, id: JobId) -> Result<Answer<JobView>, Fault> {
    let job = wait::find(app, id).await?;
    Ok(Answer(app.api.redactor.seal(JobView::new(&job))))
}
