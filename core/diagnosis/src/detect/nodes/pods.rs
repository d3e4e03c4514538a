//! What the state of a node means for the workloads whose pods run on it.
//!
//! The API goes on to list the pods of a lost node as `Running 1/1`, so nothing else would tell. A cordon and an outage
//! that is over do no harm: they are told as such about the workload, so that a question about the workload hears of them.

use std::collections::{BTreeMap, BTreeSet};

use super::health;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Finding, Reason, Role};
use crate::kube::{Node, Pod};
use crate::view::View;
use crate::view::relate::pod_ref;

/// Pods named in a claim's proof; the rest is counted.
const NAMED: usize = 3;

/// Pods of one workload on one node.
struct Share<'a> {
    node: &'a Node,
    unit: EntityRef,
    here: Vec<&'a Pod>,
    all: usize,
}

impl Share<'_> {
    fn on(&self) -> EntityRef {
        say::of_meta(Kind::Node, &self.node.metadata)
    }

    /// `2 of 3 pods of Deployment shop/api run on Node n1`.
    fn words(&self) -> String {
        if self.unit.kind == Kind::Pod {
            return format!("{} runs on {}", self.unit, self.on());
        }
        let verb = if self.here.len() == 1 { "runs" } else { "run" };
        format!(
            "{} of {} of {} {verb} on {}",
            self.here.len(),
            say::count(self.all as u64, "pod"),
            self.unit,
            self.on()
        )
    }

    fn proven(&self, finding: Finding) -> Finding {
        let mut finding = finding;
        finding.pods = self.here.iter().map(|p| pod_ref(p)).collect();
        let Some(pod) = self.here.first() else { return finding };
        let names = say::some(self.here.iter().map(|p| &p.metadata.name), NAMED);
        let says = format!("spec.nodeName={} status.phase={}", pod.spec.node_name, pod.status.phase);
        finding.because(format!("on it: {names}"), evidence::object(&pod_ref(pod), says))
    }
}

/// Workloads on nodes that are lost, back, or cordoned.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    let of_interest: BTreeMap<&str, &Node> = view
        .nodes
        .iter()
        .filter(|n| health::unready(view, n).is_some() || n.spec.unschedulable || health::recovered(view, n).is_some())
        .map(|n| (n.metadata.name.as_str(), n))
        .collect();
    if of_interest.is_empty() {
        return Vec::new();
    }
    let mut shares: BTreeMap<(&str, EntityRef), Vec<&Pod>> = BTreeMap::new();
    for pod in view.pods.iter().filter(|p| !is_over(p)) {
        if let Some((name, _)) = of_interest.get_key_value(pod.spec.node_name.as_str()) {
            shares.entry((name, view.unit(&pod_ref(pod)))).or_default().push(pod);
        }
    }
    let share = |((name, unit), here): ((&str, EntityRef), Vec<&Pod>)| {
        let all = view.pods_of(&unit).into_iter().filter(|p| !is_over(p)).count();
        finding(view, &Share { node: of_interest.get(name)?, unit, here, all })
    };
    shares.into_iter().filter_map(share).collect()
}

/// A pod that ends on a lost node never gets to its end, so a deletion mark alone is not "over".
fn is_over(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

fn finding(view: &View, share: &Share<'_>) -> Option<Finding> {
    if health::unready(view, share.node).is_some() {
        lost(view, share)
    } else if share.node.spec.unschedulable {
        share.here.iter().all(|p| p.is_ready()).then(|| on_cordoned(share))
    } else {
        back_again(view, share)
    }
}

fn lost(view: &View, share: &Share<'_>) -> Option<Finding> {
    let ready = health::unready(view, share.node)?;
    let (on, unit) = (share.on(), &share.unit);
    let finding = Finding::new(Reason::OnLostNode, unit.clone(), format!("{}, which is not ready", share.words()))
        .blame(on.clone())
        .points_at(on.clone())
        .because(
            format!("the node's Ready condition is {} ({})", ready.status, ready.reason),
            health::cite(share.node, ready),
        )
        .since(*ready.last_transition_time);
    let mut finding = share.proven(finding);
    let ending: BTreeSet<&str> = share
        .here
        .iter()
        .filter(|p| p.metadata.deletion_timestamp.is_some())
        .map(|p| p.metadata.name.as_str())
        .collect();
    finding =
        finding.action("bring the node back, or replace it", Some(say::describe(&on)), "none").check(say::get(&on));
    // Only a StatefulSet waits: it must not start an ordinal that may still run.
    if let Some(name) = ending.first().filter(|_| unit.kind == Kind::StatefulSet) {
        let command = format!("{} delete pod {name} --force --grace-period=0", say::kubectl(unit));
        finding = finding
            .action(
                "only when the machine is surely off: let go of the pod, so that it is made elsewhere",
                Some(command),
                "high: if the old pod still runs, two write to the same data",
            )
            .check(say::watch(unit));
    }
    let event = share.here.iter().find_map(|p| view.last_event(&pod_ref(p), &["NodeNotReady"]));
    Some(match event {
        Some(event) => finding.because("the node controller says so of the pod", evidence::event(event)),
        None => finding,
    })
}

/// Told as what works: the pods run on. A role with more weight would make the cordon a cause for everything that calls them.
fn on_cordoned(share: &Share<'_>) -> Finding {
    let words = format!(
        "{}, which is cordoned (SchedulingDisabled){}; they keep running",
        share.words(),
        health::announced(share.node)
    );
    let on = share.on();
    let finding = Finding::new(Reason::NodeCordoned, share.unit.clone(), words).role(Role::Healthy);
    share.proven(
        finding.because("a cordon keeps new pods off, no more", evidence::object(&on, "spec.unschedulable=true")),
    )
}

/// Only pods that were there during the outage have anything to do with it.
fn back_again(view: &View, share: &Share<'_>) -> Option<Finding> {
    let back = health::recovered(view, share.node)?;
    let was_there = |p: &&Pod| p.metadata.creation_timestamp.is_some_and(|born| born < back);
    let event =
        share.here.iter().filter(|p| was_there(p)).find_map(|p| view.last_event(&pod_ref(p), &["NodeNotReady"]))?;
    let words = format!("{}, which was not ready and is ready again since {back}", share.words());
    let finding = Finding::new(Reason::OnLostNode, share.unit.clone(), words)
        .role(Role::Over)
        .blame(share.on())
        .because("the node controller marked the pod", evidence::event(event))
        .since(event.first());
    Some(share.proven(finding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    const POD: &str = "
kind: StatefulSet
metadata: {name: db}
spec: {replicas: 2}
---
kind: Pod
metadata: {name: db-0, uid: u0, creationTimestamp: AGO(90m), ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}
spec: {nodeName: n1}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}
---
kind: Pod
metadata: {name: db-1, uid: u1, creationTimestamp: AGO(90m), ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}
spec: {nodeName: n2}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}
---
kind: Pod
metadata: {name: done}
spec: {nodeName: n1}
status: {phase: Succeeded}
---
kind: Event
metadata: {name: e1}
involvedObject: {kind: Pod, namespace: shop, name: db-0, uid: u0}
reason: NodeNotReady
message: Node is not ready
type: Warning
lastTimestamp: AGO(20m)
---
";

    #[rstest::rstest]
    #[case::lost("status: {conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown, lastTransitionTime: AGO(5m)}]}",
        &["OnLostNode Failing: 1 of 2 pods of StatefulSet shop/db runs on Node n1, which is not ready"])]
    #[case::cordoned("spec: {unschedulable: true}\nstatus: {conditions: [{type: Ready, status: 'True'}]}",
        &["NodeCordoned Healthy: 1 of 2 pods of StatefulSet shop/db runs on Node n1, which is cordoned (SchedulingDisabled); they keep running"])]
    #[case::back("status: {conditions: [{type: Ready, status: 'True', lastTransitionTime: AGO(18m)}]}",
        &["OnLostNode Over: 1 of 2 pods of StatefulSet shop/db runs on Node n1, which was not ready and is ready again since 2026-11-22T11:42:00Z"])]
    #[case::well("status: {conditions: [{type: Ready, status: 'True', lastTransitionTime: AGO(100h)}]}", &[])]
    #[case::joining("status: {conditions: [{type: Ready, status: 'False', reason: KubeletNotReady}]}\nkind: Node\nmetadata: {name: n1, creationTimestamp: AGO(60s)}", &[])]
    fn workloads_on_nodes(#[case] node: &str, #[case] expected: &[&str]) {
        let head = if node.contains("metadata") {
            ""
        } else {
            "kind: Node\nmetadata: {name: n1, creationTimestamp: AGO(200h)}\n"
        };
        let view = Scene::default().yaml(&format!("{POD}{head}{node}")).view();
        let got: Vec<String> =
            detect(&view).iter().map(|f| format!("{:?} {:?}: {}", f.reason, f.role, f.claim)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_lost_node_is_the_root() {
        let node = "kind: Node\nmetadata: {name: n1}\nstatus: {conditions: [{type: Ready, status: Unknown}]}";
        let view = Scene::default().yaml(&format!("{POD}{node}")).view();
        let findings: Vec<Finding> = detect(&view).into_iter().chain(health::detect(&view)).collect();
        let incidents = crate::link::incidents(&view, &findings);
        assert_eq!(incidents.len(), 1);
        assert_eq!(incidents[0].blame(), [EntityRef::new(Kind::Node, "", "n1")]);
    }
}
