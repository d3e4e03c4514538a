//! Cases and their look-alikes.

use rstest::rstest;

use super::*;
use crate::testkit::Scene;

fn set(spec: &str, desired: i64, current: i64, updated: i64) -> String {
    format!(
        "kind: DaemonSet\nmetadata: {{name: agent, creationTimestamp: AGO(9h)}}\nspec: {{{spec}}}\nstatus: {{desiredNumberScheduled: {desired}, currentNumberScheduled: {current}, updatedNumberScheduled: {updated}}}"
    )
}

fn pod(node: &str, revision: &str, ready: &str, ago: &str) -> String {
    let own = "ownerReferences: [{kind: DaemonSet, name: agent, controller: true}]";
    format!(
        "\n---\nkind: Pod\nmetadata: {{name: agent-{node}, creationTimestamp: AGO({ago}), labels: {{{REVISION}: {revision}}}, {own}}}\nspec: {{nodeName: {node}}}\nstatus: {{phase: Running, conditions: [{{type: Ready, status: '{ready}', lastTransitionTime: AGO({ago})}}]}}"
    )
}

fn node(name: &str, ready: &str) -> String {
    format!(
        "\n---\nkind: Node\nmetadata: {{name: {name}, labels: {{disk: ssd}}}}\nstatus: {{conditions: [{{type: Ready, status: '{ready}'}}]}}"
    )
}

fn tainted(name: &str) -> String {
    format!("{}\nspec: {{taints: [{{key: dedicated, value: batch, effect: NoSchedule}}]}}", node(name, "True"))
}

const MOUNT: &str = "\n---\nkind: Event\nmetadata: {name: e}\ninvolvedObject: {kind: Pod, namespace: shop, name: agent-n3}\ntype: Warning\nreason: FailedMount\nmessage: 'hostPath type check failed: /run/x is not a directory'\nlastTimestamp: AGO(1m)";

fn three(last: &str) -> String {
    set("", 3, 3, 3)
        + &pod("n1", "a", "True", "5h")
        + &pod("n2", "a", "True", "5h")
        + &pod("n3", "a", "False", "20m")
        + last
}

#[rstest]
#[case::the_node_lacks_a_path(three(MOUNT), &[(Reason::NodeLacks, Role::Failing, "Node n3", "/run/x")])]
#[case::on_one_node(three(""), &[(Reason::DaemonIncomplete, Role::Failing, "DaemonSet shop/agent", "not ready on n3")])]
#[case::on_a_node_in_trouble(three(&node("n3", "Unknown")), &[(Reason::DaemonIncomplete, Role::Failing, "Node n3", "n3")])]
#[case::starting(set("", 1, 1, 1) + &pod("n1", "a", "False", "50s"), &[])]
#[case::no_pod_on_a_node(set("", 2, 1, 1) + &pod("n1", "a", "True", "5h") + &node("n1", "True") + &node("n2", "True"), &[(Reason::DaemonIncomplete, Role::Failing, "DaemonSet shop/agent", "no pod on n2")])]
#[case::intended_taint(set("", 1, 1, 1) + &pod("n1", "a", "True", "5h") + &node("n1", "True") + &tainted("n2"), &[])]
#[case::stuck_update(set("", 2, 2, 1) + &pod("n1", "a", "True", "5h") + &pod("n2", "b", "False", "20m"), &[(Reason::DaemonIncomplete, Role::Failing, "DaemonSet shop/agent", "n2"), (Reason::RolloutStuck, Role::Failing, "DaemonSet shop/agent", "stops at its pod on node n2")])]
#[case::update_under_way(set("", 2, 2, 1) + &pod("n1", "a", "True", "5h") + &pod("n2", "b", "False", "20s"), &[(Reason::RolloutInProgress, Role::Expected, "DaemonSet shop/agent", "1 of 2")])]
#[case::on_delete(set("updateStrategy: {type: OnDelete}", 2, 2, 1) + &pod("n1", "a", "True", "5h") + &pod("n2", "b", "True", "2h"), &[(Reason::Paused, Role::Expected, "DaemonSet shop/agent", "OnDelete")])]
#[case::selects_nothing(set("template: {spec: {nodeSelector: {disk: sdd}}}", 0, 0, 0) + &node("n1", "True"), &[(Reason::ScaledToZero, Role::Expected, "DaemonSet shop/agent", "nodeSelector disk=sdd matches no node (the nearest is disk=ssd on n1)")])]
#[case::selects_only_tainted_nodes(set("", 0, 0, 0) + &tainted("n1"), &[])]
fn daemon_sets(#[case] yaml: String, #[case] expected: &[(Reason, Role, &str, &str)]) {
    let found = detect(&Scene::default().yaml(&yaml).view());
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (finding, (reason, role, blame, says)) in found.iter().zip(expected) {
        assert_eq!((finding.reason, finding.role), (*reason, *role), "{}", finding.claim);
        assert_eq!(finding.blame[0].to_string(), *blame);
        assert!(finding.claim.contains(says), "{}", finding.claim);
        assert!(!finding.proof.is_empty() && (finding.role != Role::Failing || !finding.actions.is_empty()));
    }
}
