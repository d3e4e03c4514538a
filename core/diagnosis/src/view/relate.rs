//! Relations: who owns, selects, mounts, calls whom. The entity graph, as questions.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use crate::entity::{EntityRef, Kind};
use crate::kube::{Map, Meta, Pod, PodSpec, Resource, Service};

/// Owner chains are at most this long in practice (Pod, ReplicaSet, Deployment, custom owner); a cycle ends here.
const OWNER_STEPS: usize = 6;

/// Label sets of one workload that are told apart (its revisions); more add nothing to which Service selects it.
const LABEL_SETS: usize = 8;

impl View {
    pub(super) fn index(&mut self) {
        self.index_events();
        let mut pods_of: std::collections::BTreeMap<EntityRef, Vec<(String, String)>> =
            std::collections::BTreeMap::new();
        for pod in self.pods.iter() {
            let meta = pod.meta();
            let entity = EntityRef::new(Kind::Pod, &meta.namespace, meta.name.clone());
            for owner in self.owners(&entity) {
                pods_of.entry(owner).or_default().push((meta.namespace.clone(), meta.name.clone()));
            }
        }
        self.pods_of = pods_of;
        self.index_services();
    }

    /// The owners of an object, nearest first. An owner that was not seen is named all the same.
    pub fn owners(&self, entity: &EntityRef) -> Vec<EntityRef> {
        let mut chain = Vec::new();
        let mut current = entity.clone();
        while chain.len() < OWNER_STEPS {
            let Some(owner) = self.meta(&current).and_then(Meta::controller) else { break };
            let next = EntityRef::new(Kind::named(&owner.kind), entity.ns(), owner.name.clone());
            if next == *entity || chain.contains(&next) {
                break;
            }
            chain.push(next.clone());
            current = next;
        }
        if let Some(deployment) = self.unseen_deployment(entity, &current) {
            chain.push(deployment);
        }
        chain
    }

    /// A ReplicaSet that was not recorded still tells its Deployment: the pod's template hash is its name's suffix.
    fn unseen_deployment(&self, entity: &EntityRef, last: &EntityRef) -> Option<EntityRef> {
        if last.kind != Kind::ReplicaSet || self.meta(last).is_some() {
            return None;
        }
        let hash = self.meta(entity)?.labels.get("pod-template-hash")?;
        let name = last.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
        Some(EntityRef::new(Kind::Deployment, entity.ns(), name))
    }

    /// The workload that an object belongs to: the topmost owner that the engine knows, or the object itself.
    /// A Job of a CronJob belongs to the CronJob.
    pub fn unit(&self, entity: &EntityRef) -> EntityRef {
        let owners = self.owners(entity);
        owners.into_iter().rfind(|o| o.kind.is_workload()).unwrap_or_else(|| entity.clone())
    }

    /// The pods that an object owns, directly or through others; for a pod, itself.
    pub fn pods_of<'a>(&'a self, entity: &EntityRef) -> Vec<&'a Pod> {
        if entity.kind == Kind::Pod {
            return self.pods.get(entity.ns(), &entity.name).into_iter().collect();
        }
        let keys = self.pods_of.get(entity).map(Vec::as_slice).unwrap_or_default();
        keys.iter().filter_map(|(ns, name)| self.pods.get(ns, name)).collect()
    }

    /// The pods that a Service selects; a Service without a selector selects none.
    pub fn selected_pods<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a Pod> {
        let selector = &service.spec.selector;
        let namespace = service.metadata.namespace.as_str();
        self.pods
            .within(namespace)
            .filter(move |p| !selector.is_empty() && selector.iter().all(|(k, v)| p.metadata.labels.get(k) == Some(v)))
    }

    /// The workloads behind a Service: owners of the pods it selects, and workloads whose template it selects
    /// though they have no pods.
    pub fn behind_service(&self, service: &Service) -> BTreeSet<EntityRef> {
        let key = EntityRef::new(Kind::Service, &service.metadata.namespace, service.metadata.name.clone());
        self.behind_service.get(&key).cloned().unwrap_or_default()
    }

    /// Services by what stands behind them, once: a question per workload would cost the square of the cluster.
    fn index_services(&mut self) {
        let mut by_label: BTreeMap<(&str, &str, &str), BTreeSet<EntityRef>> = BTreeMap::new();
        let keys: BTreeSet<&str> =
            self.services.iter().filter_map(|s| s.spec.selector.keys().next()).map(String::as_str).collect();
        let pods =
            self.pods.iter().map(|p| (self.unit(&pod_ref(p)), p.metadata.namespace.as_str(), &p.metadata.labels));
        let templates = self.all_templates();
        let members: Vec<(EntityRef, &str, &Map)> = pods.chain(templates).collect();
        let mut fits: BTreeMap<EntityRef, Vec<&Map>> = BTreeMap::new();
        for (unit, ns, labels) in &members {
            for (k, v) in labels.iter().filter(|(k, _)| keys.contains(k.as_str())) {
                by_label.entry((ns, k, v)).or_default().insert(unit.clone());
            }
            let sets = fits.entry(unit.clone()).or_default();
            if !sets.contains(labels) && sets.len() < LABEL_SETS {
                sets.push(labels);
            }
        }
        let mut behind = BTreeMap::new();
        for service in self.services.iter() {
            let ns = service.metadata.namespace.as_str();
            let selector = &service.spec.selector;
            let Some((k, v)) = selector.iter().next() else { continue };
            let units = by_label.get(&(ns, k.as_str(), v.as_str())).into_iter().flatten();
            let chosen: BTreeSet<EntityRef> = units
                .filter(|u| fits[*u].iter().any(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v))))
                .cloned()
                .collect();
            behind.insert(EntityRef::new(Kind::Service, ns, service.metadata.name.clone()), chosen);
        }
        let mut of: BTreeMap<EntityRef, Vec<String>> = BTreeMap::new();
        for (service, units) in &behind {
            for unit in units {
                of.entry(unit.clone()).or_default().push(service.name.clone());
            }
        }
        self.behind_service = behind;
        self.services_of = of;
    }

    fn all_templates(&self) -> impl Iterator<Item = (EntityRef, &str, &Map)> {
        let deployments = self.deployments.iter().map(|d| (Kind::Deployment, d.meta(), d.spec.pod_labels()));
        let stateful = self.stateful_sets.iter().map(|d| (Kind::StatefulSet, d.meta(), d.spec.pod_labels()));
        let daemons = self.daemon_sets.iter().map(|d| (Kind::DaemonSet, d.meta(), d.spec.pod_labels()));
        deployments.chain(stateful).chain(daemons).map(|(kind, meta, labels)| {
            (EntityRef::new(kind, &meta.namespace, meta.name.clone()), meta.namespace.as_str(), labels)
        })
    }

    /// The workloads of a namespace with the labels of the pods they make.
    pub fn templates<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = (EntityRef, &'a Map)> {
        self.all_templates().filter(move |(_, ns, _)| *ns == namespace).map(|(entity, _, labels)| (entity, labels))
    }

    /// The pod spec that a workload makes pods from (or a pod's own).
    pub fn pod_spec(&self, entity: &EntityRef) -> Option<&PodSpec> {
        let (ns, name) = (entity.ns(), entity.name.as_str());
        match entity.kind {
            Kind::Deployment => self.deployments.get(ns, name).map(|o| &o.spec.template.spec),
            Kind::ReplicaSet => self.replica_sets.get(ns, name).map(|o| &o.spec.template.spec),
            Kind::StatefulSet => self.stateful_sets.get(ns, name).map(|o| &o.spec.template.spec),
            Kind::DaemonSet => self.daemon_sets.get(ns, name).map(|o| &o.spec.template.spec),
            Kind::Job => self.jobs.get(ns, name).map(|o| &o.spec.template.spec),
            Kind::CronJob => self.cron_jobs.get(ns, name).map(|o| &o.spec.job_template.spec.template.spec),
            Kind::Pod => self.pods.get(ns, name).map(|o| &o.spec),
            _ => None,
        }
    }

    /// Services that select the pods of a workload.
    pub fn services_of(&self, entity: &EntityRef) -> Vec<&Service> {
        let names = self.services_of.get(entity).map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(|name| self.services.get(entity.ns(), name)).collect()
    }

    /// The Service that a host name means when it is used from a namespace: `db`, `db.shop`, `db.shop.svc.cluster.local`.
    /// None when the name is not one of a Service, or the Service was not seen.
    pub fn service_by_host(&self, host: &str, from: &str) -> Option<&Service> {
        let (name, namespace) = split_service_host(host, from)?;
        self.services.get(namespace, name)
    }

    /// What explains trouble of an entity when it is in trouble itself: for a Service the workloads behind it,
    /// for anything owned its workload, and the entity.
    pub fn behind(&self, entity: &EntityRef) -> BTreeSet<EntityRef> {
        let mut all = BTreeSet::from([entity.clone(), self.unit(entity)]);
        if entity.kind == Kind::Service
            && let Some(service) = self.services.get(entity.ns(), &entity.name)
        {
            all.extend(self.behind_service(service));
        }
        all
    }
}

/// Splits a cluster host name into Service and namespace. Names with other domains are not Services.
pub fn split_service_host<'a>(host: &'a str, from: &'a str) -> Option<(&'a str, &'a str)> {
    let mut parts = host.trim_end_matches('.').split('.');
    let name = parts.next().filter(|n| !n.is_empty() && n.parse::<u8>().is_err())?;
    let namespace = parts.next().unwrap_or(from);
    let rest: Vec<&str> = parts.collect();
    let in_cluster = rest.is_empty() || rest[0] == "svc";
    in_cluster.then_some((name, namespace))
}

/// The reference to a pod.
pub fn pod_ref(pod: &Pod) -> EntityRef {
    EntityRef::new(Kind::Pod, &pod.metadata.namespace, pod.metadata.name.clone())
}
