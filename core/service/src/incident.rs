//! An incident: alerts that belong together, from the first that fires until all are resolved and it has been quiet.
//!
//! Data only, one value that the store keeps whole, with a revision so that two writers cannot both win.
//! Start at [`Incident`]; how it moves is in `lifecycle`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use midwatch_diagnosis::alert::Alert;
use serde::{Deserialize, Serialize};

use crate::id::{IncidentId, JobId, ThreadId};

mod folded;

pub use folded::{Folded, FoldedAlerts};

/// Alerts that one incident remembers singly; more are counted.
pub const ALERTS_KEPT: usize = 500;

/// Alerts that a storm remembers singly: enough to name what its investigation looks at.
pub const STORM_ALERTS_KEPT: usize = 100;

/// Alerts beyond those kept singly whose identity and state are remembered; still more are only counted.
pub const FOLDED_KEPT: usize = 50_000;

/// Rows of a storm's table; more are counted in the last one.
pub const STORM_ROWS: usize = 200;

/// Where an incident is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "at")]
pub enum IncidentState {
    /// At least one alert fires.
    Firing,
    /// All are resolved; the quiet window runs since this moment.
    Resolved(Timestamp),
    /// The quiet window passed: the next alert of this key is another incident.
    Closed(Timestamp),
}

/// What one alert of an incident did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTrack {
    /// The alert as it last came.
    pub alert: Alert,
    /// How often it was received, the first time counted.
    pub times: u64,
    /// How often it went from resolved to firing.
    pub refires: u32,
    /// First and last time it was received.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
    /// Only a poll has seen it: no webhook will tell when it is resolved, its absence does.
    #[serde(default)]
    pub polled: bool,
    /// Only a post has told of it: its labels may be a part of those it has, and it may stand for several.
    #[serde(default)]
    pub posted: bool,
}

/// A row of a storm: alerts of one name in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormRow {
    /// The alert's name.
    pub alert: String,
    /// The namespace, or empty.
    pub namespace: String,
    /// Fingerprints that fire now.
    pub firing: u64,
    /// Distinct fingerprints seen.
    pub total: u64,
}

/// What kind of incident it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// One group of alerts, one investigation.
    Group,
    /// Too many groups at once: one summary thread, a table instead of a thread each.
    Storm {
        /// The table in the order in which rows came up, at most [`STORM_ROWS`].
        rows: Vec<StormRow>,
        /// Alerts that are in no row of their own.
        beyond: u64,
        /// When the last alert came that was new. For a quiet window from then on, new groups join.
        #[serde(default)]
        grew_at: Timestamp,
    },
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Grows with every write; the store refuses a write that does not continue the stored one.
    pub revision: u64,
    /// Where its alerts come from: `alertmanager`, `grafana`, a channel.
    pub source: String,
    /// What joins an alert to it while it is not closed: group keys, fingerprints, shared entities. The store finds it by
    /// any of them. At most [`ALERTS_KEPT`].
    pub keys: Vec<String>,
    /// For a person: `KubePodCrashLooping shop`.
    pub title: String,
    /// The gravest severity seen.
    pub severity: Option<String>,
    /// Where it is.
    pub state: IncidentState,
    /// Group or storm.
    pub kind: IncidentKind,
    /// What its alerts did, by identity (16 hexadecimal digits); at most [`ALERTS_KEPT`], in a storm
    /// [`STORM_ALERTS_KEPT`].
    pub alerts: BTreeMap<String, AlertTrack>,
    /// Alerts beyond those kept singly that are known by identity.
    #[serde(default)]
    pub folded: FoldedAlerts,
    /// Alerts received beyond those kept singly.
    pub beyond: u64,
    /// Alerts received in all, repeats counted: each alert that came in is in exactly one incident's count.
    pub received: u64,
    /// Deliveries that brought nothing new.
    pub repeats: u64,
    /// How often it was reopened inside the quiet window.
    pub reopened: u32,
    /// When the first alert came.
    pub opened_at: Timestamp,
    /// When the last one came.
    pub last_at: Timestamp,
    /// Its thread.
    pub thread: ThreadId,
    /// The newest job that investigates it.
    pub job: Option<JobId>,
    /// The incident of the same key that was closed before this one.
    pub previous: Option<IncidentId>,
}
