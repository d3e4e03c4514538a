//! What can be set about the intake.
//!
//! Plain data. Start at [`IntakeSettings`].

use std::time::Duration;

/// Bounds and windows of the intake.
#[derive(Clone, Debug, PartialEq)]
pub struct IntakeSettings {
    /// Jobs that run at the same time, over all workers.
    pub slots: u64,
    /// Jobs that may wait.
    pub queue_bound: u64,
    /// From this utilisation on new jobs are refused, from 0 to 1.
    pub refuse_at: f64,
    /// How long all alerts of an incident must stay resolved until it is closed.
    pub quiet: Duration,
    /// An incident of which nothing was heard for so long is closed although its alerts never resolved: whoever sends
    /// them may be configured not to say so (`send_resolved: false`), or be gone. Alertmanager repeats every 4 h.
    pub forget: Duration,
    /// New groups within [`Self::storm_window`] that each get a thread of their own; the next ones are a storm.
    pub storm_groups: usize,
    /// The window.
    pub storm_window: Duration,
    /// Where incidents are shown: the platform.
    pub platform: String,
    /// Where incidents are shown: the channel.
    pub channel: String,
    /// Attempts of a job when no pack says otherwise.
    pub max_attempts: u32,
    /// Time of a job when no pack says otherwise.
    pub deadline: Duration,
    /// How far back a job looks when no pack says otherwise.
    pub lookback: Duration,
    /// Labels that tell the copies of a highly available pair of Prometheus servers apart; alerts that differ in nothing
    /// else are one.
    pub replica_labels: Vec<String>,
    /// Alerts that are read of one delivery; more are counted.
    pub alerts_per_delivery: usize,
    /// The clusters there are. A label `cluster` that all alerts of a delivery share names one of them when the delivery
    /// itself does not.
    pub clusters: Vec<String>,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            slots: 5,
            queue_bound: 100,
            refuse_at: 0.9,
            quiet: Duration::from_mins(15),
            forget: Duration::from_hours(24),
            storm_groups: 10,
            storm_window: Duration::from_mins(1),
            platform: "console".to_owned(),
            channel: "incidents".to_owned(),
            max_attempts: 3,
            deadline: Duration::from_mins(2),
            lookback: Duration::from_hours(1),
            replica_labels: ["prometheus_replica", "replica", "__replica__"].map(str::to_owned).to_vec(),
            alerts_per_delivery: 20_000,
            clusters: Vec::new(),
        }
    }
}
