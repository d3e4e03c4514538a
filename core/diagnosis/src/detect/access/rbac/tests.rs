//! Cases and their look-alikes.

use rstest::rstest;

use super::*;
use crate::probe::ReadFailure;
use crate::testkit::Scene;

const DENIED: &str = "kind: Event\nmetadata: {name: e}\ntype: Warning\nreason: Failed\ninvolvedObject: {kind: Deployment, namespace: shop, name: api}\nmessage: 'jobs.batch is forbidden: User \"system:serviceaccount:shop:runner\" cannot list resource \"jobs\" in API group \"batch\" in the namespace \"shop\"'\nlastTimestamp: AGO(2m)";

fn role(name: &str, rule: &str) -> String {
    format!("\n---\nkind: Role\nmetadata: {{name: {name}}}\nrules: [{{{rule}}}]")
}

fn bound(name: &str, role: &str, account: &str) -> String {
    format!(
        "\n---\nkind: RoleBinding\nmetadata: {{name: {name}}}\nroleRef: {{kind: Role, name: {role}}}\nsubjects: [{{kind: ServiceAccount, name: {account}, namespace: shop}}]"
    )
}

const GET: &str = "apiGroups: [batch], resources: [jobs], verbs: [get]";
const LIST: &str = "apiGroups: [batch], resources: [jobs], verbs: [get, list]";
const PODS: &str = "apiGroups: [''], resources: [pods], verbs: ['*']";
const SOME: &str = "apiGroups: [batch], resources: [jobs], verbs: [list], resourceNames: [nightly]";
const WIDE: &str = "apiGroups: ['*'], resources: ['*'], verbs: ['*']";

#[rstest]
#[case::verb(role("r", GET) + &bound("b", "r", "runner"), Role::Failing, "Role shop/r", r#"{apiGroups: ["batch"], resources: ["jobs"], verbs: ["list"]}"#, "patch role/r --type=json")]
#[case::other_resource(role("r", PODS) + &bound("b", "r", "runner"), Role::Failing, "Role shop/r", "Role shop/r is bound to it", "patch role/r")]
#[case::resource_names(role("r", SOME) + &bound("b", "r", "runner"), Role::Failing, "Role shop/r", "limited to some resourceNames", "patch role/r")]
#[case::default_account(role("runner", LIST) + &bound("runner", "runner", "default"), Role::Failing, "RoleBinding shop/runner", "gives it to ServiceAccount shop/default", "set subject rolebinding runner --serviceaccount=shop:runner")]
#[case::near_account(role("jobs", LIST) + &bound("b", "jobs", "runnner"), Role::Failing, "RoleBinding shop/b", "shop/runnner", "set subject")]
#[case::the_account_of_another(role("jobs", LIST) + &bound("b", "jobs", "scheduler"), Role::Failing, "ServiceAccount shop/runner", "no RoleBinding gives it that role", "create rolebinding runner-list-jobs --role=jobs")]
#[case::no_such_role(
    bound("b", "gone", "runner"),
    Role::Failing,
    "Role shop/gone",
    "Role shop/gone, which does not exist",
    "create role gone --verb=list --resource=jobs.batch"
)]
#[case::nothing(
    String::new(),
    Role::Failing,
    "ServiceAccount shop/runner",
    "no RoleBinding gives it a role",
    "create role runner-list-jobs --verb=list --resource=jobs.batch && kubectl -n shop create rolebinding"
)]
#[case::granted_since(role("r", LIST) + &bound("b", "r", "runner"), Role::Over, "Role shop/r", "that is over", "")]
#[case::granted_by_wildcard(role("r", WIDE) + &bound("b", "r", "runner"), Role::Over, "Role shop/r", "that is over", "")]
fn denials(#[case] yaml: String, #[case] is: Role, #[case] blame: &str, #[case] says: &str, #[case] fix: &str) {
    let found = detect(&Scene::default().yaml(&(DENIED.to_owned() + &yaml)).view());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].role, found[0].blame[0].to_string().as_str()), (is, blame), "{}", found[0].claim);
    assert!(found[0].claim.contains(says), "{}", found[0].claim);
    let commands: Vec<&str> = found[0].actions.iter().filter_map(|a| a.command.as_deref()).collect();
    assert!(commands.concat().contains(fix), "{commands:?}");
}

#[test]
fn bindings_that_could_not_be_read_are_not_missing() {
    let view = Scene::default().yaml(DENIED).unseen(Kind::RoleBinding, ReadFailure::NotRecorded).view();
    let found = detect(&view);
    assert_eq!(found[0].confidence, Confidence::Medium);
    assert!(found[0].claim.contains("rolebindings that decide were not read"), "{}", found[0].claim);
}
