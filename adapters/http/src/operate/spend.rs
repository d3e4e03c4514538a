//! What language models took, by day, user and model.
//!
//! Start at [`spend`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::policy::Verb;
use midwatch_service::port::store::SPENDING_ROWS;
use midwatch_service::spend::{DaySpend, day};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::since;
use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::input::Window;
use crate::who::{Params, Sight, Who};

/// The window when the caller does not say.
const LAST: Duration = Duration::from_hours(24 * 7);

/// The window.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpendQuery {
    /// How far back, `1m` to `31d`; whole days of UTC are shown. 7d when it is missing.
    #[param(value_type = Option<String>, example = "7d")]
    last: Option<Window>,
}

/// What language models took.
#[derive(Serialize, ToSchema)]
pub(crate) struct SpendList {
    /// The beginning of the first day.
    since: Timestamp,
    /// Whether these are all; else only the newest 2,000 rows.
    whole: bool,
    /// By day, user and model, the newest day first.
    spent: Vec<SpendView>,
}

/// What one user took of one model in a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct SpendView {
    /// The day, of UTC: `2026-11-22`.
    day: String,
    /// Where the user is known.
    platform: String,
    /// The user.
    user: String,
    /// The model, as the configuration calls it.
    model: String,
    /// Requests.
    requests: u32,
    /// Calls of tools.
    calls: u32,
    /// Tokens that were sent.
    input_tokens: u64,
    /// Those of them that came from the provider's cache.
    cached_tokens: u64,
    /// Tokens that came back.
    output_tokens: u64,
    /// US dollars, where prices are known.
    usd: Option<f64>,
}

impl From<DaySpend> for SpendView {
    #[allow(clippy::cast_precision_loss, reason = "millionths of dollars are far below 2^52")]
    fn from(spent: DaySpend) -> Self {
        let DaySpend { day, by, model, used } = spent;
        Self {
            day: day.strftime("%Y-%m-%d").to_string(),
            platform: by.platform,
            user: by.user,
            model,
            requests: used.requests,
            calls: used.calls,
            input_tokens: used.input,
            cached_tokens: used.cached,
            output_tokens: used.output,
            usd: used.micro_usd.map(|micros| micros as f64 / 1_000_000.0),
        }
    }
}

impl Redact for SpendList {
    fn redact(&mut self, redactor: &Redactor) {
        self.spent.iter_mut().for_each(|row| row.user.redact(redactor));
    }
}

/// What language models took, by day, user and model.
#[utoipa::path(
    get, path = "/api/v1/spend", tag = "operate", params(SpendQuery),
    responses((status = 200, description = "What was spent", body = SpendList))
)]
pub(crate) async fn spend(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<SpendQuery>,
) -> Result<Answer<SpendList>, Fault> {
    // Whose place is some namespaces does not see what all others spend.
    Sight::of(&app.api.policy, &origin.actor, Verb::Operate)?.require(None, &[])?;
    let (begin, _) = since(&app, query.last.map_or(LAST, |last| last.0));
    let since = day(begin);
    let rows = app.api.store.spending(since).await?;
    let whole = rows.len() < SPENDING_ROWS;
    Ok(Answer(app.api.redactor.seal(SpendList {
        since,
        whole,
        spent: rows.into_iter().map(SpendView::from).collect(),
    })))
}
