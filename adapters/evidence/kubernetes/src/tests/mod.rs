//! The adapter against an API server on 127.0.0.1.

mod access;
mod connect;
mod lists;
mod logs;
mod names;
mod recording;

use std::time::Duration;

use midwatch_agent::port::{EvidenceSource as _, Reading};
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::probe::{Probe, ReadFailure};
use midwatch_diagnosis::view::Content;
use midwatch_doubles::kubernetes::{ApiServer, Running};

use crate::{Access, Cluster, ClusterOptions};

/// A connection to a double, as one of its contexts.
async fn connected(server: &Running, context: &str, change: impl FnOnce(&mut ClusterOptions)) -> Cluster {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let file = Some(server.kubeconfig(dir.path()));
    let access = Access::Kubeconfig { file, context: Some(context.to_owned()) };
    let mut options = ClusterOptions { access, ..ClusterOptions::default() };
    change(&mut options);
    Cluster::connect(options).await.unwrap()
}

/// A double with so many pods and no limits, and a connection.
async fn with_pods(pods: usize) -> (Running, Cluster) {
    let server = ApiServer::generated(pods, 0).start().await;
    let cluster = connected(&server, "double", |o| o.answer_within = Duration::from_secs(5)).await;
    (server, cluster)
}

async fn read(cluster: &Cluster, kind: Kind, namespace: Option<&str>) -> Result<Reading, ReadFailure> {
    cluster.read(&Probe::Objects { kind, namespace: namespace.map(str::to_owned) }).await
}

fn objects(reading: Reading) -> Vec<Object> {
    match reading.content {
        Content::Objects(objects) => objects,
        other => panic!("{other:?}"),
    }
}
