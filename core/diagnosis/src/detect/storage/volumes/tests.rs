//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const BASE: &str = "
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], volumeName: pv1, resources: {requests: {storage: 20Gi}}}
status: {phase: PHASE, capacity: {storage: HASGi}}
---
kind: PersistentVolume
metadata: {name: pv1}
spec: {claimRef: {namespace: shop, name: data}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [a]}]}]}}}
---
kind: Node
metadata: {name: n1, labels: {zone: a}}
spec: {unschedulable: true}
---
kind: Pod
metadata: {name: old}
spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}
---
kind: Pod
metadata: {name: new}
spec: {SPEC volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}
status: {phase: Pending}
---
kind: Event
metadata: {name: e}
involvedObject: {kind: KIND, namespace: shop, name: WHO}
reason: REASON
message: 'MESSAGE'
firstTimestamp: AGO(10m)
lastTimestamp: AGO(1m)
";

const MULTI: &str = "Multi-Attach error for volume \"pv1\" Volume is already used by pod(s) old";
const ZONE: &str = "0/1 nodes are available: 1 node(s) had volume node affinity conflict.";

#[rstest::rstest]
#[case::multi_attach(
    "Bound",
    "20",
    "nodeName: n2,",
    "FailedAttachVolume",
    MULTI,
    Some(
        "[Pod shop/new] PersistentVolumeClaim shop/data is attached to another node, so that no pod of Pod shop/new can start there: Multi-Attach error for volume \"pv1\" Volume is already used by pod(s) old"
    )
)]
#[case::selector_excludes(
    "Bound",
    "20",
    "nodeSelector: {zone: b},",
    "FailedScheduling",
    ZONE,
    Some(
        "[Pod shop/new] the volume of PersistentVolumeClaim shop/data is in zone=a, the pods of Pod shop/new ask for zone=b: volume node affinity conflict"
    )
)]
#[case::place_is_shut(
    "Bound",
    "20",
    "",
    "FailedScheduling",
    ZONE,
    Some(
        "[PersistentVolumeClaim shop/data] the volume of PersistentVolumeClaim shop/data is in zone=a, where no node takes the pods of Pod shop/new: volume node affinity conflict"
    )
)]
#[case::lost(
    "Lost",
    "20",
    "",
    "None",
    "",
    Some("[PersistentVolumeClaim shop/data] PersistentVolumeClaim shop/data is Lost: its volume pv1 is gone")
)]
#[case::not_enlarged(
    "Bound",
    "10",
    "",
    "VolumeResizeFailed",
    "quota reached",
    Some(
        "[PersistentVolumeClaim shop/data] PersistentVolumeClaim shop/data cannot be enlarged (10 GiB of 20 GiB): quota reached"
    )
)]
#[case::being_enlarged("Bound", "10", "", "Resizing", "External resizer is resizing volume pv1", None)]
#[case::another_reason("Bound", "20", "", "FailedScheduling", "1 Insufficient cpu", None)]
#[case::well("Bound", "20", "nodeName: n1,", "Scheduled", "Successfully assigned", None)]
fn volumes(
    #[case] phase: &str,
    #[case] has: &str,
    #[case] spec: &str,
    #[case] reason: &str,
    #[case] message: &str,
    #[case] expected: Option<&str>,
) {
    let (kind, who) = if reason.contains("Resiz") { ("PersistentVolumeClaim", "data") } else { ("Pod", "new") };
    let text = [
        ("PHASE", phase),
        ("HAS", has),
        ("SPEC", spec),
        ("KIND", kind),
        ("WHO", who),
        ("REASON", reason),
        ("MESSAGE", message),
    ]
    .iter()
    .fold(BASE.to_owned(), |text, (from, to)| text.replace(from, to));
    let found = detect(&Scene::default().yaml(&text).view());
    let got: Vec<String> = found.iter().map(|f| format!("[{}] {}", say::some(&f.blame, 3), f.claim)).collect();
    assert_eq!(got, expected.into_iter().collect::<Vec<_>>());
}
