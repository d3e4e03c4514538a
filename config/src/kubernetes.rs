//! Settings of live clusters: which are read, and how gently.
//!
//! Never reads a kubeconfig: the adapter does. Start at [`KubernetesSettings`].

use std::path::PathBuf;
use std::time::Duration;

use crate::field::{Field, Slot};

/// Which clusters are read, and how gently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesSettings {
    /// Contexts of the kubeconfig; each is a cluster of that name, the first is the default one. Default none: the current
    /// context, or the cluster that the program runs in.
    pub contexts: Vec<String>,
    /// The kubeconfig. Default none: `KUBECONFIG`, then `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Namespaces that are looked at where listing them is forbidden. Default none.
    pub namespaces: Vec<String>,
    /// Time for one request. 1 second to 2 minutes, default 10 seconds.
    pub timeout: Duration,
    /// Requests to one cluster at the same time, over all jobs. 1 to 64, default 10.
    pub max_requests: u32,
    /// How long an answer is shared by those who ask the same. 0 seconds to 5 minutes, default 5 seconds.
    pub cache: Duration,
}

impl Default for KubernetesSettings {
    fn default() -> Self {
        Self {
            contexts: Vec::new(),
            kubeconfig: None,
            namespaces: Vec::new(),
            timeout: Duration::from_secs(10),
            max_requests: 10,
            cache: Duration::from_secs(5),
        }
    }
}

/// Fields of the section `kubernetes`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "kubernetes.contexts",
        doc: "Contexts of the kubeconfig that are read, each a cluster of that name; the first is the default one.",
        slot: Slot::Texts(|s| &mut s.kubernetes.contexts),
    },
    Field { key: "kubernetes.kubeconfig", doc: "The kubeconfig.", slot: Slot::Path(|s| &mut s.kubernetes.kubeconfig) },
    Field {
        key: "kubernetes.namespaces",
        doc: "Namespaces that are looked at where listing namespaces is forbidden.",
        slot: Slot::Texts(|s| &mut s.kubernetes.namespaces),
    },
    Field {
        key: "kubernetes.timeout",
        doc: "Time for one request to a cluster.",
        slot: Slot::Duration {
            at: |s| &mut s.kubernetes.timeout,
            min: Duration::from_secs(1),
            max: Duration::from_mins(2),
        },
    },
    Field {
        key: "kubernetes.max_requests",
        doc: "Requests to one cluster at the same time, over all investigations.",
        slot: Slot::Count { at: |s| &mut s.kubernetes.max_requests, min: 1, max: 64 },
    },
    Field {
        key: "kubernetes.cache",
        doc: "How long an answer is shared by those who ask the same.",
        slot: Slot::Duration { at: |s| &mut s.kubernetes.cache, min: Duration::ZERO, max: Duration::from_mins(5) },
    },
];
