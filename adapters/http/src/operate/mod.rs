//! What an operator sees and steers: the queue, dead letters, workers, the kill switch, figures, spending, artifacts.
//!
//! Reading needs the verb `doctor` where it is about the program, `list` or `status` where it is about jobs, `operate` where
//! it is about who spends what. Steering needs `operate`, and is the intake's, which asks the policy and audits. Must never
//! show a job of a place that the caller may not see. Start at [`group`].

mod activity;
mod artifacts;
mod dead;
mod errors;
mod kill;
mod queue;
mod slow;
mod spend;
mod stats;
mod workers;

use std::time::Duration;

use jiff::Timestamp;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::fleet::Order;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::document::Group;
use crate::view::ActorView;

pub(crate) use queue::parts;

/// Adds the routes of what is read.
pub(crate) fn reads(group: Group) -> Group {
    group
        .with(activity::__path_activity, activity::activity)
        .with(artifacts::__path_list_artifacts, artifacts::list_artifacts)
        .with(artifacts::__path_artifact, artifacts::artifact)
        .with(errors::__path_errors, errors::errors)
        .with(kill::__path_kill_switch, kill::kill_switch)
        .with(queue::__path_queue, queue::queue)
        .with(slow::__path_slow, slow::slow)
        .with(spend::__path_spend, spend::spend)
        .with(stats::__path_stats, stats::stats)
        .with(workers::__path_workers, workers::workers)
}

/// Adds the routes that change something.
pub(crate) fn changes(group: Group) -> Group {
    group
        .with(dead::__path_replay, dead::replay)
        .with(dead::__path_discard, dead::discard)
        .with(kill::__path_kill_switch_on, kill::kill_switch_on)
        .with(kill::__path_kill_switch_off, kill::kill_switch_off)
        .with(queue::__path_move_stuck, queue::move_stuck)
        .with(queue::__path_clear, queue::clear)
        .with(workers::__path_drain, workers::drain)
        .with(workers::__path_undrain, workers::undrain)
}

/// Why something is ordered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why, for the audit trail and whoever is told; 1 to 500 characters.
    reason: String,
}

impl Reason {
    /// The reason; an order without one helps nobody who finds it later.
    fn checked(&self) -> Result<&str, crate::fault::Fault> {
        let reason = self.reason.trim();
        if reason.is_empty() || reason.chars().count() > 500 {
            return Err(crate::fault::Fault::invalid("`reason` has from 1 to 500 characters"));
        }
        Ok(reason)
    }
}

/// An order of an operator.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderView {
    /// Who ordered it.
    by: ActorView,
    /// Why.
    reason: String,
    /// When.
    at: Timestamp,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        Self { by: ActorView::from(&order.by), reason: order.reason, at: order.at }
    }
}

impl Redact for OrderView {
    fn redact(&mut self, redactor: &Redactor) {
        self.by.redact(redactor);
        self.reason.redact(redactor);
    }
}

/// The beginning of a window that ends now.
fn since(app: &App, window: Duration) -> (Timestamp, Timestamp) {
    let now = app.api.clock.now();
    (now.checked_sub(window).unwrap_or(Timestamp::MIN), now)
}

/// Seconds with their fraction, to the millisecond.
#[allow(clippy::cast_precision_loss, reason = "durations of jobs are far below 2^52 ms")]
fn seconds(duration: Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}

/// How long ago, in seconds.
fn age(at: Timestamp, now: Timestamp) -> f64 {
    seconds(Duration::try_from(now.duration_since(at)).unwrap_or_default())
}
