//! Logs: times, cuts, ends, and those that are not there.

use std::time::Duration;

use midwatch_agent::port::{EvidenceSource as _, Reading};
use midwatch_diagnosis::logs::LogDigest;
use midwatch_diagnosis::probe::{ContainerRef, Probe, ReadFailure};
use midwatch_diagnosis::view::Content;
use midwatch_doubles::kubernetes::{ApiServer, Fault, Rule};

use super::{connected, with_pods};
use crate::Cluster;

const POD: &str = "app-0-6c5d8f7b94-00000";

async fn log(cluster: &Cluster, pod: &str, previous: bool) -> Result<Reading, ReadFailure> {
    let of = ContainerRef { namespace: "load-0".into(), pod: pod.into(), container: "app".into() };
    cluster.read(&Probe::Log { of, previous, onset: None }).await
}

fn digest(reading: Reading) -> LogDigest {
    match reading.content {
        Content::Log(digest) => *digest,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn lines_have_the_time_of_the_kubelet_and_keep_their_own_text() {
    let (_server, cluster) = with_pods(10).await;
    for previous in [false, true] {
        let digest = digest(log(&cluster, POD, previous).await.unwrap());
        assert_eq!(digest.lines, 2);
        let last = digest.tail.last().unwrap();
        assert_eq!(last.text, "fatal: environment variable DATABASE_URL is not set");
        assert_eq!(last.at.unwrap().to_string(), "2026-11-22T05:59:00Z");
    }
}

#[tokio::test]
async fn a_cut_beginning_is_said() {
    let server = ApiServer::generated(10, 0).start().await;
    let cluster = connected(&server, "double", |o| o.tail_lines = 1).await;
    let reading = log(&cluster, POD, false).await.unwrap();
    assert!(reading.gaps.iter().any(|g| g.contains("last 1 lines")), "{:?}", reading.gaps);
    assert_eq!(digest(reading).lines, 1);
}

#[tokio::test]
async fn a_log_that_is_not_there_is_told_apart_from_one_that_may_not_be_read() {
    let (_server, cluster) = with_pods(60).await;
    let none = log(&cluster, "gone-1", false).await.unwrap_err();
    assert_eq!(none, ReadFailure::NotFound("pods \"gone-1\" not found".to_owned()));
    assert!(matches!(log(&cluster, "../x", false).await.unwrap_err(), ReadFailure::NotFound(_)));
    let rules = vec![Rule::of(&["list"], &["*"], &["*"])];
    let server = ApiServer::generated(10, 0).token("t", "dev", rules).start().await;
    let cluster = connected(&server, "t", |_| {}).await;
    let words = format!(
        "pods \"{POD}\" is forbidden: User \"dev\" cannot get resource \"pods/log\" in API group \"\" in the namespace \
         \"load-0\""
    );
    assert_eq!(log(&cluster, POD, false).await.unwrap_err(), ReadFailure::Forbidden(words));
}

#[tokio::test]
async fn a_log_that_breaks_off_gives_what_came() {
    let (server, cluster) = with_pods(10).await;
    server.fault("/log", Fault::HalfBody, 1);
    let reading = log(&cluster, POD, false).await.unwrap();
    assert!(reading.gaps.iter().any(|g| g.contains("broke off")), "{:?}", reading.gaps);
    server.fault("/log", Fault::Reset, 1);
    assert!(matches!(log(&cluster, POD, false).await.unwrap_err(), ReadFailure::Unreadable(_)));
}

#[tokio::test]
async fn a_log_without_an_end_stops_at_the_cap_and_at_the_time_limit() {
    let server = ApiServer::generated(10, 0).start().await;
    let cluster = connected(&server, "double", |o| {
        o.max_log_bytes = 60;
        o.answer_within = Duration::from_millis(300);
    })
    .await;
    let reading = log(&cluster, POD, false).await.unwrap();
    assert!(reading.gaps.iter().any(|g| g.contains("max_log_bytes")), "{:?}", reading.gaps);
    server.fault("/log", Fault::Hang, 1);
    assert!(matches!(log(&cluster, POD, false).await.unwrap_err(), ReadFailure::TimedOut(_)));
}
