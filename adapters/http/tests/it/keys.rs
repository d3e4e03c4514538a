//! Who is let in: keys, this machine, and no web page.

use midwatch_http::{KeyHash, WebhookKey};
use midwatch_service::policy::Verb;
use reqwest::header::HOST;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use crate::support::{Setup, World, json, problem, rule, send};

async fn with_keys() -> World {
    let mut setup = Setup::default().key("ci", "key-of-ci").key("ops", "key-of-ops");
    setup.settings.webhooks = vec![WebhookKey::bearer(&"token".into()), WebhookKey::basic("am", &"pass:word".into())];
    setup.settings.metrics = Some(KeyHash::of(&"scraper".into()));
    World::with(setup).await
}

#[tokio::test]
async fn every_way_to_show_a_key() {
    let world = with_keys().await;
    let jobs = || world.get("/api/v1/jobs");
    let hook = || world.deliver("firing-KubePodCrashLooping-2.json");
    let metrics = || world.get("/metrics");
    let table: Vec<(RequestBuilder, u16)> = vec![
        (jobs(), 401),
        (jobs().bearer_auth("key-of-ci"), 200),
        (jobs().bearer_auth("key-of-ops"), 200),
        (jobs().header("X-API-Key", "key-of-ops"), 200),
        (jobs().bearer_auth("key-of-c"), 401),
        (jobs().bearer_auth(""), 401),
        (jobs().bearer_auth("token"), 401),
        (jobs().header("X-API-Key", "\u{e9}"), 401),
        (jobs().basic_auth("ci", Some("key-of-ci")), 401),
        (hook(), 401),
        (hook().bearer_auth("token"), 200),
        (hook().basic_auth("am", Some("pass:word")), 200),
        (hook().basic_auth("am", Some("pass")), 401),
        (hook().basic_auth("", Some("am:pass:word")), 401),
        (hook().header("Authorization", "Basic !!!"), 401),
        (hook().bearer_auth("am:pass:word"), 401),
        (hook().bearer_auth("key-of-ci"), 401),
        (metrics(), 401),
        (metrics().bearer_auth("key-of-ci"), 401),
        (metrics().bearer_auth("scraper"), 200),
        (world.get("/health/live"), 200),
        (world.get("/api/v1/openapi.json"), 401),
    ];
    let refused = table.iter().filter(|(_, expected)| *expected == 401).count();
    for (place, (request, expected)) in table.into_iter().enumerate() {
        let response = send(request).await;
        assert_eq!(response.status().as_u16(), expected, "row {place}");
        assert_eq!(response.headers().contains_key("www-authenticate"), expected == 401, "row {place}");
    }
    assert_eq!(world.counted("denied"), refused as u64);
}

#[tokio::test]
async fn a_wrong_key_reads_no_body_and_learns_nothing() {
    let world = with_keys().await;
    let wrong = world.deliver("firing-KubePodCrashLooping-2.json").bearer_auth("nearly-token");
    let (status, code, detail) = problem(wrong).await;
    assert_eq!((status, code.as_str()), (401, "E005"));
    assert!(!detail.contains("nearly") && !detail.contains("token-"), "{detail}");
    assert!(world.store.open_incidents(1).await.unwrap().is_empty());
}

#[tokio::test]
async fn without_keys_only_names_of_this_machine_are_answered() {
    let world = World::new().await;
    let port = world.address.port();
    for (host, expected) in [
        (format!("localhost:{port}"), 200),
        (format!("127.0.0.1:{port}"), 200),
        ("[::1]".to_owned(), 200),
        ("rebound.example".to_owned(), 403),
        (format!("127.0.0.1.rebound.example:{port}"), 403),
        (String::new(), 403),
    ] {
        for path in ["/api/v1/jobs", "/api/v1/alerts"] {
            let status = send(world.get(path).header(HOST, &host)).await.status();
            assert_eq!(status.as_u16(), expected, "{host} {path}");
        }
        let hook = send(world.deliver("firing-RedisMemoryHigh-1.json").header(HOST, &host)).await;
        assert_eq!(hook.status().as_u16(), expected, "{host}");
    }
    assert_eq!(send(world.get("/health/live").header(HOST, "anything")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn pages_of_other_sites_cannot_ask_for_anything() {
    let world = World::new().await;
    let question = json!({"text": "checkout"});
    for (site, expected) in [("cross-site", 403), ("same-site", 403), ("same-origin", 202), ("none", 202)] {
        let asked = send(world.post("/api/v1/analyze", &question).header("Sec-Fetch-Site", site)).await;
        assert_eq!(asked.status().as_u16(), expected, "{site}");
    }
    let keyed = World::with(Setup::default().key("ci", "k")).await;
    let request = keyed.post("/api/v1/analyze", &question).bearer_auth("k").header("Sec-Fetch-Site", "cross-site");
    assert_eq!(send(request).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_key_may_see_and_do_is_its_rules() {
    let rules = vec![rule("shop", &[Verb::List, Verb::Status, Verb::Investigate], &["shop"]), rule("ops", &[], &[])];
    let setup = Setup { rules, ..Setup::default() };
    let world = World::with(setup.key("shop", "s").key("ops", "o").key("none", "n")).await;
    let pod = |namespace| json!({"namespace": namespace, "pod": "web-0"});
    let ask = |namespace, key| world.post("/api/v1/analyze/pod", &pod(namespace)).bearer_auth(key);
    let (status, mine) = json(ask("shop", "s")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!((mine["asked_by"]["platform"].as_str(), mine["asked_by"]["user"].as_str()), (Some("api"), Some("shop")));
    let (status, code, detail) = problem(ask("bank", "s")).await;
    assert!(status == 403 && code == "E005" && detail.contains("investigate") && detail.contains("bank"), "{detail}");
    let (_, other) = json(ask("bank", "o")).await;

    let (_, list) = json(world.get("/api/v1/jobs").bearer_auth("s")).await;
    let ids =
        |list: &serde_json::Value| list["jobs"].as_array().unwrap().iter().map(|j| j["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&list), vec![mine["id"].clone()]);
    let (_, list) = json(world.get("/api/v1/jobs").bearer_auth("o")).await;
    assert_eq!(ids(&list), vec![other["id"].clone(), mine["id"].clone()]);

    let of = |job: &serde_json::Value, end: &str| format!("/api/v1/jobs/{}{end}", job["id"].as_str().unwrap());
    for end in ["", "/report"] {
        assert!(send(world.get(&of(&mine, end)).bearer_auth("s")).await.status().is_success());
        assert_eq!(problem(world.get(&of(&other, end)).bearer_auth("s")).await.0, 403);
    }
    let stop = world.post(&of(&mine, "/cancel"), &json!({})).bearer_auth("s");
    assert_eq!(problem(stop).await.0, 403);
    for path in ["/api/v1/jobs", "/api/v1/alerts", "/api/v1/health", &of(&mine, "")] {
        assert_eq!(problem(world.get(path).bearer_auth("n")).await.0, 403, "{path}");
    }
}
