//! Which kinds detectors read, so that a cluster need not grant more.
//!
//! By family: what one of a family reads, its neighbours may follow up. That no detector finds less when it sees nothing else
//! is tested on the corpus (`tests/deploy`). Must never leave out what a detector reads. Start at [`Detectors::kinds`].

use std::collections::BTreeSet;

use super::CATALOGUE;
use super::choice::{Detectors, family};
use crate::entity::Kind;

/// What every investigation reads, whatever it looks for: what runs and where, what happened, who is hit.
const ALWAYS: &[Kind] = &[
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicationController,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::Endpoints,
    Kind::EndpointSlice,
    Kind::Ingress,
    Kind::Event,
    Kind::Node,
    Kind::Namespace,
];

/// What a family reads beyond that.
fn of_family(family: &str) -> &'static [Kind] {
    match family {
        "pod" => &[Kind::ConfigMap, Kind::Secret, Kind::ServiceAccount, Kind::PersistentVolumeClaim],
        "log" => &[
            Kind::ConfigMap,
            Kind::Secret,
            Kind::PersistentVolumeClaim,
            Kind::NetworkPolicy,
            Kind::ServiceAccount,
            Kind::Role,
            Kind::RoleBinding,
            Kind::ClusterRole,
            Kind::ClusterRoleBinding,
        ],
        "scheduling" => &[Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass, Kind::PriorityClass],
        "workload" => &[
            Kind::ConfigMap,
            Kind::Secret,
            Kind::ServiceAccount,
            Kind::PersistentVolumeClaim,
            Kind::StorageClass,
            Kind::PriorityClass,
            Kind::RuntimeClass,
            Kind::HorizontalPodAutoscaler,
        ],
        "autoscale" => &[Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget, Kind::APIService],
        "network" => &[Kind::IngressClass, Kind::NetworkPolicy, Kind::Secret],
        "storage" => &[Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::StorageClass],
        "node" => &[Kind::PodDisruptionBudget],
        "admission" => &[
            Kind::ResourceQuota,
            Kind::LimitRange,
            Kind::PriorityClass,
            Kind::RuntimeClass,
            Kind::ServiceAccount,
            Kind::ValidatingWebhookConfiguration,
            Kind::MutatingWebhookConfiguration,
        ],
        "access" => &[Kind::ServiceAccount, Kind::Role, Kind::RoleBinding, Kind::ClusterRole, Kind::ClusterRoleBinding],
        "object" => &[Kind::APIService],
        // Rather too much than too little, for a family that is new.
        _ => Kind::KNOWN,
    }
}

impl Detectors {
    /// The kinds that the chosen ones read. Custom resources, of which `object.conditions` reads those that it finds, are
    /// not among them.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        let off: BTreeSet<&str> = self.off().collect();
        let on = CATALOGUE.iter().filter(|detector| !off.contains(detector.id));
        let more = on.flat_map(|detector| of_family(family(detector.id)));
        ALWAYS.iter().chain(more).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_detectors_read_every_kind_but_leases() {
        let expected: BTreeSet<Kind> = Kind::KNOWN.iter().filter(|kind| **kind != Kind::Lease).cloned().collect();
        assert_eq!(Detectors::default().kinds(), expected);
    }

    #[test]
    fn fewer_detectors_read_less() {
        let none = Detectors::default().except(Detectors::names()).unwrap().kinds();
        assert!(none.contains(&Kind::Pod) && !none.contains(&Kind::Secret) && !none.contains(&Kind::ClusterRole));
        let pods = Detectors::only(["pod"]).unwrap().kinds();
        assert!(pods.contains(&Kind::Secret) && !pods.contains(&Kind::ClusterRole));
        assert!(Detectors::only(["access"]).unwrap().kinds().contains(&Kind::ClusterRole));
    }
}
