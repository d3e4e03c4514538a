//! Nodes: not ready, under pressure, broken, cordoned, back again.
//!
//! Must never take an unknown condition for trouble: vendors add conditions whose `True` is good (`KernelReady`).
//! What a node's state means for the workloads on it is in [`super::pods`]. Start at [`detect`].

use jiff::Timestamp;

use crate::detect::say;
use crate::entity::Kind;
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Condition, Node};
use crate::view::View;
use crate::view::relate::pod_ref;

/// A node younger than this (seconds) may still be joining: its kubelet reports before its network is set up.
pub(super) const JOINING: i64 = 300;

/// Conditions that the kubelet sets when the node runs short, and of what.
/// <https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-conditions>
const PRESSURE: [(&str, &str, &str); 3] = [
    ("MemoryPressure", "memory", "NodeHasInsufficientMemory"),
    ("DiskPressure", "disk space", "NodeHasDiskPressure"),
    ("PIDPressure", "process ids", "NodeHasInsufficientPID"),
];

/// Other conditions whose `True` is trouble: the cloud's, and the two permanent ones that node-problem-detector ships with.
/// <https://kubernetes.io/docs/reference/node/node-status/#condition>, <https://github.com/kubernetes/node-problem-detector>
const PROBLEMS: [&str; 3] = ["NetworkUnavailable", "KernelDeadlock", "ReadonlyFilesystem"];

/// Trouble, intent and recent trouble of every node.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.nodes.iter().flat_map(|node| of_node(view, node)).collect()
}

fn of_node(view: &View, node: &Node) -> Vec<Finding> {
    let mut found: Vec<Finding> = not_ready(view, node).into_iter().collect();
    found.extend(PRESSURE.iter().filter_map(|(kind, what, _)| pressure(view, node, kind, what)));
    found.extend(PROBLEMS.iter().filter_map(|kind| problem(view, node, kind)));
    if found.is_empty() {
        // One object, one story: on a node that fails, a cordon is a consequence or beside the point.
        found.extend(cordoned(node));
        found.extend(past_pressure(view, node));
        found.extend(back_again(view, node));
    }
    found
}

/// A condition by type.
fn condition<'a>(node: &'a Node, kind: &str) -> Option<&'a Condition> {
    node.status.conditions.iter().find(|c| c.r#type == kind)
}

/// The `Ready` condition, when it says that the node is not.
pub(crate) fn unready<'a>(view: &View, node: &'a Node) -> Option<&'a Condition> {
    let ready = condition(node, "Ready").filter(|c| !c.is_true())?;
    let joining = ready.status == "False" && node.metadata.creation_timestamp.is_some_and(|at| view.age(at) < JOINING);
    (!joining).then_some(ready)
}

/// A node that came back within the window, and when. A node's first readiness is no recovery.
pub(super) fn recovered(view: &View, node: &Node) -> Option<Timestamp> {
    let back = (*condition(node, "Ready").filter(|c| c.is_true())?.last_transition_time)?;
    let first = node.metadata.creation_timestamp.is_none_or(|born| back.duration_since(born).as_secs() < JOINING);
    (view.in_window(back) && !first).then_some(back)
}

/// A condition as evidence.
pub(super) fn cite(node: &Node, condition: &Condition) -> Evidence {
    let of = say::of_meta(Kind::Node, &node.metadata);
    let Condition { r#type, status, reason, message, .. } = condition;
    evidence::object(&of, format!("status.conditions[{type}]: status={status} reason={reason} message={message:?}"))
}

fn not_ready(view: &View, node: &Node) -> Option<Finding> {
    let ready = unready(view, node)?;
    let of = say::of_meta(Kind::Node, &node.metadata);
    let words = if ready.message.is_empty() { &ready.reason } else { &ready.message };
    let state = if node.spec.unschedulable { "not ready, and cordoned" } else { "not ready" };
    let finding = Finding::new(Reason::NodeNotReady, of.clone(), format!("{of} is {state}: {}", say::clause(words)))
        .because(format!("its Ready condition is {} ({})", ready.status, ready.reason), cite(node, ready))
        .since(*ready.last_transition_time);
    let finding = with_lease(view, node, finding);
    let finding = with_neighbours(view, node, finding);
    let gone = format!("kubectl delete {}", of.slash());
    Some(
        finding
            .action("look at the machine: power, kubelet, container runtime, network", Some(say::describe(&of)), "none")
            .check(say::get(&of))
            .action(
                "if the machine is gone for good, delete the Node, so that its pods are made elsewhere",
                Some(gone),
                "high: a machine that still runs would run its stateful pods twice",
            )
            .check(format!("kubectl get pods -A -o wide --field-selector spec.nodeName={}", of.name)),
    )
}

/// The kubelet renews a Lease every few seconds, apart from its status: a stale one says that it does not run or
/// does not reach the API server.
fn with_lease(view: &View, node: &Node, finding: Finding) -> Finding {
    let Some(lease) = view.leases.get("kube-node-lease", &node.metadata.name) else { return finding };
    let Some(at) = *lease.spec.renew_time else { return finding };
    let proof = evidence::object(&say::of_meta(Kind::Lease, &lease.metadata), format!("spec.renewTime={at}"));
    let text = format!("its lease was renewed {} ago", say::span(view.age(at)));
    // A heartbeat that goes on means that the kubelet itself runs.
    if view.age(at) > 60 {
        finding.because(text, proof)
    } else {
        finding.rules_out(format!("the kubelet is gone or cut off: {text}"), proof)
    }
}

fn with_neighbours(view: &View, node: &Node, finding: Finding) -> Finding {
    let others = view.nodes.iter().filter(|n| n.metadata.name != node.metadata.name);
    let ready: Vec<&Node> = others.filter(|n| condition(n, "Ready").is_some_and(Condition::is_true)).collect();
    let Some(example) = ready.first() else { return finding };
    let Some(proof) = condition(example, "Ready").map(|c| cite(example, c)) else { return finding };
    let (some, all) = (ready.len(), view.nodes.len());
    finding.rules_out(format!("the control plane or the whole cluster: {some} of {all} nodes are ready"), proof)
}

fn pressure(view: &View, node: &Node, kind: &str, what: &str) -> Option<Finding> {
    let condition = condition(node, kind).filter(|c| c.is_true())?;
    let of = say::of_meta(Kind::Node, &node.metadata);
    let hog = (kind == "MemoryPressure").then(|| super::hog::hog(view, node)).flatten();
    let by = hog.as_ref().map(|(unit, used)| format!("; {unit} used {used} of it")).unwrap_or_default();
    let claim = format!("{of} is short of {what} ({kind}): {}{by}", say::clause(&condition.message));
    let mut finding = Finding::new(Reason::NodePressure, of.clone(), claim)
        .because(format!("its {kind} condition is True ({})", condition.reason), cite(node, condition))
        .since(*condition.last_transition_time);
    if let Some((unit, _)) = hog {
        finding = finding.blame(unit.clone()).points_at(unit);
    }
    for pod in evicted_from(view, node).take(3) {
        let proof = evidence::object(&pod_ref(pod), format!("status.message={:?}", pod.status.message));
        finding = finding
            .because(format!("it evicted Pod {}: {}", pod.metadata.name, say::clause(&pod.status.message)), proof);
    }
    if let Some(ready) = self::condition(node, "Ready").filter(|c| c.is_true()) {
        finding = finding.rules_out("the kubelet being gone: the node is ready", cite(node, ready));
    }
    let on_it = format!("kubectl get pods -A -o wide --field-selector spec.nodeName={}", of.name);
    Some(
        finding
            .action(format!("find what uses up the {what} of the node, and free it"), Some(on_it), "none")
            .check(say::describe(&of))
            .action(
                "keep new pods off until it is mended",
                Some(format!("kubectl cordon {}", of.name)),
                "low: less room for new pods",
            )
            .check(say::get(&of)),
    )
}

/// Pods that the kubelet of a node evicted. Their objects stay until somebody removes them.
fn evicted_from<'a>(view: &'a View, node: &'a Node) -> impl Iterator<Item = &'a crate::kube::Pod> {
    view.pods.iter().filter(move |p| p.status.reason == "Evicted" && p.spec.node_name == node.metadata.name)
}

/// Pressure that is over. It stays a cause for a workload that it evicted and that has no ready pod since.
fn past_pressure(view: &View, node: &Node) -> Option<Finding> {
    let of = say::of_meta(Kind::Node, &node.metadata);
    let reasons: Vec<&str> = PRESSURE.iter().map(|p| p.2).chain(["EvictionThresholdMet"]).collect();
    let event = view.last_event(&of, &reasons)?;
    let hurt = evicted_from(view, node).any(|p| {
        let unit = view.unit(&pod_ref(p));
        unit.kind.is_workload() && !say::live_pods(view, &unit).iter().any(|p| p.is_ready())
    });
    let role = if hurt { Role::Context } else { Role::Over };
    let claim =
        format!("{of} was short of resources and is no longer: {} ({})", say::clause(event.text()), event.reason);
    let finding = Finding::new(Reason::NodePressure, of, claim).role(role);
    Some(finding.because(format!("event {}", event.reason), evidence::event(event)).since(event.first()))
}

fn problem(view: &View, node: &Node, kind: &str) -> Option<Finding> {
    let condition = condition(node, kind).filter(|c| c.is_true())?;
    if node.metadata.creation_timestamp.is_some_and(|at| view.age(at) < JOINING) {
        return None;
    }
    let of = say::of_meta(Kind::Node, &node.metadata);
    let words = if condition.message.is_empty() { &condition.reason } else { &condition.message };
    let finding = Finding::new(Reason::NodeProblem, of.clone(), format!("{of} reports {kind}: {}", say::clause(words)))
        .because(format!("its {kind} condition is True ({})", condition.reason), cite(node, condition))
        .since(*condition.last_transition_time);
    Some(
        with_neighbours(view, node, finding)
            .action("look at what the node says, and keep new pods off it", Some(say::describe(&of)), "none")
            .check(say::get(&of)),
    )
}

fn cordoned(node: &Node) -> Option<Finding> {
    node.spec.unschedulable.then_some(())?;
    let of = say::of_meta(Kind::Node, &node.metadata);
    let taint = node.spec.taints.iter().find(|t| t.key == "node.kubernetes.io/unschedulable");
    let claim = format!("{of} is cordoned (SchedulingDisabled): it takes no new pods{}", announced(node));
    Some(
        Finding::new(Reason::NodeCordoned, of.clone(), claim)
            .role(Role::Expected)
            .because("somebody or a tool cordoned it", evidence::object(&of, "spec.unschedulable=true"))
            .since(taint.and_then(|t| *t.time_added))
            .action(
                "let pods on it again when the maintenance is over",
                Some(format!("kubectl uncordon {}", of.name)),
                "low: new pods may be placed on it",
            )
            .check(say::get(&of)),
    )
}

/// What an annotation says about the maintenance; its key differs from house to house.
pub(super) fn announced(node: &Node) -> String {
    let says = |text: &str| ["maintenance", "drain", "cordon"].iter().any(|w| text.to_lowercase().contains(w));
    let found = node.metadata.annotations.iter().find(|(key, value)| says(key) && !value.is_empty());
    found.map(|(key, value)| format!(" ({key}: {})", say::clause(value))).unwrap_or_default()
}

fn back_again(view: &View, node: &Node) -> Option<Finding> {
    let back = recovered(view, node)?;
    let ready = condition(node, "Ready")?;
    let of = say::of_meta(Kind::Node, &node.metadata);
    let lost = view.last_event(&of, &["NodeNotReady"]);
    let mut finding =
        Finding::new(Reason::NodeNotReady, of.clone(), format!("{of} was not ready, and is ready again since {back}"))
            .role(Role::Over)
            .because(format!("its Ready condition turned True at {back}"), cite(node, ready))
            .since(lost.and_then(crate::kube::Event::first).or(Some(back)));
    if let Some(event) = lost {
        finding = finding.because("it was marked not ready before", evidence::event(event));
    }
    Some(finding)
}

#[cfg(test)]
mod tests;
