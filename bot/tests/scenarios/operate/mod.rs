//! The operator's commands against a real server: each in words and as JSON, with hostile input, without a server, without
//! the right.

mod jobs;
mod refused;
mod steering;

use serde_json::{Value, json};

use crate::support::{Place, Server, alert, webhook};

/// Lets an alert of the case come in and waits for its report; the job's id.
async fn investigated(server: &Server, group: &str) -> String {
    deliver(server, group).await;
    server.idle().await;
    let (_, jobs) = server.get("/api/v1/jobs?limit=1").await;
    let job = &jobs["jobs"][0];
    assert_eq!(job["state"], "completed", "{job}");
    job["id"].as_str().unwrap().to_owned()
}

async fn deliver(server: &Server, group: &str) {
    let labels = json!({"namespace": "inc-crashloop", "pod": "payments-api-768fcbbc49-t6lgw", "group": group});
    let body = webhook(group, "firing", &[alert(&format!("KubePodCrashLooping{group}"), "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
}

/// What a command says in words; it has to succeed.
async fn words(place: &Place, args: &[&str]) -> String {
    let out = lines(place, args).await;
    let wide = out.lines().find(|line| line.chars().count() > 140);
    assert_eq!(wide, None, "{args:?}: a line is wider than any terminal of ours");
    out
}

/// What a command says line by line as it comes, however long the lines are; it has to succeed.
async fn lines(place: &Place, args: &[&str]) -> String {
    let (code, out, err) = place.run(args, &[]).await;
    assert_eq!(code, Some(0), "{args:?}: {out}{err}");
    assert!(!out.contains('\x1b'), "no colour where there is no terminal: {out:?}");
    out
}

/// Asks a question that becomes a job; the job.
async fn ask(server: &Server, text: &str) -> Value {
    let asked = json!({"text": text, "namespace": "inc-crashloop", "wait": "0s"});
    let (status, job) = server.post("/api/v1/analyze", &asked).await.unwrap();
    assert_eq!(status, 202, "{job}");
    job
}

/// What it says as JSON; it has to succeed.
async fn told(place: &Place, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
    let (code, out, err) = place.run(&args, &[]).await;
    assert_eq!(code, Some(0), "{args:?}: {out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}"))
}

/// How a command fails: its exit code and what it says on standard error.
async fn fails(place: &Place, args: &[&str], settings: &[(&str, &str)]) -> (i32, String) {
    let (code, out, err) = place.run(args, settings).await;
    assert_ne!(code, Some(0), "{args:?}: {out}");
    assert_eq!(out, "", "{args:?}: {err}");
    (code.unwrap(), err)
}
