//! The grammar of the chat, spoken over the API.

use midwatch_service::id::JobId;
use midwatch_service::policy::Verb;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Setup, World, json, problem, rule};

#[tokio::test]
async fn a_question_becomes_a_job_that_the_answer_names() {
    let world = World::new().await;
    let said = json!({"text": "midwatch: why is checkout slow —since 30m"});
    let (status, told) = json(world.post("/api/v1/say", &said)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let id: JobId = told["job"].as_str().expect("a job").parse().expect("its id");
    let job = world.store.job(id).await.unwrap().expect("the job");
    assert_eq!(job.spec.request.text.as_deref(), Some("why is checkout slow"));
    assert_eq!(job.spec.request.lookback.as_mins(), 30);
    assert_eq!(job.spec.origin.actor.user, "local");

    let (_, list) = json(world.post("/api/v1/say", &json!({"text": "list"}))).await;
    let shown = list["text"].as_str().expect("a text");
    assert!(shown.contains("why is checkout slow"), "{shown}");
    assert_eq!(list["job"], json!(null));
}

#[tokio::test]
async fn help_and_wrong_words_are_answered() {
    let world = World::new().await;
    let (status, help) = json(world.post("/api/v1/say", &json!({"text": "help"}))).await;
    assert_eq!(status, StatusCode::OK);
    let table =
        help["answer"]["parts"].as_array().unwrap().iter().find(|part| part["part"] == "table").expect("a table");
    assert!(table["rows"].as_array().unwrap().iter().any(|row| row[0] == "investigate"), "{table}");

    let (status, wrong) = json(world.post("/api/v1/say", &json!({"text": "stauts"}))).await;
    let text = wrong["text"].as_str().unwrap();
    assert!(status == StatusCode::OK && text.contains("no verb `stauts`") && text.contains("    status"), "{text}");
    assert!(
        world
            .store
            .jobs(&midwatch_service::port::store::JobFilter { limit: 5, ..Default::default() })
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_thread_is_named_by_its_id_and_nothing_else_is_taken() {
    let world = World::new().await;
    let (status, _, detail) = problem(world.post("/api/v1/say", &json!({"text": "status", "thread": "general"}))).await;
    assert_eq!(status, 400);
    assert!(detail.contains("`general` is no id of a thread"), "{detail}");
    let (status, _, detail) = problem(world.post("/api/v1/say", &json!({"text": "status", "channel": "x"}))).await;
    assert!(status == 400 && detail.contains("channel"), "{detail}");
}

#[tokio::test]
async fn what_a_key_may_not_do_is_not_done_by_words_either() {
    let rules = vec![rule("ops", &[Verb::Investigate, Verb::List], &[]), rule("shop", &[Verb::List], &[])];
    let world = World::with(Setup { rules, ..Setup::default() }.key("ops", "o").key("shop", "s")).await;
    assert_eq!(problem(world.post("/api/v1/say", &json!({"text": "list"}))).await.0, 401);
    let asked = json!({"text": "investigate checkout"});
    let response = world.post("/api/v1/say", &asked).bearer_auth("s").send().await.unwrap();
    let (status, body) = (response.status(), response.text().await.unwrap());
    assert!(body.contains("may not `investigate`"), "{status} {body}");
    let (_, told) = json(world.post("/api/v1/say", &asked).bearer_auth("o")).await;
    assert!(told["job"].is_string(), "{told}");
}
