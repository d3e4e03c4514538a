//! What is done just now: the jobs that workers hold, each with its step.
//!
//! Start at [`activity`].

use std::sync::Arc;

use axum::extract::State;
use midwatch_agent::request::StepState;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::job::{Job, JobState};
use midwatch_service::living;
use midwatch_service::policy::Verb;
use midwatch_service::port::store::JobFilter;
use midwatch_service::post::PostBody;
use serde::Serialize;
use utoipa::ToSchema;

use super::seconds;
use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::jobs;
use crate::view::JobView;
use crate::who::{Sight, Who};
use midwatch_service::operate::execution;

/// Jobs that are shown.
const SHOWN: usize = 100;

/// What is done just now, the newest job first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Activity {
    /// The jobs that workers hold, at most 100.
    jobs: Vec<UnderWay>,
}

/// A job that a worker holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnderWay {
    /// What it does now, in a line, where it says.
    step: Option<String>,
    /// Seconds since its attempt began.
    seconds: f64,
    /// The job.
    job: JobView,
}

impl Redact for Activity {
    fn redact(&mut self, redactor: &Redactor) {
        for one in &mut self.jobs {
            one.step.redact(redactor);
            one.job.redact(redactor);
        }
    }
}

/// What is done just now: the jobs that workers hold, each with its step and age.
#[utoipa::path(
    get, path = "/api/v1/activity", tag = "operate",
    responses((status = 200, description = "The jobs", body = Activity))
)]
pub(crate) async fn activity(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<Activity>, Fault> {
    let sight = Sight::of(&app.api.policy, &origin.actor, Verb::List)?;
    let states = JobState::ALL.into_iter().filter(|state| state.is_leased()).collect();
    let filter = JobFilter { states, limit: SHOWN, ..JobFilter::default() };
    let now = app.api.clock.now();
    let mut seen = Vec::new();
    for job in app.api.store.jobs(&filter).await?.iter().filter(|job| jobs::covers(&sight, job)) {
        let age = seconds(execution(job, now).unwrap_or_default());
        seen.push(UnderWay { step: step(&app, job).await?, seconds: age, job: JobView::new(job) });
    }
    Ok(Answer(app.api.redactor.seal(Activity { jobs: seen })))
}

/// What it does just now, as its thread shows it.
async fn step(app: &App, job: &Job) -> Result<Option<String>, Fault> {
    let Some(thread) = job.spec.thread else { return Ok(None) };
    let body = app.api.store.post(&living::key(thread)).await?;
    let Some(PostBody::Living(living)) = body.as_ref().map(AsRef::as_ref) else { return Ok(None) };
    if living.job != Some(job.spec.id) {
        return Ok(None);
    }
    let now = living.steps.iter().rev().find(|step| step.state == StepState::InProgress);
    Ok(now.map(|step| step.text.clone()))
}
