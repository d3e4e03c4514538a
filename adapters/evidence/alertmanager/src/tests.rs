//! The adapter against servers of all manners, and a real Alertmanager (`real`).
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use midwatch_diagnosis::probe::ReadFailure;
use midwatch_service::port::alerts::AlertSource as _;
use rstest::rstest;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{Alertmanager, AlertmanagerOptions, Auth, ServerStatus};

mod real;

fn options(url: &str) -> AlertmanagerOptions {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    AlertmanagerOptions::new(url)
}

fn alertmanager(url: &str) -> Alertmanager {
    Alertmanager::new(options(url)).unwrap()
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    server
}

const ALERTS: &str = r#"[
  {"annotations":{"summary":"s"},"endsAt":"2026-11-22T04:30:31.344Z","fingerprint":"f1","generatorURL":"http://p/graph?g0.expr=up","receivers":[{"name":"r"}],
   "startsAt":"2026-11-22T04:26:31.344Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},
   "updatedAt":"2026-11-22T04:26:31.344Z","labels":{"alertname":"A","namespace":"shop"}},
  {"annotations":{},"fingerprint":"f2","startsAt":"0001-01-01T00:00:00Z","status":{"state":"suppressed"},"labels":{"alertname":"B"}},
  {"annotations":{},"fingerprint":"f3","startsAt":"0001-01-01T00:00:00Z","status":{"state":"unprocessed"},"labels":{}},
  {"labels":7}, null]"#;

#[tokio::test]
async fn what_fires_is_read_with_its_labels() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/prefix/api/v2/alerts"))
        .and(query_param("active", "true"))
        .and(query_param("silenced", "false"))
        .and(query_param("inhibited", "false"))
        .and(header("authorization", "Bearer t0ken"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(ALERTS, "application/json"))
        .expect(1)
        .mount(&server)
        .await;
    let mut options = options(&format!("{}/prefix/#/alerts", server.uri()));
    options.auth = Auth::Bearer("t0ken\n".into());
    assert!(!format!("{options:?}").contains("t0ken"));
    let source = Alertmanager::new(options).unwrap();
    let firing = source.firing().await.unwrap();
    assert_eq!(firing.iter().map(|a| a.fingerprint.as_str()).collect::<Vec<_>>(), ["f1", "f3"]);
    let first = &firing[0];
    assert_eq!((first.name.as_str(), first.label("namespace"), first.firing), ("A", Some("shop"), true));
    assert_eq!((first.starts_at.unwrap().as_second(), first.ends_at), (1_795_321_591, None));
    assert_eq!(first.generator_expr().as_deref(), Some("up"));
    assert_eq!((firing[1].starts_at, firing[1].generator_url.as_deref()), (None, None));
    assert_eq!(source.name(), "alertmanager");
}

#[tokio::test]
async fn no_alerts_are_no_failure() {
    let server = answering(ResponseTemplate::new(200).set_body_raw("[]", "application/json")).await;
    assert_eq!(alertmanager(&server.uri()).firing().await.unwrap(), []);
}

#[tokio::test]
async fn status_with_and_without_a_cluster() {
    let body = r#"{"cluster":{"name":"01","peers":[{"address":"a","name":"x"},{"address":"b","name":"y"}],"status":"ready"},
        "config":{"original":"secret"},"uptime":"2026-11-22T04:26:31Z","versionInfo":{"version":"0.25.0"}}"#;
    let server = answering(ResponseTemplate::new(200).set_body_raw(body, "application/json")).await;
    let status = ServerStatus { version: "0.25.0".into(), cluster: "ready".into(), peers: 2 };
    assert_eq!(alertmanager(&server.uri()).status().await.unwrap(), status);
    let alone = r#"{"cluster":{"peers":null,"status":"disabled"},"versionInfo":{"version":"0.28.1"}}"#;
    let server = answering(ResponseTemplate::new(200).set_body_raw(alone, "application/json")).await;
    assert_eq!(alertmanager(&server.uri()).status().await.unwrap().peers, 0);
}

#[rstest]
#[case(401, "", "set a token")]
#[case(403, "\"no\"", "refuses these credentials (403): no; allow them")]
#[case(404, "404 page not found", "--web.route-prefix")]
#[case(410, "{\"message\":\"v1 is gone\"}", "v1 is gone")]
#[case(429, "", "poll less often")]
#[case(500, "{\"error\":\"a\\u001b[2J\\nb\"}", "(500): a [2J b")]
#[case(503, "<html>", "is it starting")]
#[case(200, "<!doctype html>", "web page")]
#[case(200, "[{\"labels\":", "ends in the middle")]
#[case(200, "{\"status\":\"success\"}", "not that of an Alertmanager")]
#[case(200, "[1,2]", "none of its 2 alerts")]
#[tokio::test]
async fn what_goes_wrong_is_told_with_the_next_step(#[case] code: u16, #[case] body: &str, #[case] says: &str) {
    let server = answering(ResponseTemplate::new(code).set_body_string(body)).await;
    let source = alertmanager(&server.uri());
    let failure = source.firing().await.unwrap_err();
    assert!(failure.to_string().contains(says) && failure.to_string().contains(&source.place()), "{failure}");
    assert_eq!(matches!(failure, ReadFailure::Forbidden(_)), matches!(code, 401 | 403));
}

#[tokio::test]
async fn credentials_do_not_follow_to_another_host() {
    let other = answering(ResponseTemplate::new(200).set_body_string("[]")).await;
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}/api/v2/alerts", other.uri()));
    let server = answering(away).await;
    let failure = alertmanager(&server.uri()).firing().await.unwrap_err().to_string();
    assert!(failure.contains("redirects to another host (302)"), "{failure}");
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_mins(1))).await;
    let mut options = options(&server.uri());
    options.timeout = Duration::from_millis(50);
    let failure = Alertmanager::new(options).unwrap().firing().await.unwrap_err();
    assert!(matches!(&failure, ReadFailure::TimedOut(words) if words.contains("within 50 ms")), "{failure}");
}

#[tokio::test]
async fn a_huge_answer_is_given_up() {
    let server = answering(ResponseTemplate::new(200).set_body_bytes(vec![b' '; 33 << 20])).await;
    let failure = alertmanager(&server.uri()).firing().await.unwrap_err().to_string();
    assert!(failure.contains("larger than 32 MiB"), "{failure}");
}

#[tokio::test]
async fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = alertmanager(&url).firing().await.unwrap_err().to_string();
    assert!(failure.contains("no connection"), "{failure}");
}

#[rstest]
#[case("http://a:9093", Some("Alertmanager at http://a:9093"))]
#[case("https://x.example.com/alertmanager/", Some("Alertmanager at https://x.example.com/alertmanager"))]
#[case(" http://a/am/api/v2/ ", Some("Alertmanager at http://a/am"))]
#[case("http://a:9093/#/alerts", Some("Alertmanager at http://a:9093"))]
#[case("ftp://a", None)]
#[case("http://me:secret@a", None)]
#[case("http://a/?x=1", None)]
#[case("a:9093", None)]
#[case("", None)]
fn addresses(#[case] url: &str, #[case] place: Option<&str>) {
    let made = Alertmanager::new(options(url));
    assert_eq!(made.as_ref().ok().map(Alertmanager::place).as_deref(), place);
    assert!(made.err().is_none_or(|error| !error.to_string().contains("secret")));
}

#[test]
fn options_that_cannot_be_used_are_told_at_once() {
    let mut token = options("http://a");
    token.auth = Auth::Bearer("a\u{0}b".into());
    assert!(Alertmanager::new(token).is_err());
    let mut ca = options("http://a");
    ca.ca_file = Some("/nowhere/ca.pem".into());
    assert!(Alertmanager::new(ca).err().is_some_and(|e| e.to_string().contains("/nowhere/ca.pem")));
}
