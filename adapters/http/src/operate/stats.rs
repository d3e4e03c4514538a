//! Figures by pack: rate, errors, how long jobs wait and run.
//!
//! Start at [`stats`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::operate::{Quantiles, Stats, Tally, scan};
use midwatch_service::policy::Verb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{seconds, since};
use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::input::Window;
use crate::who::{Params, Sight, Who};

/// The window when the caller does not say.
const LAST: Duration = Duration::from_hours(24);

/// The window of the figures.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatsQuery {
    /// How far back, `1m` to `31d`; 24h when it is missing.
    #[param(value_type = Option<String>, example = "24h")]
    last: Option<Window>,
}

/// Figures of the jobs that were accepted in a window.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatsView {
    /// The beginning of the window.
    since: Timestamp,
    /// Its end.
    until: Timestamp,
    /// Whether all jobs of the window were counted; else the newest 20,000 were.
    whole: bool,
    /// All packs together.
    total: TallyView,
    /// Each pack, by name.
    packs: Vec<TallyView>,
}

/// Figures of one pack, or of all.
#[derive(Serialize, ToSchema)]
pub(crate) struct TallyView {
    /// The pack; none: all of them.
    pack: Option<String>,
    /// Jobs that were accepted.
    jobs: u64,
    /// The same by hour.
    jobs_per_hour: f64,
    /// Those of them that wait or run.
    live: u64,
    /// That ended in a report or an answer.
    completed: u64,
    /// That failed.
    failed: u64,
    /// Whose deadline passed.
    timeout: u64,
    /// That were stopped.
    cancelled: u64,
    /// The share of failed and timeout among those that ended by themselves, 0 to 1; none when none did.
    error_share: Option<f64>,
    /// Seconds that the last attempt took, of jobs that ended.
    execution: Option<QuantilesView>,
    /// Seconds from the acceptance to the start of the last attempt.
    waiting: Option<QuantilesView>,
}

/// The median and the tail, in seconds.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuantilesView {
    /// Half of them took no longer.
    p50: f64,
    /// 95 of 100 took no longer.
    p95: f64,
    /// 99 of 100 took no longer.
    p99: f64,
}

impl From<Quantiles> for QuantilesView {
    fn from(of: Quantiles) -> Self {
        Self { p50: seconds(of.p50), p95: seconds(of.p95), p99: seconds(of.p99) }
    }
}

impl TallyView {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn new(pack: Option<String>, tally: &Tally, window: Duration) -> Self {
        Self {
            pack,
            jobs: tally.jobs,
            jobs_per_hour: tally.jobs as f64 * 3600.0 / window.as_secs_f64(),
            live: tally.live,
            completed: tally.completed,
            failed: tally.failed,
            timeout: tally.timeout,
            cancelled: tally.cancelled,
            error_share: tally.error_share(),
            execution: tally.execution().map(QuantilesView::from),
            waiting: tally.waiting().map(QuantilesView::from),
        }
    }
}

impl Redact for StatsView {
    fn redact(&mut self, _: &Redactor) {}
}

/// Figures by pack of the jobs that were accepted in the window.
#[utoipa::path(
    get, path = "/api/v1/stats", tag = "operate", params(StatsQuery),
    responses((status = 200, description = "The figures", body = StatsView))
)]
pub(crate) async fn stats(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<StatsQuery>,
) -> Result<Answer<StatsView>, Fault> {
    Sight::of(&app.api.policy, &origin.actor, Verb::Doctor)?;
    let window = query.last.map_or(LAST, |last| last.0);
    let (since, until) = since(&app, window);
    let mut all = Stats::default();
    let scan = scan(app.api.store.as_ref(), since, |job| all.take(&job, until)).await?;
    let packs = all.packs.iter().map(|(pack, tally)| TallyView::new(Some(pack.clone()), tally, window)).collect();
    let total = TallyView::new(None, &all.total, window);
    Ok(Answer(app.api.redactor.seal(StatsView { since, until, whole: scan.whole, total, packs })))
}
