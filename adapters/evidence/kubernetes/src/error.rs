//! Why a cluster cannot be used at all, said so that the reader can mend it.

use std::path::PathBuf;

/// Why no connection could be set up. Nothing was asked of the cluster yet.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no kubeconfig where one was expected.
    #[error("{}: no such kubeconfig; give one with --kubeconfig or $KUBECONFIG, or run inside a cluster", path.display())]
    NoKubeconfig {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A kubeconfig cannot be used.
    #[error("the kubeconfig cannot be used: {words}")]
    Kubeconfig {
        /// What is wrong with it.
        words: String,
        /// The library's words.
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    /// The named context is not in the kubeconfig.
    #[error("no context {name} in the kubeconfig; {}", known_contexts(known))]
    NoSuchContext {
        /// What was asked for.
        name: String,
        /// The contexts there are.
        known: Vec<String>,
    },
    /// No context was named and the kubeconfig has no current one.
    #[error("the kubeconfig has no current context; name one with --context; {}", known_contexts(known))]
    NoCurrentContext {
        /// The contexts there are.
        known: Vec<String>,
    },
    /// This process does not run in a pod with a service account.
    #[error(
        "not inside a cluster: {source}; the pod needs a service account with a mounted token, or give a kubeconfig"
    )]
    NotInCluster {
        /// The library's words.
        source: Box<kube::config::InClusterError>,
    },
    /// The credentials or certificates cannot be used.
    #[error("the credentials of {name} cannot be used: {words}")]
    Credentials {
        /// The context, or `in-cluster`.
        name: String,
        /// What is wrong, never the credentials themselves.
        words: String,
    },
}

fn known_contexts(known: &[String]) -> String {
    if known.is_empty() { "it has no contexts".to_owned() } else { format!("there are: {}", known.join(", ")) }
}
