//! The closed set of objects that the engine understands, and how one is decoded.

use midwatch_redact::{Redact, Redactor};
use serde::{Deserialize, Serialize};

use super::{
    ApiService, Condition, ConditionedStatus, ConfigMap, CronJob, DaemonSet, Deployment, EndpointSlice, Endpoints,
    Event, HorizontalPodAutoscaler, Ingress, IngressClass, Job, Lease, LimitRange, Meta, Namespace, NetworkPolicy,
    Node, PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, PriorityClass, ReplicaSet,
    ReplicationController, ResourceQuota, Role, RoleBinding, RuntimeClass, Secret, Service, ServiceAccount,
    StatefulSet, StorageClass, WebhookConfiguration, lean,
};
use crate::entity::{EntityRef, Kind};

lean! {
    /// An object of a kind without a struct of its own: its conditions are read with the same care.
    Custom { api_version: String, kind: String, metadata: Meta, status: ConditionedStatus }
}

impl Custom {
    /// `status.conditions`.
    pub fn conditions(&self) -> &[Condition] {
        &self.status.conditions
    }
}

/// An object with metadata.
pub trait Resource {
    /// Its metadata.
    fn meta(&self) -> &Meta;
}

macro_rules! objects {
    ($($variant:ident($ty:ty),)*) => {
        /// One decoded object.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Object {
            $(#[doc = concat!("A ", stringify!($variant), ".")] $variant(Box<$ty>),)*
            /// Any other kind.
            Custom(Box<Custom>),
        }

        impl Redact for Object {
            fn redact(&mut self, redactor: &Redactor) {
                match self { $(Object::$variant(o) => o.redact(redactor),)* Object::Custom(c) => c.redact(redactor) }
            }
        }

        impl Object {
            /// What kind it is.
            pub fn kind(&self) -> Kind {
                match self { $(Object::$variant(_) => Kind::$variant,)* Object::Custom(c) => Kind::named(&c.kind) }
            }

            /// Its metadata.
            pub fn meta(&self) -> &Meta {
                match self { $(Object::$variant(o) => &o.metadata,)* Object::Custom(c) => &c.metadata }
            }

            /// Decodes one object of this kind.
            ///
            /// # Errors
            /// The deserialiser's: a field of a type that the API does not allow, or text that is not well formed.
            pub fn decode<'de, D: serde::Deserializer<'de>>(kind: &Kind, from: D) -> Result<Object, D::Error> {
                match kind {
                    $(Kind::$variant => <$ty>::deserialize(from).map(|o| Object::$variant(Box::new(o))),)*
                    other => Custom::deserialize(from).map(|mut o| {
                        if o.kind.is_empty() { other.as_str().clone_into(&mut o.kind); }
                        Object::Custom(Box::new(o))
                    }),
                }
            }
        }
    };
}

objects! {
    Pod(Pod),
    Deployment(Deployment),
    ReplicaSet(ReplicaSet),
    StatefulSet(StatefulSet),
    DaemonSet(DaemonSet),
    ReplicationController(ReplicationController),
    Job(Job),
    CronJob(CronJob),
    Service(Service),
    Endpoints(Endpoints),
    EndpointSlice(EndpointSlice),
    Ingress(Ingress),
    IngressClass(IngressClass),
    NetworkPolicy(NetworkPolicy),
    PersistentVolumeClaim(PersistentVolumeClaim),
    PersistentVolume(PersistentVolume),
    StorageClass(StorageClass),
    ConfigMap(ConfigMap),
    Secret(Secret),
    ServiceAccount(ServiceAccount),
    Role(Role),
    RoleBinding(RoleBinding),
    ClusterRole(Role),
    ClusterRoleBinding(RoleBinding),
    HorizontalPodAutoscaler(HorizontalPodAutoscaler),
    PodDisruptionBudget(PodDisruptionBudget),
    ResourceQuota(ResourceQuota),
    LimitRange(LimitRange),
    PriorityClass(PriorityClass),
    RuntimeClass(RuntimeClass),
    ValidatingWebhookConfiguration(WebhookConfiguration),
    MutatingWebhookConfiguration(WebhookConfiguration),
    APIService(ApiService),
    Node(Node),
    Namespace(Namespace),
    Lease(Lease),
    Event(Event),
}

impl Object {
    /// The reference to it.
    pub fn entity(&self) -> EntityRef {
        let meta = self.meta();
        EntityRef::new(self.kind(), &meta.namespace, meta.name.clone())
    }
}

macro_rules! resources {
    ($($ty:ty),*) => { $(impl Resource for $ty { fn meta(&self) -> &Meta { &self.metadata } })* };
}

resources!(
    Pod,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    ReplicationController,
    Job,
    CronJob,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
    IngressClass,
    NetworkPolicy,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    ConfigMap,
    Secret,
    ServiceAccount,
    Role,
    RoleBinding,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ResourceQuota,
    LimitRange,
    PriorityClass,
    RuntimeClass,
    WebhookConfiguration,
    ApiService,
    Node,
    Namespace,
    Lease,
    Event,
    Custom
);
