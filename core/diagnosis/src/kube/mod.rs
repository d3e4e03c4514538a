//! Kubernetes objects as lean facts: only the fields that a detector reads, tolerant of `null`, of
//! absent fields and of unknown ones.
//!
//! Must never hold what must not leave: values of Secrets and the last-applied annotation are dropped
//! while reading. Start at [`list::read_list`], which turns the bytes of one file or answer into
//! [`Object`]s, and at [`Object`], the closed set of kinds the engine understands.
//!
//! Why not `k8s-openapi`: its structs keep every field (ten times the memory on 5,000 pods), and one
//! odd value fails the whole list. Field names and meanings: <https://kubernetes.io/docs/reference/kubernetes-api/>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod cluster;
mod config;
pub mod list;
mod meta;
mod network;
mod object;
mod pod;
mod policy;
mod redact;
mod storage;
mod workload;

pub use cluster::{
    Event, EventSeries, EventSource, Lease, LeaseSpec, Namespace, NamespaceStatus, Node, NodeInfo, NodeSpec,
    NodeStatus, ObjectRef, Taint,
};
pub use config::{ConfigMap, Keys, PolicyRule, Role, RoleBinding, RoleRef, Secret, ServiceAccount, Subject};
pub use meta::{Annotations, Condition, LabelSelector, ManagedField, Meta, OwnerRef, SelectorRequirement};
pub use network::{
    Endpoint, EndpointAddress, EndpointConditions, EndpointPort, EndpointSlice, EndpointSubset, Endpoints, Ingress,
    IngressBackend, IngressClass, IngressPath, IngressRule, IngressRuleHttp, IngressServiceBackend, IngressSpec,
    IngressTls, LoadBalancerStatus, NetworkPolicy, NetworkPolicyPort, NetworkPolicyRule, NetworkPolicySpec, Service,
    ServiceBackendPort, ServicePort, ServiceSpec, ServiceStatus,
};
pub use object::{Custom, Object, Resource};
pub use pod::{
    Container, ContainerPort, ContainerState, ContainerStatus, EmptyDir, EnvFrom, EnvVar, EnvVarSource, ExecAction,
    HttpGet, KeyRef, NameRef, Pod, PodSpec, PodStatus, PortAction, Probe, ProjectedSource, ProjectedVolume, Resources,
    Running, SecurityContext, Terminated, Toleration, Volume, VolumeClaim, VolumeConfigMap, VolumeMount, VolumeSecret,
    Waiting,
};
pub use policy::{
    ApiService, ApiServiceSpec, HorizontalPodAutoscaler, HpaSpec, HpaStatus, LimitRange, LimitRangeItem,
    LimitRangeSpec, PdbSpec, PdbStatus, PodDisruptionBudget, PriorityClass, QuotaSpec, QuotaStatus, ResourceQuota,
    RuntimeClass, ScaleTarget, Webhook, WebhookClientConfig, WebhookConfiguration, WebhookService,
};
pub use storage::{
    ClaimRef, PersistentVolume, PersistentVolumeClaim, PvSpec, PvStatus, PvcSpec, PvcStatus, StorageClass,
};
pub use workload::{
    ConditionedStatus, CronJob, CronJobSpec, CronJobStatus, DaemonSet, Deployment, Job, JobSpec, JobStatus,
    JobTemplate, Ordinals, PodTemplate, ReplicaSet, ReplicationController, RollingUpdate, StatefulSet, Strategy,
    WorkloadSpec, WorkloadStatus,
};

/// A string map in key order, so that nothing downstream depends on hashing.
pub type Map = BTreeMap<String, String>;

/// Declares a fact struct: every field public, defaulted when absent or `null`, named as in the API. Written down again it
/// has the same names, without what has its default, so that a recording of thousands of pods stays small.
macro_rules! bare {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$fmeta:meta])* $field:ident: $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default, rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$fmeta])*
                #[serde(deserialize_with = "crate::kube::null_default", skip_serializing_if = "crate::kube::is_default")]
                #[allow(missing_docs, reason = "the API reference documents each field; see the module header")]
                pub $field: $ty,
            )*
        }
    )* };
}
pub(crate) use bare;

/// The same for a struct whose texts are redacted one by one. Where one field names another, [`bare`] and a way of its own
/// in [`redact`].
macro_rules! lean {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$fmeta:meta])* $field:ident: $ty:ty ),* $(,)? } )*) => {
        $crate::kube::bare! { $( $(#[$meta])* $name { $( $(#[$fmeta])* $field: $ty ),* } )* }
        $(
            impl midwatch_redact::Redact for $name {
                fn redact(&mut self, redactor: &midwatch_redact::Redactor) {
                    $( midwatch_redact::Redact::redact(&mut self.$field, redactor); )*
                }
            }
        )*
    };
}
pub(crate) use lean;

/// Whether a field says nothing that its absence would not say.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `null` reads as the default: kubectl writes `"items": null` and `"creationTimestamp": null`.
pub(crate) fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A moment that may be absent; an unreadable one counts as absent, because one odd time must not cost the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Option<Timestamp>);

impl std::ops::Deref for Time {
    type Target = Option<Timestamp>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.map(|at| at.to_string()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(Self(text.and_then(|t| t.parse().ok())))
    }
}

/// A port or a share: a number or a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A number, for example `8080`.
    Int(i64),
    /// A name, for example `http`, or a percentage.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl std::fmt::Display for IntOrString {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::String(s) => f.write_str(s),
        }
    }
}
