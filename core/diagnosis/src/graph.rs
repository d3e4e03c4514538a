//! What stands next to an object: who owns it, what it names, where it runs, who reaches it. The entity graph, one step at a
//! time.
//!
//! Must never tell of an edge that was not seen: an object that is only named, and was not found among what was read, is
//! marked. Pure. Start at [`neighbours`].

use std::collections::BTreeSet;

use crate::detect::workloads::references;
use crate::entity::{EntityRef, Kind};
use crate::view::View;
use crate::view::relate::pod_ref;

#[cfg(test)]
mod tests;

/// One edge, read from the object that was asked about: `runs on Node worker-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What joins them, in a clause before the other's name.
    pub relation: &'static str,
    /// The other end.
    pub to: EntityRef,
    /// More about it: through which field, how it stands.
    pub note: String,
    /// Whether the other end was among what was read.
    pub seen: bool,
}

/// The edges of an object, by relation, then by the other end. Pods of a workload and pods on a node are edges each: the
/// caller bounds how many it shows.
pub fn neighbours(view: &View, entity: &EntityRef) -> Vec<Edge> {
    let mut edges = Edges { view, found: BTreeSet::new() };
    owners_and_owned(&mut edges, entity);
    of_spec(&mut edges, entity);
    traffic(&mut edges, entity);
    match entity.kind {
        Kind::Node => on_node(&mut edges, entity),
        Kind::PersistentVolumeClaim => of_claim(&mut edges, entity),
        Kind::PersistentVolume => of_volume(&mut edges, entity),
        Kind::ConfigMap | Kind::Secret | Kind::ServiceAccount => named_by(&mut edges, entity),
        Kind::HorizontalPodAutoscaler => of_autoscaler(&mut edges, entity),
        _ => {}
    }
    edges.found.into_iter().filter(|edge| edge.to != *entity).collect()
}

/// Edges as they are found.
struct Edges<'a> {
    view: &'a View,
    found: BTreeSet<Edge>,
}

impl Edges<'_> {
    fn add(&mut self, relation: &'static str, to: EntityRef, note: impl Into<String>) {
        let seen = self.view.meta(&to).is_some();
        self.found.insert(Edge { relation, to, note: note.into(), seen });
    }
}

fn owners_and_owned(edges: &mut Edges<'_>, entity: &EntityRef) {
    let view = edges.view;
    for owner in view.owners(entity) {
        edges.add("is owned by", owner, "");
    }
    if entity.kind == Kind::Pod || entity.kind == Kind::Node {
        return;
    }
    for pod in view.pods_of(entity) {
        edges.add("owns", pod_ref(pod), if pod.is_ready() { "ready" } else { "not ready" });
    }
    for kind in [Kind::ReplicaSet, Kind::Job] {
        let owned = view.names(&kind).into_iter().filter(|e| view.owners(e).first() == Some(entity));
        for one in owned.collect::<Vec<_>>() {
            edges.add("owns", one, "");
        }
    }
}

/// What its pods name and where they run.
fn of_spec(edges: &mut Edges<'_>, entity: &EntityRef) {
    let view = edges.view;
    if let Some(spec) = view.pod_spec(entity) {
        for named in references::named(spec, entity.ns()) {
            let key = named.key.map(|key| format!(", key {key}")).unwrap_or_default();
            let optional = if named.optional { ", optional" } else { "" };
            edges.add("names", named.entity, format!("{}{key}{optional}", named.by));
        }
    }
    if entity.kind != Kind::Node {
        for pod in view.pods_of(entity).into_iter().filter(|pod| !pod.spec.node_name.is_empty()) {
            edges.add("runs on", EntityRef::new(Kind::Node, "", pod.spec.node_name.clone()), "");
        }
    }
}

/// Who reaches it, and whom it calls.
fn traffic(edges: &mut Edges<'_>, entity: &EntityRef) {
    let view = edges.view;
    let ns = entity.ns();
    let unit = view.unit(entity);
    let mut services: BTreeSet<String> = view.services_of(&unit).iter().map(|s| s.metadata.name.clone()).collect();
    for name in &services {
        edges.add("is reached by", EntityRef::new(Kind::Service, ns, name.clone()), "its selector fits");
    }
    if let (Kind::Service, Some(service)) = (&entity.kind, view.services.get(ns, &entity.name)) {
        for behind in view.behind_service(service) {
            edges.add("leads to", behind, "its selector fits");
        }
        services.insert(entity.name.clone());
    }
    for ingress in view.ingresses.within(ns) {
        let to = EntityRef::new(Kind::Ingress, ns, ingress.metadata.name.clone());
        for (rule, path) in ingress.spec.rules.iter().flat_map(|r| r.http.paths.iter().map(move |p| (r, p))) {
            let Some(backend) = &path.backend.service else { continue };
            if to == *entity {
                let service = EntityRef::new(Kind::Service, ns, backend.name.clone());
                edges.add("leads to", service, format!("{}{}", rule.host, path.path));
            } else if services.contains(&backend.name) {
                edges.add("is reached by", to.clone(), format!("{}{}", rule.host, path.path));
            }
        }
    }
    for hpa in view.autoscalers.within(ns) {
        let target = &hpa.spec.scale_target_ref;
        if target.kind == unit.kind.as_str() && target.name == unit.name {
            let to = EntityRef::new(Kind::HorizontalPodAutoscaler, ns, hpa.metadata.name.clone());
            edges.add("is scaled by", to, "");
        }
    }
    for callee in view.callees(&unit) {
        edges.add("calls", callee, "its settings name it");
    }
    let about: BTreeSet<EntityRef> = view.behind(entity);
    for caller in workloads(view).into_iter().filter(|caller| *caller != unit) {
        if view.callees(&caller).iter().any(|callee| about.contains(callee)) {
            edges.add("is called by", caller, "its settings name it");
        }
    }
}

fn workloads(view: &View) -> Vec<EntityRef> {
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob];
    kinds.iter().flat_map(|kind| view.names(kind)).collect()
}

fn on_node(edges: &mut Edges<'_>, entity: &EntityRef) {
    for pod in edges.view.pods.iter().filter(|pod| pod.spec.node_name == entity.name) {
        edges.add("runs", pod_ref(pod), if pod.is_ready() { "ready" } else { "not ready" });
    }
}

fn of_claim(edges: &mut Edges<'_>, entity: &EntityRef) {
    let view = edges.view;
    if let Some(claim) = view.claims.get(entity.ns(), &entity.name) {
        if !claim.spec.volume_name.is_empty() {
            edges.add("is bound to", EntityRef::new(Kind::PersistentVolume, "", claim.spec.volume_name.clone()), "");
        }
        if let Some(class) = claim.spec.storage_class_name.as_ref().filter(|name| !name.is_empty()) {
            edges.add("names", EntityRef::new(Kind::StorageClass, "", class.clone()), "storageClassName");
        }
    }
    for pod in view.pods.within(entity.ns()) {
        let mut claims = pod.spec.volumes.iter().filter_map(|v| v.persistent_volume_claim.as_ref());
        if claims.any(|claim| claim.claim_name == entity.name) {
            edges.add("is mounted by", pod_ref(pod), "");
        }
    }
}

fn of_volume(edges: &mut Edges<'_>, entity: &EntityRef) {
    let bound = edges.view.claims.iter().filter(|claim| claim.spec.volume_name == entity.name);
    for claim in bound {
        let meta = &claim.metadata;
        edges.add("is bound to", EntityRef::new(Kind::PersistentVolumeClaim, &meta.namespace, meta.name.clone()), "");
    }
}

/// Workloads, and pods of no workload, that name it.
fn named_by(edges: &mut Edges<'_>, entity: &EntityRef) {
    let view = edges.view;
    let bare = view.pods.within(entity.ns()).map(pod_ref).filter(|pod| view.unit(pod) == *pod);
    for unit in workloads(view).into_iter().filter(|unit| unit.ns() == entity.ns()).chain(bare) {
        let spec = view.pod_spec(&unit);
        let named = spec.into_iter().flat_map(|spec| references::named(spec, unit.ns()));
        for one in named.filter(|named| named.entity == *entity) {
            edges.add("is named by", unit.clone(), one.by);
        }
    }
}

fn of_autoscaler(edges: &mut Edges<'_>, entity: &EntityRef) {
    if let Some(hpa) = edges.view.autoscalers.get(entity.ns(), &entity.name) {
        let target = &hpa.spec.scale_target_ref;
        edges.add("scales", EntityRef::new(Kind::named(&target.kind), entity.ns(), target.name.clone()), "");
    }
}
