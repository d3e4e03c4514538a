//! Waiting for a job, and the answer for each way it can end.
//!
//! Must never wait without an end: the caller's wish, the job's own deadline and the server's stop bound it. Start at
//! [`settled`] and [`answer`].

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderName, HeaderValue, StatusCode};
use midwatch_agent::render;
use midwatch_diagnosis::report::Report;
use midwatch_redact::Redacted;
use midwatch_service::code::ErrorCode;
use midwatch_service::id::JobId;
use midwatch_service::job::{Job, JobError, JobState, Task};
use midwatch_service::port::store::Artifact;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::fault::Fault;
use crate::view::JobView;

/// Which job an answer is about.
const JOB: HeaderName = HeaderName::from_static("x-midwatch-job");

/// A wake-up call can be lost, or come in another process: this often the store is looked at anyway.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Jobs change many times a second under load; one waiting caller looks no more often than this.
const LOOK_AT_MOST: Duration = Duration::from_millis(100);

/// The report as JSON, written by the worker.
const REPORT_JSON: &str = "report.json";

/// The report as it is kept, from which the JSON can be made.
const REPORT: &str = "report";

/// A job that has ended, or where it is when the wait is over.
pub(crate) async fn settled(app: &App, id: JobId, wait: Duration, stop: &CancellationToken) -> Result<Job, Fault> {
    // Before the first look, so that no change falls between the look and the wait.
    let mut changes = app.api.signals.changes();
    let begun = Instant::now();
    loop {
        let job = find(app, id).await?;
        let left = wait.min(job.spec.deadline).saturating_sub(begun.elapsed());
        if job.state.is_final() || left.is_zero() || stop.is_cancelled() {
            return Ok(job);
        }
        let looked = Instant::now();
        tokio::select! {
            // The sender lives as long as the program; without it the clock still looks.
            Ok(()) = changes.changed() => {}
            () = tokio::time::sleep(left.min(LOOK_EVERY)) => {}
            () = stop.cancelled() => {}
        }
        tokio::time::sleep_until(looked + left.min(LOOK_AT_MOST)).await;
    }
}

/// A job that is known.
pub(crate) async fn find(app: &App, id: JobId) -> Result<Job, Fault> {
    let job = app.api.store.job(id).await?;
    job.ok_or_else(|| Fault::not_found(format!("there is no job {id}; ended jobs are kept for a while only")))
}

/// The report of a job, 202 while there is none yet, or why there will be none.
pub(crate) async fn answer(app: &App, job: Job) -> Response {
    let id = job.spec.id;
    let mut response = match outcome(app, job).await {
        Ok(response) => response,
        Err(fault) => fault.into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(JOB, value);
    }
    response
}

async fn outcome(app: &App, job: Job) -> Result<Response, Fault> {
    if job.result.is_some() {
        return report(app, job.spec.id).await;
    }
    let error = |code, message: &str| JobError { code, message: message.to_owned() };
    match job.state {
        JobState::Completed if job.spec.task != Task::Investigate => {
            Err(Fault::not_found("this job answers a question and makes no report; the answer is in the job itself"))
        }
        JobState::Completed => Err(Fault::not_found("the report of this job is not kept any longer")),
        JobState::Timeout => Err(job
            .error
            .unwrap_or_else(|| error(ErrorCode::E003, "the job's deadline passed without a report"))
            .into()),
        JobState::Failed => {
            Err(job.error.unwrap_or_else(|| error(ErrorCode::E008, "the job failed and did not say why")).into())
        }
        JobState::Cancelled => {
            let why = job.cancel.map_or_else(String::new, |cancel| format!(": {}", cancel.reason));
            Err(Fault::new(StatusCode::CONFLICT, None, format!("the job was stopped{why}")))
        }
        JobState::Pending
        | JobState::Initializing
        | JobState::Running
        | JobState::AwaitingApproval
        | JobState::Completing => Ok(accepted(app, &job)),
    }
}

fn accepted(app: &App, job: &Job) -> Response {
    let view = app.api.redactor.seal(JobView::new(job));
    let place = HeaderValue::from_str(&view.links.job).ok();
    let mut response = (StatusCode::ACCEPTED, Answer(view)).into_response();
    if let Some(place) = place {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

async fn report(app: &App, id: JobId) -> Result<Response, Fault> {
    if let Some(Artifact { text, .. }) = app.api.store.artifact(id, REPORT_JSON).await? {
        return Ok(answer::ready(text));
    }
    Ok(answer::ready(render::json(&kept(app, id).await?)))
}

/// The report of a job as it is kept.
pub(crate) async fn kept(app: &App, id: JobId) -> Result<Redacted<Report>, Fault> {
    let kept = app.api.store.artifact(id, REPORT).await?;
    let kept =
        kept.ok_or_else(|| Fault::not_found("the report of this job is not kept any longer, or there is none"))?;
    kept.text.map(|text| serde_json::from_str::<Report>(text).ok()).transpose().ok_or_else(|| {
        let detail = "the report of this job is damaged, or of another version of Midwatch; ask again";
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::E007, detail)
    })
}
