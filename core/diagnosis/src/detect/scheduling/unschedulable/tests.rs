//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const NODES: &str = "
kind: Node
metadata: {name: fake-1, labels: {pool: fake}}
status: {allocatable: {cpu: '8', memory: 16Gi, pods: '110'}}
---
kind: Node
metadata: {name: kwok-1, labels: {type: kwok}}
spec: {taints: [{key: kwok, value: 'true', effect: NoSchedule}]}
status: {allocatable: {cpu: '32', memory: 1024Gi, pods: '110'}}
---
kind: Node
metadata: {name: rig-1, labels: {rig/real: 'true', zone: a}}
spec: {unschedulable: CORDON, taints: [{key: rig/real, value: 'true', effect: NoSchedule}]}
status: {allocatable: {cpu: '2', memory: 24581692Ki, pods: '110'}}
---
";
const REAL: &str = "nodeSelector: {rig/real: 'true'}, tolerations: [{key: rig/real, value: 'true', operator: Equal, effect: NoSchedule}]";

fn scene(spec: &str, message: &str, cordon: bool, more: &str) -> Vec<Finding> {
    let pod = format!(
        "
kind: Pod
metadata: {{name: t-1-x, creationTimestamp: AGO(15m), ownerReferences: [{{kind: Deployment, name: t, controller: true}}]}}
spec: {{{spec}}}
status: {{phase: Pending, conditions: [{{type: PodScheduled, status: 'False', reason: Unschedulable, lastTransitionTime: AGO(14m), message: \"{message}\"}}]}}
"
    );
    let nodes = NODES.replace("CORDON", if cordon { "true" } else { "false" });
    detect(&Scene::default().yaml(&format!("{nodes}{pod}{more}")).view())
}

fn containers(resources: &str) -> String {
    format!("containers: [{{name: c, resources: {{requests: {resources}}}}}]")
}

#[rstest::rstest]
#[case::too_big(&format!("{REAL}, {}", containers("{memory: 512Gi, cpu: 100m}")), "0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {kwok: true}, 1 node(s) didn't match Pod's node affinity/selector.",
    false, "", "SchedulingMismatch Deployment shop/t | 512Gi, Insufficient memory, 23.4 GiB, rig-1")]
#[case::full(&format!("{REAL}, {}", containers("{cpu: 1500m}")), "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector.",
    false, "---\nkind: Pod\nmetadata: {name: hog}\nspec: {nodeName: rig-1, containers: [{name: h, resources: {requests: {cpu: '1'}}}]}\nstatus: {phase: Running}",
    "Unschedulable Deployment shop/t | 1500m, Insufficient cpu, Pod shop/hog")]
#[case::selector(
    "nodeSelector: {rig/reel: 'true'}, tolerations: [{key: rig/real, operator: Exists}]",
    "0/3 nodes are available: 1 node(s) had untolerated taint {kwok: true}, 2 node(s) didn't match Pod's node affinity/selector.",
    false,
    "",
    "SchedulingMismatch Deployment shop/t | rig/reel=true, rig/real=true"
)]
#[case::taint(
    "nodeSelector: {rig/real: 'true'}",
    "0/3 nodes are available: 1 node(s) had untolerated taint {kwok: true}, 1 node(s) had untolerated taint {rig/real: true}, 1 node(s) didn't match Pod's node affinity/selector.",
    false,
    "",
    "SchedulingMismatch Deployment shop/t | taint rig/real=true"
)]
#[case::cordoned(&format!("{REAL}, {}", containers("{cpu: 100m}")), "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.",
    true, "", "Unschedulable Node rig-1 | cordoned, rig-1")]
#[case::anti_affinity(
    REAL,
    "0/3 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 2 node(s) didn't match Pod's node affinity/selector.",
    false,
    "",
    "SchedulingMismatch Deployment shop/t | anti-affinity"
)]
#[case::host_port(&format!("{REAL}, containers: [{{name: c, ports: [{{containerPort: 5514, hostPort: 5514}}]}}]"), "0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 2 node(s) didn't match Pod's node affinity/selector.",
    false, "---\nkind: Pod\nmetadata: {name: syslog}\nspec: {nodeName: rig-1, containers: [{name: h, ports: [{containerPort: 514, hostPort: 5514}]}]}\nstatus: {phase: Running}",
    "SchedulingMismatch Deployment shop/t | 5514, Pod shop/syslog")]
#[case::claim_missing(
    "volumes: [{name: d, persistentVolumeClaim: {claimName: sim-datasets}}]",
    "0/3 nodes are available: persistentvolumeclaim 'sim-datasets' not found.",
    false,
    "",
    "MissingReference PersistentVolumeClaim shop/sim-datasets | sim-datasets, not found"
)]
#[case::unbound(
    "volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]",
    "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    false,
    "---\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nstatus: {phase: Pending}",
    "Unschedulable Deployment shop/t | data"
)]
#[case::gate_forgotten(
    "schedulingGates: [{name: acme.io/check}]",
    "",
    false,
    "",
    "SchedulingGated Deployment shop/t | acme.io/check"
)]
#[case::queue("schedulingGates: [{name: kueue.x-k8s.io/admission}]", "", false, "", "Expected")]
#[case::node_coming(
    REAL,
    "0/3 nodes are available: 1 Insufficient cpu.",
    false,
    "---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: Pod, namespace: shop, name: t-1-x}\nreason: TriggeredScaleUp\nlastTimestamp: AGO(2m)",
    "Expected"
)]
fn pending_pods(
    #[case] spec: &str,
    #[case] message: &str,
    #[case] cordon: bool,
    #[case] more: &str,
    #[case] expected: &str,
) {
    let message = message.replace('\'', "\\\"").replace("didn\\\"t", "didn't").replace("Pod\\\"s", "Pod's");
    let found: Vec<Finding> = scene(spec, &message, cordon, more);
    assert_eq!(found.len(), 1, "{found:?}");
    let finding = &found[0];
    if finding.role == Role::Expected {
        assert_eq!(expected, "Expected");
        return;
    }
    let (head, words) = expected.split_once(" | ").unwrap();
    assert_eq!(format!("{:?} {}", finding.reason, finding.blame[0]), head, "{finding:?}");
    let text = format!("{finding:?}");
    for word in words.split(", ") {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn a_pod_with_a_node_or_without_a_message_is_left_alone() {
    let running = "kind: Pod\nmetadata: {name: a}\nspec: {nodeName: n1}\nstatus: {phase: Pending}";
    let fresh = "kind: Pod\nmetadata: {name: a}\nstatus: {phase: Pending}";
    for text in [running, fresh] {
        assert!(detect(&Scene::default().yaml(text).view()).is_empty(), "{text}");
    }
}
