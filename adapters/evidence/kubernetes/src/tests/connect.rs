//! From a kubeconfig to a connection, and what is said when there is none.

use std::path::PathBuf;

use crate::{Access, Cluster, ClusterOptions, ConnectError};

async fn connect(text: &str, context: Option<&str>) -> Result<Cluster, ConnectError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    std::fs::write(&file, text).unwrap();
    let access = Access::Kubeconfig { file: Some(file), context: context.map(str::to_owned) };
    Cluster::connect(ClusterOptions { access, ..ClusterOptions::default() }).await
}

const TWO: &str = "
apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: 'http://127.0.0.1:1'}}
users:
- {name: u, user: {}}
- name: plugin
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-anywhere, interactiveMode: Never}
contexts:
- {name: prod, context: {cluster: c, user: u, namespace: shop}}
- {name: stage, context: {cluster: c, user: plugin}}
";

#[tokio::test]
async fn a_context_gives_its_name_and_namespace() {
    use midwatch_agent::port::EvidenceSource as _;
    let cluster = connect(TWO, Some("prod")).await.unwrap();
    assert_eq!((cluster.describe().as_str(), cluster.home()), ("context prod", "shop"));
}

#[tokio::test]
async fn what_is_wrong_with_a_kubeconfig_is_said_with_what_to_do() {
    let unknown = connect(TWO, Some("prd")).await.unwrap_err().to_string();
    assert_eq!(unknown, "no context prd in the kubeconfig; there are: prod, stage");
    let none = connect(TWO, None).await.unwrap_err().to_string();
    assert!(none.contains("name one with --context; there are: prod, stage"), "{none}");
    let plugin = connect(TWO, Some("stage")).await.unwrap_err().to_string();
    assert!(plugin.contains("exec plugin") && plugin.contains("PATH"), "{plugin}");
    let secret = connect("users: [token: hunter2", None).await.unwrap_err();
    assert!(!format!("{secret}").contains("hunter2"), "{secret}");
    let access = Access::Kubeconfig { file: Some(PathBuf::from("/no/such/kubeconfig")), context: None };
    let missing = Cluster::connect(ClusterOptions { access, ..ClusterOptions::default() }).await.unwrap_err();
    assert!(matches!(missing, ConnectError::NoKubeconfig { .. }), "{missing}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_failure_of_the_read() {
    let cluster = connect(TWO, Some("prod")).await.unwrap();
    let failure = cluster.version().await.unwrap_err().to_string();
    assert!(failure.contains("refused"), "{failure}");
}
