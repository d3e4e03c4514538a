//! Pods at their end: evicted, stuck while they terminate, ended by a node that shut down.
//!
//! Must stay silent about tombstones from before the window, and must call over what was replaced and runs.

use crate::entity::{EntityRef, Kind};
use crate::evidence::{absence, object};
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{Pod, Resource};
use crate::view::View;
use crate::view::relate::pod_ref;

use crate::detect::say::span;

/// A pod may overrun its grace period by this much, in seconds: volumes are detached and the API is told.
const OVERRUN: i64 = 60;

/// The grace period of a pod that sets none, in seconds: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>.
const GRACE: i64 = 30;

/// Evictions, pods that do not end, pods that a node ended.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    view.pods.iter().filter_map(|pod| stuck(view, pod).or_else(|| ended(view, pod))).collect()
}

fn stuck(view: &View, pod: &Pod) -> Option<Finding> {
    let deleted = (*pod.metadata.deletion_timestamp)?;
    // The API server sets the time of deletion to the moment the grace period ends.
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(GRACE);
    if view.now().duration_since(deleted).as_secs() < OVERRUN {
        return None;
    }
    let me = pod_ref(pod);
    let unit = view.unit(&me);
    let node = EntityRef::new(Kind::Node, "", pod.spec.node_name.clone());
    let finalizers = pod.metadata.finalizers.join(", ");
    let gone = !pod.spec.node_name.is_empty() && view.absent(&node);
    let (reason, why) = if !finalizers.is_empty() {
        (Reason::FinalizerBlocks, format!("finalizer {finalizers} holds it"))
    } else if gone {
        (Reason::StuckTerminating, format!("its {node} does not exist any more"))
    } else {
        (Reason::StuckTerminating, format!("{node} has not confirmed its end"))
    };
    let claim = format!("a pod of {unit} is stuck while terminating, past its grace period of {grace} s: {why}");
    let overdue = span(view.age(deleted));
    let says = object(
        &me,
        format!("metadata.deletionTimestamp={deleted} deletionGracePeriodSeconds={grace} finalizers=[{finalizers}]"),
    );
    let mut finding = Finding::new(reason, unit, claim)
        .blame(me.clone())
        .because(format!("it should have ended {overdue} ago"), says)
        .since(Some(deleted));
    finding.pods.insert(me.clone());
    if gone {
        finding = finding.because("its node is gone", absence(&node)).blame(node.clone());
    }
    if !pod.spec.node_name.is_empty() {
        finding = finding.points_at(node);
    }
    let kubectl = format!("kubectl -n {}", pod.metadata.namespace);
    let finding = if finalizers.is_empty() {
        let force = format!("{kubectl} delete pod {} --grace-period=0 --force", me.name);
        finding.action(
            "if the node will not return, delete the pod by force",
            Some(force),
            "high: the process may still run there",
        )
    } else {
        let patch =
            format!("{kubectl} patch pod {} --type merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'", me.name);
        finding.action(
            "find the controller of the finalizer; if there is none any more, remove it",
            Some(patch),
            "medium: skips its clean-up",
        )
    };
    Some(finding.check(format!("{kubectl} get pod {}", me.name)))
}

fn ended(view: &View, pod: &Pod) -> Option<Finding> {
    if pod.status.phase != "Failed" || pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let at = ended_at(view, pod)?;
    if !view.in_window(at) {
        return None;
    }
    let finding = match pod.status.reason.as_str() {
        "Evicted" => evicted(view, pod),
        "Preempting" | "Preempted" => by_node(view, pod, Reason::Evicted, "was preempted by a pod of higher priority"),
        "NodeShutdown" | "Terminated" | "Shutdown" | "NodeLost" => {
            by_node(view, pod, Reason::Evicted, "was ended because its node shut down")
        }
        "NodeAffinity" | "UnexpectedAdmissionError" | "OutOfcpu" | "OutOfmemory" | "OutOfpods" => {
            by_node(view, pod, Reason::SchedulingMismatch, "was refused by the kubelet of its node")
        }
        _ => return None,
    };
    let says = object(
        &pod_ref(pod),
        format!("status.reason={} status.message={}", pod.status.reason, pod.status.message.trim()),
    );
    let mut finding = finding.because("the kubelet says so", says).since(Some(at));
    finding.pods.insert(pod_ref(pod));
    let again = finding.reason == Reason::DiskFull && evictions(view, pod) > 1;
    Some(if !again && is_replaced(view, pod) { finding.role(Role::Over) } else { finding })
}

/// When the pod ended: the newest time its status carries, else the time of its eviction event.
fn ended_at(view: &View, pod: &Pod) -> Option<jiff::Timestamp> {
    let event =
        view.last_event(&pod_ref(pod), &["Evicted", "Preempted", "NodeShutdown"]).and_then(crate::kube::Event::last);
    let conditions = pod.status.conditions.iter().filter_map(|c| *c.last_transition_time).max();
    let runs = pod.status.container_statuses.iter().filter_map(|s| *s.state.terminated.as_ref()?.finished_at).max();
    event.or(conditions.max(runs)).or(*pod.status.start_time)
}

/// Whether the workload has made a newer pod that is ready, and all its current pods are.
fn is_replaced(view: &View, pod: &Pod) -> bool {
    let unit = view.unit(&pod_ref(pod));
    let current: Vec<&Pod> = view
        .pods_of(&unit)
        .into_iter()
        .filter(|p| {
            p.metadata.name != pod.metadata.name && p.status.phase != "Failed" && p.meta().deletion_timestamp.is_none()
        })
        .collect();
    !current.is_empty() && current.iter().all(|p| p.is_ready() || p.is_completed())
}

/// How many pods of the workload were evicted in the window: what happens again is not over.
fn evictions(view: &View, pod: &Pod) -> usize {
    let siblings = view.pods_of(&view.unit(&pod_ref(pod)));
    siblings
        .iter()
        .filter(|p| p.status.reason == "Evicted" && ended_at(view, p).is_some_and(|at| view.in_window(at)))
        .count()
}

/// The memory that a container of an evicted pod used, in its message: `was using 900Mi, request is 64Mi`.
fn usage(pod: &Pod) -> Option<(f64, f64)> {
    let (_, rest) = pod.status.message.split_once("was using ")?;
    let used = rest.split([',', ' ']).next().and_then(crate::quantity::parse)?;
    let asked = rest
        .split_once("request is ")
        .and_then(|(_, r)| r.split([',', ' ']).next())
        .and_then(|t| crate::quantity::parse(t.trim_end_matches('.')));
    Some((used, asked.unwrap_or(0.0)))
}

/// The workload that used most of what the node ran out of: an evicted one that took at least a quarter of the node and
/// far more than it asked for.
fn hog(view: &View, node: &str) -> Option<EntityRef> {
    let whole = view.nodes.get("", node)?.status.allocatable.get("memory").and_then(|m| crate::quantity::parse(m))?;
    let evicted = view.pods.iter().filter(|p| {
        p.spec.node_name == node && p.status.reason == "Evicted" && p.status.message.contains("resource: memory")
    });
    let greedy = evicted
        .filter_map(|p| Some((p, usage(p)?)))
        .filter(|(_, (used, asked))| *used >= whole / 4.0 && *used > 4.0 * asked);
    let (pod, _) = greedy.max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))?;
    Some(view.unit(&pod_ref(pod)))
}

fn evicted(view: &View, pod: &Pod) -> Finding {
    let unit = view.unit(&pod_ref(pod));
    let message = pod.status.message.trim();
    let own = [
        "exceeds its local ephemeral storage limit",
        "ephemeral local storage usage exceeds",
        "Usage of EmptyDir volume",
        "exceeded its local ephemeral storage",
    ];
    let said: String = message.replace(&pod.metadata.name, "POD").chars().take(240).collect();
    let edit = format!("kubectl -n {} edit {}", pod.metadata.namespace, unit.slash());
    let watch = format!("kubectl -n {} get pods", pod.metadata.namespace);
    if own.iter().any(|w| message.contains(w)) {
        let claim = format!("pods of {unit} are evicted because they use more storage than they may: {said}");
        return Finding::new(Reason::DiskFull, unit, claim)
            .action(
                "raise its ephemeral-storage limit or sizeLimit, or make it write less",
                Some(edit),
                "low: replaces the pods",
            )
            .check(watch);
    }
    let node = EntityRef::new(Kind::Node, "", pod.spec.node_name.clone());
    let pressure = message.contains("low on resource") || message.contains("had condition");
    // Amounts differ from pod to pod; the claim must not.
    let short = said.split(". ").next().unwrap_or(&said);
    let hog = hog(view, &node.name).filter(|_| message.contains("resource: memory"));
    let why = match &hog {
        Some(hog) if *hog == unit => ", which it used up itself, far above its request".to_owned(),
        Some(hog) => format!(", which {hog} used up"),
        None => String::new(),
    };
    let claim = format!("pods of {unit} are evicted from {node}: {short}{why}");
    let mut finding = Finding::new(Reason::Evicted, unit.clone(), claim);
    match hog {
        Some(hog) => finding = finding.blame(hog.clone()).points_at(hog),
        None if !node.name.is_empty() => {
            finding = finding.points_at(node.clone());
            if pressure {
                finding = finding.blame(node.clone());
            }
        }
        None => {}
    }
    if let Some(usage) = message.split(". ").find(|s| s.contains("was using")) {
        finding = finding.because(usage.to_owned(), object(&pod_ref(pod), format!("status.message={message}")));
    }
    finding
        .action("see what fills the node", Some(format!("kubectl describe node {}", node.name)), "none")
        .check(watch)
        .action(
            format!("give {unit} requests that match its use, so that it is evicted last"),
            Some(edit),
            "low: replaces the pods",
        )
}

fn by_node(view: &View, pod: &Pod, reason: Reason, what: &str) -> Finding {
    let unit = view.unit(&pod_ref(pod));
    let claim = format!("a pod of {unit} {what} ({})", pod.status.reason);
    let node = EntityRef::new(Kind::Node, "", pod.spec.node_name.clone());
    let finding = Finding::new(reason, unit, claim).confidence(Confidence::Medium);
    let finding = if node.name.is_empty() { finding } else { finding.points_at(node.clone()) };
    finding.action("look at the node", Some(format!("kubectl describe node {}", node.name)), "none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    const OWNER: &str =
        "ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}], labels: {pod-template-hash: '1'}";

    fn found(meta: &str, status: &str, sibling: &str) -> Vec<Finding> {
        let yaml = format!(
            "
kind: Pod
metadata: {{name: web-1-a, {OWNER}, {meta}}}
spec: {{nodeName: n1, containers: [{{name: web}}]}}
status: {{{status}}}
---
kind: Pod
metadata: {{name: web-1-b, {OWNER}}}
status: {{{sibling}}}
---
kind: Node
metadata: {{name: n1}}
"
        );
        detect(&Scene::default().yaml(&yaml).unseen(Kind::ReplicaSet, crate::probe::ReadFailure::NotRecorded).view())
    }

    const READY: &str = "phase: Running, conditions: [{type: Ready, status: 'True'}]";
    const PENDING: &str = "phase: Pending";
    const NODE_LOW: &str = "phase: Failed, reason: Evicted, message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container web was using 900Mi, request is 0.', startTime: AGO(10m)";
    const OLD: &str =
        "phase: Failed, reason: Evicted, message: 'The node was low on resource: memory.', startTime: AGO(30h)";
    const EMPTY_DIR: &str = "phase: Failed, reason: Evicted, message: 'Usage of EmptyDir volume \"scratch\" exceeds the limit \"64Mi\". ', startTime: AGO(10m)";

    #[rstest::rstest]
    #[case::node_pressure("", NODE_LOW, PENDING, Some((Reason::Evicted, Role::Failing, "Node n1", "low on resource: memory")))]
    #[case::own_storage("", EMPTY_DIR, PENDING, Some((Reason::DiskFull, Role::Failing, "Deployment shop/web", "64Mi")))]
    #[case::replaced("", NODE_LOW, READY, Some((Reason::Evicted, Role::Over, "Node n1", "evicted")))]
    #[case::shut_down("", "phase: Failed, reason: NodeShutdown, startTime: AGO(9m)", READY, Some((Reason::Evicted, Role::Over, "Deployment shop/web", "NodeShutdown")))]
    #[case::tombstone("", OLD, READY, None)]
    #[case::finalizer("deletionTimestamp: AGO(20m), deletionGracePeriodSeconds: 30, finalizers: [acme.io/guard]", READY, READY, Some((Reason::FinalizerBlocks, Role::Failing, "Pod shop/web-1-a", "acme.io/guard")))]
    #[case::terminating("deletionTimestamp: AGO(20s), deletionGracePeriodSeconds: 30", READY, READY, None)]
    #[case::still_in_grace("deletionTimestamp: AGO(-20s), deletionGracePeriodSeconds: 600", READY, READY, None)]
    #[case::plain_failure("", "phase: Failed, startTime: AGO(9m)", READY, None)]
    fn ends(
        #[case] meta: &str,
        #[case] status: &str,
        #[case] sibling: &str,
        #[case] expected: Option<(Reason, Role, &str, &str)>,
    ) {
        let found = found(meta, status, sibling);
        assert_eq!(found.len(), usize::from(expected.is_some()), "{found:?}");
        if let (Some(f), Some((reason, role, blame, says))) = (found.first(), expected) {
            assert_eq!((f.reason, f.role, f.blame[0].to_string().as_str()), (reason, role, blame));
            assert!(f.claim.contains(says), "{}", f.claim);
        }
    }
}
