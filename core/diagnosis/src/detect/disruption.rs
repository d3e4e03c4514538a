//! Disruption budgets that allow no eviction, when something is to be evicted.
//!
//! Start at [`detect`]. A budget that allows none is what many small services want: it is trouble only while a node
//! with its pods is being drained.

use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Event, Node, Pod, PodDisruptionBudget};
use crate::view::View;
use crate::view::relate::pod_ref;

/// A drain that lasts this long (seconds) with a pod of the budget still there is held up.
const DRAIN: i64 = 300;

/// What each budget holds back.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    let tight = view.budgets.iter().filter(|b| b.status.expected_pods > 0 && b.status.disruptions_allowed == 0);
    tight.flat_map(|budget| of_budget(view, budget)).collect()
}

fn of_budget(view: &View, budget: &PodDisruptionBudget) -> Vec<Finding> {
    let entity = say::of_meta(Kind::PodDisruptionBudget, &budget.metadata);
    let s = &budget.status;
    let pods: Vec<&Pod> = view
        .pods
        .within(entity.ns())
        .filter(|p| say::is_live(p) && budget.spec.selector.matches(&p.metadata.labels))
        .collect();
    let rule = match (&budget.spec.min_available, &budget.spec.max_unavailable) {
        (Some(n), _) => format!("minAvailable {n}"),
        (_, Some(n)) => format!("maxUnavailable {n}"),
        _ => "its rule".to_owned(),
    };
    let numbers =
        format!("{rule}, {} of {} pods healthy, {} must be", s.current_healthy, s.expected_pods, s.desired_healthy);
    let says = evidence::object(
        &entity,
        format!(
            "status: disruptionsAllowed=0 currentHealthy={} desiredHealthy={} expectedPods={} ({rule})",
            s.current_healthy, s.desired_healthy, s.expected_pods
        ),
    );
    let draining = pods.iter().find_map(|p| draining(view, budget, p).map(|node| (*p, node)));
    let event = blocked(view, &pods);
    let told = refused_in_logs(view, &pods);
    if draining.is_none() && event.is_none() && told.is_empty() {
        let text = format!("{entity} allows no disruption ({numbers}); nothing is being evicted");
        return vec![
            Finding::new(Reason::DisruptionBlocked, entity, text).role(Role::Context).because("its own status", says),
        ];
    }
    let what = match draining {
        Some((_, node)) => format!("the drain of Node {} (it cannot evict the pod)", node.metadata.name),
        None => "an eviction".to_owned(),
    };
    let text = format!("PodDisruptionBudget {} allows no disruption and holds up {what}: {numbers}", entity.name);
    let mut finding = Finding::new(Reason::DisruptionBlocked, entity.clone(), text)
        .because("its own status", says)
        .action(
            "add a replica, or loosen the budget for the time of the drain",
            Some(say::edit(&entity)),
            "medium: fewer pods are guaranteed",
        )
        .check(say::get(&entity));
    if let Some((pod, node)) = draining {
        let node = say::of_meta(Kind::Node, &node.metadata);
        finding.pods.insert(pod_ref(pod));
        finding = finding
            .because("a pod of it is still there", evidence::object(&node, "spec.unschedulable=true"))
            .since(since(view, &node));
    }
    if let Some(event) = event {
        finding = finding.since(event.first()).because("an eviction was refused", evidence::event(event));
    }
    // Too few healthy pods are the pods' trouble, not the budget's.
    for pod in pods.iter().filter(|p| s.current_healthy < s.desired_healthy && !p.is_ready()) {
        finding = finding.points_at(view.unit(&pod_ref(pod)));
    }
    for (_, says) in &told {
        finding = finding.because("a log says so", says.clone());
    }
    let mut found = vec![finding];
    found.extend(told.into_iter().map(|(unit, says)| waiting(unit, &entity, says)));
    found
}

fn since(view: &View, node: &EntityRef) -> Option<jiff::Timestamp> {
    view.nodes
        .get("", &node.name)?
        .spec
        .taints
        .iter()
        .find(|t| t.key == super::fit::CORDON_TAINT)
        .and_then(|t| *t.time_added)
}

/// The cordoned node that a pod sits on while others were taken away from it: not merely cordoned, but drained.
fn draining<'a>(view: &'a View, budget: &PodDisruptionBudget, pod: &Pod) -> Option<&'a Node> {
    let node = view.nodes.get("", &pod.spec.node_name).filter(|n| n.spec.unschedulable)?;
    let at = node.spec.taints.iter().find(|t| t.key == super::fit::CORDON_TAINT).and_then(|t| *t.time_added)?;
    let evicted = |e: &Event| {
        let about = matches!(
            e.reason.as_str(),
            "Killing" | "Evicted" | "TaintManagerEviction" | "NodeNotSchedulable" | "Drain"
        );
        about && e.last().is_some_and(|last| last >= at)
    };
    let moved = view
        .events()
        .iter()
        .any(|e| evicted(e) && (e.source.host == node.metadata.name || e.involved_object.name == node.metadata.name));
    let asked = node.metadata.annotations.keys().chain(node.metadata.labels.keys()).any(|k| k.contains("drain"));
    // Of the pods that a drain may move, only those of this budget are left.
    let others = view.pods.iter().filter(|p| p.spec.node_name == node.metadata.name && say::is_live(p)).filter(|p| {
        let owner = p.metadata.controller().map(|o| o.kind.as_str()).unwrap_or_default();
        let own = p.metadata.namespace == budget.metadata.namespace && budget.spec.selector.matches(&p.metadata.labels);
        !own && !matches!(owner, "DaemonSet" | "Node")
    });
    let alone = others.count() == 0 && view.age(at) > 2 * DRAIN;
    (view.age(at) > DRAIN && (moved || asked || alone)).then_some(node)
}

/// Logs of whoever evicts: the API server's refusal names the pod.
fn refused_in_logs(view: &View, pods: &[&Pod]) -> Vec<(EntityRef, Evidence)> {
    let mut found = Vec::new();
    for (of, previous, log) in view.logs() {
        let Ok(digest) = log else { continue };
        let line = digest.tail.iter().chain(digest.templates.iter().map(|t| &t.last)).find(|line| {
            line.text.contains("disruption budget") && pods.iter().any(|p| line.text.contains(p.metadata.name.as_str()))
        });
        let pod = EntityRef::new(Kind::Pod, &of.namespace, of.pod.clone());
        found.extend(line.map(|line| (view.unit(&pod), evidence::log(of, previous, line))));
    }
    found
}

/// Whoever waits for the eviction has the budget to thank.
fn waiting(unit: EntityRef, budget: &EntityRef, says: Evidence) -> Finding {
    let text = format!("{unit} cannot evict pods because PodDisruptionBudget {} allows no disruption", budget.name);
    Finding::new(Reason::DisruptionBlocked, unit, text)
        .blame(budget.clone())
        .points_at(budget.clone())
        .because("its log says so", says)
        .action("see the budget", Some(say::describe(budget)), "none")
        .check(say::get(budget))
}

/// An event that says an eviction was refused for a budget.
fn blocked<'a>(view: &'a View, pods: &[&Pod]) -> Option<&'a Event> {
    let refused = |e: &&Event| {
        let words = e.text().contains("disruption budget")
            || e.text().contains("PodDisruptionBudget")
            || e.text().contains("pdb");
        words && e.last().is_some_and(|at| view.in_window(at)) && e.reason != "NoPods"
    };
    let about = |e: &&Event| {
        let named =
            pods.iter().any(|p| e.text().contains(&p.metadata.name) || e.involved_object.name == p.metadata.name);
        named && matches!(e.involved_object.kind.as_str(), "Pod" | "Node")
    };
    view.events().iter().filter(refused).rfind(about)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn scene(cordoned: bool, allowed: i64, more: &str) -> Vec<String> {
        let taint = if cordoned {
            "unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule, timeAdded: AGO(20m)}]"
        } else {
            ""
        };
        let text = format!(
            "
kind: PodDisruptionBudget
metadata: {{name: store}}
spec: {{minAvailable: 2, selector: {{matchLabels: {{app: store}}}}}}
status: {{disruptionsAllowed: {allowed}, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2}}
---
kind: Node
metadata: {{name: n1}}
spec: {{{taint}}}
---
kind: Pod
metadata: {{name: store-0, labels: {{app: store}}}}
spec: {{nodeName: n1}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}
{more}"
        );
        detect(&Scene::default().yaml(&text).view()).iter().map(|f| format!("{:?} {:?}", f.reason, f.role)).collect()
    }

    const OTHER: &str = "---\nkind: Pod\nmetadata: {name: web}\nspec: {nodeName: n1}\nstatus: {phase: Running}";

    #[rstest::rstest]
    #[case::drain(true, 0, "", &["DisruptionBlocked Failing"])]
    #[case::merely_cordoned(true, 0, OTHER, &["DisruptionBlocked Context"])]
    #[case::nobody_evicts(false, 0, "", &["DisruptionBlocked Context"])]
    #[case::room(true, 1, "", &[])]
    fn budgets(#[case] cordoned: bool, #[case] allowed: i64, #[case] more: &str, #[case] expected: &[&str]) {
        assert_eq!(scene(cordoned, allowed, more), expected);
    }
}
