//! Questions: the report in time, 202 and a place to look otherwise, and why there is none.

use std::sync::{Arc, Mutex};

use midwatch_diagnosis::alert::Alert;
use midwatch_service::code::ErrorCode;
use midwatch_service::job::JobError;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Setup, Source, World, expected_report, json, problem, send};

#[tokio::test]
async fn the_report_comes_when_it_is_there_in_time() {
    let world = World::new().await;
    let question = json!({"namespace": "shop", "pod": "web-0", "lookback": "90m", "wait": "20s"});
    let work = async {
        let leased = world.claim().await;
        let request = &leased.job.spec.request;
        assert_eq!((request.text.as_deref(), request.namespace.as_deref()), (Some("pod/web-0"), Some("shop")));
        assert_eq!(request.lookback.as_secs(), 5400);
        let id = leased.job.spec.id.to_string();
        world.report(leased).await;
        id
    };
    let (answer, id) = tokio::join!(send(world.post("/api/v1/analyze/pod", &question)), work);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-midwatch-job"], id.as_str());
    assert_eq!(answer.json::<Value>().await.unwrap(), expected_report());
}

#[tokio::test]
async fn else_202_says_where_it_will_be() {
    let world = World::new().await;
    let asked = send(world.post("/api/v1/analyze", &json!({"text": "why is checkout slow"}))).await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let place = asked.headers()["location"].to_str().unwrap().to_owned();
    let job: Value = asked.json().await.unwrap();
    assert_eq!((job["state"].as_str(), job["links"]["job"].as_str()), (Some("pending"), Some(place.as_str())));
    assert_eq!(send(world.get(&format!("{place}/report"))).await.status(), StatusCode::ACCEPTED);
    world.report(world.claim().await).await;
    let (status, job) = json(world.get(&place)).await;
    assert_eq!(
        (status, job["state"].as_str(), &job["result"]["verdict"]),
        (StatusCode::OK, Some("completed"), &json!("cause"))
    );
    let (status, report) = json(world.get(&format!("{place}/report"))).await;
    assert_eq!((status, report), (StatusCode::OK, expected_report()));
}

#[tokio::test]
async fn the_same_question_joins_the_job_under_way() {
    let world = World::new().await;
    let question = json!({"namespace": "shop", "pod": "web-0"});
    let (_, first) = json(world.post("/api/v1/analyze/pod", &question)).await;
    let (_, second) = json(world.post("/api/v1/analyze/pod", &question)).await;
    let (_, other) = json(world.post("/api/v1/analyze/pod", &json!({"namespace": "shop", "pod": "web-1"}))).await;
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["id"], other["id"]);
}

#[tokio::test]
async fn a_job_without_a_report_says_why() {
    let world = World::new().await;
    let codes = [
        (ErrorCode::E002, 422),
        (ErrorCode::E003, 504),
        (ErrorCode::E005, 403),
        (ErrorCode::E006, 502),
        (ErrorCode::E007, 503),
    ];
    for (code, expected) in codes {
        let question = json!({"text": "checkout", "wait": "20s"});
        let work = async {
            let message = "the words of the worker".to_owned();
            world.fail(world.claim().await, JobError { code, message }).await;
        };
        let (answer, ()) = tokio::join!(problem(world.post("/api/v1/analyze", &question)), work);
        assert_eq!(answer, (expected, code.as_str().to_owned(), "the words of the worker".to_owned()));
    }
}

#[tokio::test]
async fn an_alert_is_found_in_the_incidents_and_in_the_source() {
    let alert = |fingerprint: &str| Alert {
        name: "Slow".to_owned(),
        firing: true,
        fingerprint: fingerprint.to_owned(),
        labels: [("alertname", "Slow"), ("severity", "critical")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        ..Alert::default()
    };
    let source = Arc::new(Source(Mutex::new(Some(vec![alert("aaaaaaaaaaaaaaaa")]))));
    let world = World::with(Setup { alerts: Some(source.clone()), ..Setup::default() }).await;
    send(world.deliver("firing-KubePodCrashLooping-2.json")).await;
    let ask = |id: &str| world.post("/api/v1/analyze/alert", &json!({"alert_id": id}));
    let (status, job) = json(ask("f204d0b3847b09c2")).await;
    assert_eq!(
        (status, &job["alerts"], &job["namespace"]),
        (StatusCode::ACCEPTED, &json!(["KubePodCrashLooping"]), &json!("shop"))
    );
    let (status, job) = json(ask("aaaaaaaaaaaaaaaa")).await;
    assert_eq!((status, &job["alerts"]), (StatusCode::ACCEPTED, &json!(["Slow"])));
    let (status, _, detail) = problem(ask("bbbbbbbbbbbbbbbb")).await;
    assert!(status == 404 && detail.contains("GET /api/v1/alerts"), "{detail}");

    let (_, list) = json(world.get("/api/v1/alerts")).await;
    assert_eq!(
        (&list["source"], &list["alerts"][0]["fingerprint"]),
        (&json!("alertmanager"), &json!("aaaaaaaaaaaaaaaa"))
    );
    *source.0.lock().unwrap() = None;
    assert_eq!(problem(ask("bbbbbbbbbbbbbbbb")).await.0, 502);
    let (_, list) = json(world.get("/api/v1/alerts?severity=warning&namespace=shop")).await;
    assert_eq!((list["alerts"].as_array().map(Vec::len), &list["source"]), (Some(2), &json!("incidents")));
    assert!(list["could_not_see"].as_str().unwrap().contains("connection refused"));
    let (_, list) = json(world.get("/api/v1/alerts?severity=warn")).await;
    assert_eq!(list["alerts"], json!([]));
}

#[tokio::test]
async fn mistakes_are_told_where_they_stand() {
    let world = World::new().await;
    let table = [
        ("/api/v1/analyze/pod", json!({"namespace": "shop", "pod": "Web_0"}), "`pod`"),
        ("/api/v1/analyze/pod", json!({"namespace": "../x", "pod": "web-0"}), "`namespace`"),
        ("/api/v1/analyze/pod", json!({"namespace": "shop", "pod": "web-0", "look_back": "1h"}), "look_back"),
        ("/api/v1/analyze/pod", json!({"namespace": "shop"}), "missing field `pod`"),
        ("/api/v1/analyze/pod", json!({"namespace": 7, "pod": "web-0"}), "`namespace`"),
        ("/api/v1/analyze/pod", json!({"namespace": "shop", "pod": "web-0", "lookback": "60"}), "`lookback`"),
        ("/api/v1/analyze/pod", json!({"namespace": "shop", "pod": "web-0", "lookback": 3600}), "`lookback`"),
        ("/api/v1/analyze/pod", json!({"namespace": "shop", "pod": "web-0", "lookback": "25h"}), "`1m` to `24h`"),
        ("/api/v1/analyze", json!({"text": "  "}), "`text`"),
        ("/api/v1/analyze", json!({"text": "x".repeat(2001)}), "`text`"),
        ("/api/v1/analyze", json!([]), "JSON object"),
        ("/api/v1/analyze/pod", json!(["shop", "web-0", null, null, null]), "JSON object"),
        ("/api/v1/analyze/alert", json!({"alert_id": ""}), "`alert_id`"),
    ];
    for (path, body, words) in table {
        let (status, code, detail) = problem(world.post(path, &body)).await;
        assert_eq!((status, code.as_str()), (400, "E002"), "{body}");
        assert!(detail.contains(words), "{body}: {detail}");
    }
    assert_eq!(world.store.load().await.unwrap().pending, 0);
}
