//! Packs that are edited, broken and taken away under a running server.

use midwatch_doubles::kubernetes::Fault;
use midwatch_doubles::programs::until;
use serde_json::{Value, json};

use crate::support::{CASE, Place, Server, alert, webhook};

/// The version of a pack that the server has; empty when it has none of the name.
async fn version(server: &Server, name: &str) -> String {
    let (_, packs) = server.get("/api/v1/packs").await;
    let packs = packs["packs"].as_array().cloned().unwrap_or_default();
    let found = packs.iter().find(|pack| pack["name"] == name);
    found.and_then(|pack| pack["version"].as_str()).unwrap_or_default().to_owned()
}

async fn has(server: &Server, name: &str, wanted: &str) {
    until("the pack is as it was written", async || (version(server, name).await == wanted).then_some(())).await;
}

/// Another file beside the first: it counts only when it is whole.
fn write(place: &Place, name: &str, version: &str, more: &str) {
    let text = format!(
        "name: {name}\nversion: {version}\ndescription: d\ntriggers: {{alerts: {{alertname: Of-{name}}}}}\n{more}"
    );
    std::fs::write(place.dir.path().join("packs").join(format!("{name}.yaml")), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn packs_are_read_again_and_what_is_different_is_told() {
    let mut place = Place::new(CASE, "").await;
    std::fs::create_dir(place.dir.path().join("packs")).unwrap();
    place.more(&format!("packs: {{directory: {}}}\n", place.dir.path().join("packs").display()));
    write(&place, "shop", "1.0.0", "");
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut server = place.start();
    server.ready().await;
    assert_eq!(version(&server, "shop").await, "1.0.0");
    let labels = json!({"namespace": "inc-crashloop", "pod": "payments-api-768fcbbc49-t6lgw"});
    let body = webhook("shop", "firing", &[alert("Of-shop", "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
    let job = server.only_job("running").await;
    assert_eq!(job["pack"], "shop@1.0.0", "{job}");

    write(&place, "shop", "1.1.0", "budgets: {deadline: 3m}\nmodel: {instructions: look at the queue}\n");
    has(&server, "shop", "1.1.0").await;
    let told = "pack shop 1.0.0 -> 1.1.0: budgets.deadline 2m -> 3m, model.instructions changed";
    assert!(place.logged().contains(told), "{}", place.logged());
    until("the trail has it", async || {
        let (_, trail, _) = place.run(&["audit", "list"], &[]).await;
        trail.contains("pack reload").then_some(())
    })
    .await;

    write(&place, "shop", "1.2.0", "budget: {deadline: 4m}\n");
    write(&place, "late", "1.0.0", "");
    let packs = until("the mistake is told", async || {
        let (_, part) = server.get("/health/packs").await;
        (part["status"] == "degraded").then_some(part)
    })
    .await;
    let reason = packs["reason"].as_str().unwrap();
    assert!(reason.contains("shop.yaml:5:1: there is no key `budget` here"), "{packs}");
    assert_eq!((version(&server, "shop").await.as_str(), version(&server, "late").await.as_str()), ("1.1.0", ""));
    assert_eq!(server.get("/health/ready").await.0, 200, "the packs before are good enough");

    std::fs::remove_file(place.dir.path().join("packs/shop.yaml")).unwrap();
    has(&server, "late", "1.0.0").await;
    has(&server, "shop", "").await;
    // Time for the worker to see that the pack is gone: it looks every second, the packs are looked at every other.
    write(&place, "late", "1.0.1", "");
    has(&server, "late", "1.0.1").await;
    let (_, still) = server.get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap())).await;
    let state = still["state"].as_str().unwrap_or_default();
    // Its reads that hang end by their own limits meanwhile.
    assert!(["running", "completing", "completed"].contains(&state), "what runs goes on: {still}");
    let (_, health) = server.get("/health/packs").await;
    assert_eq!((&health["status"], &health["reason"]), (&json!("up"), &Value::from("")));
    assert!(server.terminate().success());
}
