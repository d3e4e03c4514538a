//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const REST: &str = "
---
kind: Node
metadata: {name: n2, creationTimestamp: AGO(200h)}
status: {conditions: [{type: Ready, status: 'True', reason: KubeletReady, lastTransitionTime: AGO(200h)}]}
";

#[rstest::rstest]
#[case::gone("", "{type: Ready, status: Unknown, reason: NodeStatusUnknown, message: Kubelet stopped posting node status., lastTransitionTime: AGO(5m)}",
    &["NodeNotReady Failing: Node n1 is not ready: Kubelet stopped posting node status"])]
#[case::network_plugin("", "{type: Ready, status: 'False', reason: KubeletNotReady, message: 'container runtime network not ready: cni plugin not initialized'}",
    &["NodeNotReady Failing: Node n1 is not ready: container runtime network not ready: cni plugin not initialized"])]
#[case::gone_and_cordoned("spec: {unschedulable: true}", "{type: Ready, status: Unknown, reason: NodeStatusUnknown}",
    &["NodeNotReady Failing: Node n1 is not ready, and cordoned: NodeStatusUnknown"])]
#[case::disk("", "{type: Ready, status: 'True'}, {type: DiskPressure, status: 'True', message: kubelet has disk pressure}",
    &["NodePressure Failing: Node n1 is short of disk space (DiskPressure): kubelet has disk pressure"])]
#[case::no_route("", "{type: Ready, status: 'True'}, {type: NetworkUnavailable, status: 'True', reason: NoRouteCreated}",
    &["NodeProblem Failing: Node n1 reports NetworkUnavailable: NoRouteCreated"])]
#[case::cordoned("spec: {unschedulable: true}", "{type: Ready, status: 'True'}",
    &["NodeCordoned Expected: Node n1 is cordoned (SchedulingDisabled): it takes no new pods"])]
#[case::back("", "{type: Ready, status: 'True', lastTransitionTime: AGO(18m)}",
    &["NodeNotReady Over: Node n1 was not ready, and is ready again since 2026-11-22T11:42:00Z"])]
#[case::vendor_conditions_that_are_good("", "{type: Ready, status: 'True'}, {type: KernelReady, status: 'True'}, {type: NetworkingReady, status: 'True'}, {type: Frobnicated, status: 'True'}", &[])]
#[case::pressure_unknown("", "{type: Ready, status: 'True'}, {type: MemoryPressure, status: Unknown}", &[])]
#[case::well("", "{type: Ready, status: 'True', lastTransitionTime: AGO(90h)}, {type: MemoryPressure, status: 'False'}", &[])]
fn nodes(#[case] spec: &str, #[case] conditions: &str, #[case] expected: &[&str]) {
    let node = format!(
        "kind: Node\nmetadata: {{name: n1, creationTimestamp: AGO(100h)}}\n{spec}\nstatus: {{conditions: [{conditions}]}}"
    );
    let view = Scene::default().yaml(&format!("{node}{REST}")).view();
    let got: Vec<String> = detect(&view).iter().map(|f| format!("{:?} {:?}: {}", f.reason, f.role, f.claim)).collect();
    assert_eq!(got, expected);
}

#[rstest::rstest]
#[case::joining("60s", "{type: Ready, status: 'False', reason: KubeletNotReady}")]
#[case::joined("10m", "{type: Ready, status: 'True', lastTransitionTime: AGO(9m)}")]
fn a_young_node_is_no_trouble(#[case] age: &str, #[case] condition: &str) {
    let node = format!(
        "kind: Node\nmetadata: {{name: n1, creationTimestamp: AGO({age})}}\nstatus: {{conditions: [{condition}]}}"
    );
    assert_eq!(detect(&Scene::default().yaml(&node).view()), []);
}

#[rstest::rstest]
#[case::nobody_hurt("", Role::Over)]
#[case::still_gone(
    "
---
kind: Pod
metadata: {name: db-0, ownerReferences: [{kind: StatefulSet, name: db, controller: true}]}
spec: {nodeName: n1}
status: {phase: Failed, reason: Evicted, message: 'The node was low on resource: ephemeral-storage.'}",
    Role::Context
)]
fn past_pressure(#[case] more: &str, #[case] role: Role) {
    let text = format!(
        "kind: Node\nmetadata: {{name: n1}}\nstatus: {{conditions: [{{type: Ready, status: 'True'}}]}}\n---\nkind: Event\nmetadata: {{name: e}}\ninvolvedObject: {{kind: Node, name: n1}}\nreason: EvictionThresholdMet\nmessage: Attempting to reclaim ephemeral-storage\nlastTimestamp: AGO(20m){more}"
    );
    let found = detect(&Scene::default().yaml(&text).view());
    assert_eq!((found.len(), found[0].role, found[0].reason), (1, role, Reason::NodePressure));
}
