//! "Now" and the window: the only notion of time inside the engine.

use jiff::{SignedDuration, Timestamp};

use super::View;
use crate::kube::{Condition, Resource};

/// Now and how far back to look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    /// "Now" as it was given; it wins.
    given: Option<Timestamp>,
    /// The newest time in the evidence, for when none was given.
    newest: Option<Timestamp>,
    lookback: SignedDuration,
    /// When the alert began to fire, if one did.
    onset: Option<Timestamp>,
}

/// An alert fires only after its `for` has passed (15 minutes in most rules of kube-prometheus); what it saw lies before.
const BEFORE_ONSET: SignedDuration = SignedDuration::from_mins(30);

/// The window never reaches further back than this, whatever the alert says.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

impl Times {
    pub(super) fn new(given: Option<Timestamp>, lookback: SignedDuration) -> Self {
        Self { given, newest: None, lookback, onset: None }
    }

    pub(super) fn reach_back_to(&mut self, onset: Option<Timestamp>) {
        self.onset = onset;
    }

    pub(super) fn settle(&mut self, newest: Option<Timestamp>) {
        self.newest = newest;
    }
}

impl View {
    /// "Now" of the investigation. Without any time in the evidence it is the epoch, and nothing is recent.
    pub fn now(&self) -> Timestamp {
        self.times.given.or(self.times.newest).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The start of the window: the lookback, or half an hour before the alert began where that is earlier.
    pub fn window_start(&self) -> Timestamp {
        let back = |from: Timestamp, by: SignedDuration| from.saturating_sub(by).unwrap_or(Timestamp::MIN);
        let asked = back(self.now(), self.times.lookback);
        let alerted = self.times.onset.map_or(asked, |onset| back(onset, BEFORE_ONSET));
        alerted.min(asked).max(back(self.now(), LONGEST))
    }

    /// Widens the window to what an alert saw.
    pub fn reach_back_to(&mut self, onset: Option<Timestamp>) {
        self.times.reach_back_to(onset);
    }

    /// Whether a moment lies in the window (what lies after now counts as now: clocks differ).
    pub fn in_window(&self, at: Timestamp) -> bool {
        at >= self.window_start()
    }

    /// Seconds from a moment until now, never negative.
    pub fn age(&self, at: Timestamp) -> i64 {
        self.now().duration_since(at).as_secs().max(0)
    }

    /// The newest event, status or log-line time that anything seen carries.
    pub(super) fn newest_time(&self) -> Option<Timestamp> {
        let events = self.events.iter().filter_map(crate::kube::Event::last).max();
        let logs = self.logs.values().filter_map(|l| l.as_ref().ok()?.last_at).max();
        let pods = self.pods.iter().flat_map(pod_times).max();
        let nodes = self.nodes.iter().flat_map(|n| n.status.conditions.iter().flat_map(condition_times)).max();
        let deployments =
            self.deployments.iter().flat_map(|d| d.status.conditions.iter().flat_map(condition_times)).max();
        let jobs = self.jobs.iter().filter_map(|j| *j.status.completion_time).max();
        [events, logs, pods, nodes, deployments, jobs].into_iter().flatten().max()
    }
}

fn condition_times(condition: &Condition) -> impl Iterator<Item = Timestamp> {
    [*condition.last_transition_time, *condition.last_update_time, *condition.last_heartbeat_time].into_iter().flatten()
}

fn pod_times(pod: &crate::kube::Pod) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = pod.status.conditions.iter().flat_map(condition_times).collect();
    times.extend(*pod.meta().creation_timestamp);
    for status in pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses) {
        for state in [&status.state, &status.last_state] {
            times.extend(state.running.as_ref().and_then(|r| *r.started_at));
            times.extend(state.terminated.as_ref().and_then(|t| *t.finished_at));
        }
    }
    times
}
