//! A full disk, made without a mount: the file may not grow (`RLIMIT_FSIZE`), then it may again.

use std::process::Command;

use midwatch_doubles::programs::until;
use serde_json::json;

use crate::support::{CASE, Place, alert, webhook};

/// More than the empty store needs, less than some hundred incidents take.
const BYTES: u64 = 2 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_harms_nothing() {
    let place = Place::new(CASE, "incidents: {storm_groups: 1000}\njobs: {queue: 5000}\n").await;
    let ours = place.command(&[]);
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--fsize={BYTES}")).arg(ours.get_program()).env_clear();
    for (key, value) in ours.get_envs().filter_map(|(k, v)| Some((k, v?))) {
        limited.env(key, value);
    }
    let mut server = place.start_as(limited);
    server.ready().await;
    let mut taken = 0;
    let refused = until("the store is full", async || {
        let labels = json!({"namespace": "inc-crashloop", "service": format!("s{taken}"), "pad": "x".repeat(3000)});
        let name = format!("Full{taken}");
        let body = webhook(&name, "firing", &[alert(&name, "firing", &labels)]);
        let (status, problem) = server.post("/webhook/alertmanager", &body).await?;
        taken += u32::from(status == 200);
        (status != 200).then_some((status, problem))
    })
    .await;
    assert_eq!(refused.0, 503, "Alertmanager tries 5xx again: {refused:?}");
    assert_eq!(refused.1["code"], "E007", "{refused:?}");
    assert!(refused.1["detail"].as_str().unwrap().len() > 20, "it says what to do: {refused:?}");
    // It still answers.
    assert_eq!(server.get("/health/live").await.0, 200);
    assert_eq!(server.get("/api/v1/jobs").await.0, 200);
    server.kill();

    // With room again everything that was taken is there.
    let mut server = place.start();
    server.ready().await;
    server.idle().await;
    assert!(server.terminate().success());
    let store = midwatch_sqlite::SqliteStore::open_reader(&place.state()).unwrap();
    let incidents = midwatch_service::port::store::Store::open_incidents(&store, 10_000).await.unwrap();
    let received: u64 = incidents.iter().map(|i| i.received).sum();
    assert_eq!(received, u64::from(taken));
}
