use super::*;
use crate::testkit::{NOW, Scene};

const SCENE: &str = "
kind: Deployment
metadata: {name: api, creationTimestamp: AGO(90h), managedFields: [{manager: kubectl-set, operation: Update, time: AGO(20m)}, {manager: kube-controller-manager, operation: Update, time: AGO(2m)}]}
spec: {template: {spec: {containers: [{name: c, image: 'a:2', envFrom: [{configMapRef: {name: conf}}]}]}}}
---
kind: ReplicaSet
metadata: {name: api-1, creationTimestamp: AGO(50h), annotations: {deployment.kubernetes.io/revision: '1'}, ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {template: {spec: {containers: [{name: c, image: 'a:1', env: [{name: DATABASE_URL, value: x}]}]}}}
---
kind: ReplicaSet
metadata: {name: api-2, creationTimestamp: AGO(20m), annotations: {deployment.kubernetes.io/revision: '2'}, ownerReferences: [{kind: Deployment, name: api, controller: true}]}
spec: {template: {spec: {containers: [{name: c, image: 'a:2', envFrom: [{configMapRef: {name: conf}}]}]}}}
---
kind: ConfigMap
metadata: {name: conf, creationTimestamp: AGO(90h), managedFields: [{manager: argocd, operation: Apply, time: AGO(25m)}]}
---
kind: ConfigMap
metadata: {name: other, creationTimestamp: AGO(10m)}
---
kind: ResourceQuota
metadata: {name: team, creationTimestamp: AGO(15m)}
---
kind: Event
metadata: {name: e1}
involvedObject: {kind: Deployment, namespace: shop, name: api}
reason: ScalingReplicaSet
message: Scaled down replica set api-1 from 1 to 0
lastTimestamp: AGO(19m)
";

fn texts(about: &[EntityRef], ago: i64) -> Vec<String> {
    let view = Scene::default().yaml(SCENE).view();
    let from = NOW.parse::<Timestamp>().unwrap() - jiff::SignedDuration::from_mins(ago);
    let about = if about.is_empty() { BTreeSet::new() } else { around(&view, about) };
    since(&view, &about, from).into_iter().map(|c| format!("{}: {}", c.what, c.text)).collect()
}

#[test]
fn a_rollout_is_told_with_what_it_changed_and_once() {
    let api = EntityRef::new(Kind::Deployment, "shop", "api");
    let told = texts(&[api], 22);
    assert_eq!(
        told,
        [
            "Deployment shop/api: between revisions 1 and 2: image changed from a:1 to a:2, envFrom added: ConfigMap conf, env DATABASE_URL removed, nothing else",
            "Deployment shop/api: event ScalingReplicaSet: Scaled down replica set api-1 from 1 to 0",
            "ResourceQuota shop/team: created",
        ]
    );
}

#[test]
fn edits_of_what_a_workload_names_are_told_without_a_guess_at_what_they_changed() {
    let told = texts(&[EntityRef::new(Kind::Deployment, "shop", "api")], 30);
    assert_eq!(told[0], "ConfigMap shop/conf: edited by argocd; what it changed is not recorded");
    assert!(!told.iter().any(|t| t.contains("other")), "{told:?}");
}

#[test]
fn without_targets_everything_that_was_read_counts() {
    assert_eq!(texts(&[], 12), ["ConfigMap shop/other: created"]);
    assert_eq!(texts(&[], 1), Vec::<String>::new());
}
