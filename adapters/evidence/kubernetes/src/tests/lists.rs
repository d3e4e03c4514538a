//! Lists: pages, what is tried again, what is shared, what is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use midwatch_agent::port::EvidenceSource as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::kube::Object;
use midwatch_diagnosis::probe::ReadFailure;
use midwatch_doubles::kubernetes::{ApiServer, Fault, Rule};
use rstest::rstest;
use serde_json::json;

use super::{connected, objects, read, with_pods};

const PODS: &str = "/api/v1/pods";

#[tokio::test]
async fn a_list_is_read_page_by_page_and_whole() {
    let (server, cluster) = with_pods(1_200).await;
    let reading = read(&cluster, Kind::Pod, None).await.unwrap();
    assert!(reading.gaps.is_empty(), "{:?}", reading.gaps);
    let names: BTreeSet<String> =
        objects(reading).iter().map(|o| format!("{}/{}", o.meta().namespace, o.meta().name)).collect();
    assert_eq!(names.len(), 1_200);
    assert_eq!(server.requests()[PODS], 3);
}

#[rstest]
#[case::too_many(Fault::TooMany(Some(0)), 2)]
#[case::server_error(Fault::Status(500), 2)]
#[case::unavailable(Fault::Status(503), 1)]
#[case::reset(Fault::Reset, 2)]
#[case::half(Fault::HalfBody, 1)]
#[case::expired(Fault::Expired, 1)]
#[tokio::test]
async fn what_passes_by_is_tried_again(#[case] fault: Fault, #[case] times: usize) {
    let (server, cluster) = with_pods(1_200).await;
    server.fault("continue=rv1000-500", fault, times);
    let reading = read(&cluster, Kind::Pod, None).await.unwrap();
    assert!(reading.gaps.is_empty(), "{:?}", reading.gaps);
    assert_eq!(objects(reading).len(), 1_200);
}

#[rstest]
#[case::too_many(Fault::TooMany(Some(3600)))]
#[case::server_error(Fault::Status(502))]
#[case::reset(Fault::Reset)]
#[case::half(Fault::HalfBody)]
#[case::expired(Fault::Expired)]
#[case::garbage(Fault::Garbage)]
#[tokio::test]
async fn half_a_list_is_never_taken_for_the_whole(#[case] fault: Fault) {
    let (server, cluster) = with_pods(1_200).await;
    server.fault("continue=rv1000-500", fault, 9);
    let reading = read(&cluster, Kind::Pod, None).await.unwrap();
    assert!(!reading.gaps.is_empty());
    let seen = objects(reading).len();
    assert!((500..1_200).contains(&seen), "{seen}");
}

#[rstest]
#[case::too_many(Fault::TooMany(Some(3600)), "slow down")]
#[case::server_error(Fault::Status(500), "status 500")]
#[case::reset(Fault::Reset, "broke off")]
#[case::login(Fault::Status(401), "log in again")]
#[case::hang(Fault::Hang, "did not answer within")]
#[tokio::test]
async fn what_stays_broken_is_a_failure_and_not_kept(#[case] fault: Fault, #[case] words: &str) {
    let server = ApiServer::generated(10, 0).start().await;
    let cluster = connected(&server, "double", |o| o.answer_within = Duration::from_millis(900)).await;
    server.fault(PODS, fault, 9);
    let failure = read(&cluster, Kind::Pod, None).await.unwrap_err();
    assert!(failure.to_string().contains(words), "{failure}");
    server.heal();
    assert_eq!(objects(read(&cluster, Kind::Pod, None).await.unwrap()).len(), 10);
}

#[tokio::test]
async fn the_same_question_at_once_is_asked_once() {
    let (server, cluster) = with_pods(20).await;
    server.fault(PODS, Fault::Slow(Duration::from_millis(50)), 1);
    let answers = join_all((0..16).map(|_| read(&cluster, Kind::Pod, None))).await;
    assert!(answers.into_iter().all(|a| objects(a.unwrap()).len() == 20));
    assert_eq!(server.requests()[PODS], 1);
}

#[tokio::test]
async fn one_cluster_is_never_asked_more_at_once_than_allowed() {
    let server = ApiServer::generated(10, 10).start().await;
    let cluster = connected(&server, "double", |o| o.parallel_requests = 3).await;
    server.fault("/", Fault::Slow(Duration::from_millis(20)), 1_000);
    let clones = [cluster.clone(), cluster];
    let reads = clones.iter().flat_map(|c| Kind::KNOWN.iter().map(move |kind| read(c, kind.clone(), None)));
    let answers = join_all(reads).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.max_concurrent(), 3);
}

#[tokio::test]
async fn a_refusal_keeps_the_servers_own_words() {
    let server = ApiServer::generated(10, 0).token("t", "system:serviceaccount:x:y", vec![]).start().await;
    let cluster = connected(&server, "t", |_| {}).await;
    for (kind, namespace, words) in [
        (
            Kind::Pod,
            Some("load-1"),
            "pods is forbidden: User \"system:serviceaccount:x:y\" cannot list resource \"pods\" in API group \"\" in the \
             namespace \"load-1\"",
        ),
        (
            Kind::Deployment,
            Some("load-1"),
            "deployments.apps is forbidden: User \"system:serviceaccount:x:y\" cannot list resource \"deployments\" in API \
             group \"apps\" in the namespace \"load-1\"",
        ),
        (
            Kind::Node,
            None,
            "nodes is forbidden: User \"system:serviceaccount:x:y\" cannot list resource \"nodes\" in API group \"\" at \
             the cluster scope",
        ),
    ] {
        let failure = read(&cluster, kind, namespace).await.unwrap_err();
        assert_eq!(failure, ReadFailure::Forbidden(words.to_owned()));
    }
}

#[tokio::test]
async fn who_may_read_some_namespaces_reads_those_one_by_one() {
    let rules = vec![Rule::all().within(&["load-0", "load-1"])];
    let server = ApiServer::generated(200, 0).token("t", "dev", rules).start().await;
    let given = vec!["load-0".to_owned(), "load-1".to_owned(), "load-2".to_owned()];
    let cluster = connected(&server, "t", |o| o.namespaces = given.clone()).await;
    assert_eq!(cluster.namespaces().await.unwrap(), given);
    let reading = read(&cluster, Kind::Pod, None).await.unwrap();
    assert_eq!(reading.gaps.len(), 1, "{:?}", reading.gaps);
    assert!(reading.gaps[0].contains("load-2"), "{:?}", reading.gaps);
    assert_eq!(objects(reading).len(), 100);
    let home = connected(&server, "t", |_| {}).await;
    assert_eq!(home.namespaces().await.unwrap(), ["default"]);
}

#[tokio::test]
async fn who_may_list_namespaces_is_told_that_some_were_left_out() {
    let rules = vec![Rule::of(&["list"], &[""], &["namespaces"]), Rule::all().within(&["load-0"])];
    let server = ApiServer::generated(200, 0).token("t", "dev", rules).start().await;
    let cluster = connected(&server, "t", |o| o.namespaces = vec!["load-0".to_owned()]).await;
    assert_eq!(cluster.namespaces().await.unwrap().len(), 10);
    let reading = read(&cluster, Kind::Pod, None).await.unwrap();
    assert!(reading.gaps.iter().any(|g| g.contains("only those of load-0")), "{:?}", reading.gaps);
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_no_alarm() {
    let server = ApiServer::default().start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    let failure = read(&cluster, Kind::HorizontalPodAutoscaler, Some("shop")).await.unwrap_err();
    assert_eq!(failure, ReadFailure::NotServed);
    let custom = read(&cluster, Kind::Other("Robot".to_owned()), None).await.unwrap_err();
    assert_eq!(custom, ReadFailure::NotServed);
}

#[tokio::test]
async fn secrets_are_known_by_name_type_and_keys_and_their_values_never_asked_for() {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "cert", "namespace": "shop", "creationTimestamp": "2026-11-22T04:00:00Z"},
        "data": {"tls.crt": "aHVudGVyMg==", "tls.key": "aHVudGVyMg=="},
    });
    let server = ApiServer::default().object(secret).start().await;
    let cluster = connected(&server, "double", |_| {}).await;
    let reading = read(&cluster, Kind::Secret, Some("shop")).await.unwrap();
    assert!(!format!("{reading:?}").contains("aHVudGVyMg"));
    match objects(reading).as_slice() {
        [Object::Secret(secret)] => {
            assert_eq!(secret.r#type, "kubernetes.io/tls");
            assert_eq!(secret.data.iter().collect::<Vec<_>>(), ["tls.crt", "tls.key"]);
        }
        other => panic!("{other:?}"),
    }
}
