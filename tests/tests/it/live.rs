//! The same cluster read live and from its recording: the verdict and its roots must be the same.

use std::collections::BTreeSet;
use std::path::Path;

use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, Outcome, Request};
use midwatch_doubles::kubernetes::ApiServer;
use midwatch_kubernetes::{Access, Cluster, ClusterOptions};
use midwatch_redact::Redactor;

use crate::support::{Case, cases, investigate};

/// What two reports must agree on.
#[derive(Debug, PartialEq, Eq)]
struct Gist {
    verdict: &'static str,
    roots: BTreeSet<String>,
}

fn gist(outcome: &Outcome) -> Gist {
    let report = &outcome.report;
    let others = report.incidents.iter().flat_map(|i| &i.root_entities);
    let roots = report.root_entities.iter().chain(others).map(ToString::to_string).collect();
    Gist { verdict: report.verdict.as_str(), roots }
}

/// Connects to a double that serves a recording.
async fn live(dir: &Path, home: &Path) -> (midwatch_doubles::kubernetes::Running, Cluster) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = ApiServer::from_snapshot(dir).start().await;
    let file = Some(server.kubeconfig(home));
    let options =
        ClusterOptions { access: Access::Kubeconfig { file, context: None }, ..ClusterOptions::default() };
    let cluster = Cluster::connect(options).await.expect("a connection");
    (server, cluster)
}

async fn report(source: &dyn EvidenceSource, request: &Request) -> Outcome {
    midwatch_agent::investigate(source, request, &Limits::default(), Redactor::default(), &|_| {})
        .await
        .expect("a report")
}

#[tokio::test]
async fn live_and_recorded_evidence_give_the_same_verdict_and_roots() {
    let home = tempfile::tempdir().expect("a directory");
    let mut differ = Vec::new();
    for dir in cases() {
        let case = Case::load(&dir);
        let recorded = gist(&investigate(&case.cluster, &case.request).await);
        let (server, cluster) = live(&case.cluster, home.path()).await;
        let seen = gist(&report(&cluster, &case.request).await);
        assert!(server.max_concurrent() <= 10, "{}: {}", case.id, server.max_concurrent());
        if seen != recorded {
            differ.push(format!("{}: live {seen:?}, recorded {recorded:?}", case.id));
        }
    }
    assert!(differ.is_empty(), "{} cases differ:\n{}", differ.len(), differ.join("\n"));
}
