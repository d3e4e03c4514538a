//! What changed since a moment, whatever came of it: rollouts with what they changed, edits, scaling, nodes.
//!
//! The detector `workload.change` tells only changes that may have caused trouble; a person who asks "what changed?" wants
//! all of them. Must never say what an edit changed when only its time is known. Start at [`since`].

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::detect::say;
use crate::detect::workloads::change::{revisions, rolled_out};
use crate::detect::workloads::{diff, references};
use crate::entity::{EntityRef, Kind};
use crate::evidence::{self, Evidence};
use crate::kube::{Deployment, Event, ManagedField, Meta, ReplicaSet};
use crate::scope::Scope;
use crate::view::View;

#[cfg(test)]
mod tests;

/// Lines of one diff that are told.
const LINES: usize = 20;

/// Clocks of those who write a Deployment and of the controller that rolls it out differ by this much (seconds) at most:
/// an edit this near to its rollout is the same change.
const SAME: i64 = 30;

/// Kinds of which an edit is told. Those that controllers write all the time (Endpoints, Leases, pods) are not.
const EDITED: &[Kind] = &[
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::Service,
    Kind::Ingress,
    Kind::NetworkPolicy,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::ResourceQuota,
    Kind::LimitRange,
    Kind::PersistentVolumeClaim,
    Kind::ServiceAccount,
    Kind::Role,
    Kind::RoleBinding,
    Kind::ValidatingWebhookConfiguration,
    Kind::MutatingWebhookConfiguration,
];

/// Events that tell of a change and not of a failure.
const EVENTS: &[&str] = &[
    "ScalingReplicaSet",
    "SuccessfulRescale",
    "SuccessfulDelete",
    "DeploymentRollback",
    "NodeReady",
    "NodeNotReady",
    "NodeSchedulable",
    "NodeNotSchedulable",
    "RegisteredNode",
    "RemovingNode",
    "Rebooted",
];

/// Who writes without a person or a deployment behind it.
const CONTROLLERS: &[&str] = &["kube-controller-manager", "kube-scheduler", "kubelet"];

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub what: EntityRef,
    /// What, in a clause.
    pub text: String,
    /// Where it says so.
    pub evidence: Evidence,
}

/// A revision of a Deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Its number.
    pub number: i64,
    /// When it was rolled out, where that is known.
    pub at: Option<Timestamp>,
}

/// The revisions of a Deployment that are kept, the newest first. Other kinds keep theirs where they are not read.
pub fn rollouts(view: &View, unit: &EntityRef) -> Vec<Rollout> {
    let deployment = (unit.kind == Kind::Deployment).then(|| view.deployments.get(unit.ns(), &unit.name)).flatten();
    let of = |deployment: &Deployment| {
        let all = revisions(view, deployment);
        all.into_iter().map(|(number, set)| Rollout { number, at: rolled_out(view, deployment, set) }).collect()
    };
    deployment.map(of).unwrap_or_default()
}

/// What may matter to these targets: they themselves, what stands before them, what they name, where they run, and what
/// bounds their namespaces.
pub fn around(view: &View, targets: &[EntityRef]) -> BTreeSet<EntityRef> {
    let reach = Scope { targets: targets.to_vec(), ..Scope::default() }.reach(view);
    let mut found: BTreeSet<EntityRef> = targets.iter().cloned().collect();
    let bounds = [Kind::ResourceQuota, Kind::LimitRange, Kind::NetworkPolicy];
    for target in targets {
        for unit in view.behind(target).into_iter().chain([view.unit(target)]) {
            let named = say::spec_of(view, &unit).map(|spec| references::named(spec, unit.ns())).unwrap_or_default();
            found.extend(named.into_iter().map(|n| n.entity));
            let nodes = view.pods_of(&unit).into_iter().map(|p| p.spec.node_name.clone()).filter(|n| !n.is_empty());
            found.extend(nodes.map(|name| EntityRef::new(Kind::Node, "", name)));
            found.insert(unit);
        }
        found.extend(bounds.iter().flat_map(|kind| view.names(kind)).filter(|e| e.ns() == target.ns()));
    }
    found.extend(EDITED.iter().flat_map(|kind| view.names(kind)).filter(|e| reach.holds(view, e)));
    found
}

/// Everything that changed at or after a moment, oldest first. `about` bounds it ([`around`]); empty: all that was read.
pub fn since(view: &View, about: &BTreeSet<EntityRef>, from: Timestamp) -> Vec<Change> {
    let concerns = |e: &EntityRef| about.is_empty() || about.contains(e) || about.contains(&view.unit(e));
    let mut found: Vec<Change> = Vec::new();
    for deployment in view.deployments.iter() {
        if concerns(&say::of_meta(Kind::Deployment, &deployment.metadata)) {
            found.extend(rollouts_since(view, deployment, from));
        }
    }
    for entity in EDITED.iter().flat_map(|kind| view.names(kind)).filter(|e| concerns(e)) {
        if let Some(meta) = view.meta(&entity) {
            found.extend(written(&entity, meta, from, &found));
        }
    }
    for node in view.nodes.iter() {
        let entity = say::of_meta(Kind::Node, &node.metadata);
        if concerns(&entity) {
            found.extend(node_changes(&entity, node, from));
        }
    }
    let events = view.events().iter().filter(|e| concerns(&about_of(e)));
    found.extend(events.filter_map(|event| told(event, from)));
    found.sort();
    found.dedup();
    found
}

fn about_of(event: &Event) -> EntityRef {
    let about = &event.involved_object;
    EntityRef::new(Kind::named(&about.kind), &about.namespace, about.name.clone())
}

fn rollouts_since(view: &View, deployment: &Deployment, from: Timestamp) -> Vec<Change> {
    let entity = say::of_meta(Kind::Deployment, &deployment.metadata);
    let all = revisions(view, deployment);
    let mut found = Vec::new();
    for (index, (number, set)) in all.iter().enumerate() {
        let Some(at) = rolled_out(view, deployment, set).filter(|at| *at >= from) else { continue };
        let text = match all.get(index + 1) {
            Some((before, old)) => between(*before, *number, old, set),
            None if *number <= 1 => format!("created, with revision {number}"),
            None => {
                format!("revision {number} was rolled out; the one before is not kept, so what it changed is not known")
            }
        };
        let says = format!("ReplicaSet {}: metadata.creationTimestamp, spec.template", set.metadata.name);
        found.push(Change { at, what: entity.clone(), text, evidence: evidence::object(&entity, says) });
    }
    found
}

/// `Between revisions 41 and 42: env DATABASE_URL removed, nothing else`.
fn between(before: i64, number: i64, old: &ReplicaSet, new: &ReplicaSet) -> String {
    let lines = diff::templates(&old.spec.template, &new.spec.template);
    match lines.len() {
        0 => format!("between revisions {before} and {number}: nothing in the pod template that is compared"),
        1..=LINES => format!("between revisions {before} and {number}: {}, nothing else", lines.join(", ")),
        _ => format!("between revisions {before} and {number}: {}", say::some(&lines, LINES)),
    }
}

/// The creation of an object, or its newest edit by somebody.
fn written(entity: &EntityRef, meta: &Meta, from: Timestamp, told: &[Change]) -> Option<Change> {
    let created = (*meta.creation_timestamp).filter(|at| *at >= from);
    let near =
        |at: Timestamp| told.iter().any(|c| c.what == *entity && c.at.duration_since(at).as_secs().abs() <= SAME);
    let edit = newest_edit(meta).and_then(|edit| Some((edit, (*edit.time).filter(|at| *at >= from)?)));
    let (at, text, says) = if let Some((edit, at)) = edit {
        let verb = if edit.subresource == "scale" { "scaled" } else { "edited" };
        let text = format!("{verb} by {}; what it changed is not recorded", edit.manager);
        (at, text, format!("metadata.managedFields: manager={} operation={} time={at}", edit.manager, edit.operation))
    } else {
        let at = created?;
        (at, "created".to_owned(), format!("metadata.creationTimestamp={at}"))
    };
    (!near(at)).then(|| Change { at, what: entity.clone(), text, evidence: evidence::object(entity, says) })
}

/// The newest edit after the creation that a person or a program of theirs made. Status is no edit.
fn newest_edit(meta: &Meta) -> Option<&ManagedField> {
    let by_somebody = |m: &&ManagedField| {
        m.subresource != "status" && *m.time > *meta.creation_timestamp && !CONTROLLERS.contains(&m.manager.as_str())
    };
    meta.managed_fields.iter().filter(by_somebody).max_by_key(|m| (*m.time, &m.manager))
}

fn node_changes(entity: &EntityRef, node: &crate::kube::Node, from: Timestamp) -> Vec<Change> {
    let change = |at: Timestamp, text: String, says: String| {
        (at >= from).then(|| Change { at, what: entity.clone(), text, evidence: evidence::object(entity, says) })
    };
    let joined = node
        .metadata
        .creation_timestamp
        .and_then(|at| change(at, "joined the cluster".to_owned(), format!("metadata.creationTimestamp={at}")));
    let ready = node.status.conditions.iter().find(|c| c.r#type == "Ready");
    let ready = ready.and_then(|c| {
        let text = if c.is_true() { "became ready".to_owned() } else { format!("stopped being ready ({})", c.reason) };
        let at = (*c.last_transition_time)?;
        change(at, text, format!("status.conditions[Ready]: status={} reason={}", c.status, c.reason))
    });
    let tainted = node.spec.taints.iter().filter_map(|t| {
        let at = (*t.time_added)?;
        change(at, format!("tainted {}:{}", t.key, t.effect), format!("spec.taints: {} since {at}", t.key))
    });
    joined.into_iter().chain(ready).chain(tainted).collect()
}

fn told(event: &Event, from: Timestamp) -> Option<Change> {
    let at = event.last().filter(|at| *at >= from && EVENTS.contains(&event.reason.as_str()))?;
    let times = if event.times() > 1 { format!(" ({} times)", event.times()) } else { String::new() };
    let text = format!("event {}: {}{times}", event.reason, say::clause(event.text()));
    Some(Change { at, what: about_of(event), text, evidence: evidence::event(event) })
}
