//! Orders that are given while a process is cut off reach it as soon as it is back.

use midwatch_doubles::kubernetes::Fault;
use serde_json::{Value, json};

use super::{Shift, eventually, hand_in};
use crate::support::Server;

/// The process that does this, as the others see it.
async fn with_role(server: &Server, role: &str) -> Option<Value> {
    let (_, workers) = server.get("/api/v1/workers").await;
    let all = workers["workers"].as_array()?;
    all.iter().find(|worker| worker["roles"].as_array().is_some_and(|roles| roles.iter().any(|r| r == role))).cloned()
}

async fn state(server: &Server, job: &str) -> String {
    let (_, job) = server.get(&format!("/api/v1/jobs/{job}")).await;
    job["state"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_reaches_a_worker_that_was_cut_off_when_it_was_turned() {
    let shift = Shift::leased(&["worker", "gateway,api"], "60s").await;
    let servers = shift.start_all().await;
    let (worker, api) = (&shift.fleet.sites[0], &servers[1]);
    let logged = || shift.fleet.logged();
    // Its lease outlasts the cut: the job is still this worker's when it is back.
    worker.place.cluster.fault("/api/v1/", Fault::Hang, usize::MAX);
    worker.place.cluster.fault("/apis/", Fault::Hang, usize::MAX);
    assert!(hand_in(std::slice::from_ref(&api.url), 0, "Hanging").await);
    let job = eventually("the job that hangs", logged, async || {
        let (_, jobs) = api.get("/api/v1/jobs?state=initializing,running").await;
        jobs["jobs"][0]["id"].as_str().map(str::to_owned)
    })
    .await;

    worker.line.cut();
    let reason = json!({"reason": "it reads too much"});
    let (status, told) = api.post("/api/v1/kill-switch/on", &reason).await.unwrap();
    assert_eq!(status, 200, "{told}");
    let (status, refused) = api.post("/api/v1/analyze", &json!({"text": "payments-api"})).await.unwrap();
    assert!(status == 503 && refused["detail"].as_str().unwrap().contains("kill switch"), "{refused}");
    // What it has heard before does not count any more.
    eventually("it counts as gone", logged, async || with_role(api, "worker").await.is_none().then_some(())).await;
    assert!(hand_in(std::slice::from_ref(&api.url), 0, "Waiting").await, "alerts are taken");
    worker.line.mend();
    eventually("the end of the job", logged, async || (state(api, &job).await == "cancelled").then_some(())).await;
    shift
        .slack
        .wait_for("who stopped it, in its thread", |slack| {
            let own = slack.own(crate::chat::OPS);
            own.iter().any(|message| message.reads().contains("the kill switch: it reads too much")).then_some(())
        })
        .await;

    worker.place.cluster.heal();
    let (status, _) = api.post("/api/v1/kill-switch/off", &json!({})).await.unwrap();
    assert_eq!(status, 200);
    eventually("what waited is investigated", logged, async || {
        let (_, jobs) = api.get("/api/v1/jobs?state=completed").await;
        jobs["jobs"].as_array().is_some_and(|jobs| jobs.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_cut_off_when_it_was_drained_takes_nothing_once_it_is_back() {
    let shift = Shift::new(&["worker", "gateway,api"]).await;
    let servers = shift.start_all().await;
    let (worker, api) = (&shift.fleet.sites[0], &servers[1]);
    let logged = || shift.fleet.logged();
    let me = eventually("the worker", logged, async || with_role(api, "worker").await).await;
    let id = me["id"].as_str().unwrap().to_owned();
    worker.line.cut();
    let reason = json!({"reason": "a new node"});
    let (status, told) = api.post(&format!("/api/v1/workers/{id}/drain"), &reason).await.unwrap();
    assert_eq!(status, 200, "{told}");
    // What it began before the cut has failed by then, and what it has heard before does not count any more.
    eventually("it counts as gone", logged, async || with_role(api, "worker").await.is_none().then_some(())).await;
    assert!(hand_in(std::slice::from_ref(&api.url), 0, "Waiting").await);
    worker.line.mend();
    let back = eventually("it is back", logged, async || with_role(api, "worker").await).await;
    assert_eq!(back["draining"], true, "{back}");
    let (_, jobs) = api.get("/api/v1/jobs?state=pending").await;
    assert_eq!(jobs["jobs"].as_array().map(Vec::len), Some(1), "{jobs}");
    let (status, _) = api.post(&format!("/api/v1/workers/{id}/undrain"), &json!({})).await.unwrap();
    assert_eq!(status, 200);
    eventually("the report", logged, async || {
        let (_, jobs) = api.get("/api/v1/jobs?state=completed").await;
        jobs["jobs"].as_array().is_some_and(|jobs| jobs.len() == 1).then_some(())
    })
    .await;
}
