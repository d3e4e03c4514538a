//! Garbage: whatever comes in, the answer is about the request and comes in time; nothing breaks, nothing leaks.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::Value;

use crate::support::{World, json, send, webhook};

/// Webhooks that are sent through a socket.
const MUTANTS: usize = 400;

/// A real webhook with some bytes changed, a part cut out, or a part doubled.
fn mutant() -> impl Strategy<Value = Vec<u8>> {
    let original = webhook("firing-KubePodCrashLooping-2.json");
    let place = 0..original.len();
    let change = (place.clone(), any::<u8>());
    (proptest::collection::vec(change, 0..8), place.clone(), place, 0..3_u8).prop_map(move |(changes, a, b, how)| {
        let mut body = original.clone();
        for (at, byte) in changes {
            body[at] = byte;
        }
        let (from, to) = (a.min(b), a.max(b));
        match how {
            0 => body,
            1 => [&body[..from], &body[to..]].concat(),
            _ => [&body[..to], &body[from..]].concat(),
        }
    })
}

#[tokio::test]
async fn mutated_webhooks_are_taken_or_refused_and_never_break_the_server() {
    let world = World::new().await;
    let mut runner = TestRunner::new(Config::default());
    let strategy = mutant();
    let mut taken = 0;
    for _ in 0..MUTANTS {
        let body = strategy.new_tree(&mut runner).expect("a mutant").current();
        let request = world.client.post(world.url("/webhook/alertmanager")).header("Content-Type", "application/json");
        let status = send(request.body(body.clone())).await.status();
        // A mutant whose alerts are new may find the queue full; nothing else of the server's own may go wrong.
        let fits = status.is_success() || status.is_client_error() || status.as_u16() == 503;
        assert!(fits, "{status} for {}", String::from_utf8_lossy(&body));
        taken += usize::from(status.is_success());
    }
    assert!(taken > 0 && taken < MUTANTS, "mutants of both kinds: {taken} were taken");
    assert_eq!(world.counted("error"), 0);
}

#[tokio::test]
async fn garbage_for_the_api_is_the_callers_mistake() {
    let world = World::new().await;
    let deep = vec![b'['; 60_000];
    let bodies: [&[u8]; 8] = [
        b"",
        b"\xff\xfe",
        b"{\"text\":\"\\ud800\"}",
        b"{\"text\":1e999}",
        b"{\"text\":\"a\"}{\"text\":\"b\"}",
        b"{\"text\":\"a\",\"text\":\"b\"}",
        &deep,
        b"{\"text\":\"\x00\"}",
    ];
    for path in ["/api/v1/analyze", "/api/v1/analyze/pod", "/api/v1/analyze/alert"] {
        for body in bodies {
            let request =
                world.client.post(world.url(path)).header("Content-Type", "application/json").body(body.to_vec());
            let status = send(request).await.status();
            assert_eq!(status.as_u16(), 400, "{path} {}", String::from_utf8_lossy(&body[..body.len().min(80)]));
        }
    }
    assert_eq!(world.store.load().await.unwrap().pending, 0);
}

#[tokio::test]
async fn request_ids_are_taken_when_sane_and_returned_always() {
    let world = World::new().await;
    for (given, taken) in
        [("req-1.a_B", true), ("a b", false), ("{\"level\":\"ERROR\"}", false), (&"x".repeat(129), false)]
    {
        for path in ["/health/live", "/nothing", "/api/v1/jobs/7"] {
            let response = send(world.get(path).header("X-Request-ID", given)).await;
            let returned = response.headers()["x-request-id"].to_str().unwrap();
            assert_eq!(returned == given, taken, "{path} {given}");
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        }
    }
    let question = serde_json::json!({"text": "checkout"});
    let (_, job): (_, Value) = json(world.post("/api/v1/analyze", &question).header("X-Request-ID", "mine-7")).await;
    assert_eq!(job["request_id"], "mine-7");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let world = World::new().await;
    for path in
        ["/", "/api", "/api/v1/", "/api/v2/jobs", "/webhook/", "/webhook/pagerduty", "/health", "/%2e%2e/etc/passwd"]
    {
        assert_eq!(crate::support::problem(world.get(path)).await.0, 404, "{path}");
    }
    for (method, path) in [
        (Method::DELETE, "/api/v1/jobs"),
        (Method::GET, "/webhook/alertmanager"),
        (Method::PUT, "/api/v1/analyze"),
        (Method::POST, "/health/live"),
    ] {
        let request = world.client.request(method.clone(), world.url(path));
        assert_eq!(crate::support::problem(request).await.0, 405, "{method} {path}");
    }
}
