//! Room for a pending pod: what it asks for against what the nodes have left, and the pods that stand in its way.
//!
//! Each answer takes a [`Case`] of [`super::unschedulable`] and gives a finding when it is the one to mend.

use super::fit::{Fit, amount, request, request_text};
use super::placement::{NAMED, closed};
use super::predicate::Predicate;
use super::unschedulable::Case;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Finding, Reason};
use crate::kube::Pod;
use crate::view::relate::pod_ref;

/// A resource runs out on the nodes that the pod may use: because it asks for more than any has, or because others are there.
pub(super) fn no_room(case: &Case<'_>) -> Option<Finding> {
    let named: Vec<&str> = case
        .refusals
        .iter()
        .filter_map(|r| match &r.why {
            Predicate::Insufficient(resource) => Some(resource.as_str()),
            Predicate::TooManyPods => Some("pods"),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    let usable: Vec<&Fit<'_>> = case.fits.iter().filter(|f| f.selected && f.repelled().is_none()).collect();
    let too_big = named.iter().copied().find(|r| *r != "pods" && exceeds_all(case, &usable, r));
    if let Some(resource) = too_big {
        return Some(too_large(case, &usable, resource));
    }
    let waiting: Vec<&Fit<'_>> = usable.iter().copied().filter(|f| f.cordoned() || f.troubled().is_some()).collect();
    if !waiting.is_empty() {
        return Some(closed(case, &waiting, &format!(", and the others have no room ({})", insufficient(&named))));
    }
    Some(full(case, &usable, &named))
}

fn insufficient(named: &[&str]) -> String {
    let word = |r: &&str| if *r == "pods" { "Too many pods".to_owned() } else { format!("Insufficient {r}") };
    named.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn exceeds_all(case: &Case<'_>, usable: &[&Fit<'_>], resource: &str) -> bool {
    let wanted = request(case.spec(), resource);
    wanted > 0.0 && !usable.is_empty() && usable.iter().all(|f| wanted > f.allocatable(resource))
}

fn too_large(case: &Case<'_>, usable: &[&Fit<'_>], resource: &str) -> Finding {
    let wanted = request_text(case.spec(), resource);
    let largest = usable.iter().max_by(|a, b| a.allocatable(resource).total_cmp(&b.allocatable(resource)));
    let (name, most) = largest.map_or(("none", 0.0), |f| (f.node.metadata.name.as_str(), f.allocatable(resource)));
    let (unit, most) = (&case.unit, amount(resource, most));
    let text = format!(
        "{unit} requests {wanted} of {resource} per pod and the largest node it may use, {name}, has {most} (Insufficient {resource})"
    );
    let mut finding = case.finding(Reason::SchedulingMismatch, text);
    for fit in usable.iter().take(NAMED) {
        let seen = amount(resource, fit.allocatable(resource));
        finding = finding.because(
            format!("{} has {seen} of {resource} allocatable", fit.node.metadata.name),
            evidence::object(
                &say::of_meta(Kind::Node, &fit.node.metadata),
                format!("status.allocatable.{resource}={seen}"),
            ),
        );
    }
    let first = case.evidence.clone();
    finding
        .rules_out("other pods on the node: even an empty one is too small", first.clone())
        .rules_out("a quota: the API server accepted the pod", first)
        .action(
            format!("request at most what a node has ({most} of {resource})"),
            Some(say::edit(unit)),
            "low: replaces the pods",
        )
        .check(case.pods_command())
        .action(format!("or add a node with more than {wanted} of {resource}"), None, "none: costs money")
}

fn full(case: &Case<'_>, usable: &[&Fit<'_>], named: &[&str]) -> Finding {
    let resource = named[0];
    let unit = &case.unit;
    let wanted = if resource == "pods" {
        "1 more pod".to_owned()
    } else {
        format!("{} of {resource}", request_text(case.spec(), resource))
    };
    let nodes = if usable.is_empty() {
        String::new()
    } else {
        format!(" ({})", say::some(usable.iter().map(|f| &f.node.metadata.name), NAMED))
    };
    let text = format!("no node that {unit} may use{nodes} has room for {wanted}: {}", insufficient(named));
    let mut finding = case.finding(Reason::Unschedulable, text);
    if let Some((who, taken)) = largest_consumer(case, usable, resource) {
        finding = finding.because(
            format!("{who} takes the largest part there: {}", amount(resource, taken)),
            evidence::object(&who, format!("requests of {resource} on these nodes: {}", amount(resource, taken))),
        );
    }
    finding
        .action("add a node, or lower what others request there", Some("kubectl describe nodes".into()), "none")
        .check(case.pods_command())
        .action(format!("or lower the request of {resource}"), Some(say::edit(unit)), "low: replaces the pods")
}

/// Who requests most of a resource on these nodes, among the pods that were seen.
fn largest_consumer(case: &Case<'_>, usable: &[&Fit<'_>], resource: &str) -> Option<(EntityRef, f64)> {
    let mut taken: std::collections::BTreeMap<EntityRef, f64> = std::collections::BTreeMap::new();
    for pod in case.view.pods.iter().filter(|p| say::is_live(p) && on_any(p, usable)) {
        *taken.entry(case.view.unit(&pod_ref(pod))).or_default() += request(&pod.spec, resource);
    }
    taken.into_iter().filter(|(_, v)| *v > 0.0).max_by(|a, b| a.1.total_cmp(&b.1))
}

fn on_any(pod: &Pod, fits: &[&Fit<'_>]) -> bool {
    fits.iter().any(|f| f.node.metadata.name == pod.spec.node_name)
}

/// Other pods stand in the way: host ports, anti-affinity, affinity, spread.
pub(super) fn by_other_pods(case: &Case<'_>) -> Option<Finding> {
    let unit = &case.unit;
    let (text, what) = if case.says(|p| *p == Predicate::HostPort) {
        return Some(host_ports(case));
    } else if case.says(|p| *p == Predicate::AntiAffinity) {
        let others = case.message.contains("existing pods anti-affinity");
        let whose = if others { "of pods already there" } else { "of its own template" };
        (format!("the pod anti-affinity rules {whose} leave no node for one more pod of {unit}"), "anti-affinity")
    } else if case.says(|p| *p == Predicate::PodAffinity) {
        (format!("no node runs the pods that the pod affinity of {unit} asks for"), "pod affinity")
    } else if case.says(|p| *p == Predicate::Spread) {
        (format!("the topology spread constraints of {unit} leave no node for one more pod"), "topology spread")
    } else {
        return None;
    };
    let open = case.fits.iter().filter(|f| f.selected && f.repelled().is_none()).count();
    let asks = rule_text(case, what);
    let finding = case.finding(Reason::SchedulingMismatch, text);
    let finding = if asks.is_empty() {
        finding
    } else {
        finding.because(format!("the rule: {asks}"), evidence::object(unit, asks))
    };
    Some(
        finding
            .rules_out("resources: the scheduler names none that is short", case.evidence.clone())
            .action(
                format!("have no more replicas than nodes it may use ({open} seen), prefer instead of require, or add a node"),
                Some(say::edit(unit)),
                "low: replaces the pods",
            )
            .check(case.pods_command()),
    )
}

/// The rule as it stands in the pod, short.
fn rule_text(case: &Case<'_>, what: &str) -> String {
    let spec = case.spec();
    let value = match what {
        "topology spread" => spec.topology_spread_constraints.first(),
        "pod affinity" => spec.affinity.as_ref().and_then(|a| a.get("podAffinity")),
        _ => spec.affinity.as_ref().and_then(|a| a.get("podAntiAffinity")),
    };
    value.map(|v| say::clause(&v.to_string())).unwrap_or_default()
}

fn host_ports(case: &Case<'_>) -> Finding {
    let unit = &case.unit;
    let wanted: Vec<i64> = ports(case.pod).collect();
    let usable: Vec<&Fit<'_>> = case.fits.iter().filter(|f| f.selected && f.repelled().is_none()).collect();
    let holder = case
        .view
        .pods
        .iter()
        .find(|p| say::is_live(p) && on_any(p, &usable) && ports(p).any(|port| wanted.contains(&port)));
    let taken: Vec<i64> =
        holder.map_or_else(|| wanted.clone(), |p| ports(p).filter(|port| wanted.contains(port)).collect());
    let by = holder.map_or_else(|| "a pod that was not read".to_owned(), |p| case.view.unit(&pod_ref(p)).to_string());
    let text = format!(
        "{unit} wants host port {}, which {by} holds on every node it may use (no free ports for the requested pod ports)",
        say::some(&taken, NAMED)
    );
    let mut finding = case.finding(Reason::SchedulingMismatch, text);
    if let Some(pod) = holder {
        finding = finding.because(
            format!("{by} holds it on {}", pod.spec.node_name),
            evidence::object(&pod_ref(pod), format!("hostPort={}", say::some(&taken, NAMED))),
        );
    }
    finding
        .rules_out("resources: the scheduler names none that is short", case.evidence.clone())
        .action("choose another host port, or none and a Service", Some(say::edit(unit)), "low: replaces the pods")
        .check(case.pods_command())
}

fn ports(pod: &Pod) -> impl Iterator<Item = i64> {
    pod.spec.containers.iter().flat_map(|c| &c.ports).filter_map(|p| p.host_port).filter(|p| *p > 0)
}
