//! Cases and their look-alikes.

use std::fmt::Write;

use super::*;
use crate::testkit::Scene;

/// A Deployment of four replicas: `old` pods of revision 1 that are ready, new pods as given (`age status`).
fn scene(old: usize, new: &[&str], spec: &str, condition: &str) -> Vec<Finding> {
    let mut text = format!(
        "
kind: Deployment
metadata: {{name: api}}
spec: {{replicas: 4, {spec} template: {{spec: {{containers: [{{name: c, image: 'a:2'}}]}}}}}}
status: {{updatedReplicas: {}, conditions: [{condition}]}}
",
        new.len()
    );
    for (n, age) in [("1", "50h"), ("2", "90s")] {
        let image = if n == "1" { "1" } else { "2" };
        write!(
            text,
            "---
kind: ReplicaSet
metadata: {{name: api-{n}, creationTimestamp: AGO({age}), annotations: {{deployment.kubernetes.io/revision: '{n}'}}, ownerReferences: [{{kind: Deployment, name: api, controller: true}}]}}
spec: {{template: {{spec: {{containers: [{{name: c, image: 'a:{image}'}}]}}}}}}
"
        ).unwrap();
    }
    let pods = (0..old).map(|i| (format!("1-{i}"), "49h True running".to_owned()));
    for (name, pod) in pods.chain(new.iter().enumerate().map(|(i, p)| (format!("2-{i}"), (*p).to_owned()))) {
        let mut words = pod.split(' ');
        let (age, ready, state) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let state = if state == "running" { "running: {}".to_owned() } else { format!("waiting: {{reason: {state}}}") };
        let set = &name[..1];
        write!(
            text,
            "---
kind: Pod
metadata: {{name: api-{name}, creationTimestamp: AGO({age}), ownerReferences: [{{kind: ReplicaSet, name: api-{set}, controller: true}}]}}
status: {{phase: Running, conditions: [{{type: Ready, status: '{ready}'}}], containerStatuses: [{{name: c, state: {{{state}}}}}]}}
"
        ).unwrap();
    }
    detect(&Scene::default().yaml(&text).view())
}

const MOVING: &str = "{type: Progressing, status: 'True', reason: ReplicaSetUpdated, lastUpdateTime: AGO(40s)}";
const EXCEEDED: &str =
    "{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, lastUpdateTime: AGO(5m)}";

#[rstest::rstest]
#[case::rolling(3, &["60s True running", "30s False running"], "", MOVING, "RolloutInProgress Expected | rollout, in progress, 2 of 4 updated, revision 2")]
#[case::between_two_steps(3, &["60s True running"], "", MOVING, "RolloutInProgress Expected | in progress")]
#[case::first_pods(0, &["30s False running"; 4], "", MOVING, "RolloutInProgress Expected | starting")]
#[case::broken(3, &["80s False CrashLoopBackOff"], "", MOVING, "ChangeBroke Failing | revision 2, revision 1, image changed from a:1 to a:2")]
#[case::too_slow(3, &["20m False running"], "", EXCEEDED, "ChangeBroke Failing | ProgressDeadlineExceeded")]
#[case::stuck(0, &["20m False running"; 4], "", EXCEEDED, "RolloutStuck Failing | ProgressDeadlineExceeded")]
#[case::down(0, &["20m False CrashLoopBackOff"; 4], "", MOVING, "ReplicasUnavailable Failing | 0 of 4")]
#[case::paused(4, &[], "paused: true,", MOVING, "Paused Expected | paused")]
#[case::pause_holds_the_fix(0, &["20m False CrashLoopBackOff"; 4], "paused: true, progressDeadlineSeconds: 60,", EXCEEDED, "RolloutStuck Failing | deadline 60 s")]
fn deployments(
    #[case] old: usize,
    #[case] new: &[&str],
    #[case] spec: &str,
    #[case] condition: &str,
    #[case] expected: &str,
) {
    let found = scene(old, new, spec, condition);
    assert_eq!(found.len(), 1, "{found:?}");
    let (head, words) = expected.split_once(" | ").unwrap();
    assert_eq!(format!("{:?} {:?}", found[0].reason, found[0].role), head, "{}", found[0].claim);
    for word in words.split(", ") {
        assert!(found[0].claim.contains(word), "{word}: {}", found[0].claim);
    }
}

#[test]
fn a_complete_deployment_is_silent() {
    assert!(scene(0, &["90s True running"; 4], "", MOVING).is_empty());
}
