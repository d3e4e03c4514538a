//! Nodes: not ready, under pressure, cordoned, back again; and the workloads whose pods sit on a node that is not ready.
//!
//! Start at [`detect`]. On a node that stopped reporting, pods are still listed as running and ready: their workloads
//! get a finding that points at the node. Conditions of vendors are read by the table of those whose `True` is bad.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::fit::CORDON_TAINT;
use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Condition, Event, Node, Pod};
use crate::quantity;
use crate::view::View;
use crate::view::relate::pod_ref;

/// A node that joined less than this many seconds ago is still coming up.
const JOINING: i64 = 300;

/// Conditions whose `True` means trouble, with the words for it. The first four are the kubelet's, the others those of the
/// node problem detector: <https://github.com/kubernetes/node-problem-detector>. All others are left alone: of some
/// vendors' conditions (`KernelReady`, `StorageReady`) `True` is healthy.
const BAD: &[(&str, &str)] = &[
    ("MemoryPressure", "is short of memory (MemoryPressure)"),
    ("DiskPressure", "is short of disk space (DiskPressure)"),
    ("PIDPressure", "is short of process ids (PIDPressure)"),
    ("NetworkUnavailable", "has no pod network (NetworkUnavailable)"),
    ("KernelDeadlock", "has a kernel deadlock (KernelDeadlock)"),
    ("ReadonlyFilesystem", "has a read-only file system (ReadonlyFilesystem)"),
];

/// What each node is doing, and whom it takes down.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    let down: BTreeMap<&str, EntityRef> =
        view.nodes.iter().filter(|n| not_ready(n).is_some()).map(|n| (n.metadata.name.as_str(), node_ref(n))).collect();
    let mut found: Vec<Finding> = view.nodes.iter().flat_map(|node| of_node(view, node)).collect();
    found.extend(stranded(view, &down));
    found
}

fn node_ref(node: &Node) -> EntityRef {
    say::of_meta(Kind::Node, &node.metadata)
}

fn not_ready(node: &Node) -> Option<&Condition> {
    node.status.conditions.iter().find(|c| c.r#type == "Ready" && !c.is_true())
}

/// Lets nodes that are not ready explain a finding about the pods on them. Pressure and cordons explain nothing about
/// pods that run.
pub(super) fn explained_by<'a>(view: &View, pods: impl IntoIterator<Item = &'a Pod>, finding: Finding) -> Finding {
    let lost = |pod: &Pod| {
        let node = view.nodes.get("", &pod.spec.node_name)?;
        not_ready(node).map(|_| node_ref(node))
    };
    let nodes: BTreeSet<EntityRef> = pods.into_iter().filter_map(lost).collect();
    nodes.into_iter().fold(finding, Finding::points_at)
}

fn says(node: &Node, condition: &Condition) -> Evidence {
    evidence::object(
        &node_ref(node),
        format!("{}={} {}: {}", condition.r#type, condition.status, condition.reason, condition.message),
    )
}

fn of_node(view: &View, node: &Node) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(condition) = not_ready(node) {
        found.push(unready(view, node, condition));
    } else {
        found.extend(back(view, node));
        found.extend(pressures(view, node));
    }
    if node.spec.unschedulable {
        found.push(cordoned(view, node));
    }
    found
}

fn unready(view: &View, node: &Node, condition: &Condition) -> Finding {
    let entity = node_ref(node);
    let since = *condition.last_transition_time;
    let words = say::clause(&format!("{}: {}", condition.reason, condition.message));
    let heard = last_heard(view, node, condition).map(|at| format!(", last heard of at {at}")).unwrap_or_default();
    let on = view.pods.iter().filter(|p| p.spec.node_name == entity.name && say::is_live(p)).count();
    let text = format!("{entity} is not ready (Ready={}, {words}){heard}", condition.status);
    let joining = node.metadata.creation_timestamp.is_some_and(|at| view.age(at) < JOINING);
    Finding::new(Reason::NodeNotReady, entity.clone(), text)
        .role(if joining { Role::Expected } else { Role::Failing })
        .since(since)
        .because("its Ready condition", says(node, condition))
        .because(format!("{on} pods that were read are on it"), evidence::object(&entity, format!("pods on it: {on}")))
        .action("see what the kubelet and the machine are doing", Some(say::describe(&entity)), "none")
        .check(say::get(&entity))
        .action(
            "if it does not come back, drain it and replace the machine",
            Some(format!("kubectl drain {} --ignore-daemonsets --delete-emptydir-data", entity.name)),
            "high: ends its pods",
        )
}

/// The last sign of life: the lease of the node, or the heartbeat of the condition.
fn last_heard(view: &View, node: &Node, condition: &Condition) -> Option<Timestamp> {
    let lease = view.leases.get("kube-node-lease", &node.metadata.name).and_then(|l| *l.spec.renew_time);
    lease.or(*condition.last_heartbeat_time)
}

/// A node that was not ready within the window and is again.
fn back(view: &View, node: &Node) -> Option<Finding> {
    let ready = node.status.conditions.iter().find(|c| c.r#type == "Ready")?;
    let since = (*ready.last_transition_time).filter(|at| view.in_window(*at))?;
    let joined = node.metadata.creation_timestamp.is_none_or(|at| since.duration_since(at).as_secs() < JOINING);
    if joined {
        return None;
    }
    let entity = node_ref(node);
    let text = format!("{entity} was not ready and is ready again since {since}");
    let mut finding = Finding::new(Reason::NodeNotReady, entity.clone(), text)
        .role(Role::Over)
        .since(Some(since))
        .because("its Ready condition changed", says(node, ready));
    let told = view.events().iter().rev().find(|e| {
        let on = view
            .pods
            .get(&e.involved_object.namespace, &e.involved_object.name)
            .is_some_and(|p| p.spec.node_name == entity.name);
        e.reason == "NodeNotReady"
            && (on || e.involved_object.name == entity.name)
            && e.last().is_some_and(|at| view.in_window(at))
    });
    if let Some(event) = told {
        finding = finding.since(event.first()).because("when it was not", evidence::event(event));
    }
    Some(finding)
}

fn pressures(view: &View, node: &Node) -> Vec<Finding> {
    let one = |condition: &Condition| {
        let (_, words) = BAD.iter().find(|(kind, _)| *kind == condition.r#type)?;
        condition.is_true().then(|| pressure(view, node, condition, words))
    };
    node.status.conditions.iter().filter_map(one).collect()
}

fn pressure(view: &View, node: &Node, condition: &Condition, words: &str) -> Finding {
    let entity = node_ref(node);
    let hog = (condition.r#type == "MemoryPressure").then(|| hog(view, node)).flatten();
    let by = hog
        .as_ref()
        .map(|(unit, used, event)| format!(": {unit} used {used} when it was evicted ({})", say::clause(event.text())));
    let text = format!("{entity} {words}{}", by.unwrap_or_default());
    let reason = if condition.r#type == "NetworkUnavailable" { Reason::NodeNotReady } else { Reason::NodePressure };
    let finding = Finding::new(reason, entity.clone(), text)
        .since(*condition.last_transition_time)
        .because("its condition", says(node, condition))
        .action("see what uses it up", Some(say::describe(&entity)), "none")
        .check(say::get(&entity));
    match hog {
        Some((unit, used, event)) => {
            let edit = say::edit(&unit);
            finding
                .because(format!("{unit} used {used}"), evidence::event(event))
                .points_at(unit.clone())
                .blame(unit)
                .action("give that workload a memory limit, or more room", Some(edit), "low: replaces its pods")
        }
        None => finding,
    }
}

/// The workload that took at least half of a node's memory without asking for it, as the kubelet's evictions tell.
fn hog<'a>(view: &'a View, node: &Node) -> Option<(EntityRef, String, &'a Event)> {
    let room = quantity::parse(node.status.allocatable.get("memory")?)?;
    let evicted =
        view.events().iter().filter(|e| e.reason == "Evicted" && e.last().is_some_and(|at| view.in_window(at)));
    let used = evicted.filter_map(|event| {
        let about = &event.involved_object;
        let pod = EntityRef::new(Kind::Pod, &about.namespace, about.name.clone());
        let elsewhere = view.pods.get(pod.ns(), &pod.name).is_some_and(|p| p.spec.node_name != node.metadata.name);
        let (_, rest) = event.text().split_once(" was using ")?;
        let amount = rest.split([',', ' ']).next()?;
        let value = quantity::parse(amount)?;
        (!elsewhere && value > room / 2.0).then_some((view.unit(&pod), value, event))
    });
    let (unit, value, event) = used.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((unit, quantity::bytes(value), event))
}

fn cordoned(view: &View, node: &Node) -> Finding {
    let entity = node_ref(node);
    let since = node.spec.taints.iter().find(|t| t.key == CORDON_TAINT).and_then(|t| *t.time_added);
    let age = since.map(|at| format!(" for {}", say::span(view.age(at)))).unwrap_or_default();
    let text =
        format!("{entity} is cordoned (SchedulingDisabled){age}: it takes no new pods, those it has keep running");
    Finding::new(Reason::NodeCordoned, entity.clone(), text)
        .role(Role::Expected)
        .since(since)
        .because("it is marked", evidence::object(&entity, "spec.unschedulable=true"))
        .action(
            "open it again when its maintenance is over",
            Some(format!("kubectl uncordon {}", entity.name)),
            "low: pods may land there",
        )
        .check(say::get(&entity))
}

/// Workloads with pods on a node that is not ready.
fn stranded(view: &View, down: &BTreeMap<&str, EntityRef>) -> Vec<Finding> {
    let mut by_unit: BTreeMap<(EntityRef, &EntityRef), BTreeSet<EntityRef>> = BTreeMap::new();
    for pod in view.pods.iter().filter(|p| say::is_live(p) || p.metadata.deletion_timestamp.is_some()) {
        if let Some(node) = down.get(pod.spec.node_name.as_str()) {
            let entity = pod_ref(pod);
            by_unit.entry((view.unit(&entity), node)).or_default().insert(entity);
        }
    }
    by_unit.into_iter().map(|((unit, node), pods)| on_lost_node(view, &unit, node, pods)).collect()
}

fn on_lost_node(view: &View, unit: &EntityRef, node: &EntityRef, pods: BTreeSet<EntityRef>) -> Finding {
    let since = view.nodes.get("", &node.name).and_then(not_ready).and_then(|c| *c.last_transition_time);
    let text = format!(
        "{} of {unit} on {node}, which is not ready, so what their status says is out of date",
        say::count(pods.len() as u64, "pod")
    );
    let mut finding = Finding::new(Reason::PodNotReady, unit.clone(), text)
        .blame(node.clone())
        .points_at(node.clone())
        .since(since)
        .because(
            "where they run",
            evidence::object(node, format!("pods: {}", say::some(pods.iter().map(|p| &p.name), 3))),
        )
        .action("bring the node back", Some(say::describe(node)), "none")
        .check(format!("{} get pods -o wide", say::kubectl(unit)));
    finding.pods = pods;
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    fn scene(spec: &str, conditions: &str, more: &str) -> Vec<String> {
        let text = format!(
            "
kind: Node
metadata: {{name: n1, creationTimestamp: AGO(900h)}}
spec: {{{spec}}}
status: {{allocatable: {{memory: 24Gi}}, conditions: [{conditions}]}}
---
kind: Pod
metadata: {{name: db-0, ownerReferences: [{{kind: StatefulSet, name: db, controller: true}}]}}
spec: {{nodeName: n1}}
status: {{phase: Running, conditions: [{{type: Ready, status: 'True'}}]}}
{more}"
        );
        let found = detect(&Scene::default().yaml(&text).view());
        found.iter().map(|f| format!("{:?} {:?} {} -> {}", f.reason, f.role, f.subject, f.blame[0])).collect()
    }

    const READY: &str = "{type: Ready, status: 'True', lastTransitionTime: AGO(800h)}";
    const LOST: &str = "{type: Ready, status: Unknown, reason: NodeStatusUnknown, message: Kubelet stopped posting node status., lastTransitionTime: AGO(10m)}";
    const FLAP: &str = "{type: Ready, status: 'True', lastTransitionTime: AGO(20m)}";
    const HOG: &str = "---
kind: Event
metadata: {name: e}
involvedObject: {kind: Pod, namespace: shop, name: etl}
reason: Evicted
lastTimestamp: AGO(2m)
message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 61220Ki. Container loader was using 22187312Ki, request is 64Mi, has larger consumption of memory.'";

    #[rstest::rstest]
    #[case::fine("", READY, "", &[])]
    #[case::lost("", LOST, "", &["NodeNotReady Failing Node n1 -> Node n1", "PodNotReady Failing StatefulSet shop/db -> Node n1"])]
    #[case::came_back("", FLAP, "", &["NodeNotReady Over Node n1 -> Node n1"])]
    #[case::cordoned("unschedulable: true", READY, "", &["NodeCordoned Expected Node n1 -> Node n1"])]
    #[case::disk("", &format!("{READY}, {{type: DiskPressure, status: 'True'}}"), "", &["NodePressure Failing Node n1 -> Node n1"])]
    #[case::memory_hog("", &format!("{READY}, {{type: MemoryPressure, status: 'True'}}"), HOG, &["NodePressure Failing Node n1 -> Pod shop/etl"])]
    #[case::vendor("", &format!("{READY}, {{type: KernelReady, status: 'True'}}, {{type: StorageReady, status: 'True'}}"), "", &[])]
    fn states(#[case] spec: &str, #[case] conditions: &str, #[case] more: &str, #[case] expected: &[&str]) {
        assert_eq!(scene(spec, conditions, more), expected);
    }
}
