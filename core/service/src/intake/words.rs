//! What incidents and their jobs are called, and what the jobs look at. Pure.
//!
//! Start at [`title`] and [`request`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use midwatch_agent::alertmanager::ALERT_CAP;
use midwatch_agent::request::{Depth, Request};
use midwatch_diagnosis::alert::Alert;

use super::identity::{Entity, gravity, namespace_of, namespaces_of_alerts, severity_of};
use crate::fleet::Order;
use crate::incident::{Incident, IncidentKind, StormRow};
use crate::job::Priority;
use crate::pack::Pack;
use crate::post::StormTable;

/// Rows of a storm that its message shows: as many fields as the narrowest platform has (Discord, 25).
const ROWS_SHOWN: usize = 25;

/// The busiest namespaces that a storm's investigation looks at.
const STORM_NAMESPACES: usize = 3;

/// For a person: the commonest alert and where, `KubePodCrashLooping shop`.
pub(super) fn title(alerts: &[Alert]) -> String {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for alert in alerts {
        *names.entry(alert.name.as_str()).or_default() += 1;
    }
    let name = names.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse(**name))).map(|(name, _)| *name);
    let name = name.filter(|name| !name.is_empty()).unwrap_or("alert without a name");
    match namespaces_of_alerts(alerts).as_slice() {
        [] => name.to_owned(),
        [namespace] => format!("{name} {namespace}"),
        [namespace, more @ ..] => format!("{name} {namespace} and {} more", more.len()),
    }
}

/// What is looked at: `Deployment shop/checkout, prod-eu`; the fallback when no alert says.
pub(super) fn about(entities: &BTreeSet<Entity>, fallback: &str) -> String {
    // The same workload, named by a pod and by its own label, is one; the label knows its kind.
    let mut distinct: BTreeMap<String, &Entity> = BTreeMap::new();
    for entity in entities {
        let known = distinct.entry(entity.key()).or_insert(entity);
        if known.kind.is_none() {
            *known = entity;
        }
    }
    match distinct.values().collect::<Vec<_>>().as_slice() {
        [] => fallback.to_owned(),
        [only] => only.title(),
        [first, rest @ ..] => format!("{} and {} more", first.title(), rest.len()),
    }
}

/// The request of a job for these alerts: those that fire first, at most [`ALERT_CAP`].
pub(super) fn request(alerts: &[Alert], pack: &Pack, fallback: Duration, now: Timestamp) -> Request {
    let mut alerts: Vec<Alert> = alerts.to_vec();
    alerts.sort_by_key(|alert| !alert.firing);
    alerts.truncate(ALERT_CAP);
    let namespace = match namespaces_of_alerts(&alerts).as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    let lookback = if pack.lookback.is_zero() { fallback } else { pack.lookback };
    let lookback = SignedDuration::try_from(lookback).unwrap_or(SignedDuration::MAX);
    let depth: Depth = pack.depth;
    Request { text: None, namespace, alerts, as_of: Some(now), lookback, depth }
}

/// How urgent a job about these alerts is.
pub(super) fn priority(alerts: &[Alert], pack: &Pack) -> Priority {
    let by_severity = || match alerts.iter().filter(|a| a.firing).map(|a| gravity(severity_of(a))).max() {
        Some(3..) => Priority::High,
        Some(0) => Priority::Low,
        _ => Priority::Normal,
    };
    pack.priority.unwrap_or_else(by_severity)
}

/// The alerts of an incident, as far as it keeps them singly.
pub(super) fn alerts_of(incident: &Incident) -> Vec<Alert> {
    incident.alerts.values().map(|track| track.alert.clone()).collect()
}

/// What a storm's investigation looks at: the alerts that fire in the busiest namespaces.
pub(super) fn busiest(incident: &Incident) -> Vec<Alert> {
    let IncidentKind::Storm { rows, .. } = &incident.kind else { return alerts_of(incident) };
    let mut namespaces: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *namespaces.entry(row.namespace.as_str()).or_default() += row.firing;
    }
    let mut namespaces: Vec<(&str, u64)> = namespaces.into_iter().collect();
    namespaces.sort_by_key(|(_, firing)| std::cmp::Reverse(*firing));
    namespaces.truncate(STORM_NAMESPACES);
    let busy = |alert: &Alert| {
        let namespace = namespace_of(alert).unwrap_or_default();
        alert.firing && namespaces.iter().any(|(name, _)| *name == namespace)
    };
    let chosen: Vec<Alert> = alerts_of(incident).into_iter().filter(busy).collect();
    if chosen.is_empty() { alerts_of(incident) } else { chosen }
}

/// The table of a storm, the largest rows first.
pub(super) fn storm_table(incident: &Incident, firing: u64, resolved_after: Option<String>) -> StormTable {
    let IncidentKind::Storm { rows, beyond, .. } = &incident.kind else { return StormTable::default() };
    let mut rows: Vec<StormRow> = rows.clone();
    rows.sort_by(|a, b| (b.firing, b.total, &a.alert, &a.namespace).cmp(&(a.firing, a.total, &b.alert, &b.namespace)));
    let hidden: u64 = rows.iter().skip(ROWS_SHOWN).map(|row| row.total).sum();
    rows.truncate(ROWS_SHOWN);
    StormTable { rows, beyond: beyond.saturating_add(hidden), received: incident.received, firing, resolved_after }
}

/// Why an incident that comes in now is not investigated yet.
pub(super) fn waits(kill: &Order) -> String {
    let Order { by, reason, .. } = kill;
    format!("waits: the kill switch is on, turned on by {}: {reason}", by.user)
}
