//! The same cluster read live and from its recording: the verdict and its roots must be the same.

use std::collections::BTreeSet;
use std::path::Path;

use midwatch_agent::port::EvidenceSource;
use midwatch_agent::request::{Limits, Outcome, Request};
use midwatch_doubles::kubernetes::ApiServer;
use midwatch_kubernetes::{Access, Cluster, ClusterOptions, RecordOptions, record};
use midwatch_redact::Redactor;

use crate::support::{Case, cases, investigate, open};

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
    let options = ClusterOptions { access: Access::Kubeconfig { file, context: None }, ..ClusterOptions::default() };
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

#[tokio::test]
async fn a_recording_of_a_live_cluster_gives_the_same_verdict_and_roots() {
    let home = tempfile::tempdir().expect("a directory");
    let mut differ = Vec::new();
    // Every fifth case: the spread of all classes, in a fifth of the time.
    for dir in cases().iter().step_by(5) {
        let case = Case::load(dir);
        let (_server, cluster) = live(&case.cluster, home.path()).await;
        let seen = gist(&report(&cluster, &case.request).await);
        let place = home.path().join(&case.id);
        let namespaces = open(&case.cluster).namespaces().await.expect("namespaces");
        let options = RecordOptions::default();
        record(&cluster, &namespaces, &place, &options, Redactor::default(), &|_| {}).await.expect("a recording");
        let recorded = gist(&investigate(&place, &case.request).await);
        if seen != recorded {
            differ.push(format!("{}: live {seen:?}, recorded {recorded:?}", case.id));
        }
    }
    assert!(differ.is_empty(), "{} cases differ:\n{}", differ.len(), differ.join("\n"));
}

#[tokio::test]
async fn a_large_cluster_is_investigated_whole_and_within_the_bounds() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let home = tempfile::tempdir().expect("a directory");
    let server = ApiServer::generated(5_000, 20_000).start().await;
    let file = Some(server.kubeconfig(home.path()));
    let options = ClusterOptions { access: Access::Kubeconfig { file, context: None }, ..ClusterOptions::default() };
    let cluster = Cluster::connect(options).await.expect("a connection");
    let request = Request { as_of: Some("2026-11-22T06:00:00Z".parse().expect("a time")), ..Request::default() };
    let request = Request { lookback: jiff::SignedDuration::from_hours(1), ..request };
    let outcome = report(&cluster, &request).await;
    let seen = gist(&outcome);
    assert_eq!(seen.verdict, "cause");
    assert_eq!(seen.roots.iter().map(String::as_str).collect::<Vec<_>>(), ["Deployment load-0/app-0"]);
    assert!(server.max_concurrent() <= 10, "{}", server.max_concurrent());
    // For the reader of `--nocapture`; a test never judges its own speed.
    println!(
        "5,000 pods and 20,000 events: {:?}, {} reads, {} bytes",
        outcome.run.elapsed, outcome.run.reads, outcome.run.bytes
    );
}
