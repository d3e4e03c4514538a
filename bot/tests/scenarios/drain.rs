//! SIGTERM: what runs is finished or handed back, and nothing new is taken.

use midwatch_doubles::kubernetes::Fault;
use midwatch_doubles::programs::until;
use serde_json::json;

use crate::support::{CASE, Place, alert, keys, webhook};

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_at_the_end_goes_on_after_the_next_start() {
    let place = Place::new(CASE, "").await;
    // Its logs hang, so that the job is under way when the end comes.
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut first = place.start_with(&[("server__grace", "1s")]);
    first.ready().await;
    let labels = json!({"namespace": "inc-crashloop", "pod": "payments-api-768fcbbc49-t6lgw"});
    let body = webhook("drained", "firing", &[alert("KubePodCrashLooping", "firing", &labels)]);
    assert_eq!(first.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
    until("the job runs", async || {
        let (_, jobs) = first.get("/api/v1/jobs?state=running").await;
        (jobs["jobs"].as_array()?.len() == 1).then_some(())
    })
    .await;
    assert!(first.terminate().success());

    place.cluster.heal();
    let mut second = place.start();
    second.ready().await;
    second.idle().await;
    let (_, jobs) = second.get("/api/v1/jobs").await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1, "{jobs}");
    assert_eq!(jobs["jobs"][0]["state"], "completed", "{jobs}");
    assert_eq!(jobs["jobs"][0]["attempts"], 1, "handing back does not count: {jobs}");
    until("the report is posted", async || {
        let threads = place.threads();
        let thread = threads.first()?;
        keys(thread).iter().any(|k| k.ends_with(":report")).then_some(())
    })
    .await;
    assert_eq!(place.threads().len(), 1);
}
