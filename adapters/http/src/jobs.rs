//! Jobs: what is under way, what became of it, and a way to stop it.
//!
//! Must never show a job of a place that the caller may not see. Start at [`list`].

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use midwatch_conversation::answer::Answer as Said;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::code::ErrorCode;
use midwatch_service::id::JobId;
use midwatch_service::intake::namespaces_of;
use midwatch_service::job::{Job, JobState, Task};
use midwatch_service::policy::Verb;
use midwatch_service::port::store::JobFilter;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};

use crate::answer::{self, Answer};
use crate::app::App;
use crate::body::Input;
use crate::fault::Fault;
use crate::view::{JobDetail, JobView, StepView};
use crate::wait;
use crate::who::{Named, Params, Sight, Who};

/// Jobs of one page, when the caller does not say, and at most.
const PAGE: usize = 50;
const PAGE_MOST: usize = 500;

/// Which jobs to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobsQuery {
    /// States, with commas between them; all when it is missing.
    state: Option<String>,
    /// At most so many, 1 to 500; 50 when it is missing.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Only those older than this job.
    before: Option<String>,
    /// Only those of this pack.
    pack: Option<String>,
    /// Only dead letters: they failed for good and wait for a person.
    dead: Option<bool>,
}

/// Jobs, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobList {
    /// The jobs.
    jobs: Vec<JobView>,
    /// The next page; none when this is the last one.
    next: Option<String>,
}

impl Redact for JobList {
    fn redact(&mut self, redactor: &Redactor) {
        self.jobs.iter_mut().for_each(|job| job.redact(redactor));
    }
}

/// Lists jobs, newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", operation_id = "list_jobs", tag = "jobs", params(JobsQuery),
    responses((status = 200, description = "Jobs, newest first", body = JobList))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<JobsQuery>,
) -> Result<Answer<JobList>, Fault> {
    let sight = Sight::of(&app.api.policy, &origin.actor, Verb::List)?;
    let filter = filter(&query)?;
    let found = app.api.store.jobs(&filter).await?;
    let next =
        found.last().filter(|_| found.len() >= filter.limit).map(|last| page(&query, filter.limit, last.spec.id));
    let seen = found.iter().filter(|job| covers(&sight, job));
    let list = JobList { jobs: seen.map(JobView::new).collect(), next };
    Ok(Answer(app.api.redactor.seal(list)))
}

fn filter(query: &JobsQuery) -> Result<JobFilter, Fault> {
    let named = query.state.iter().flat_map(|states| states.split(','));
    let states = named.map(|text| {
        text.parse::<JobState>().map_err(|()| {
            let all = JobState::ALL.map(JobState::as_str).join(", ");
            Fault::invalid(format!("`{text}` is not a state of a job; there are: {all}"))
        })
    });
    let before = query
        .before
        .as_ref()
        .map(|text| text.parse::<JobId>().map_err(|error| Fault::invalid(format!("`before`: {error}"))));
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MOST).contains(&limit) {
        return Err(Fault::invalid(format!("`limit` is from 1 to {PAGE_MOST}")));
    }
    Ok(JobFilter {
        states: states.collect::<Result<_, _>>()?,
        before: before.transpose()?,
        pack: query.pack.clone(),
        dead: query.dead.unwrap_or(false),
        limit,
        ..JobFilter::default()
    })
}

fn page(query: &JobsQuery, limit: usize, before: JobId) -> String {
    let path = "/api/v1/jobs?";
    let mut next = form_urlencoded::Serializer::for_suffix(path.to_owned(), path.len());
    next.append_pair("limit", &limit.to_string()).append_pair("before", &before.to_string());
    for (name, value) in [("state", &query.state), ("pack", &query.pack)] {
        if let Some(value) = value {
            next.append_pair(name, value);
        }
    }
    if let Some(dead) = query.dead {
        next.append_pair("dead", if dead { "true" } else { "false" });
    }
    next.finish()
}

/// Whether a job is of a place that the caller may see.
pub(crate) fn covers(sight: &Sight<'_>, job: &Job) -> bool {
    sight.covers(job.spec.cluster.as_deref(), &texts(&namespaces_of(&job.spec.request)))
}

fn texts(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

/// A job that the caller may see.
pub(crate) async fn seen(app: &App, who: &Who, id: JobId) -> Result<Job, Fault> {
    let sight = Sight::of(&app.api.policy, &who.0.actor, Verb::Status)?;
    let job = wait::find(app, id).await?;
    sight.require(job.spec.cluster.as_deref(), &texts(&namespaces_of(&job.spec.request)))?;
    Ok(job)
}

/// One job, with all that happened to it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The job", body = JobDetail))
)]
pub(crate) async fn one(State(app): State<Arc<App>>, who: Who, Named(id): Named) -> Result<Answer<JobDetail>, Fault> {
    let job = seen(&app, &who, id).await?;
    let history = app.api.store.history(id).await?.into_iter().map(StepView::from).collect();
    let answer = answer_of(&app, &job).await?;
    Ok(Answer(app.api.redactor.seal(JobDetail { job: JobView::new(&job), history, answer })))
}

/// What a follow-up answered, as it was kept; none for other jobs, and before there is one.
async fn answer_of(app: &App, job: &Job) -> Result<Option<Said>, Fault> {
    if job.spec.task == Task::Investigate {
        return Ok(None);
    }
    let kept = app.api.store.artifact(job.spec.id, "answer").await?;
    let read = kept.map(|kept| serde_json::from_str(&kept.text)).transpose();
    read.map_err(|_| {
        let detail = "the answer of this job is damaged, or of another version of Midwatch; ask again";
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::E007, detail)
    })
}

/// The report of a job.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/report", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The report", body = crate::report::ReportDocument),
        (status = 202, description = "There is none yet", body = JobView)
    )
)]
pub(crate) async fn report(State(app): State<Arc<App>>, who: Who, Named(id): Named) -> Result<Response, Fault> {
    let job = seen(&app, &who, id).await?;
    Ok(wait::answer(&app, job).await)
}

/// The recording of an investigation, for `midwatch replay`: what was asked, every answer that was read, what it came to.
/// Secrets are not in it.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/bundle", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The recording, of format midwatch-bundle/1", body = Object))
)]
pub(crate) async fn bundle(State(app): State<Arc<App>>, who: Who, Named(id): Named) -> Result<Response, Fault> {
    let job = seen(&app, &who, id).await?;
    let kept = app.api.store.artifact(job.spec.id, "bundle").await?;
    let kept = kept.ok_or_else(|| Fault::not_found("of this job no recording is kept"))?;
    Ok(answer::ready(kept.text))
}

/// The conversation with a language model, as it left and came: one JSON object a line. Secrets are not in it; where names
/// are masked, they are here, too. Evidence has the numbers that the model saw.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/model", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The conversation", body = String, content_type = "application/x-ndjson"))
)]
pub(crate) async fn model(State(app): State<Arc<App>>, who: Who, Named(id): Named) -> Result<Response, Fault> {
    let job = seen(&app, &who, id).await?;
    let kept = app.api.store.artifact(job.spec.id, "model.jsonl").await?;
    let kept = kept.ok_or_else(|| Fault::not_found("for this job no language model was asked"))?;
    let kind = HeaderValue::from_static("application/x-ndjson");
    Ok(([(CONTENT_TYPE, kind)], kept.text.into_inner()).into_response())
}

/// Why a job should stop.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// Why, for whoever reads the thread.
    reason: Option<String>,
}

/// Asks a job to stop. One that has ended stays as it is.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    request_body = Stop,
    responses((status = 200, description = "The job as it is now; a worker may still be stopping", body = JobView))
)]
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Named(id): Named,
    Input(stop): Input<Stop>,
) -> Result<Answer<JobView>, Fault> {
    let reason = stop.reason.unwrap_or_else(|| "stopped by the API".to_owned());
    app.api.intake.cancel(id, origin, reason).await?;
    let job = wait::find(&app, id).await?;
    Ok(Answer(app.api.redactor.seal(JobView::new(&job))))
}

/// Does once more what an ended job did, by a new job. While such a job is under way, that one is the answer.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
    responses((status = 200, description = "The new job", body = JobView))
)]
pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Named(id): Named,
) -> Result<Answer<JobView>, Fault> {
    let again = app.api.intake.retry(id, origin).await?;
    let job = wait::find(&app, again).await?;
    Ok(Answer(app.api.redactor.seal(JobView::new(&job))))
}
