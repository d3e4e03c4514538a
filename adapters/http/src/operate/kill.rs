//! The kill switch: no worker takes jobs, those that run stop.
//!
//! Start at [`kill_switch`].

use std::sync::Arc;

use axum::extract::State;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::policy::Verb;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OrderView, Reason};
use crate::answer::Answer;
use crate::app::App;
use crate::body::Input;
use crate::fault::Fault;
use crate::who::{Sight, Who};

/// The kill switch.
#[derive(Serialize, ToSchema)]
pub(crate) struct KillSwitch {
    /// Whether it is on.
    on: bool,
    /// Who turned it on, and why.
    order: Option<OrderView>,
}

impl Redact for KillSwitch {
    fn redact(&mut self, redactor: &Redactor) {
        self.order.redact(redactor);
    }
}

/// Whether the kill switch is on, and why.
#[utoipa::path(
    get, path = "/api/v1/kill-switch", tag = "operate",
    responses((status = 200, description = "The kill switch", body = KillSwitch))
)]
pub(crate) async fn kill_switch(State(app): State<Arc<App>>, Who(origin): Who) -> Result<Answer<KillSwitch>, Fault> {
    Sight::of(&app.api.policy, &origin.actor, Verb::Doctor)?;
    shown(&app).await
}

/// Turns the kill switch on: no worker takes jobs, those that run stop. It stays on until it is turned off.
#[utoipa::path(
    post, path = "/api/v1/kill-switch/on", tag = "operate", request_body = Reason,
    responses((status = 200, description = "The kill switch", body = KillSwitch))
)]
pub(crate) async fn kill_switch_on(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Input(wanted): Input<Reason>,
) -> Result<Answer<KillSwitch>, Fault> {
    app.api.intake.kill_switch(Some(wanted.checked()?), &origin).await?;
    shown(&app).await
}

/// Turns the kill switch off.
#[utoipa::path(
    post, path = "/api/v1/kill-switch/off", tag = "operate",
    responses((status = 200, description = "The kill switch", body = KillSwitch))
)]
pub(crate) async fn kill_switch_off(
    State(app): State<Arc<App>>,
    Who(origin): Who,
) -> Result<Answer<KillSwitch>, Fault> {
    app.api.intake.kill_switch(None, &origin).await?;
    shown(&app).await
}

async fn shown(app: &App) -> Result<Answer<KillSwitch>, Fault> {
    let order = app.api.store.kill_switch().await?;
    let view = KillSwitch { on: order.is_some(), order: order.map(OrderView::from) };
    Ok(Answer(app.api.redactor.seal(view)))
}
