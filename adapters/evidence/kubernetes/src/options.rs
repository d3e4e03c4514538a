//! Which cluster, and the bounds of reading it.

use std::path::PathBuf;
use std::time::Duration;

/// Where the address and the credentials come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// A kubeconfig where there is one, else the service account of the pod.
    #[default]
    Auto,
    /// A context of a kubeconfig.
    Kubeconfig {
        /// The file; none means `$KUBECONFIG` (a list of files), else `~/.kube/config`.
        file: Option<PathBuf>,
        /// The context; none means the current one.
        context: Option<String>,
    },
    /// The service account of the pod that this process runs in.
    InCluster,
}

/// How to reach a cluster, and the bounds of reading it.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Where the address and the credentials come from.
    pub access: Access,
    /// Namespaces to read when the list of namespaces may not be read; none means the context's own.
    pub namespaces: Vec<String>,
    /// Requests to the cluster at the same time, over all investigations. A log that streams counts.
    pub parallel_requests: usize,
    /// Time for a connection.
    pub connect_within: Duration,
    /// Time for one answer, its retries included.
    pub answer_within: Duration,
    /// How long an answer is shared with others who ask the same.
    pub share_for: Duration,
    /// Bytes of answers that are kept for sharing.
    pub share_bytes: u64,
    /// Bytes of one list over all its pages.
    pub max_list_bytes: u64,
    /// Bytes of one log.
    pub max_log_bytes: u64,
    /// Lines of a log, counted from its end.
    pub tail_lines: u32,
    /// Custom kinds whose conditions are read; 0 reads none and asks for none.
    pub custom_kinds: usize,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            access: Access::Auto,
            namespaces: Vec::new(),
            parallel_requests: 10,
            connect_within: Duration::from_secs(3),
            answer_within: Duration::from_secs(10),
            share_for: Duration::from_secs(5),
            share_bytes: 64 * 1024 * 1024,
            max_list_bytes: 512 * 1024 * 1024,
            max_log_bytes: 16 * 1024 * 1024,
            tail_lines: 1000,
            custom_kinds: 20,
        }
    }
}
