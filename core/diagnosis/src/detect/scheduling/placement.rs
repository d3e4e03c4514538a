//! Nodes that a pending pod may not use: closed nodes, taints, its selector, the place of its volumes.
//!
//! Each answer takes a [`Case`] of [`super::unschedulable`] and gives a finding when it is the one to mend.

use super::fit::{self, Fit};
use super::predicate::Predicate;
use super::unschedulable::Case;
use crate::detect::nearest::nearest;
use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence;
use crate::finding::{Confidence, Finding, Reason};

/// Names of nodes, labels and consumers in one sentence.
pub(super) const NAMED: usize = 3;

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

pub(super) fn closed(case: &Case<'_>, nodes: &[&Fit<'_>], rest: &str) -> Finding {
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
    finding.blame = nodes.iter().map(|f| say::of_meta(Kind::Node, &f.node.metadata)).collect();
    for fit in nodes {
        let node = say::of_meta(Kind::Node, &fit.node.metadata);
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
            finding = finding.because(
                "the node carries the taint",
                evidence::object(&say::of_meta(Kind::Node, &fit.node.metadata), says),
            );
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
            evidence::object(&say::of_meta(Kind::Node, &fit.node.metadata), says),
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
