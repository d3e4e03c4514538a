//! What network policies let through: which policies hold for a pod, and whether it may reach another one.
//!
//! Policies only ever allow, and add up; a pod that no policy of a direction selects may do everything in that direction.
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>. Start at [`blocking`].

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
    Ip(IpAddr),
    /// An address that is not known: only a rule for every address surely lets it through.
    Anywhere,
}

/// A port with its protocol: `(5432, "TCP")`.
pub(crate) type Port<'a> = (i64, &'a str);

/// Label of the cluster's DNS pods, of kube-dns and CoreDNS alike.
/// <https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/>
const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");

/// The port of DNS, as it is asked first.
const DNS_PORT: Port<'static> = (53, "UDP");

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

/// Policies that limit a pod in a direction, none when one of them lets everything through: what a connection of which
/// no more is known may fail for.
pub(crate) fn limiting(view: &View, pod: &Pod, direction: Direction) -> Vec<EntityRef> {
    let holding = holding(view, pod, direction);
    let open = holding.iter().flat_map(|p| direction.rules(p)).any(|rule| lets_all(rule, direction));
    if open { Vec::new() } else { refs(&holding) }
}

/// The policies that keep a pod from a peer at a port: those of the caller, of the called or of both; none when it is
/// let through.
pub(crate) fn blocking(view: &View, from: &Pod, to: Peer<'_>, port: Port<'_>) -> Vec<EntityRef> {
    let mut found = Vec::new();
    if !one_way(view, from, Direction::Egress, to, port, to) {
        found.extend(refs(&holding(view, from, Direction::Egress)));
    }
    if let Peer::Pod(pod) = to
        && !one_way(view, pod, Direction::Ingress, Peer::Pod(from), port, to)
    {
        found.extend(refs(&holding(view, pod, Direction::Ingress)));
    }
    found
}

/// A pod that answers DNS, if one was seen.
pub(super) fn dns_pod(view: &View) -> Option<&Pod> {
    let (label, value) = DNS_LABEL;
    view.pods.within("kube-system").find(|p| p.metadata.labels.get(label).is_some_and(|v| v == value))
}

/// Whether a pod may ask for names; without a DNS pod that was seen, whether it may ask anybody at that port.
pub(super) fn may_ask_names(view: &View, pod: &Pod, dns: Option<&Pod>) -> bool {
    let held = holding(view, pod, Direction::Egress);
    match dns {
        Some(dns) => blocking(view, pod, Peer::Pod(dns), DNS_PORT).is_empty(),
        None => {
            held.is_empty() || held.iter().flat_map(|p| &p.spec.egress).any(|r| lets_port(&r.ports, DNS_PORT, None))
        }
    }
}

/// The policies that keep a pod from asking for names.
pub(crate) fn blocking_names(view: &View, pod: &Pod) -> Vec<EntityRef> {
    let dns = dns_pod(view);
    match dns {
        _ if may_ask_names(view, pod, dns) => Vec::new(),
        Some(dns) => blocking(view, pod, Peer::Pod(dns), DNS_PORT),
        None => limiting(view, pod, Direction::Egress),
    }
}

fn refs(policies: &[&NetworkPolicy]) -> Vec<EntityRef> {
    policies.iter().map(|p| say::of_meta(Kind::NetworkPolicy, &p.metadata)).collect()
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
            Peer::Anywhere => return block["cidr"].as_str().is_some_and(|cidr| cidr.ends_with("/0")),
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
mod tests;
