//! Jobs: listed page by page, looked at, stopped.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{World, json, problem, send};

async fn asked(world: &World, text: &str) -> Value {
    json(world.post("/api/v1/analyze", &json!({"text": text}))).await.1
}

#[tokio::test]
async fn pages_hold_every_job_once() {
    let world = World::new().await;
    let mut expected = Vec::new();
    for n in 0..5 {
        expected.push(asked(&world, &format!("question {n}")).await["id"].clone());
    }
    expected.reverse();
    let (mut found, mut next) = (Vec::new(), Some("/api/v1/jobs?limit=2&state=pending".to_owned()));
    let mut pages = 0;
    while let Some(path) = next {
        let (status, page) = json(world.get(&path)).await;
        assert_eq!(status, StatusCode::OK);
        found.extend(page["jobs"].as_array().unwrap().iter().map(|job| job["id"].clone()));
        next = page["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((found, pages), (expected, 3));
    let (_, none) = json(world.get("/api/v1/jobs?state=completed,failed")).await;
    assert_eq!(none["jobs"], json!([]));
    for bad in ["state=done", "limit=0", "limit=501", "limit=x", "before=1", "order=asc"] {
        assert_eq!(problem(world.get(&format!("/api/v1/jobs?{bad}"))).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_job_is_stopped_and_says_so() {
    let world = World::new().await;
    let job = asked(&world, "checkout").await;
    let path = job["links"]["cancel"].as_str().unwrap();
    let (status, stopped) = json(world.post(path, &json!({"reason": "found it myself"}))).await;
    assert_eq!((status, stopped["state"].as_str()), (StatusCode::OK, Some("cancelled")));
    let (_, detail) = json(world.get(job["links"]["job"].as_str().unwrap())).await;
    let steps: Vec<&str> =
        detail["history"].as_array().unwrap().iter().filter_map(|step| step["to"].as_str()).collect();
    assert_eq!(steps, ["pending", "cancelled"]);
    let (status, _, why) = problem(world.get(job["links"]["report"].as_str().unwrap())).await;
    assert!(status == 409 && why.contains("found it myself"), "{why}");
    assert_eq!(send(world.post(path, &json!({}))).await.status(), StatusCode::OK, "a second time changes nothing");
}

#[tokio::test]
async fn unknown_jobs_and_odd_ids() {
    let world = World::new().await;
    assert_eq!(problem(world.get("/api/v1/jobs/0199d2c4a81f7b62a1c4e1f0a7c3b5d2")).await.0, 404);
    for odd in ["7", "..%2f..%2fetc", "%00", "%ff", "x%0a%22"] {
        assert_eq!(problem(world.get(&format!("/api/v1/jobs/{odd}"))).await.0, 400, "{odd}");
    }
}

#[tokio::test]
async fn secrets_in_questions_are_not_repeated() {
    let world = World::new().await;
    let secret = "postgres://app:Tr0ub4dor-and-3@db:5432/shop";
    let job = asked(&world, &format!("why does {secret} fail")).await;
    let (_, list) = json(world.get("/api/v1/jobs")).await;
    for shown in [&job, &list] {
        assert!(!shown.to_string().contains("Tr0ub4dor-and-3"), "{shown}");
    }
    let (_, _, detail) = problem(world.post("/api/v1/analyze", &json!({secret: 1, "text": "x"}))).await;
    assert!(!detail.contains("Tr0ub4dor-and-3"), "{detail}");
}
