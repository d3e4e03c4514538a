//! What a report talks about: kinds, and references to objects of a kind.
//!
//! Start at [`EntityRef`]. [`Kind`] knows the facts of each kind that the engine reads (plural, API group,
//! namespaced or not), which is what a plan, a command to check and a missing RBAC rule are written with.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::shell;

macro_rules! kinds {
    ($($variant:ident, $plural:literal, $group:literal, $namespaced:literal;)*) => {
        /// A kind of object. Others than those the engine knows are `Other`, by their name.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($variant), "` of API group `", $group, "`.")] $variant,)*
            /// A kind without facts of its own here.
            Other(String),
        }

        impl Kind {
            /// Every known kind, in the order of declaration.
            pub const KNOWN: &[Kind] = &[$(Kind::$variant,)*];

            /// The name as in manifests: `Deployment`.
            pub fn as_str(&self) -> &str {
                match self { $(Kind::$variant => stringify!($variant),)* Kind::Other(name) => name }
            }

            /// The plural resource name: `deployments`; for unknown kinds a guess in the API's manner.
            pub fn plural(&self) -> String {
                match self { $(Kind::$variant => $plural.to_owned(),)* Kind::Other(name) => format!("{}s", name.to_lowercase()) }
            }

            /// The API group, empty for the core group.
            pub fn group(&self) -> &'static str {
                match self { $(Kind::$variant => $group,)* Kind::Other(_) => "" }
            }

            /// Whether objects of the kind live in a namespace.
            pub fn namespaced(&self) -> bool {
                match self { $(Kind::$variant => $namespaced,)* Kind::Other(_) => true }
            }
        }
    };
}

kinds! {
    Pod, "pods", "", true;
    Deployment, "deployments", "apps", true;
    ReplicaSet, "replicasets", "apps", true;
    StatefulSet, "statefulsets", "apps", true;
    DaemonSet, "daemonsets", "apps", true;
    ReplicationController, "replicationcontrollers", "", true;
    Job, "jobs", "batch", true;
    CronJob, "cronjobs", "batch", true;
    Service, "services", "", true;
    Endpoints, "endpoints", "", true;
    EndpointSlice, "endpointslices", "discovery.k8s.io", true;
    Ingress, "ingresses", "networking.k8s.io", true;
    IngressClass, "ingressclasses", "networking.k8s.io", false;
    NetworkPolicy, "networkpolicies", "networking.k8s.io", true;
    PersistentVolumeClaim, "persistentvolumeclaims", "", true;
    PersistentVolume, "persistentvolumes", "", false;
    StorageClass, "storageclasses", "storage.k8s.io", false;
    ConfigMap, "configmaps", "", true;
    Secret, "secrets", "", true;
    ServiceAccount, "serviceaccounts", "", true;
    Role, "roles", "rbac.authorization.k8s.io", true;
    RoleBinding, "rolebindings", "rbac.authorization.k8s.io", true;
    ClusterRole, "clusterroles", "rbac.authorization.k8s.io", false;
    ClusterRoleBinding, "clusterrolebindings", "rbac.authorization.k8s.io", false;
    HorizontalPodAutoscaler, "horizontalpodautoscalers", "autoscaling", true;
    PodDisruptionBudget, "poddisruptionbudgets", "policy", true;
    ResourceQuota, "resourcequotas", "", true;
    LimitRange, "limitranges", "", true;
    PriorityClass, "priorityclasses", "scheduling.k8s.io", false;
    RuntimeClass, "runtimeclasses", "node.k8s.io", false;
    ValidatingWebhookConfiguration, "validatingwebhookconfigurations", "admissionregistration.k8s.io", false;
    MutatingWebhookConfiguration, "mutatingwebhookconfigurations", "admissionregistration.k8s.io", false;
    APIService, "apiservices", "apiregistration.k8s.io", false;
    Node, "nodes", "", false;
    Namespace, "namespaces", "", false;
    Lease, "leases", "coordination.k8s.io", true;
    Event, "events", "", true;
}

impl Kind {
    /// Reads a kind as manifests, command lines and people write it: `Deployment`, `deploy`, `deployments`, `deployments.apps`.
    pub fn parse(text: &str) -> Option<Kind> {
        let lower = text.trim().to_lowercase();
        let lower = lower.split('.').next().unwrap_or_default();
        let short = SHORT_NAMES.iter().find(|(short, _)| *short == lower).map(|(_, full)| *full);
        let wanted = short.unwrap_or(lower);
        Kind::KNOWN.iter().find(|k| k.as_str().eq_ignore_ascii_case(wanted) || k.plural() == wanted).cloned()
    }

    /// The kind named in an object; never fails.
    pub fn named(text: &str) -> Kind {
        Kind::KNOWN.iter().find(|k| k.as_str() == text).cloned().unwrap_or_else(|| Kind::Other(text.to_owned()))
    }

    /// Whether objects of the kind run pods.
    pub fn is_workload(&self) -> bool {
        matches!(
            self,
            Kind::Deployment
                | Kind::ReplicaSet
                | Kind::StatefulSet
                | Kind::DaemonSet
                | Kind::ReplicationController
                | Kind::Job
                | Kind::CronJob
        )
    }
}

/// kubectl's short names: <https://kubernetes.io/docs/reference/kubectl/#resource-types>.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("po", "pod"),
    ("deploy", "deployment"),
    ("rs", "replicaset"),
    ("sts", "statefulset"),
    ("ds", "daemonset"),
    ("rc", "replicationcontroller"),
    ("cj", "cronjob"),
    ("svc", "service"),
    ("ep", "endpoints"),
    ("ing", "ingress"),
    ("netpol", "networkpolicy"),
    ("pvc", "persistentvolumeclaim"),
    ("pv", "persistentvolume"),
    ("sc", "storageclass"),
    ("cm", "configmap"),
    ("sa", "serviceaccount"),
    ("hpa", "horizontalpodautoscaler"),
    ("pdb", "poddisruptionbudget"),
    ("quota", "resourcequota"),
    ("limits", "limitrange"),
    ("pc", "priorityclass"),
    ("no", "node"),
    ("ns", "namespace"),
    ("ev", "event"),
];

/// As the object's own `kind` field says it.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Kind::named(&name))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reference to one object. Its order (kind, namespace, name) is the order of reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityRef {
    /// What it is.
    pub kind: Kind,
    /// Where it lives; none for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl EntityRef {
    /// An object of a namespace; the namespace is dropped for cluster-scoped kinds and when it is empty.
    pub fn new(kind: Kind, namespace: &str, name: impl Into<String>) -> Self {
        let namespace = (kind.namespaced() && !namespace.is_empty()).then(|| namespace.to_owned());
        Self { kind, namespace, name: name.into() }
    }

    /// The namespace, or nothing.
    pub fn ns(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The name as kubectl takes it in a shell: `deployment/checkout`.
    pub fn slash(&self) -> String {
        shell::word(&format!("{}/{}", self.kind.as_str().to_lowercase(), self.name)).into_owned()
    }
}

/// As a reader says it: `Deployment shop/checkout`, `Node worker-1`.
impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {}/{}", self.kind, namespace, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_as_people_write_them() {
        for (text, kind) in [
            ("deploy", Kind::Deployment),
            ("Deployments", Kind::Deployment),
            ("deployments.apps", Kind::Deployment),
            ("po", Kind::Pod),
            ("PVC", Kind::PersistentVolumeClaim),
            ("Node", Kind::Node),
        ] {
            assert_eq!(Kind::parse(text), Some(kind), "{text}");
        }
        assert_eq!(Kind::parse("checkout"), None);
    }

    #[test]
    fn cluster_scoped_kinds_have_no_namespace() {
        assert_eq!(EntityRef::new(Kind::Node, "shop", "n1").to_string(), "Node n1");
        assert_eq!(EntityRef::new(Kind::Pod, "shop", "a").to_string(), "Pod shop/a");
    }
}
