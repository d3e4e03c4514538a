//! Names of things: exact, by `app` label, by prefix, and near.

use std::collections::BTreeSet;

use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::view::View;
use midwatch_diagnosis::view::relate::pod_ref;

/// Kinds that a question can be about, in the order in which equal names are preferred.
pub(super) const ASKABLE: &[Kind] = &[
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
    Kind::Job,
    Kind::Pod,
    Kind::Service,
    Kind::Ingress,
    Kind::PersistentVolumeClaim,
    Kind::HorizontalPodAutoscaler,
    Kind::ReplicationController,
    Kind::ReplicaSet,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::ResourceQuota,
    Kind::PersistentVolume,
    Kind::StorageClass,
    Kind::Node,
];

/// Labels that carry the name people call an application by.
const APP_LABELS: &[&str] = &["app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app"];

/// A near name differs by at most this many edits, and by less than a third of its length.
const NEAR_EDITS: usize = 2;

/// Objects that can be asked about: what owns itself, so neither the pods nor the ReplicaSets of a workload.
pub(super) fn askable(view: &View, namespace: &str) -> Vec<EntityRef> {
    let all = ASKABLE.iter().flat_map(|kind| view.names(kind));
    let here = |e: &EntityRef| namespace.is_empty() || e.namespace.is_none() || e.ns() == namespace;
    all.filter(here).collect()
}

/// Everything with exactly this name, or whose application is called so; one entry per workload.
pub(super) fn exact(view: &View, name: &str, namespace: &str) -> Vec<EntityRef> {
    let named = askable(view, namespace).into_iter().filter(|e| e.name.eq_ignore_ascii_case(name)).collect();
    let found = fold(view, named);
    if found.is_empty() { by_app_label(view, name, namespace) } else { found }
}

fn by_app_label(view: &View, name: &str, namespace: &str) -> Vec<EntityRef> {
    let labelled = |e: &EntityRef| {
        e.kind.is_workload()
            && view.meta(e).is_some_and(|m| {
                APP_LABELS.iter().any(|l| m.labels.get(*l).is_some_and(|v| v.eq_ignore_ascii_case(name)))
            })
    };
    fold(view, askable(view, namespace).into_iter().filter(labelled).collect())
}

/// Everything whose name begins with these words: `checkout` fits `checkout-api`, not `checkouts`.
pub(super) fn prefixed(view: &View, name: &str, namespace: &str) -> Vec<EntityRef> {
    let prefix = format!("{}-", name.to_lowercase());
    let fits = |e: &EntityRef| e.name.to_lowercase().starts_with(&prefix);
    fold(view, askable(view, namespace).into_iter().filter(fits).collect())
}

/// Everything whose name holds these words whole: `reindex` fits `catalog-reindex-41`, not `reindexer`.
pub(super) fn containing(view: &View, name: &str, namespace: &str) -> Vec<EntityRef> {
    let part = format!("-{}-", name.to_lowercase());
    let fits = |e: &EntityRef| format!("-{}-", e.name.to_lowercase()).contains(&part);
    fold(view, askable(view, namespace).into_iter().filter(fits).collect())
}

/// The nearest names, best first, at most five.
pub(super) fn near(view: &View, name: &str, namespace: &str) -> Vec<EntityRef> {
    let name = name.to_lowercase();
    let mut scored: Vec<(usize, EntityRef)> = askable(view, namespace)
        .into_iter()
        .map(|e| (strsim::osa_distance(&name, &e.name.to_lowercase()), e))
        .filter(|(d, e)| *d <= NEAR_EDITS && d * 3 < e.name.len().max(name.len()))
        .collect();
    scored.sort();
    let best = scored.first().map_or(0, |(d, _)| *d);
    fold(view, scored.into_iter().filter(|(d, _)| *d == best).map(|(_, e)| e).take(5).collect())
}

/// Names to show when nothing fits: the most alike, however far.
pub(super) fn nearest(view: &View, name: &str, namespace: &str) -> Vec<EntityRef> {
    let name = name.to_lowercase();
    let candidates = askable(view, namespace).into_iter().filter(|e| e.kind.is_workload() && view.owners(e).is_empty());
    let mut scored: Vec<(i64, EntityRef)> = candidates
        .map(|e| {
            #[expect(clippy::cast_possible_truncation, reason = "a share of a thousand")]
            let alike = (strsim::jaro_winkler(&name, &e.name.to_lowercase()) * 1000.0) as i64;
            (-alike, e)
        })
        .collect();
    scored.sort();
    scored.into_iter().map(|(_, e)| e).take(5).collect()
}

/// Several objects of one application are one thing to ask about: its pods, ReplicaSets and Service are the workload.
pub(super) fn fold(view: &View, found: Vec<EntityRef>) -> Vec<EntityRef> {
    let mut units: Vec<EntityRef> = Vec::new();
    for entity in found {
        let unit = view.unit(&entity);
        let covered = units.iter().any(|u| *u == unit || same_application(view, u, &unit));
        if !covered {
            units.push(unit);
        }
    }
    units
}

/// A Service, Ingress, autoscaler or configuration of the same name and namespace as a workload found before it.
fn same_application(view: &View, first: &EntityRef, other: &EntityRef) -> bool {
    let companion = !other.kind.is_workload() && other.kind != Kind::Pod && first.namespace == other.namespace;
    companion && (first.name == other.name || view.behind(other).contains(first))
}

/// The workload that an object which is gone belonged to: pods and ReplicaSets carry their owner's name.
pub(super) fn unit_of_gone(view: &View, gone: &EntityRef) -> Option<EntityRef> {
    if !matches!(gone.kind, Kind::Pod | Kind::ReplicaSet | Kind::Job) {
        return None;
    }
    let mut name = gone.name.as_str();
    // name-<hash>-<suffix>, name-<ordinal>, name-<suffix>: at most two parts are generated.
    for _ in 0..2 {
        let Some((rest, _)) = name.rsplit_once('-') else { break };
        name = rest;
        let here: Vec<EntityRef> = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob]
            .into_iter()
            .map(|kind| EntityRef::new(kind, gone.ns(), name))
            .filter(|e| view.meta(e).is_some())
            .collect();
        if let Some(unit) = here.into_iter().next() {
            return Some(view.unit(&unit));
        }
    }
    siblings(view, gone)
}

/// Where the workload's own list was not recorded, its other pods still tell.
fn siblings(view: &View, gone: &EntityRef) -> Option<EntityRef> {
    let units: BTreeSet<EntityRef> = view.pods.within(gone.ns()).map(|p| view.unit(&pod_ref(p))).collect();
    units.into_iter().filter(|u| gone.name.starts_with(&format!("{}-", u.name))).max_by_key(|u| u.name.len())
}
