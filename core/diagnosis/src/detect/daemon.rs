//! DaemonSets: pods missing on nodes that should have one, pods that are not ready, updates under way.
//!
//! Start at [`detect`]. A node whose taint the pods do not tolerate is left out on purpose and is no trouble.

use super::fit::{CORDON_TAINT, Fit};
use super::say;
use super::starting::is_starting;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{DaemonSet, Node, Pod, Toleration};
use crate::view::View;
use crate::view::relate::pod_ref;

/// What the controller lets every daemon pod tolerate:
/// <https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations>.
const TOLERATED: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    CORDON_TAINT,
];

/// What each DaemonSet is doing.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    view.daemon_sets.iter().flat_map(|set| of_set(view, set)).collect()
}

fn of_set(view: &View, set: &DaemonSet) -> Vec<Finding> {
    let unit = say::of_meta(Kind::DaemonSet, &set.metadata);
    let pods = say::live_pods(view, &unit);
    let status = &set.status;
    let failing: Vec<&Pod> = pods.iter().copied().filter(|p| !p.is_ready() && !is_starting(view, p)).collect();
    let starting = pods.iter().any(|p| is_starting(view, p));
    let mut found = Vec::new();
    if status.desired_number_scheduled > status.current_number_scheduled {
        found.push(missing(view, set, &unit, &pods));
    }
    if !failing.is_empty() {
        found.push(not_ready(view, set, &unit, &failing));
    }
    if found.is_empty() {
        let updated = status.updated_number_scheduled >= status.desired_number_scheduled;
        if updated && !starting {
            found.extend(kept_away(view, set, &unit));
        } else {
            found.push(under_way(set, &unit));
        }
    }
    if status.number_misscheduled > 0 {
        found.push(misscheduled(set, &unit));
    }
    found
}

fn says(set: &DaemonSet, unit: &EntityRef) -> Evidence {
    let s = &set.status;
    let text = format!(
        "status: desiredNumberScheduled={} currentNumberScheduled={} numberReady={} updatedNumberScheduled={} numberMisscheduled={}",
        s.desired_number_scheduled,
        s.current_number_scheduled,
        s.number_ready,
        s.updated_number_scheduled,
        s.number_misscheduled
    );
    evidence::object(unit, text)
}

/// The nodes as the daemon pods see them, with the tolerations that the controller adds.
fn fits<'a>(view: &'a View, set: &DaemonSet) -> Vec<Fit<'a>> {
    let mut spec = set.spec.template.spec.clone();
    let exists =
        |key: &&str| Toleration { key: (*key).to_owned(), operator: "Exists".to_owned(), ..Toleration::default() };
    spec.tolerations.extend(TOLERATED.iter().map(exists));
    view.nodes.iter().map(|n| Fit::new(&spec, n)).collect()
}

fn missing(view: &View, set: &DaemonSet, unit: &EntityRef, pods: &[&Pod]) -> Finding {
    let has = |node: &Node| pods.iter().any(|p| p.spec.node_name == node.metadata.name);
    let without: Vec<String> = fits(view, set)
        .iter()
        .filter(|f| f.selected && f.taints.is_empty() && !has(f.node))
        .map(|f| f.node.metadata.name.clone())
        .collect();
    let on = if without.is_empty() { String::new() } else { format!(": none on {}", say::some(&without, 4)) };
    let s = &set.status;
    let text =
        format!("{unit} has {} of the {} pods it wants{on}", s.current_number_scheduled, s.desired_number_scheduled);
    Finding::new(Reason::DaemonIncomplete, unit.clone(), text)
        .confidence(Confidence::Medium)
        .because("its own status", says(set, unit))
        .action("see why the controller makes no pod there", Some(say::describe(unit)), "none")
        .check(say::watch(unit))
}

fn not_ready(view: &View, set: &DaemonSet, unit: &EntityRef, failing: &[&Pod]) -> Finding {
    let nodes = say::some(failing.iter().map(|p| p.spec.node_name.as_str()).filter(|n| !n.is_empty()), 4);
    let on = if nodes.is_empty() { String::new() } else { format!(", not on {nodes}") };
    let text =
        format!("{unit} has {} of {} pods ready{on}", set.status.number_ready, set.status.desired_number_scheduled);
    let mut finding = Finding::new(Reason::DaemonIncomplete, unit.clone(), text)
        .confidence(Confidence::Low)
        .since(super::change::onset(view, unit))
        .because("its own status", says(set, unit))
        .action("see what its pods wait for", Some(say::describe(&pod_ref(failing[0]))), "none")
        .check(say::watch(unit));
    finding.pods = failing.iter().map(|p| pod_ref(p)).collect();
    super::nodes::explained_by(view, failing.iter().copied(), finding)
}

/// All pods work, and some nodes have none on purpose: worth saying, because it looks like something is missing.
fn kept_away(view: &View, set: &DaemonSet, unit: &EntityRef) -> Option<Finding> {
    let s = &set.status;
    let fits = fits(view, set);
    let kept: Vec<String> = fits
        .iter()
        .filter(|f| f.selected)
        .filter_map(|f| f.taints.first().map(|t| format!("{} (taint {}={})", f.node.metadata.name, t.key, t.value)))
        .collect();
    if kept.is_empty() || s.number_ready < s.desired_number_scheduled || s.desired_number_scheduled == 0 {
        return None;
    }
    let (ready, wanted, away) = (s.number_ready, s.desired_number_scheduled, say::some(&kept, 3));
    let text = format!("all pods of {unit} are ready ({ready}/{wanted}); kept away on purpose from {away}");
    Some(
        Finding::new(Reason::Serving, unit.clone(), text)
            .role(Role::Healthy)
            .because("its own status", says(set, unit)),
    )
}

fn under_way(set: &DaemonSet, unit: &EntityRef) -> Finding {
    let s = &set.status;
    let by_hand = set.spec.update_strategy.r#type == "OnDelete";
    let (reason, how) = if by_hand {
        (Reason::Paused, "waits for its pods to be deleted (OnDelete)")
    } else {
        (Reason::RolloutInProgress, "is in progress")
    };
    let text = format!(
        "the rolling update (rollout) of {unit} {how}: {} of {} updated, {} ready",
        s.updated_number_scheduled, s.desired_number_scheduled, s.number_ready
    );
    Finding::new(reason, unit.clone(), text).role(Role::Expected).because("its own status", says(set, unit)).action(
        "wait, and look again",
        Some(say::watch(unit)),
        "none",
    )
}

fn misscheduled(set: &DaemonSet, unit: &EntityRef) -> Finding {
    let text =
        format!("{unit} has {} on nodes that should have none", say::count(set.status.number_misscheduled, "pod"));
    Finding::new(Reason::DaemonIncomplete, unit.clone(), text)
        .role(Role::Context)
        .confidence(Confidence::Low)
        .because("its own status", says(set, unit))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::testkit::Scene;

    const NODES: &str = "
kind: Node
metadata: {name: n1}
---
kind: Node
metadata: {name: n2}
spec: {taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]}
---
kind: Node
metadata: {name: kwok-1}
spec: {taints: [{key: kwok, value: 'true', effect: NoSchedule}]}
";

    fn scene(status: &str, pods: &[(&str, &str, &str)]) -> Vec<String> {
        let mut text =
            format!("{NODES}---\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec: {{}}\nstatus: {{{status}}}\n");
        for (node, age, ready) in pods {
            write!(
                text,
                "---\nkind: Pod\nmetadata: {{name: agent-{node}, creationTimestamp: AGO({age}), ownerReferences: [{{kind: DaemonSet, name: agent, controller: true}}]}}\nspec: {{nodeName: {node}}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: '{ready}'}}]}}\n"
            ).unwrap();
        }
        detect(&Scene::default().yaml(&text).view())
            .iter()
            .map(|f| format!("{:?} {:?} {}", f.reason, f.role, f.claim))
            .collect()
    }

    const BOTH: &[(&str, &str, &str)] = &[("n1", "2h", "True"), ("n2", "2h", "True")];

    #[rstest::rstest]
    #[case::intended_taint("desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2", BOTH,
        &["Serving Healthy all pods of DaemonSet shop/agent are ready (2/2); kept away on purpose from kwok-1 (taint kwok=true)"])]
    #[case::pod_missing("desiredNumberScheduled: 2, currentNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1", &BOTH[..1],
        &["DaemonIncomplete Failing DaemonSet shop/agent has 1 of the 2 pods it wants: none on n2"])]
    #[case::one_fails("desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 1, updatedNumberScheduled: 2", &[("n1", "2h", "True"), ("n2", "2h", "False")],
        &["DaemonIncomplete Failing DaemonSet shop/agent has 1 of 2 pods ready, not on n2"])]
    #[case::updating("desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 1, updatedNumberScheduled: 1", &[("n1", "2h", "True"), ("n2", "5s", "False")],
        &["RolloutInProgress Expected the rolling update (rollout) of DaemonSet shop/agent is in progress: 1 of 2 updated, 1 ready"])]
    fn daemons(#[case] status: &str, #[case] pods: &[(&str, &str, &str)], #[case] expected: &[&str]) {
        assert_eq!(scene(status, pods), expected);
    }
}
