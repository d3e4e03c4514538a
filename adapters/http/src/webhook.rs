//! Deliveries of Alertmanager and Grafana, which speak the same body.
//!
//! Must never say 200 before the intake has made the alerts durable. Both senders try again on 5xx only: what may work
//! later is 503, and a 4xx means that these alerts are lost, which the log says
//! (<https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>). Start at [`receive`].

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use midwatch_agent::webhook::parse_delivery;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::intake::{Delivery, Receipt};
use midwatch_service::job::{Actor, Origin};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::fault::Fault;
use crate::input::Cluster;
use crate::who::{self, Params};

/// Where alerts come from.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Place {
    /// The cluster of these alerts, where their labels do not say it: one address for each Alertmanager.
    #[param(value_type = Option<String>)]
    cluster: Option<Cluster>,
}

/// What became of a delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct Delivered {
    /// Alerts that were taken, those in `truncated` included: each is in exactly one incident's count.
    received: u64,
    /// Those of them that joined an incident which was open.
    joined: u64,
    /// Alerts that say nothing is wrong (`Watchdog`, severity `none`, a contact point's test): nothing is opened for them.
    heartbeats: u64,
    /// Alerts that are muted and belong to no open incident: nothing is opened for them.
    muted: u64,
    /// Resolves of alerts that no incident knows.
    unknown: u64,
    /// Alerts that the sender left out, or that could not be read.
    truncated: u64,
    /// Incidents that were opened.
    incidents: Vec<String>,
    /// Jobs that were handed in.
    jobs: Vec<String>,
}

/// Ids and numbers of our own.
impl Redact for Delivered {
    fn redact(&mut self, _: &Redactor) {}
}

/// Takes alerts of Alertmanager (webhook version 4).
#[utoipa::path(
    post, path = "/webhook/alertmanager", tag = "webhooks", params(Place), request_body = serde_json::Value,
    responses((status = 200, description = "The alerts are durable", body = Delivered))
)]
pub(crate) async fn alertmanager(State(app): State<Arc<App>>, request: Request) -> Result<Answer<Delivered>, Fault> {
    receive(&app, "alertmanager", request).await
}

/// Takes alerts of Grafana's webhook contact point.
#[utoipa::path(
    post, path = "/webhook/grafana", tag = "webhooks", params(Place), request_body = serde_json::Value,
    responses((status = 200, description = "The alerts are durable", body = Delivered))
)]
pub(crate) async fn grafana(State(app): State<Arc<App>>, request: Request) -> Result<Answer<Delivered>, Fault> {
    receive(&app, "grafana", request).await
}

async fn receive(app: &App, source: &'static str, request: Request) -> Result<Answer<Delivered>, Fault> {
    let delivered = take(app, source, request).await;
    if let Err(fault) = &delivered
        && fault.status.is_client_error()
    {
        tracing::warn!(source, status = fault.status.as_u16(), "a delivery was refused for good: its alerts are lost");
    }
    delivered
}

async fn take(app: &App, source: &'static str, request: Request) -> Result<Answer<Delivered>, Fault> {
    let (mut head, body) = request.into_parts();
    let Params(place) = Params::<Place>::from_request_parts(&mut head, &()).await?;
    let request_id = who::request_id(&head);
    let body = body::read(app, Request::from_parts(head, body), app.api.settings.limits.webhook_bytes).await?;
    let (bytes, cap) = (body.bytes.clone(), app.api.settings.alerts_per_delivery);
    // Megabytes of JSON would hold up everything else on this thread.
    let parsed = tokio::task::spawn_blocking(move || parse_delivery(&bytes, source, cap)).await;
    let parsed = parsed.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let (group_key, alerts, truncated) = parsed.map_err(|error| Fault::invalid(error.to_string()))?;
    drop(body);
    let actor = Actor { platform: "webhook".to_owned(), user: source.to_owned(), ..Actor::default() };
    let delivery = Delivery {
        source: source.to_owned(),
        group_key,
        alerts,
        truncated,
        cluster: place.cluster.map(|cluster| cluster.0),
        origin: Origin { actor, request_id },
        ..Delivery::default()
    };
    let receipt = app.api.intake.deliver(delivery).await?;
    Ok(Answer(app.api.redactor.seal(delivered(&receipt, truncated))))
}

fn delivered(receipt: &Receipt, truncated: u64) -> Delivered {
    Delivered {
        received: receipt.received,
        joined: receipt.joined,
        heartbeats: receipt.heartbeats,
        muted: receipt.muted,
        unknown: receipt.unknown,
        truncated,
        incidents: receipt.opened.iter().map(ToString::to_string).collect(),
        jobs: receipt.jobs.iter().map(ToString::to_string).collect(),
    }
}
