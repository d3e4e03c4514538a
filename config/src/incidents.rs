//! Settings of incidents: which alerts belong together, and when one is over.
//!
//! Start at [`IncidentSettings`].

use std::time::Duration;

use crate::field::{Field, Slot};

/// How alerts become incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentSettings {
    /// How long all alerts must be resolved before an incident is closed. 1 minute to 24 hours, default 15 minutes.
    pub quiet: Duration,
    /// New groups within the window that make a storm. 2 to 1,000, default 10.
    pub storm_groups: u32,
    /// The window. 10 seconds to 1 hour, default 1 minute.
    pub storm_window: Duration,
    /// Labels that tell replicas of Prometheus apart and nothing else. Default `prometheus_replica`, `replica`.
    pub replica_labels: Vec<String>,
    /// Channel of the threads that alerts open. Default `alerts`.
    pub channel: String,
}

impl Default for IncidentSettings {
    fn default() -> Self {
        Self {
            quiet: Duration::from_mins(15),
            storm_groups: 10,
            storm_window: Duration::from_mins(1),
            replica_labels: vec!["prometheus_replica".to_owned(), "replica".to_owned()],
            channel: "alerts".to_owned(),
        }
    }
}

/// Fields of the section `incidents`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "incidents.quiet",
        doc: "How long all alerts of an incident must be resolved before it is closed.",
        slot: Slot::Duration {
            at: |s| &mut s.incidents.quiet,
            min: Duration::from_mins(1),
            max: Duration::from_hours(24),
        },
    },
    Field {
        key: "incidents.storm_groups",
        doc: "New groups of alerts within `storm_window` that make a storm, which gets one thread.",
        slot: Slot::Count { at: |s| &mut s.incidents.storm_groups, min: 2, max: 1000 },
    },
    Field {
        key: "incidents.storm_window",
        doc: "The time in which the groups of a storm come.",
        slot: Slot::Duration {
            at: |s| &mut s.incidents.storm_window,
            min: Duration::from_secs(10),
            max: Duration::from_hours(1),
        },
    },
    Field {
        key: "incidents.replica_labels",
        doc: "Labels that tell replicas of Prometheus apart and nothing else.",
        slot: Slot::Names(|s| &mut s.incidents.replica_labels),
    },
    Field {
        key: "incidents.channel",
        doc: "Channel of the threads that alerts open.",
        slot: Slot::Text(|s| &mut s.incidents.channel),
    },
];
