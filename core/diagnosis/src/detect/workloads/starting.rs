//! Pods that are merely starting: not ready yet, nothing worse than a readiness probe that fails, and within the
//! time that their siblings needed.
//!
//! Start at [`is_starting`].

use crate::detect::say;
use crate::entity::EntityRef;
use crate::kube::{Event, Pod};
use crate::view::View;
use crate::view::relate::pod_ref;

/// Without siblings to learn from, a pod may take this long (seconds) beside what its probes grant.
const GRACE: i64 = 60;

/// No sibling teaches more than this: the progress deadline of a Deployment, 600 s unless set.
const LONGEST: i64 = 600;

/// Mount and network warnings come and go while a pod starts; so many are still a start.
const HICCUPS: u64 = 3;

/// Whether a pod is starting as it should.
pub(super) fn is_starting(view: &View, pod: &Pod) -> bool {
    say::is_live(pod) && !pod.is_ready() && young(view, pod) && nothing_worse(view, pod)
}

fn young(view: &View, pod: &Pod) -> bool {
    let Some(created) = *pod.metadata.creation_timestamp else { return false };
    view.age(created) <= allowance(view, &view.unit(&pod_ref(pod)), pod)
}

/// Seconds that a pod may take: half as long again as the slowest of its siblings, or what its probes grant.
pub(super) fn allowance(view: &View, unit: &EntityRef, pod: &Pod) -> i64 {
    let needed = |p: &&Pod| {
        let ready = p.condition("Ready").filter(|c| c.is_true()).and_then(|c| *c.last_transition_time)?;
        Some(ready.duration_since((*p.metadata.creation_timestamp)?).as_secs())
    };
    let siblings = view.pods_of(unit);
    // A sibling that lost readiness later and found it again tells nothing about its start.
    let slowest = siblings.iter().filter_map(needed).filter(|s| (0..=LONGEST).contains(s)).max().unwrap_or(0);
    let probes = pod.spec.containers.iter().map(|c| {
        let startup = c.startup_probe.as_ref().map_or(0, crate::kube::Probe::patience);
        startup + c.readiness_probe.as_ref().map_or(0, |p| p.initial_delay_seconds)
    });
    (slowest * 3 / 2).max(GRACE + probes.max().unwrap_or(0))
}

fn nothing_worse(view: &View, pod: &Pod) -> bool {
    let unplaced = pod.condition("PodScheduled").is_some_and(|c| c.status == "False");
    let statuses = || pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let stopped = statuses().any(|s| {
        let waits = s
            .state
            .waiting
            .as_ref()
            .is_some_and(|w| !matches!(w.reason.as_str(), "" | "ContainerCreating" | "PodInitializing"));
        waits || s.restart_count > 0 || s.state.terminated.as_ref().is_some_and(|t| t.exit_code != 0)
    });
    let entity = pod_ref(pod);
    !unplaced && !stopped && !view.events_of(&entity).any(is_worse)
}

fn is_worse(event: &Event) -> bool {
    match event.reason.as_str() {
        "Unhealthy" => event.text().starts_with("Liveness"),
        "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" | "FailedScheduling" => event.times() > HICCUPS,
        _ => event.is_warning(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn view(age: &str, status: &str, event: &str) -> View {
        let event = if event.is_empty() {
            String::new()
        } else {
            format!(
                "---\nkind: Event\nmetadata: {{name: e}}\ninvolvedObject: {{kind: Pod, namespace: shop, name: a-1}}\ntype: Warning\nlastTimestamp: AGO(5s)\n{event}"
            )
        };
        Scene::default()
            .yaml(&format!(
                "
kind: Pod
metadata: {{name: a-1, creationTimestamp: AGO({age}), ownerReferences: [{{kind: ReplicaSet, name: a, controller: true}}]}}
status: {{phase: Running, containerStatuses: [{{name: c, {status}}}]}}
---
kind: Pod
metadata: {{name: a-2, creationTimestamp: AGO(10h), ownerReferences: [{{kind: ReplicaSet, name: a, controller: true}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True', lastTransitionTime: AGO(9h57m)}}]}}
{event}"
            ))
            .view()
    }

    const READINESS: &str = "reason: Unhealthy\nmessage: 'Readiness probe failed: connection refused'\ncount: 40";

    #[rstest::rstest]
    #[case::young("3m", "state: {running: {}}", READINESS, true)]
    #[case::slower_than_its_sibling("5m", "state: {running: {}}", READINESS, false)]
    #[case::restarted("1m", "restartCount: 1, state: {running: {}}", "", false)]
    #[case::image("1m", "state: {waiting: {reason: ErrImagePull}}", "", false)]
    #[case::liveness("1m", "state: {running: {}}", "reason: Unhealthy\nmessage: Liveness probe failed", false)]
    #[case::creating("10s", "state: {waiting: {reason: ContainerCreating}}", "reason: FailedMount\ncount: 1", true)]
    fn starts(#[case] age: &str, #[case] status: &str, #[case] event: &str, #[case] expected: bool) {
        let view = view(age, status, event);
        assert_eq!(is_starting(&view, view.pods.get("shop", "a-1").unwrap()), expected);
    }
}
