//! Network policies: who selects a pod, whether one pod may reach another, and policies that forbid what a log misses.
//!
//! Start at [`selecting`], [`denying`] and [`detect`]. Policies only ever allow; several that select a pod add up. What
//! cannot be decided (labels of a namespace that was not read, addresses outside the cluster) counts as allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Reason, Role};
use crate::kube::{
    Container, IntOrString, LabelSelector, NetworkPolicy, NetworkPolicyPort, NetworkPolicyRule, Pod, Service,
};
use crate::logs::{Hit, Signature};
use crate::view::View;
use crate::view::relate::pod_ref;

/// The port of name servers.
const DNS: i64 = 53;

/// The direction of traffic, seen from the pod that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What comes to the pod.
    Ingress,
    /// What leaves the pod.
    Egress,
}

/// The policies that select a pod for a direction.
pub fn selecting<'a>(view: &'a View, pod: &'a Pod, way: Way) -> impl Iterator<Item = &'a NetworkPolicy> {
    let governs = move |p: &&NetworkPolicy| {
        let types = &p.spec.policy_types;
        match way {
            // Without types a policy is for ingress, and for egress when it has such rules.
            Way::Ingress => types.is_empty() || types.iter().any(|t| t == "Ingress"),
            Way::Egress => types.iter().any(|t| t == "Egress") || (types.is_empty() && !p.spec.egress.is_empty()),
        }
    };
    view.network_policies
        .within(&pod.metadata.namespace)
        .filter(|p| p.spec.pod_selector.matches(&pod.metadata.labels))
        .filter(governs)
}

/// The policies that together keep one pod from a port of another; none when it is allowed.
pub fn denying<'a>(view: &'a View, from: &'a Pod, to: &'a Pod, port: Option<i64>) -> Vec<&'a NetworkPolicy> {
    let out: Vec<&NetworkPolicy> = selecting(view, from, Way::Egress).collect();
    let into: Vec<&NetworkPolicy> = selecting(view, to, Way::Ingress).collect();
    let leaves = out.iter().flat_map(|p| p.spec.egress.iter().map(move |r| (p, r)));
    let enters = into.iter().flat_map(|p| p.spec.ingress.iter().map(move |r| (p, r)));
    let may_leave =
        out.is_empty() || leaves.into_iter().any(|(p, r)| allows(view, &p.metadata.namespace, &r.to, r, to, to, port));
    let may_enter = into.is_empty()
        || enters.into_iter().any(|(p, r)| allows(view, &p.metadata.namespace, &r.from, r, from, to, port));
    let mut denying = if may_leave { Vec::new() } else { out };
    if !may_enter {
        denying.extend(into);
    }
    denying
}

/// Whether a rule lets traffic with a peer pass, to a port of the pod that serves.
fn allows(
    view: &View,
    ns: &str,
    peers: &[serde_json::Value],
    rule: &NetworkPolicyRule,
    peer: &Pod,
    server: &Pod,
    port: Option<i64>,
) -> bool {
    let peer_fits = peers.is_empty() || peers.iter().any(|p| is_peer(view, ns, p, peer));
    let port_fits =
        rule.ports.is_empty() || port.is_none_or(|port| rule.ports.iter().any(|p| is_port(p, port, server)));
    peer_fits && port_fits
}

fn is_port(rule: &NetworkPolicyPort, port: i64, server: &Pod) -> bool {
    let named = |name: &str| {
        let of = |c: &Container| c.ports.iter().any(|p| p.name == name && p.container_port == port);
        server.spec.containers.iter().any(of)
    };
    match &rule.port {
        None => true,
        Some(IntOrString::Int(from)) => (*from..=rule.end_port.unwrap_or(*from)).contains(&port),
        Some(IntOrString::String(name)) => named(name),
    }
}

fn is_peer(view: &View, ns: &str, peer: &serde_json::Value, pod: &Pod) -> bool {
    let selector = |key: &str| -> Option<LabelSelector> {
        peer.get(key).filter(|v| !v.is_null()).map(|v| serde_json::from_value(v.clone()).unwrap_or_default())
    };
    if let Some(block) = peer.get("ipBlock").filter(|b| !b.is_null()) {
        return in_block(block, &pod.status.pod_ip);
    }
    let place = match selector("namespaceSelector") {
        None => pod.metadata.namespace == ns,
        Some(wanted) => in_namespace(view, &wanted, &pod.metadata.namespace),
    };
    place && selector("podSelector").is_none_or(|s| s.matches(&pod.metadata.labels))
}

fn in_namespace(view: &View, wanted: &LabelSelector, ns: &str) -> bool {
    match view.namespaces.get("", ns) {
        Some(namespace) => wanted.matches(&namespace.metadata.labels),
        // Every namespace carries its name as a label; nothing else is known of one that was not read.
        None => wanted.match_labels.get("kubernetes.io/metadata.name").is_none_or(|name| name == ns),
    }
}

/// Whether an address lies in an `ipBlock`; what is no IPv4 address cannot be decided and counts as inside.
fn in_block(block: &serde_json::Value, address: &str) -> bool {
    let Ok(address) = address.parse::<Ipv4Addr>() else { return true };
    let within = |cidr: &str| -> Option<bool> {
        let (base, bits) = cidr.split_once('/')?;
        let (base, bits): (Ipv4Addr, u32) = (base.parse().ok()?, bits.parse().ok()?);
        let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
        Some(base.to_bits() & mask == address.to_bits() & mask)
    };
    let except = block.get("except").and_then(|e| e.as_array()).map(Vec::as_slice).unwrap_or_default();
    let inside = block.get("cidr").and_then(|c| c.as_str()).and_then(within).unwrap_or(true);
    inside && !except.iter().filter_map(|e| e.as_str()).any(|e| within(e) == Some(true))
}

/// Whether a pod may ask name servers.
fn may_ask_dns(view: &View, pod: &Pod) -> bool {
    let out: Vec<&NetworkPolicy> = selecting(view, pod, Way::Egress).collect();
    let asks = |p: &NetworkPolicy, r: &NetworkPolicyRule| {
        let port = r.ports.is_empty() || r.ports.iter().any(|p| is_port(p, DNS, pod));
        // Name servers run in another namespace: a peer with a pod selector alone is not one of them.
        let elsewhere =
            |peer: &serde_json::Value| ["namespaceSelector", "ipBlock"].iter().any(|k| peer.get(k).is_some());
        let peer = r.to.is_empty() || r.to.iter().any(elsewhere) || p.metadata.namespace == "kube-system";
        port && peer
    };
    out.is_empty() || out.iter().any(|p| p.spec.egress.iter().any(|r| asks(p, r)))
}

/// Policies that forbid what a pod evidently needs, and deny-all policies around pods in trouble.
pub(super) fn detect(view: &View) -> Vec<Finding> {
    if view.network_policies.is_empty() {
        return Vec::new();
    }
    let mut found = blocked(view);
    found.extend(standing(view));
    found
}

/// What logs miss and policies forbid.
fn blocked(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for (of, previous, log) in view.logs() {
        let (Ok(digest), Some(pod)) = (log, view.pods.get(&of.namespace, &of.pod)) else { continue };
        for hit in digest.hits.iter().filter(|h| h.success_after.is_none()) {
            let Some((policies, what)) = forbidden(view, pod, hit) else { continue };
            let unit = view.unit(&pod_ref(pod));
            if told.insert((unit.clone(), what.clone())) {
                found.push(finding(unit, &policies, &what, evidence::log(of, previous, &hit.last)).since(hit.first.at));
            }
        }
    }
    found
}

/// The policies that explain a line of a log, and what they forbid.
fn forbidden<'a>(view: &'a View, pod: &'a Pod, hit: &Hit) -> Option<(Vec<&'a NetworkPolicy>, String)> {
    match hit.signature {
        Signature::NameNotResolved if !may_ask_dns(view, pod) => {
            let out = selecting(view, pod, Way::Egress).collect();
            Some((out, "DNS lookups (port 53)".to_owned()))
        }
        Signature::ConnectionTimedOut
        | Signature::NoRoute
        | Signature::ConnectionRefused
        | Signature::ConnectionReset => {
            let host = hit.values.host.as_deref()?;
            let service = service(view, host, &pod.metadata.namespace)?;
            let port = hit.values.port.map(i64::from);
            let server = say::selected(view, service).into_iter().find(|p| say::is_live(p))?;
            let policies = denying(view, pod, server, target(service, port, server));
            let at = port.map(|p| format!(" port {p}")).unwrap_or_default();
            let what = format!("connections to Service {}/{}{at}", service.metadata.namespace, service.metadata.name);
            (!policies.is_empty()).then_some((policies, what))
        }
        _ => None,
    }
}

fn service<'a>(view: &'a View, host: &str, ns: &str) -> Option<&'a Service> {
    view.service_by_host(host, ns).or_else(|| view.services.iter().find(|s| s.spec.cluster_ip == host))
}

/// The port of the pod behind a port of its Service: policies see that one.
fn target(service: &Service, port: Option<i64>, server: &Pod) -> Option<i64> {
    let port = service.spec.ports.iter().find(|p| Some(p.port) == port)?;
    match &port.target_port {
        IntOrString::Int(0) => Some(port.port),
        IntOrString::Int(n) => Some(*n),
        IntOrString::String(name) => {
            server.spec.containers.iter().flat_map(|c| &c.ports).find(|p| p.name == *name).map(|p| p.container_port)
        }
    }
}

fn policy_ref(policy: &NetworkPolicy) -> EntityRef {
    say::of_meta(Kind::NetworkPolicy, &policy.metadata)
}

/// A policy without rules denies all by itself; where there is one, the others only fail to allow.
fn culprits<'a>(policies: &[&'a NetworkPolicy]) -> Vec<&'a NetworkPolicy> {
    let bare: Vec<&NetworkPolicy> =
        policies.iter().copied().filter(|p| p.spec.ingress.is_empty() && p.spec.egress.is_empty()).collect();
    if bare.is_empty() { policies.to_vec() } else { bare }
}

fn finding(unit: EntityRef, policies: &[&NetworkPolicy], what: &str, says: Evidence) -> Finding {
    let guilty = culprits(policies);
    let names = say::some(guilty.iter().map(|p| p.metadata.name.as_str()), 3);
    let text = format!("NetworkPolicy {names} does not let {unit} make {what}");
    let mut finding = Finding::new(Reason::NetworkBlocked, unit, text).because("what its log misses", says);
    finding.blame = guilty.iter().map(|p| policy_ref(p)).collect();
    for policy in guilty {
        let entity = policy_ref(policy);
        let edit = say::edit(&entity);
        finding = finding
            .because(rules(policy), evidence::object(&entity, rules(policy)))
            .action(
                format!("allow {what} in {} or in a policy beside it", entity.name),
                Some(edit),
                "low: opens that connection",
            )
            .check(say::describe(&entity));
    }
    finding
}

fn rules(policy: &NetworkPolicy) -> String {
    let selector = say::labels(&policy.spec.pod_selector.match_labels);
    let whom = if policy.spec.pod_selector.is_empty() { "all pods".to_owned() } else { selector };
    format!(
        "policyTypes={} podSelector={whom} with {} and {}",
        policy.spec.policy_types.join(","),
        say::count(policy.spec.ingress.len() as u64, "ingress rule"),
        say::count(policy.spec.egress.len() as u64, "egress rule")
    )
}

/// Policies that deny all of a direction around pods that are in trouble: facts that a finding may point at.
fn standing(view: &View) -> Vec<Finding> {
    let mut by_policy: BTreeMap<(EntityRef, &str), BTreeSet<EntityRef>> = BTreeMap::new();
    for pod in view.pods.iter().filter(|p| say::is_live(p) && !p.is_ready()) {
        for (way, words) in [(Way::Egress, "egress (DNS included)"), (Way::Ingress, "ingress")] {
            let all: Vec<&NetworkPolicy> = selecting(view, pod, way).collect();
            let denies = |p: &&NetworkPolicy| {
                if way == Way::Egress { p.spec.egress.is_empty() } else { p.spec.ingress.is_empty() }
            };
            if !all.is_empty() && all.iter().all(denies) {
                let unit = view.unit(&pod_ref(pod));
                for policy in all {
                    by_policy.entry((policy_ref(policy), words)).or_default().insert(unit.clone());
                }
            }
        }
    }
    let context = |((entity, words), units): ((EntityRef, &str), BTreeSet<EntityRef>)| {
        let text = format!("NetworkPolicy {} denies all {words} of {}", entity.name, say::some(&units, 3));
        let says =
            evidence::object(&entity, format!("it selects {} and has no rule for {words}", say::some(&units, 3)));
        Finding::new(Reason::NetworkBlocked, entity, text).role(Role::Context).because("its rules", says)
    };
    by_policy.into_iter().map(context).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    const PODS: &str = "
kind: Pod
metadata: {name: api, labels: {app: api}}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 10.0.0.5}
---
kind: Pod
metadata: {name: db, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: pg, containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.0.1.7, conditions: [{type: Ready, status: 'True'}]}
---
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
kind: Namespace
metadata: {name: shop, labels: {team: blue}}
";

    fn policy(spec: &str) -> String {
        format!("{PODS}---\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {{{spec}}}\n")
    }

    #[rstest::rstest]
    #[case::none_selects("podSelector: {matchLabels: {app: other}}, policyTypes: [Egress]", true)]
    #[case::deny_all("podSelector: {}, policyTypes: [Egress]", false)]
    #[case::allow_all("podSelector: {}, policyTypes: [Egress], egress: [{}]", true)]
    #[case::to_the_database(
        "podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]",
        true
    )]
    #[case::to_another_port("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]", false)]
    #[case::a_range("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5000, endPort: 6000}]}]", true)]
    #[case::block(
        "podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.1.0/24]}}]}]",
        false
    )]
    #[case::namespace(
        "podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: blue}}}]}]",
        true
    )]
    #[case::ingress_of_others(
        "podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]",
        false
    )]
    #[case::ingress_by_name("podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: pg}]}]", true)]
    fn reach(#[case] spec: &str, #[case] expected: bool) {
        let view = Scene::default().yaml(&policy(spec)).view();
        let (api, db) = (view.pods.get("shop", "api").unwrap(), view.pods.get("shop", "db").unwrap());
        assert_eq!(denying(&view, api, db, Some(5432)).is_empty(), expected);
    }

    const LOOKUP: &str = "ERROR dial tcp: lookup db on 10.96.0.10:53: no such host\n";
    const TIMEOUT: &str = "ERROR dial tcp db:5432: i/o timeout: connect: connection timed out\n";

    #[rstest::rstest]
    #[case::dns("podSelector: {}, policyTypes: [Egress]", LOOKUP, &["Failing p", "Context p"])]
    #[case::dns_allowed("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]", LOOKUP, &[])]
    #[case::database("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]", TIMEOUT, &["Failing p"])]
    #[case::database_allowed("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 5432}]}]", TIMEOUT, &[])]
    #[case::nothing_missed("podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]", "INFO ready\n", &[])]
    fn policies(#[case] spec: &str, #[case] log: &str, #[case] expected: &[&str]) {
        let view = Scene::default().yaml(&policy(spec)).log("api/c", log).view();
        let got: Vec<String> = detect(&view).iter().map(|f| format!("{:?} {}", f.role, f.blame[0].name)).collect();
        assert_eq!(got, expected);
    }
}
