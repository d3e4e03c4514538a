//! Cases and their look-alikes.

use rstest::rstest;

use super::*;
use crate::testkit::Scene;

fn pod(ordinal: i64, revision: &str, ready: &str, ago: &str) -> String {
    let own = "ownerReferences: [{kind: StatefulSet, name: db, controller: true}]";
    format!(
        "\n---\nkind: Pod\nmetadata: {{name: db-{ordinal}, creationTimestamp: AGO({ago}), labels: {{{REVISION}: {revision}}}, {own}}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: '{ready}', lastTransitionTime: AGO({ago})}}]}}"
    )
}

fn set(spec: &str, revisions: (&str, &str)) -> String {
    format!(
        "kind: StatefulSet\nmetadata: {{name: db, creationTimestamp: AGO(9h)}}\nspec: {{{spec}}}\nstatus: {{currentRevision: {}, updateRevision: {}}}",
        revisions.0, revisions.1
    )
}

const CLAIM: &str = "\n---\nkind: PersistentVolumeClaim\nmetadata: {name: data-db-1}\nstatus: {phase: Pending}";

#[rstest]
#[case::blocked(set("replicas: 3", ("a", "a")) + &pod(0, "a", "True", "5h") + &pod(1, "a", "False", "20m"), &[(Reason::StatefulBlocked, Role::Failing, "holds back db-2")])]
#[case::blocked_by_a_claim(set("replicas: 3, volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: gone}}]", ("a", "a")) + &pod(0, "a", "True", "5h") + &pod(1, "a", "False", "20m") + CLAIM, &[(Reason::StatefulBlocked, Role::Failing, "data-db-1 is Pending, because StorageClass gone does not exist")])]
#[case::parallel_holds_nothing_back(set("replicas: 3, podManagementPolicy: Parallel", ("a", "a")) + &pod(0, "a", "True", "5h") + &pod(1, "a", "False", "20m"), &[(Reason::ReplicasUnavailable, Role::Failing, "db-1 of StatefulSet shop/db runs and is not ready; 1 of 3")])]
#[case::starting(set("replicas: 3", ("a", "a")) + &pod(0, "a", "True", "5h") + &pod(1, "a", "False", "50s"), &[(Reason::ScaleInProgress, Role::Expected, "db-1 is on its way")])]
#[case::complete(set("replicas: 2", ("a", "a")) + &pod(0, "a", "True", "5h") + &pod(1, "a", "True", "5h"), &[])]
#[case::ordinals_start_elsewhere(set("replicas: 2, ordinals: {start: 5}", ("a", "a")) + &pod(5, "a", "True", "5h") + &pod(6, "a", "True", "5h"), &[])]
#[case::stuck_update(set("replicas: 2", ("a", "b")) + &pod(0, "a", "True", "5h") + &pod(1, "b", "False", "20m"), &[(Reason::StatefulBlocked, Role::Failing, "from revision a to b stops at db-1")])]
#[case::update_under_way(set("replicas: 2", ("a", "b")) + &pod(0, "a", "True", "5h") + &pod(1, "b", "False", "50s"), &[(Reason::RolloutInProgress, Role::Expected, "from revision a to b")])]
#[case::rolled_back_and_left_behind(set("replicas: 2", ("a", "a")) + &pod(0, "a", "True", "5h") + &pod(1, "b", "False", "20m"), &[(Reason::StatefulBlocked, Role::Failing, "deleted by hand")])]
#[case::partition(set("replicas: 2, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}", ("a", "b")) + &pod(0, "a", "True", "5h") + &pod(1, "b", "True", "2h"), &[(Reason::Paused, Role::Expected, "partition 1")])]
#[case::partition_without_update(set("replicas: 1, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}", ("a", "a")) + &pod(0, "a", "True", "5h"), &[])]
#[case::at_zero(set("replicas: 0", ("a", "a")), &[(Reason::ScaledToZero, Role::Expected, "scaled to zero")])]
#[case::huge(set("replicas: 9223372036854775807", ("a", "a")) + &pod(0, "a", "False", "20m"), &[(Reason::StatefulBlocked, Role::Failing, "more")])]
#[case::old_replica_set("kind: ReplicaSet\nmetadata: {name: r, ownerReferences: [{kind: Deployment, name: d, controller: true}]}\nspec: {replicas: 0}".to_owned(), &[])]
#[case::bare_replica_set("kind: ReplicaSet\nmetadata: {name: r}\nspec: {replicas: 0}".to_owned(), &[(Reason::ScaledToZero, Role::Expected, "ReplicaSet shop/r")])]
fn stateful_sets(#[case] yaml: String, #[case] expected: &[(Reason, Role, &str)]) {
    let found = detect(&Scene::default().yaml(&yaml).view());
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (finding, (reason, role, says)) in found.iter().zip(expected) {
        assert_eq!((finding.reason, finding.role), (*reason, *role), "{}", finding.claim);
        assert!(finding.claim.contains(says), "{}", finding.claim);
        assert!(!finding.proof.is_empty() && (finding.role != Role::Failing || !finding.actions.is_empty()));
    }
}

#[test]
fn pods_that_could_not_be_read_are_not_missing() {
    let scene = Scene::default().yaml(&set("replicas: 2", ("a", "a")));
    let view = scene.unseen(Kind::Pod, crate::probe::ReadFailure::NotRecorded).view();
    assert!(detect(&view).is_empty());
}
