//! What an investigation is about.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::alert::Alert;
use crate::entity::{EntityRef, Kind};
use crate::finding::Finding;
use crate::link::Incident;
use crate::view::View;

/// The entities asked about, and when the trouble began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The objects asked about. None of them: the namespaces as a whole.
    pub targets: Vec<EntityRef>,
    /// Objects that were named and do not exist (any more): the pod of a stale alert.
    pub gone: Vec<EntityRef>,
    /// Names in the question that nothing carries, where the question went on without them.
    pub unknown: Vec<String>,
    /// Objects that were named, were not seen, and may well exist: their kind was not read, or not whole. None of them
    /// is in `targets`, so nothing that was read speaks for them.
    pub unseen: Vec<EntityRef>,
    /// The alerts name neither an object nor a namespace, and nobody asked in words: nothing that was read is known to be
    /// what they speak of.
    pub aimless: bool,
    /// The namespaces asked about; empty means all that were read.
    pub namespaces: BTreeSet<String>,
    /// When it began, as the alert says.
    pub onset: Option<Timestamp>,
    /// The alerts that started it.
    pub alerts: Vec<Alert>,
    /// The question as it was asked.
    pub question: Option<String>,
}

/// A scope spread over what belongs to it, for the question "is this finding about it?".
#[derive(Debug)]
pub struct Reach {
    whole: bool,
    passive: bool,
    namespaces: BTreeSet<String>,
    entities: BTreeSet<EntityRef>,
}

impl Scope {
    /// The targets with what stands before and behind them: pods, owners, Services, workloads of a Node.
    pub fn reach(&self, view: &View) -> Reach {
        let mut entities = BTreeSet::new();
        for target in &self.targets {
            for entity in view.behind(target) {
                for service in view.services_of(&entity) {
                    entities.insert(EntityRef::new(Kind::Service, entity.ns(), service.metadata.name.clone()));
                }
                entities.extend(view.pods_of(&entity).into_iter().map(crate::view::relate::pod_ref));
                entities.extend(companions(view, &entity));
                entities.insert(entity);
            }
            entities.extend(neighbours(view, target));
        }
        let passive = !self.targets.iter().any(|t| t.kind.is_workload() || t.kind == Kind::Pod);
        Reach { whole: self.is_whole(), passive, namespaces: self.namespaces.clone(), entities }
    }

    /// Whether it is about everything that was read. A thing that was named and not found does not make it so: whatever
    /// else is broken is not what was meant.
    fn is_whole(&self) -> bool {
        self.targets.is_empty() && self.gone.is_empty() && self.unseen.is_empty() && !self.aimless
    }
}

/// Objects that exist for a workload: what scales it, routes to it, guards it, stores for it.
fn companions(view: &View, unit: &EntityRef) -> Vec<EntityRef> {
    let ns = unit.ns();
    let services: Vec<&str> = view.services_of(unit).iter().map(|s| s.metadata.name.as_str()).collect();
    let mut found: Vec<EntityRef> = Vec::new();
    let mut add = |kind: Kind, name: &str| found.push(EntityRef::new(kind, ns, name));
    for hpa in view.autoscalers.within(ns) {
        let target = &hpa.spec.scale_target_ref;
        if hpa.metadata.name == unit.name || (target.kind == unit.kind.as_str() && target.name == unit.name) {
            add(Kind::HorizontalPodAutoscaler, &hpa.metadata.name);
        }
    }
    for ingress in view.ingresses.within(ns) {
        let paths = ingress.spec.rules.iter().flat_map(|r| &r.http.paths);
        let mut backends = paths.filter_map(|p| p.backend.service.as_ref());
        if ingress.metadata.name == unit.name || backends.any(|b| services.contains(&b.name.as_str())) {
            add(Kind::Ingress, &ingress.metadata.name);
        }
    }
    for volume in view.pod_spec(unit).into_iter().flat_map(|s| &s.volumes) {
        if let Some(claim) = &volume.persistent_volume_claim {
            add(Kind::PersistentVolumeClaim, &claim.claim_name);
        }
    }
    for service in view.services.within(ns) {
        if service.metadata.name == unit.name {
            add(Kind::Service, &service.metadata.name);
        }
    }
    found
}

/// Units that a target of another kind touches: pods on a node, pods that mount a claim, Services of an Ingress.
fn neighbours(view: &View, target: &EntityRef) -> BTreeSet<EntityRef> {
    let mut found = BTreeSet::new();
    let pod_unit = |pod: &crate::kube::Pod| view.unit(&crate::view::relate::pod_ref(pod));
    match target.kind {
        Kind::Node => found.extend(view.pods.iter().filter(|p| p.spec.node_name == target.name).map(pod_unit)),
        Kind::PersistentVolumeClaim => {
            let mounts = |p: &&crate::kube::Pod| {
                p.spec
                    .volumes
                    .iter()
                    .filter_map(|v| v.persistent_volume_claim.as_ref())
                    .any(|c| c.claim_name == target.name)
            };
            found.extend(view.pods.within(target.ns()).filter(mounts).map(pod_unit));
        }
        Kind::HorizontalPodAutoscaler => {
            if let Some(hpa) = view.autoscalers.get(target.ns(), &target.name) {
                let scaled = &hpa.spec.scale_target_ref;
                found.insert(EntityRef::new(Kind::named(&scaled.kind), target.ns(), scaled.name.clone()));
            }
        }
        Kind::Ingress => {
            let rules = view.ingresses.get(target.ns(), &target.name).into_iter().flat_map(|i| &i.spec.rules);
            for backend in rules.flat_map(|r| &r.http.paths).filter_map(|p| p.backend.service.as_ref()) {
                let service = EntityRef::new(Kind::Service, target.ns(), backend.name.clone());
                found.extend(view.behind(&service));
            }
        }
        _ => {}
    }
    found
}

impl Reach {
    /// Whether nothing in particular was asked about.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether nothing that was asked about runs by itself: a node, a claim, a budget.
    pub fn is_passive(&self) -> bool {
        self.passive
    }

    /// Whether an entity is in scope.
    pub fn holds(&self, view: &View, entity: &EntityRef) -> bool {
        if entity.kind == Kind::Namespace {
            return self.namespaces.contains(&entity.name) || self.entities.contains(entity);
        }
        if self.whole {
            return entity.namespace.as_ref().is_some_and(|ns| self.in_namespaces(ns));
        }
        self.entities.contains(entity) || self.entities.contains(&view.unit(entity))
    }

    /// Whether a finding is about the scope.
    pub fn concerns(&self, view: &View, finding: &Finding) -> bool {
        let entities = std::iter::once(&finding.subject).chain(&finding.blame).chain(&finding.pods);
        entities.into_iter().any(|e| self.holds(view, e))
    }

    /// Whether an incident touches the scope: by its roots or by what they lead to.
    pub fn touches(&self, view: &View, incident: &Incident) -> bool {
        incident.findings().any(|f| self.concerns(view, f))
    }

    /// Whether an incident shows in the namespaces of the scope.
    pub fn near(&self, incident: &Incident) -> bool {
        incident.findings().any(|f| self.beside(f))
    }

    /// Whether a finding is about the namespaces of the scope.
    pub fn beside(&self, finding: &Finding) -> bool {
        finding.subject.namespace.as_ref().is_some_and(|ns| self.in_namespaces(ns))
    }

    /// Whether a namespace is among those asked about.
    pub fn in_namespaces(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.contains(namespace)
    }
}
