//! Jobs that took, or take, long.
//!
//! Start at [`slow`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::operate::{execution, scan, waiting};
use midwatch_service::policy::Verb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{seconds, since};
use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::input::{Threshold, Window};
use crate::jobs;
use crate::view::JobView;
use crate::who::{Params, Sight, Who};

/// What counts as slow, and the window, when the caller does not say.
const THRESHOLD: Duration = Duration::from_mins(1);
const LAST: Duration = Duration::from_hours(24);

/// Jobs that are shown.
const SHOWN: usize = 50;

/// What counts as slow.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlowQuery {
    /// The last attempt took so long at least; 60s when it is missing.
    #[param(value_type = Option<String>, example = "60s")]
    threshold: Option<Threshold>,
    /// How far back, `1m` to `31d`; 24h when it is missing.
    #[param(value_type = Option<String>, example = "24h")]
    last: Option<Window>,
}

/// Jobs that took long, the longest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlowList {
    /// The beginning of the window.
    since: Timestamp,
    /// Whether all jobs of the window were looked at; else the newest 20,000 were.
    whole: bool,
    /// How many there are that the caller may see; the 50 longest are shown.
    found: usize,
    /// The jobs.
    jobs: Vec<SlowJob>,
}

/// A job that took long.
#[derive(Serialize, ToSchema)]
pub(crate) struct SlowJob {
    /// Seconds of its last attempt; of one that runs, so far.
    execution_seconds: f64,
    /// Seconds from its acceptance to the start of that attempt.
    waiting_seconds: f64,
    /// The job.
    job: JobView,
}

impl Redact for SlowList {
    fn redact(&mut self, redactor: &Redactor) {
        self.jobs.iter_mut().for_each(|slow| slow.job.redact(redactor));
    }
}

/// Jobs of the window whose last attempt took long, or takes long.
#[utoipa::path(
    get, path = "/api/v1/slow", tag = "operate", params(SlowQuery),
    responses((status = 200, description = "The jobs, the longest first", body = SlowList))
)]
pub(crate) async fn slow(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<SlowQuery>,
) -> Result<Answer<SlowList>, Fault> {
    let sight = Sight::of(&app.api.policy, &origin.actor, Verb::List)?;
    let threshold = query.threshold.map_or(THRESHOLD, |threshold| threshold.0);
    let (since, now) = since(&app, query.last.map_or(LAST, |last| last.0));
    let (mut found, mut longest) = (0, Vec::new());
    let scan = scan(app.api.store.as_ref(), since, |job| {
        let Some(took) = execution(&job, now).filter(|took| *took >= threshold) else { return };
        if !jobs::covers(&sight, &job) {
            return;
        }
        found += 1;
        let waited = waiting(&job).unwrap_or_default();
        longest.push((took, waited, JobView::new(&job)));
        if longest.len() >= 2 * SHOWN {
            keep_longest(&mut longest);
        }
    })
    .await?;
    keep_longest(&mut longest);
    let jobs = longest.into_iter().map(|(took, waited, job)| SlowJob {
        execution_seconds: seconds(took),
        waiting_seconds: seconds(waited),
        job,
    });
    let list = SlowList { since, whole: scan.whole, found, jobs: jobs.collect() };
    Ok(Answer(app.api.redactor.seal(list)))
}

fn keep_longest(jobs: &mut Vec<(Duration, Duration, JobView)>) {
    jobs.sort_by_key(|(took, ..)| std::cmp::Reverse(*took));
    jobs.truncate(SHOWN);
}
