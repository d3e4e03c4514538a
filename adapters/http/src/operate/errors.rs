//! Errors by code and pack, with examples.
//!
//! Start at [`errors`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::operate::{ErrorGroup, Errors, Example, scan};
use midwatch_service::policy::Verb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::since;
use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::input::Window;
use crate::jobs;
use crate::who::{Params, Sight, Who};

/// The window when the caller does not say.
const LAST: Duration = Duration::from_hours(1);

/// The window.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorsQuery {
    /// How far back, `1m` to `31d`; 1h when it is missing.
    #[param(value_type = Option<String>, example = "1h")]
    last: Option<Window>,
}

/// Errors of the jobs that were accepted in the window, by code and pack, those that are most first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorList {
    /// The beginning of the window.
    since: Timestamp,
    /// Whether all jobs of the window were looked at; else the newest 20,000 were.
    whole: bool,
    /// The errors.
    errors: Vec<ErrorGroupView>,
}

/// Errors of one code in one pack.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorGroupView {
    /// The code: `E003`.
    code: &'static str,
    /// What it stands for.
    meaning: &'static str,
    /// The pack.
    pack: String,
    /// Jobs that ended with it.
    ended: u64,
    /// Jobs that had it in an attempt and are still tried.
    tried_again: u64,
    /// Those that are dead letters.
    dead_letters: u64,
    /// The newest of them, at most three.
    examples: Vec<ExampleView>,
}

/// One of many.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExampleView {
    /// The job.
    job: String,
    /// When it was accepted.
    at: Timestamp,
    /// What it said.
    message: String,
}

impl From<Example> for ExampleView {
    fn from(example: Example) -> Self {
        Self { job: example.job.to_string(), at: example.at, message: example.message }
    }
}

impl From<ErrorGroup> for ErrorGroupView {
    fn from(group: ErrorGroup) -> Self {
        Self {
            code: group.code.as_str(),
            meaning: group.code.meaning(),
            pack: group.pack,
            ended: group.ended,
            tried_again: group.tried_again,
            dead_letters: group.dead,
            examples: group.examples.into_iter().map(ExampleView::from).collect(),
        }
    }
}

impl Redact for ErrorList {
    fn redact(&mut self, redactor: &Redactor) {
        let examples = self.errors.iter_mut().flat_map(|group| &mut group.examples);
        examples.for_each(|example| example.message.redact(redactor));
    }
}

/// Errors of the window by code and pack, with examples.
#[utoipa::path(
    get, path = "/api/v1/errors", tag = "operate", params(ErrorsQuery),
    responses((status = 200, description = "The errors", body = ErrorList))
)]
pub(crate) async fn errors(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<ErrorsQuery>,
) -> Result<Answer<ErrorList>, Fault> {
    let sight = Sight::of(&app.api.policy, &origin.actor, Verb::List)?;
    let (since, _) = since(&app, query.last.map_or(LAST, |last| last.0));
    let mut all = Errors::default();
    let scan = scan(app.api.store.as_ref(), since, |job| {
        if job.error.is_some() && jobs::covers(&sight, &job) {
            all.take(&job);
        }
    })
    .await?;
    let errors = all.groups().into_iter().map(ErrorGroupView::from).collect();
    Ok(Answer(app.api.redactor.seal(ErrorList { since, whole: scan.whole, errors })))
}
