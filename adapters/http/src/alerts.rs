//! The alerts that fire now.
//!
//! Must never show an alert of a place that the caller may not see, nor an empty list where the source could not be read.
//! Start at [`list`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::{Redact, Redactor};
use midwatch_service::policy::Verb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::answer::Answer;
use crate::app::App;
use crate::fault::Fault;
use crate::who::{Params, Sight, Who};

/// Alerts that are listed at most; more are counted.
const LISTED: usize = 1000;

/// Incidents that are looked through at most.
const INCIDENTS: usize = 2000;

/// Which alerts to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertsQuery {
    /// Only those with exactly this label `severity`.
    severity: Option<String>,
    /// Only those with exactly this label `namespace`.
    namespace: Option<String>,
}

/// Alerts that fire.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertList {
    /// The alerts, by name, namespace and fingerprint; at most 1,000.
    alerts: Vec<AlertView>,
    /// How many more there are.
    more: usize,
    /// Where they were looked up: `alertmanager`, or `incidents` for what the webhooks brought.
    source: String,
    /// Why the source could not be read; the alerts are those of the open incidents then.
    could_not_see: Option<String>,
}

/// An alert.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// Its fingerprint: the `alert_id` of `POST /api/v1/analyze/alert`.
    fingerprint: String,
    /// Label `alertname`.
    name: String,
    /// Label `severity`.
    severity: Option<String>,
    /// Label `namespace`.
    namespace: Option<String>,
    /// When it began to fire.
    started_at: Option<Timestamp>,
    /// All labels.
    labels: BTreeMap<String, String>,
    /// What the rule's author wrote for people.
    annotations: BTreeMap<String, String>,
}

impl Redact for AlertView {
    fn redact(&mut self, redactor: &Redactor) {
        self.name.redact(redactor);
        self.severity.redact(redactor);
        self.namespace.redact(redactor);
        self.labels.redact(redactor);
        self.annotations.redact(redactor);
        // Alertmanager's are digests, which look like secrets; anything else is a text like others.
        if !is_digest(&self.fingerprint) {
            self.fingerprint.redact(redactor);
        }
    }
}

impl Redact for AlertList {
    fn redact(&mut self, redactor: &Redactor) {
        self.alerts.iter_mut().for_each(|alert| alert.redact(redactor));
        self.could_not_see.redact(redactor);
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl From<Alert> for AlertView {
    fn from(alert: Alert) -> Self {
        Self {
            severity: alert.label("severity").map(str::to_owned),
            namespace: alert.label("namespace").map(str::to_owned),
            fingerprint: alert.fingerprint,
            name: alert.name,
            started_at: alert.starts_at,
            labels: alert.labels,
            annotations: alert.annotations,
        }
    }
}

/// Lists the alerts that fire.
#[utoipa::path(
    get, path = "/api/v1/alerts", operation_id = "list_alerts", tag = "alerts", params(AlertsQuery),
    responses((status = 200, description = "Alerts that fire", body = AlertList))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Who(origin): Who,
    Params(query): Params<AlertsQuery>,
) -> Result<Answer<AlertList>, Fault> {
    let sight = Sight::of(&app.api.policy, &origin.actor, Verb::List)?;
    let (alerts, source, could_not_see) = firing(&app).await?;
    let fits = |wanted: &Option<String>, alert: &Alert, label: &str| {
        wanted.as_deref().is_none_or(|wanted| alert.label(label) == Some(wanted))
    };
    let seen =
        |alert: &Alert| sight.covers(alert.label("cluster"), &alert.label("namespace").into_iter().collect::<Vec<_>>());
    let mut alerts: Vec<Alert> = alerts
        .into_iter()
        .filter(|alert| {
            fits(&query.severity, alert, "severity") && fits(&query.namespace, alert, "namespace") && seen(alert)
        })
        .collect();
    let key = |alert: &Alert| {
        (alert.name.clone(), alert.label("namespace").unwrap_or_default().to_owned(), alert.fingerprint.clone())
    };
    alerts.sort_by_cached_key(key);
    let more = alerts.len().saturating_sub(LISTED);
    alerts.truncate(LISTED);
    let alerts = alerts.into_iter().map(AlertView::from).collect();
    Ok(Answer(app.api.redactor.seal(AlertList { alerts, more, source, could_not_see })))
}

/// The alerts, where they come from, and what could not be seen.
async fn firing(app: &App) -> Result<(Vec<Alert>, String, Option<String>), Fault> {
    let failure = match &app.api.alerts {
        Some(source) => match source.firing().await {
            Ok(alerts) => return Ok((alerts, source.name().to_owned(), None)),
            Err(failure) => Some(format!("{}: {failure}", source.name())),
        },
        None => None,
    };
    let incidents = app.api.store.open_incidents(INCIDENTS).await?;
    let tracks = incidents.into_iter().flat_map(|incident| incident.alerts.into_values());
    let alerts = tracks.map(|track| track.alert).filter(|alert| alert.firing).collect();
    Ok((alerts, "incidents".to_owned(), failure))
}
