//! Network policies that keep pods from something. A policy is a decision of somebody, so it is told as a fact;
//! it becomes a cause once something that fails points at it.

use std::collections::{BTreeMap, BTreeSet};

use super::policies::{self, Direction};
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason, Role};
use crate::kube::{NetworkPolicy, Pod};
use crate::view::View;
use crate::view::relate::pod_ref;

/// What policies keep the pods they select from.
pub(crate) fn detect(view: &View) -> Vec<Finding> {
    if view.network_policies.is_empty() {
        return Vec::new();
    }
    let dns = policies::dns_pod(view);
    let mut by_namespace: BTreeMap<&str, Vec<(EntityRef, &Pod)>> = BTreeMap::new();
    for policy in view.network_policies.iter() {
        let ns = policy.metadata.namespace.as_str();
        by_namespace.entry(ns).or_insert_with(|| samples(view, ns));
    }
    let of_policy = |policy: &NetworkPolicy| {
        let pods = &by_namespace[policy.metadata.namespace.as_str()];
        [Direction::Egress, Direction::Ingress].map(|d| limit(view, policy, d, pods, dns))
    };
    view.network_policies.iter().flat_map(of_policy).flatten().collect()
}

/// One pod of each workload and set of labels: policies select by labels, so the others share its fate.
fn samples<'a>(view: &'a View, ns: &'a str) -> Vec<(EntityRef, &'a Pod)> {
    let mut seen = BTreeSet::new();
    let live = view.pods.within(ns).filter(|p| say::is_live(p)).map(|p| (view.unit(&pod_ref(p)), p));
    live.filter(|(unit, pod)| seen.insert((unit.clone(), &pod.metadata.labels))).collect()
}

fn limit(
    view: &View,
    policy: &NetworkPolicy,
    direction: Direction,
    pods: &[(EntityRef, &Pod)],
    dns: Option<&Pod>,
) -> Option<Finding> {
    let open = direction.rules(policy).iter().any(|rule| policies::lets_all(rule, direction));
    if open || !direction.is_of(policy) {
        return None;
    }
    let selected =
        pods.iter().filter(|(_, p)| !p.spec.host_network && policy.spec.pod_selector.matches(&p.metadata.labels));
    let mut worst: Option<Limit> = None;
    let mut units = BTreeSet::new();
    for (unit, pod) in selected {
        if let Some(limit) = degree(view, pod, direction, dns) {
            units.insert(unit);
            worst = worst.max(Some(limit));
        }
    }
    let worst = worst?;
    let of = say::of_meta(Kind::NetworkPolicy, &policy.metadata);
    let who = say::some(&units, 3);
    let claim = match (worst, direction) {
        (Limit::All, Direction::Egress) => format!("{of} denies all egress of {who}, DNS lookups included"),
        (Limit::All, Direction::Ingress) => format!("{of} denies all ingress to {who}"),
        (Limit::NoDns, _) => format!("{of} allows {who} egress to some places, and no DNS lookups (port 53)"),
        (Limit::Some, Direction::Egress) => format!("{of} limits egress of {who}"),
        (Limit::Some, Direction::Ingress) => format!("{of} limits ingress to {who}"),
    };
    let confidence = if worst == Limit::Some { Confidence::Medium } else { Confidence::High };
    Some(told(view, policy, direction, claim).confidence(confidence))
}

/// How much policies keep from a pod, from little to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Limit {
    Some,
    NoDns,
    All,
}

/// What all policies together leave to a pod; none when one of them leaves everything.
fn degree(view: &View, pod: &Pod, direction: Direction, dns: Option<&Pod>) -> Option<Limit> {
    let holding = policies::holding(view, pod, direction);
    let mut rules = holding.iter().flat_map(|p| direction.rules(p)).peekable();
    if rules.peek().is_none() {
        return Some(Limit::All);
    }
    if rules.any(|rule| policies::lets_all(rule, direction)) {
        return None;
    }
    let asks = direction == Direction::Ingress || policies::may_ask_names(view, pod, dns);
    Some(if asks { Limit::Some } else { Limit::NoDns })
}

fn told(view: &View, policy: &NetworkPolicy, direction: Direction, claim: String) -> Finding {
    let of = say::of_meta(Kind::NetworkPolicy, &policy.metadata);
    let changed = policy.metadata.edited_at().and_then(|m| *m.time).or(*policy.metadata.creation_timestamp);
    let says = format!(
        "spec.policyTypes={} {direction:?} rules: {}",
        policy.spec.policy_types.join(","),
        direction.rules(policy).len()
    );
    let mut finding = Finding::new(Reason::NetworkBlocked, of.clone(), claim)
        .role(Role::Context)
        .because("its rules", evidence::object(&of, says))
        .since(changed);
    if let Some(at) = changed.filter(|at| view.in_window(*at)) {
        finding = finding.because(
            format!("it came in or was changed at {at}"),
            evidence::object(&of, format!("metadata.creationTimestamp={at}")),
        );
    }
    let mend = match direction {
        Direction::Egress => "allow what the pods need beside it: DNS (port 53) first, then the addresses they call",
        Direction::Ingress => "allow the pods that have to reach these, and the port",
    };
    finding.action(mend, Some(say::edit(&of)), "low: opens only what is added").check(say::describe(&of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::Scene;

    const POD: &str = "
kind: Pod
metadata: {name: web, labels: {app: web}}
---
kind: NetworkPolicy
metadata: {name: dns, namespace: elsewhere}
spec: {podSelector: {}}
---
kind: NetworkPolicy
metadata: {name: p}
spec: ";

    #[rstest::rstest]
    #[case::no_egress(
        "{podSelector: {}, policyTypes: [Egress]}",
        Some("NetworkPolicy shop/p denies all egress of Pod shop/web, DNS lookups included")
    )]
    #[case::no_dns(
        "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}",
        Some("NetworkPolicy shop/p allows Pod shop/web egress to some places, and no DNS lookups (port 53)")
    )]
    #[case::some_egress(
        "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}, {port: 443}]}]}",
        Some("NetworkPolicy shop/p limits egress of Pod shop/web")
    )]
    #[case::no_ingress(
        "{podSelector: {matchLabels: {app: web}}}",
        Some("NetworkPolicy shop/p denies all ingress to Pod shop/web")
    )]
    #[case::others("{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]}", None)]
    #[case::all_allowed("{podSelector: {}, policyTypes: [Egress, Ingress], egress: [{}], ingress: [{}]}", None)]
    #[case::allowed_by_another(
        "{podSelector: {}, policyTypes: [Egress]}\n---\nkind: NetworkPolicy\nmetadata: {name: q}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{}]}",
        None
    )]
    fn what_policies_deny(#[case] spec: &str, #[case] expected: Option<&str>) {
        let found = detect(&Scene::default().yaml(&format!("{POD}{spec}")).view());
        let got: Vec<&str> = found.iter().map(|f| f.claim.as_str()).collect();
        assert_eq!(got, expected.into_iter().collect::<Vec<_>>());
        assert!(found.iter().all(|f| f.role == Role::Context && f.blame[0].kind == Kind::NetworkPolicy));
    }
}
