//! Ten thousand alerts in a minute: all accounted for, one thread for the many, memory printed.

use std::time::Instant;

use midwatch_doubles::programs::until;
use midwatch_service::port::store::Store as _;
use serde_json::{Value, json};

use crate::support::{CASE, Place, alert, webhook};

const GROUPS: u64 = 1000;
const ALERTS: u64 = 10;

fn group(number: u64) -> Value {
    let alerts: Vec<Value> = (0..ALERTS)
        .map(|n| {
            let labels = json!({"namespace": format!("team-{}", number % 40), "pod": format!("app-{number}-0"), "n": n.to_string()});
            alert("KubePodNotReady", "firing", &labels)
        })
        .collect();
    webhook(&format!("group-{number}"), "firing", &alerts)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_alerts_are_all_accounted_for() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let idle = server.memory("VmRSS");
    let began = Instant::now();
    for number in 0..GROUPS {
        let body = group(number);
        until("the delivery is taken", async || {
            let (status, _) = server.post("/webhook/alertmanager", &body).await?;
            (status == 200).then_some(())
        })
        .await;
    }
    let took = began.elapsed();
    server.idle().await;
    let peak = server.memory("VmHWM");
    assert!(server.terminate().success());
    let store = midwatch_sqlite::SqliteStore::open_reader(&place.state()).unwrap();
    let incidents = store.open_incidents(10_000).await.unwrap();
    let received: u64 = incidents.iter().map(|i| i.received).sum();
    assert_eq!(received, GROUPS * ALERTS, "every alert is in one incident's count");
    // Ten threads of their own, then the storm's.
    assert!(place.threads().len() <= 20, "{} threads", place.threads().len());
    println!(
        "{} alerts in {:.1} s; memory idle {idle} KiB, peak {peak} KiB; {} incidents, {} threads",
        GROUPS * ALERTS,
        took.as_secs_f64(),
        incidents.len(),
        place.threads().len()
    );
}
