//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const CLASSES: &str = "
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
volumeBindingMode: Immediate
---
kind: StorageClass
metadata: {name: lazy}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
---
kind: StorageClass
metadata: {name: local}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
---
";

fn got(spec: &str, more: &str) -> Vec<String> {
    let claim = format!(
        "kind: PersistentVolumeClaim\nmetadata: {{name: data, uid: u2, creationTimestamp: AGO(30m)}}\nspec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 10Gi}}}}{spec}}}\nstatus: {{phase: Pending}}"
    );
    let found = detect(&Scene::default().yaml(&format!("{CLASSES}{claim}{more}")).view());
    found.iter().map(|f| format!("{:?} {:?} [{}]: {}", f.reason, f.role, say::some(&f.blame, 3), f.claim)).collect()
}

const POD: &str = "\n---\nkind: Pod\nmetadata: {name: web}\nspec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}\nstatus: {phase: Pending}";

fn event(of: &str, name: &str, reason: &str, message: &str) -> String {
    format!(
        "\n---\nkind: Event\nmetadata: {{name: e}}\ninvolvedObject: {{kind: {of}, namespace: shop, name: {name}}}\nreason: {reason}\nmessage: '{message}'\nlastTimestamp: AGO(2m)"
    )
}

fn volume(spec: &str, phase: &str) -> String {
    format!(
        "\n---\nkind: PersistentVolume\nmetadata: {{name: pv1}}\nspec: {{storageClassName: '', {spec}}}\nstatus: {{phase: {phase}}}"
    )
}

const C: &str = "PersistentVolumeClaim shop/data";

#[rstest::rstest]
#[case::typo(
    ", storageClassName: gp33",
    "",
    "ClaimUnbindable Failing [StorageClass gp33]: C asks for StorageClass gp33, which does not exist; the nearest name is gp3"
)]
#[case::no_default("", "", "ClaimUnbindable Failing [C]: C names no StorageClass, and the cluster has no default one")]
#[case::refused(", storageClassName: gp3", &event("PersistentVolumeClaim", "data", "ProvisioningFailed", "invalid AWS VolumeType st11"), "ClaimUnbindable Failing [StorageClass gp3]: the volume of C cannot be provisioned: invalid AWS VolumeType st11")]
#[case::bad_mode(", storageClassName: gp3", &event("PersistentVolumeClaim", "data", "ProvisioningFailed", "Volume capabilities MULTI_NODE_MULTI_WRITER not supported"), "ClaimUnbindable Failing [C]: the volume of C cannot be provisioned: Volume capabilities MULTI_NODE_MULTI_WRITER not supported")]
#[case::unanswered(", storageClassName: gp3", &event("PersistentVolumeClaim", "data", "ExternalProvisioning", "Waiting for a volume"), "ClaimUnbindable Failing [StorageClass gp3]: provisioner ebs.csi.aws.com has made no volume for C in 30 min")]
#[case::nobody_yet(
    ", storageClassName: lazy",
    "",
    "WaitingForConsumer Expected [C]: C waits for its first consumer, as its class lazy wants (WaitForFirstConsumer): no pod mounts it yet"
)]
#[case::local_nobody_yet(
    ", storageClassName: local",
    "",
    "WaitingForConsumer Expected [C]: C waits for its first consumer, as its class local wants (WaitForFirstConsumer): no pod mounts it yet"
)]
#[case::pod_is_stuck(", storageClassName: lazy", &format!("{POD}{}", event("Pod", "web", "FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.")), "ClaimPending Failing [Pod shop/web]: C waits for a pod of Pod shop/web that no node takes")]
#[case::too_small(", storageClassName: ''", &volume("capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce]", "Available"), "ClaimUnbindable Failing [C]: C cannot take PersistentVolume pv1, which has 5 GiB, 10 GiB are asked for")]
#[case::mode(", storageClassName: ''", &volume("capacity: {storage: 50Gi}, accessModes: [ReadWriteMany]", "Available"), "ClaimUnbindable Failing [C]: C cannot take PersistentVolume pv1, which does not offer ReadWriteOnce (only ReadWriteMany)")]
#[case::no_volume(
    ", storageClassName: ''",
    "",
    "ClaimUnbindable Failing [C]: C fits none of 0 volumes of no class, and none is provisioned for it"
)]
#[case::released(", storageClassName: '', volumeName: pv1", &volume("claimRef: {namespace: shop, name: data, uid: u1}", "Released"), "ClaimUnbindable Failing [PersistentVolume pv1]: C cannot take PersistentVolume pv1, which is Released and still bound to an earlier claim of that name (claimRef)")]
#[case::no_such_volume(
    ", storageClassName: '', volumeName: pv9",
    "",
    "ClaimUnbindable Failing [C]: C names PersistentVolume pv9, which does not exist"
)]
fn claims_that_wait(#[case] spec: &str, #[case] more: &str, #[case] expected: &str) {
    assert_eq!(got(spec, more), [expected.replace("C ", &format!("{C} ")).replace("[C]", &format!("[{C}]"))]);
}

#[rstest::rstest]
#[case::being_provisioned(", storageClassName: gp3", "")]
#[case::fits(", storageClassName: '', volumeName: pv1", &volume("capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce]", "Available"))]
#[case::class_by_hand(
    ", storageClassName: manual",
    "\n---\nkind: PersistentVolume\nmetadata: {name: pv1}\nspec: {storageClassName: manual}\nstatus: {phase: Available}"
)]
#[case::pod_just_came(", storageClassName: lazy", POD)]
fn nothing_to_say(#[case] spec: &str, #[case] more: &str) {
    assert_eq!(got(spec, more), Vec::<String>::new());
}
