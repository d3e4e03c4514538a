//! Cases and their look-alikes.

use rstest::rstest;

use super::*;
use crate::testkit::Scene;

fn one(kind: &str, status: &str) -> String {
    format!("kind: {kind}\nmetadata: {{name: web}}\nstatus: {{{status}}}")
}

fn ready(kind: &str, status: &str, more: &str, ago: &str) -> String {
    one(kind, &format!("conditions: [{{type: Ready, status: '{status}', {more}, lastTransitionTime: AGO({ago})}}]"))
}

const API: &str = "kind: APIService\nmetadata: {name: v1beta1.metrics.k8s.io}\nspec: {group: metrics.k8s.io, version: v1beta1, service: {name: ms, namespace: shop}}\nstatus: {conditions: [{type: Available, status: 'False', reason: MissingEndpoints, message: no endpoints, lastTransitionTime: AGO(9m)}]}";
const SERVICE: &str = "\n---\nkind: Service\nmetadata: {name: ms}";
const ENDING: &str = "kind: Namespace\nmetadata: {name: old, deletionTimestamp: AGO(20m)}\nstatus: {phase: Terminating, conditions: [{type: NamespaceFinalizersRemaining, status: 'True', reason: SomeFinalizersRemain, message: 'x.io/hold in 1 resource instances'}]}";

#[rstest]
#[case::api(API.to_owned() + SERVICE, &[(Reason::ApiServiceDown, Role::Failing, "APIService v1beta1.metrics.k8s.io", "no endpoints")])]
#[case::api_without_service(API.to_owned(), &[(Reason::ApiServiceDown, Role::Failing, "Service shop/ms", "v1beta1 fail")])]
#[case::api_fine("kind: APIService\nmetadata: {name: v1}\nstatus: {conditions: [{type: Available, status: 'True', reason: Local}]}".to_owned(), &[])]
#[case::namespace_stuck(ENDING.to_owned(), &[(Reason::NamespaceTerminating, Role::Failing, "Namespace old", "x.io/hold")])]
#[case::namespace_ending("kind: Namespace\nmetadata: {name: old, deletionTimestamp: AGO(20s)}\nstatus: {phase: Terminating}".to_owned(), &[(Reason::NamespaceTerminating, Role::Expected, "Namespace old", "being deleted")])]
#[case::namespace_active("kind: Namespace\nmetadata: {name: old}\nstatus: {phase: Active}".to_owned(), &[])]
#[case::expired(ready("Certificate", "False", "reason: Expired, message: Certificate expired on Sat", "2h"), &[(Reason::ConditionBad, Role::Failing, "Certificate shop/web", "has expired: Expired: Certificate expired")])]
#[case::flux(ready("Kustomization", "False", "reason: BuildFailed, message: no such file", "2h"), &[(Reason::ConditionBad, Role::Failing, "Kustomization shop/web", "Ready=False: BuildFailed: no such file")])]
#[case::argo(one("Application", "conditions: [{type: ComparisonError, message: repo not found}]"), &[(Reason::ConditionBad, Role::Failing, "Application shop/web", "repo not found")])]
#[case::stalled(one("HelmRelease", "conditions: [{type: Ready, status: 'False', reason: A}, {type: Stalled, status: 'True', reason: RetriesExceeded}]"), &[(Reason::ConditionBad, Role::Failing, "HelmRelease shop/web", "Stalled=True: RetriesExceeded")])]
#[case::a_route_that_one_parent_refuses(one("HTTPRoute", "parents: [{parentRef: {name: gw}, conditions: [{type: Accepted, status: 'True'}, {type: ResolvedRefs, status: 'False', reason: BackendNotFound}]}]"), &[(Reason::ConditionBad, Role::Failing, "HTTPRoute shop/web", "parent gw: ResolvedRefs=False")])]
#[case::listeners_of_another_shape(one("Kafka", "listeners: {plain: 9092}, conditions: [{type: Ready, status: 'True'}]"), &[])]
#[case::just_now(ready("Certificate", "False", "reason: DoesNotExist", "10s"), &[])]
#[case::being_issued(ready("Certificate", "False", "reason: DoesNotExist", "5m"), &[])]
#[case::unknown_for_a_moment(ready("Kustomization", "Unknown", "reason: Progressing", "3m"), &[])]
#[case::unknown_for_long(ready("Kustomization", "Unknown", "reason: Progressing", "3h"), &[(Reason::ConditionBad, Role::Context, "Kustomization shop/web", "does not know")])]
#[case::vendor_true_is_fine(one("Thing", "conditions: [{type: NetworkingReady, status: 'True', reason: AllGood}]"), &[])]
#[case::unknown_type(one("Thing", "conditions: [{type: Snapshot, status: 'False', reason: UploadFailed}]"), &[(Reason::ConditionBad, Role::Context, "Thing shop/web", "unknown condition: Snapshot=False")])]
#[case::fine(ready("Certificate", "True", "reason: Ready", "2h"), &[])]
fn conditions(#[case] yaml: String, #[case] expected: &[(Reason, Role, &str, &str)]) {
    let found = detect(&Scene::default().yaml(&yaml).view());
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (finding, (reason, role, blame, says)) in found.iter().zip(expected) {
        assert_eq!((finding.reason, finding.role), (*reason, *role), "{}", finding.claim);
        assert_eq!(finding.blame[0].to_string(), *blame);
        assert!(finding.claim.contains(says), "{}", finding.claim);
        assert!(!finding.proof.is_empty() && (finding.role != Role::Failing || !finding.actions.is_empty()));
    }
}

#[test]
fn an_owner_points_at_what_it_owns_and_at_what_it_names() {
    let workload = "\n---\nkind: StatefulSet\nmetadata: {name: pg, ownerReferences: [{kind: Cluster, name: web, controller: true}]}\n---\nkind: Backup\nmetadata: {name: nightly}";
    let yaml = ready("Cluster", "False", "reason: X, message: backup 'nightly' is late", "2h") + workload;
    let found = detect(&Scene::default().yaml(&yaml).view());
    let names: Vec<String> = found[0].points_at.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["StatefulSet shop/pg", "Backup shop/nightly"]);
}
