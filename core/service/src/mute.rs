//! Mutes: alerts that open no thread for a time. What was open stays as it was and goes on counting.
//!
//! Pure. Start at [`Mute::covers`].

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

use crate::id::{IncidentId, MuteId};
use crate::job::Actor;

/// What is muted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Muted {
    /// Alerts of this name.
    Alert {
        /// The name.
        name: String,
        /// Only in this namespace.
        namespace: Option<String>,
    },
    /// Whatever one incident holds by name and namespace.
    Incident {
        /// The incident it was muted from.
        incident: IncidentId,
        /// Its alerts: names, each with its namespace where it has one.
        alerts: Vec<(String, Option<String>)>,
    },
}

/// A mute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Its id.
    pub id: MuteId,
    /// What.
    pub what: Muted,
    /// In which cluster; in all of them when none is named.
    pub cluster: Option<String>,
    /// Since when.
    pub at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

impl Mute {
    /// Whether it covers an alert at this moment.
    pub fn covers(&self, alert: &Alert, cluster: Option<&str>, now: Timestamp) -> bool {
        let place = alert.label("namespace");
        let fits = |name: &str, namespace: Option<&str>| {
            alert.name == name && namespace.is_none_or(|namespace| place == Some(namespace))
        };
        let here = self.cluster.is_none() || self.cluster.as_deref() == cluster;
        let covered = match &self.what {
            Muted::Alert { name, namespace } => fits(name, namespace.as_deref()),
            Muted::Incident { alerts, .. } => alerts.iter().any(|(name, namespace)| fits(name, namespace.as_deref())),
        };
        here && covered && self.at <= now && now < self.until
    }
}

impl Redact for Mute {
    fn redact(&mut self, redactor: &Redactor) {
        self.reason.redact(redactor);
    }
}
