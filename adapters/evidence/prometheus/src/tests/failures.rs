//! Every class of failure, each with the next step for a person; what passes is tried again.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const UP: &str =
    r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1700000000,"1"]}]}}"#;

async fn answering(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(response).mount(&server).await;
    server
}

async fn failure(response: ResponseTemplate) -> (ReadFailure, usize) {
    let server = answering(response).await;
    let failure = read(&prometheus(&server.uri()), &instant("up", now())).await.unwrap_err();
    (failure, server.received_requests().await.unwrap().len())
}

#[rstest::rstest]
#[case::bad_query(
    400,
    r#"{"status":"error","errorType":"bad_data","error":"parse error at char 3"}"#,
    "does not take the query (400): parse error at char 3",
    1
)]
#[case::no_credentials(401, "", "wants credentials (401); set a token", 1)]
#[case::wrong_credentials(403, "nope", "refuses these credentials (403)", 1)]
#[case::wrong_path(404, "404 page not found", "prefix such as /prometheus", 1)]
#[case::too_heavy(
    422,
    r#"{"status":"error","errorType":"execution","error":"too many samples"}"#,
    "cannot run the query (422): too many samples",
    1
)]
#[case::query_timed_out(
    503,
    r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#,
    "gave the query up: query timed out",
    1
)]
#[case::not_ready(503, "Service Unavailable", "is not ready (503)", 3)]
#[case::limited(429, "", "limits queries (429)", 3)]
#[case::broken_inside(
    500,
    r#"{"status":"error","errorType":"internal","error":"storage"}"#,
    "answers with an error (500): storage",
    1
)]
#[case::login_page(200, "\n<!DOCTYPE html><html>", "a web page instead of JSON", 1)]
#[case::something_else(200, "[]", "not that of a Prometheus", 1)]
#[case::half_read(200, r#"{"status":"success","data":{"resultType":"vec"#, "ends in the middle", 3)]
#[case::error_in_success(200, r#"{"status":"error","error":"odd"}"#, "no result (odd)", 1)]
#[case::a_string(
    200,
    r#"{"status":"success","data":{"resultType":"string","result":[1,"x"]}}"#,
    "a result of type `string`",
    1
)]
#[tokio::test]
async fn statuses(#[case] status: u16, #[case] body: &str, #[case] says: &str, #[case] attempts: usize) {
    let (failure, asked) = failure(ResponseTemplate::new(status).set_body_string(body)).await;
    assert!(failure.to_string().contains(says), "{failure}");
    assert_eq!(asked, attempts, "{failure}");
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "0");
    Mock::given(method("GET")).respond_with(busy).up_to_n_times(2).mount(&server).await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_string(UP)).mount(&server).await;
    assert_eq!(read(&prometheus(&server.uri()), &instant("up", now())).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_wait_beyond_the_time_limit_is_not_waited_for() {
    let (failure, asked) = failure(ResponseTemplate::new(429).insert_header("Retry-After", "3600")).await;
    assert!(failure.to_string().contains("limits queries") && asked == 1, "{failure} {asked}");
}

#[tokio::test]
async fn silence_ends_at_the_time_limit() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_mins(1))).await;
    let mut options = options(&server.uri());
    options.timeout = Duration::from_millis(200);
    let failure = read(&Prometheus::new(options).unwrap(), &instant("up", now())).await.unwrap_err();
    assert!(matches!(&failure, ReadFailure::TimedOut(w) if w.contains("did not answer within 200 ms")), "{failure}");
}

#[tokio::test]
async fn nobody_there() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failure = read(&prometheus(&format!("http://{gone}")), &instant("up", now())).await.unwrap_err();
    assert!(failure.to_string().contains(&format!("Prometheus at http://{gone}: no connection")), "{failure}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_tried_again_and_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"status\":").await;
        }
    });
    let failure = read(&prometheus(&url), &instant("up", now())).await.unwrap_err();
    serving.abort();
    assert!(failure.to_string().contains("the answer broke off"), "{failure}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 3);
}

#[tokio::test]
async fn credentials_stay_with_the_host_that_was_configured() {
    let other = answering(ResponseTemplate::new(200).set_body_string(UP)).await;
    let there = format!("{}/api/v1/query", other.uri());
    let server = answering(ResponseTemplate::new(302).insert_header("Location", there)).await;
    let failure = read(&prometheus(&server.uri()), &instant("up", now())).await.unwrap_err();
    assert!(failure.to_string().contains("redirects to another host (302)"), "{failure}");
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn credentials_and_headers_are_sent_below_the_prefix() {
    let server = MockServer::start().await;
    let found = ResponseTemplate::new(200).set_body_string(UP);
    let at = path("/prometheus/api/v1/query");
    let basic = header("Authorization", "Basic bWU6c2VjcmV0");
    let tenant = header("X-Scope-OrgID", "seven");
    Mock::given(method("GET"))
        .and(at)
        .and(basic)
        .and(tenant)
        .and(query_param("query", "up"))
        .respond_with(found)
        .expect(1)
        .mount(&server)
        .await;
    let mut options = options(&format!("{}/prometheus", server.uri()));
    options.auth = Auth::Basic { user: "me".to_owned(), password: "secret".into() };
    options.headers.push(("X-Scope-OrgID".to_owned(), "seven".into()));
    let source = Prometheus::new(options).unwrap();
    assert_eq!(read(&source, &instant("up", now())).await.unwrap().0.len(), 1);
    assert!(!source.describe().contains("secret"));
}

#[tokio::test]
async fn a_long_expression_is_not_sent() {
    let server = answering(ResponseTemplate::new(200).set_body_string(UP)).await;
    let failure = read(&prometheus(&server.uri()), &instant(&"a+".repeat(5000), now())).await.unwrap_err();
    assert!(failure.to_string().contains("10000 bytes; at most 8192"), "{failure}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_more_than_the_given_number_at_a_time() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_mins(1))).await;
    let mut options = options(&server.uri());
    (options.max_parallel, options.timeout) = (2, Duration::from_millis(300));
    let source = Prometheus::new(options).unwrap();
    let query = instant("up", now());
    let outcomes = futures::future::join_all((0..4).map(|_| read(&source, &query))).await;
    assert!(outcomes.iter().all(|o| matches!(o, Err(ReadFailure::TimedOut(_)))), "{outcomes:?}");
    let waited =
        outcomes.iter().filter(|o| o.as_ref().is_err_and(|e| e.to_string().contains("busy with other queries")));
    // The two that wait may still get a slot at the moment at which the first two give up.
    assert!(waited.count() <= 2 && server.received_requests().await.unwrap().len() <= 4);
}

#[tokio::test]
async fn a_certificate_that_is_none_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options("https://127.0.0.1");
    options.ca_file = Some(dir.path().join("missing.pem"));
    assert!(Prometheus::new(options).err().unwrap().to_string().contains("missing.pem cannot be read"));
}
