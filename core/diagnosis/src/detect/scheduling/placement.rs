//! The answers that hold a pending pod against the nodes: room, other pods, closed nodes, taints, selector, volumes.
//!
//! Each takes a [`Case`] of [`super::unschedulable`] and gives a finding when it is the one to mend.

use super::fit::{self, Fit, amount, request, request_text};
use super::predicate::Predicate;
use super::unschedulable::Case;
use crate::detect::nearest::nearest;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason};
use crate::kube::{Node, Pod};
use crate::view::relate::pod_ref;

/// Names of nodes, labels and consumers in one sentence.
const NAMED: usize = 3;

fn node_ref(node: &Node) -> EntityRef {
    EntityRef::new(Kind::Node, "", node.metadata.name.clone())
}

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
            evidence::object(&node_ref(fit.node), format!("status.allocatable.{resource}={seen}")),
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

/// The nodes that the pod may use are cordoned, or in trouble.
pub(super) fn closed_nodes(case: &Case<'_>) -> Option<Finding> {
    if case.fits.is_empty() {
        return closed_by_message(case);
    }
    let may = |f: &&Fit<'_>| f.selected && f.repelled().is_none() && (f.cordoned() || f.troubled().is_some());
    let closed_ones: Vec<&Fit<'_>> = case.fits.iter().filter(may).collect();
    (!closed_ones.is_empty()).then(|| closed(case, &closed_ones, ""))
}

fn closed_by_message(case: &Case<'_>) -> Option<Finding> {
    let trouble = |p: &Predicate| match p {
        Predicate::Cordoned => true,
        Predicate::Taint { key, .. } => fit::is_trouble(key),
        _ => false,
    };
    let text = format!("the nodes that {} may use take no pods: {}", case.unit, case.words());
    case.says(trouble).then(|| case.finding(Reason::Unschedulable, text).confidence(Confidence::Medium))
}

fn closed(case: &Case<'_>, nodes: &[&Fit<'_>], rest: &str) -> Finding {
    let state = |f: &Fit<'_>| match f.troubled() {
        Some(taint) => format!("{} has the taint {}", f.node.metadata.name, taint.key),
        None => format!("{} is cordoned", f.node.metadata.name),
    };
    let text = format!(
        "the nodes that {} may use take no new pods: {}{rest}",
        case.unit,
        say::some(nodes.iter().map(|f| state(f)), NAMED)
    );
    let mut finding = case.finding(Reason::Unschedulable, text);
    finding.blame = nodes.iter().map(|f| node_ref(f.node)).collect();
    for fit in nodes {
        let node = node_ref(fit.node);
        finding = finding.because(
            state(fit),
            evidence::object(&node, format!("spec.unschedulable={}", fit.node.spec.unschedulable)),
        );
        let command = match fit.troubled() {
            Some(_) => say::describe(&node),
            None => format!("kubectl uncordon {}", node.name),
        };
        finding = finding
            .points_at(node)
            .action(
                format!("open {} again once its maintenance or trouble is over", fit.node.metadata.name),
                Some(command),
                "low: pods may land there",
            )
            .check(case.pods_command());
    }
    finding
}

/// Every node that the selector leaves has a taint that the pod does not tolerate.
pub(super) fn taints(case: &Case<'_>) -> Option<Finding> {
    let selected: Vec<&Fit<'_>> = case.fits.iter().filter(|f| f.selected).collect();
    let named: Vec<String> = if selected.is_empty() {
        let unseen = case.fits.is_empty() && !case.says(|p| *p == Predicate::Selector);
        let by_message = case.refusals.iter().filter_map(|r| match &r.why {
            Predicate::Taint { key, value } => Some(taint_text(key, value)),
            _ => None,
        });
        if unseen { by_message.collect() } else { Vec::new() }
    } else {
        selected.iter().filter_map(|f| f.repelled()).map(|t| taint_text(&t.key, &t.value)).collect()
    };
    if named.is_empty() || selected.iter().any(|f| f.open()) {
        return None;
    }
    let mut distinct = named;
    distinct.sort();
    distinct.dedup();
    let unit = &case.unit;
    let nodes = say::some(selected.iter().map(|f| &f.node.metadata.name), NAMED);
    let on = if nodes.is_empty() { String::new() } else { format!(" of {nodes}") };
    let text =
        format!("{unit} does not tolerate the taint {}{on}, the only nodes it may use", say::some(&distinct, NAMED));
    let mut finding = case.finding(Reason::SchedulingMismatch, text);
    for fit in selected.iter().take(NAMED) {
        if let Some(t) = fit.repelled() {
            let says = format!("spec.taints: {}:{}", taint_text(&t.key, &t.value), t.effect);
            finding = finding.because("the node carries the taint", evidence::object(&node_ref(fit.node), says));
        }
    }
    Some(
        finding
            .rules_out("resources: the scheduler names none that is short", case.evidence.clone())
            .action(
                "add the toleration to the pod template, if it belongs on these nodes",
                Some(say::edit(unit)),
                "low: replaces the pods",
            )
            .check(case.pods_command()),
    )
}

fn taint_text(key: &str, value: &str) -> String {
    if value.is_empty() { key.to_owned() } else { format!("{key}={value}") }
}

/// No node has the labels that selector or affinity ask for.
pub(super) fn selector(case: &Case<'_>) -> Option<Finding> {
    if !case.says(|p| *p == Predicate::Selector) || case.fits.iter().any(|f| f.selected) {
        return None;
    }
    let spec = case.spec();
    let mut wanted: Vec<(String, String)> = spec.node_selector.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    for requirement in fit::node_terms(spec).into_iter().flatten().filter(|r| r.operator == "In") {
        wanted.extend(requirement.values.iter().map(|v| (requirement.key.clone(), v.clone())));
    }
    let missing: Vec<&(String, String)> =
        wanted.iter().filter(|(k, v)| !case.fits.iter().any(|f| f.node.metadata.labels.get(k) == Some(v))).collect();
    let named = if missing.is_empty() { wanted.iter().collect() } else { missing.clone() };
    let text_of = |pairs: &[&(String, String)]| say::some(pairs.iter().map(|(k, v)| format!("{k}={v}")), NAMED);
    let near = missing.first().and_then(|(k, v)| near_label(case, k, v));
    let hint = near.as_ref().map(|n| format!("; the nearest label is {n}")).unwrap_or_default();
    let unit = &case.unit;
    let seen = if case.fits.is_empty() { String::new() } else { format!(" of {}", case.fits.len()) };
    let text = format!(
        "no node{seen} has the labels that the node selector or affinity of {unit} asks for: {}{hint}",
        text_of(&named)
    );
    let mut finding = case.finding(Reason::SchedulingMismatch, text);
    finding = finding.because(
        "what it selects",
        evidence::object(unit, format!("nodeSelector/affinity: {}", text_of(&wanted.iter().collect::<Vec<_>>()))),
    );
    for fit in case.fits.iter().take(NAMED) {
        let says = format!("metadata.labels: {}", say::clause(&say::labels(&fit.node.metadata.labels)));
        finding = finding.because(
            format!("{} has other labels", fit.node.metadata.name),
            evidence::object(&node_ref(fit.node), says),
        );
    }
    Some(
        finding
            .rules_out("resources: the scheduler names none that is short", case.evidence.clone())
            .action("correct the node selector or affinity", Some(say::edit(unit)), "low: replaces the pods")
            .check(case.pods_command())
            .action(
                "or label the node that is meant",
                Some(format!("kubectl label node NODE {}", text_of(&named))),
                "low: pods may land there",
            ),
    )
}

/// The label that somebody may have meant: the same key with a near value, else a near key.
fn near_label(case: &Case<'_>, key: &str, value: &str) -> Option<String> {
    let all = || case.fits.iter().flat_map(|f| f.node.metadata.labels.iter());
    let values: Vec<&str> = all().filter(|(k, _)| *k == key).map(|(_, v)| v.as_str()).collect();
    if let Some(near) = nearest(value, values.iter().copied()).or(values.first().copied()) {
        return Some(format!("{key}={near}"));
    }
    let near = nearest(key, all().map(|(k, _)| k.as_str()))?;
    all().find(|(k, _)| *k == near).map(|(k, v)| format!("{k}={v}"))
}

/// A bound volume lives where the pod may not go.
pub(super) fn volume_affinity(case: &Case<'_>) -> Option<Finding> {
    if !case.says(|p| *p == Predicate::VolumeAffinity) {
        return None;
    }
    let unit = &case.unit;
    let bound = case.spec().volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref()).find_map(|v| {
        let claim = case.view.claims.get(unit.ns(), &v.claim_name)?;
        let volume = case.view.volumes.get("", &claim.spec.volume_name)?;
        let terms =
            fit::terms(volume.spec.node_affinity.as_ref().and_then(|a| a.pointer("/required/nodeSelectorTerms")));
        (!terms.is_empty()).then_some((claim, volume, terms))
    });
    let selector = say::labels(&case.spec().node_selector);
    let asks = if selector.is_empty() { String::new() } else { format!(" (node selector {selector})") };
    let Some((claim, volume, terms)) = bound else {
        let text = format!(
            "the volume of {unit} cannot be used from any node that its pods may use{asks}: volume node affinity conflict"
        );
        return Some(case.finding(Reason::VolumeUnavailable, text).confidence(Confidence::Medium));
    };
    let place = say::some(terms.iter().flatten().map(|r| format!("{}={}", r.key, r.values.join("|"))), NAMED);
    let there: Vec<&Fit<'_>> = case.fits.iter().filter(|f| fit::matches_terms(&terms, f.node)).collect();
    let closed_ones: Vec<&Fit<'_>> =
        there.iter().copied().filter(|f| f.selected && (f.cordoned() || f.troubled().is_some())).collect();
    let volume_ref = EntityRef::new(Kind::PersistentVolume, "", volume.metadata.name.clone());
    let says = evidence::object(&volume_ref, format!("spec.nodeAffinity: {place}"));
    if !closed_ones.is_empty() {
        let rest = format!(
            ", and the volume of claim {} can only be used there ({place}): volume node affinity conflict",
            claim.metadata.name
        );
        return Some(closed(case, &closed_ones, &rest).because("where the volume lives", says));
    }
    let nobody = if there.is_empty() { "no node is there" } else { "its pods may not go there" };
    let text = format!(
        "volume {} of claim {} lives in {place}, and {nobody}{asks}: volume node affinity conflict",
        volume.metadata.name, claim.metadata.name
    );
    let finding = case.finding(Reason::VolumeUnavailable, text).because("where the volume lives", says);
    let finding = if there.is_empty() { finding.blame(volume_ref) } else { finding };
    Some(
        finding
            .action(
                "let the pods run where the volume is, or move the data to a volume there",
                Some(say::edit(unit)),
                "low: replaces the pods",
            )
            .check(case.pods_command()),
    )
}
