//! Cases and their look-alikes.

use super::*;
use crate::testkit::Scene;

const PODS: &str = "
kind: Pod
metadata: {name: web, labels: {app: web}}
status: {podIP: 10.0.0.1}
---
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: pg, containerPort: 5432}]}]}
status: {podIP: 10.0.0.2}
---
kind: Pod
metadata: {name: far, namespace: other, labels: {app: db}}
---
kind: Namespace
metadata: {name: other, labels: {team: data}}
---
";

const DENY: &str = "{podSelector: {}, policyTypes: [Egress]}";

#[rstest::rstest]
#[case::nothing_selected("{podSelector: {matchLabels: {app: x}}, policyTypes: [Egress]}", "db", 5432, true)]
#[case::denied(DENY, "db", 5432, false)]
#[case::by_pod(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}",
    "db",
    5432,
    true
)]
#[case::by_pod_elsewhere(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}",
    "far",
    5432,
    false
)]
#[case::by_namespace(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: data}}, podSelector: {matchLabels: {app: db}}}]}]}",
    "far",
    5432,
    true
)]
#[case::by_namespace_name(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]}]}",
    "far",
    5432,
    true
)]
#[case::named_port("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: pg}]}]}", "db", 5432, true)]
#[case::other_port("{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: pg}]}]}", "db", 8080, false)]
#[case::range(
    "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5000, endPort: 6000}]}]}",
    "db",
    5432,
    true
)]
#[case::other_protocol(
    "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432, protocol: UDP}]}]}",
    "db",
    5432,
    false
)]
#[case::ingress_of_others(
    "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: batch}}}]}]}",
    "db",
    5432,
    false
)]
#[case::block(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}",
    "192.0.2.7",
    443,
    true
)]
#[case::block_except(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.0.2.0/24]}}]}]}",
    "192.0.2.7",
    443,
    false
)]
#[case::outside(DENY, "192.0.2.7", 443, false)]
#[case::every_address(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]}",
    "anywhere",
    443,
    true
)]
#[case::some_addresses(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}",
    "anywhere",
    443,
    false
)]
fn connections(#[case] spec: &str, #[case] to: &str, #[case] port: i64, #[case] expected: bool) {
    let view = Scene::default().yaml(&format!("{PODS}kind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}")).view();
    let from = view.pods.get("shop", "web").unwrap();
    let peer = match to.parse() {
        _ if to == "anywhere" => Peer::Anywhere,
        Ok(ip) => Peer::Ip(ip),
        Err(_) => Peer::Pod(view.pods.get("shop", to).or(view.pods.get("other", to)).unwrap()),
    };
    assert_eq!(blocking(&view, from, peer, (port, "TCP")).is_empty(), expected);
}

#[test]
fn policies_add_up() {
    let more = "kind: NetworkPolicy\nmetadata: {name: q}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}";
    let view = Scene::default()
        .yaml(&format!("{PODS}kind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {DENY}\n---\n{more}"))
        .view();
    let (web, db) = (view.pods.get("shop", "web").unwrap(), view.pods.get("shop", "db").unwrap());
    assert!(blocking(&view, web, Peer::Pod(db), (5432, "TCP")).is_empty() && blocking_names(&view, web).is_empty());
    assert_eq!(blocking(&view, db, Peer::Pod(web), (80, "TCP")).len(), 1);
    assert_eq!(blocking_names(&view, db).len(), 1);
    assert!(limiting(&view, web, Direction::Egress).is_empty() && limiting(&view, db, Direction::Ingress).is_empty());
    assert_eq!(limiting(&view, db, Direction::Egress).len(), 1);
}
