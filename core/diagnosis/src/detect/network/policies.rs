//! What network policies let through: which policies hold for a pod, and whether it may reach another one.
//!
//! Policies only ever allow, and add up; a pod that no policy of a direction selects may do everything in that direction.
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>. Start at [`allows`].

use std::net::IpAddr;

use serde_json::Value;

use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::kube::{IntOrString, LabelSelector, Map, NetworkPolicy, NetworkPolicyPort, NetworkPolicyRule, Pod};
use crate::view::View;

/// Seen from the pod that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// What reaches it.
    Ingress,
    /// What it reaches.
    Egress,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer<'a> {
    /// A pod.
    Pod(&'a Pod),
    /// An address outside of what was seen.
    #[allow(dead_code, reason = "for the detector of log causes, which reads addresses from logs")]
    Ip(IpAddr),
}

/// A port with its protocol: `(5432, "TCP")`.
pub(crate) type Port<'a> = (i64, &'a str);

impl Direction {
    /// Whether a policy speaks of the direction. Without types it speaks of ingress, and of egress when it has such rules.
    pub(super) fn is_of(self, policy: &NetworkPolicy) -> bool {
        let types = &policy.spec.policy_types;
        match self {
            _ if !types.is_empty() => {
                types.iter().any(|t| t == if self == Self::Ingress { "Ingress" } else { "Egress" })
            }
            Self::Ingress => true,
            Self::Egress => !policy.spec.egress.is_empty(),
        }
    }

    /// The rules of a policy for the direction.
    pub(super) fn rules(self, policy: &NetworkPolicy) -> &[NetworkPolicyRule] {
        if self == Self::Ingress { &policy.spec.ingress } else { &policy.spec.egress }
    }

    fn peers(self, rule: &NetworkPolicyRule) -> &[Value] {
        if self == Self::Ingress { &rule.from } else { &rule.to }
    }
}

/// Policies that select a pod and speak of a direction. A pod on the host's network is out of their reach.
pub(super) fn holding<'a>(view: &'a View, pod: &'a Pod, direction: Direction) -> Vec<&'a NetworkPolicy> {
    let selects = |p: &&NetworkPolicy| {
        !pod.spec.host_network && direction.is_of(p) && p.spec.pod_selector.matches(&pod.metadata.labels)
    };
    view.network_policies.within(&pod.metadata.namespace).filter(selects).collect()
}

/// Policies that hold for a pod in a direction: what a refused or timed-out connection may point at.
#[allow(dead_code, reason = "for the detector of log causes")]
pub(crate) fn policies_for(view: &View, pod: &Pod, direction: Direction) -> Vec<EntityRef> {
    holding(view, pod, direction).into_iter().map(|p| say::of_meta(Kind::NetworkPolicy, &p.metadata)).collect()
}

/// Whether the policies that were seen let a pod reach a peer at a port.
pub(crate) fn allows(view: &View, from: &Pod, to: Peer<'_>, port: Port<'_>) -> bool {
    let out = one_way(view, from, Direction::Egress, to, port, to);
    let into = match to {
        Peer::Pod(pod) => one_way(view, pod, Direction::Ingress, Peer::Pod(from), port, to),
        Peer::Ip(_) => true,
    };
    out && into
}

fn one_way(view: &View, pod: &Pod, direction: Direction, peer: Peer<'_>, port: Port<'_>, target: Peer<'_>) -> bool {
    let policies = holding(view, pod, direction);
    let lets = |policy: &&NetworkPolicy| {
        direction.rules(policy).iter().any(|rule| {
            let peers = direction.peers(rule);
            let known = peers.is_empty() || peers.iter().any(|p| is_peer(view, &policy.metadata.namespace, p, peer));
            known && lets_port(&rule.ports, port, Some(target))
        })
    };
    policies.is_empty() || policies.iter().any(lets)
}

/// Whether any rule for the direction lets a port through, to or from whomever.
pub(super) fn any_at(policies: &[&NetworkPolicy], direction: Direction, port: Port<'_>) -> bool {
    policies.iter().flat_map(|p| direction.rules(p)).any(|rule| lets_port(&rule.ports, port, None))
}

/// Whether a rule lists no peers and no ports: it lets everything through.
pub(super) fn lets_all(rule: &NetworkPolicyRule, direction: Direction) -> bool {
    direction.peers(rule).is_empty() && rule.ports.is_empty()
}

fn lets_port(ports: &[NetworkPolicyPort], (number, protocol): Port<'_>, target: Option<Peer<'_>>) -> bool {
    let fits = |p: &NetworkPolicyPort| {
        let same = protocol == if p.protocol.is_empty() { "TCP" } else { &p.protocol };
        same && match &p.port {
            None => true,
            Some(IntOrString::Int(first)) => (*first..=p.end_port.unwrap_or(*first)).contains(&number),
            Some(IntOrString::String(name)) => is_named(target, name, number),
        }
    };
    ports.is_empty() || ports.iter().any(fits)
}

/// A named port is one of the pod that is reached; an address has none.
fn is_named(target: Option<Peer<'_>>, name: &str, number: i64) -> bool {
    let Some(Peer::Pod(pod)) = target else { return false };
    pod.spec.containers.iter().flat_map(|c| &c.ports).any(|p| p.name == name && p.container_port == number)
}

fn is_peer(view: &View, home: &str, rule: &Value, peer: Peer<'_>) -> bool {
    if let Some(block) = rule.get("ipBlock").filter(|b| !b.is_null()) {
        let ip = match peer {
            Peer::Ip(ip) => Some(ip),
            Peer::Pod(pod) => pod.status.pod_ip.parse().ok(),
        };
        return ip.is_some_and(|ip| in_block(block, ip));
    }
    let Peer::Pod(pod) = peer else { return false };
    let selector = |key: &str| {
        rule.get(key).filter(|v| !v.is_null()).and_then(|v| serde_json::from_value::<LabelSelector>(v.clone()).ok())
    };
    let at_home = || pod.metadata.namespace == home;
    let there = selector("namespaceSelector")
        .map_or_else(at_home, |s| s.matches(&namespace_labels(view, &pod.metadata.namespace)));
    there && selector("podSelector").is_none_or(|s| s.matches(&pod.metadata.labels))
}

/// Every namespace carries its name as a label, also one that was not read.
fn namespace_labels(view: &View, name: &str) -> Map {
    let mut labels = view.namespaces.get("", name).map(|n| n.metadata.labels.clone()).unwrap_or_default();
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
    labels
}

fn in_block(block: &Value, ip: IpAddr) -> bool {
    let inside = |v: &Value| v.as_str().is_some_and(|cidr| in_cidr(cidr, ip));
    inside(&block["cidr"]) && !block["except"].as_array().into_iter().flatten().any(inside)
}

fn in_cidr(cidr: &str, ip: IpAddr) -> bool {
    let Some((base, bits)) = cidr.split_once('/') else { return false };
    let (Ok(base), Ok(bits)) = (base.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (base, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (u32::from(a) ^ u32::from(b)).checked_shr(32 - bits.min(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (u128::from(a) ^ u128::from(b)).checked_shr(128 - bits.min(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
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
    fn connections(#[case] spec: &str, #[case] to: &str, #[case] port: i64, #[case] expected: bool) {
        let view =
            Scene::default().yaml(&format!("{PODS}kind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}")).view();
        let from = view.pods.get("shop", "web").unwrap();
        let peer = match to.parse() {
            Ok(ip) => Peer::Ip(ip),
            Err(_) => Peer::Pod(view.pods.get("shop", to).or(view.pods.get("other", to)).unwrap()),
        };
        assert_eq!(allows(&view, from, peer, (port, "TCP")), expected);
    }

    #[test]
    fn policies_add_up() {
        let more = "kind: NetworkPolicy\nmetadata: {name: q}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}";
        let view = Scene::default()
            .yaml(&format!("{PODS}kind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {DENY}\n---\n{more}"))
            .view();
        let (web, db) = (view.pods.get("shop", "web").unwrap(), view.pods.get("shop", "db").unwrap());
        assert!(allows(&view, web, Peer::Pod(db), (5432, "TCP")) && !allows(&view, db, Peer::Pod(web), (80, "TCP")));
        assert_eq!(policies_for(&view, web, Direction::Egress).len(), 2);
        assert!(policies_for(&view, web, Direction::Ingress).is_empty());
    }
}
