//! Stopping what runs: packs that are switched off, jobs that are cancelled.

use midwatch_doubles::kubernetes::Fault;
use midwatch_doubles::programs::until;
use serde_json::{Value, json};

use crate::support::{CASE, OPS, Place, SHOP, Server, alert, webhook};

async fn deliver(server: &Server, group: &str) {
    let labels = json!({"namespace": "inc-crashloop", "pod": "payments-api-768fcbbc49-t6lgw", "group": group});
    let body = webhook(group, "firing", &[alert(&format!("KubePodCrashLooping{group}"), "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
}

/// Asks what does not end by itself.
async fn ask(server: &Server, text: &str) -> Value {
    let asked = json!({"text": text, "namespace": "inc-crashloop", "wait": "0s"});
    let (status, job) = server.post("/api/v1/analyze", &asked).await.unwrap();
    assert_eq!(status, 202, "{job}");
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_is_switched_off_ends_what_runs_and_what_waits() {
    let place = Place::new(CASE, "jobs: {concurrency: 1}\nincidents: {storm_groups: 50}\n").await;
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut server = place.start();
    server.ready().await;
    deliver(&server, "A").await;
    let running = server.only_job("running").await;
    assert!(running["pack"].as_str().unwrap().starts_with("crash@"), "{running}");
    ask(&server, "payments-api").await;
    let waiting = server.only_job("pending").await;
    let asked_by = waiting["pack"].as_str().unwrap().split('@').next().unwrap().to_owned();

    let (code, out, err) = place.run(&["pack", "disable", &asked_by], &[]).await;
    assert_eq!((code, out.trim()), (Some(0), format!("pack {asked_by} is off").as_str()), "{err}");
    let (status, refused) =
        server.post("/api/v1/analyze", &json!({"text": "payments-api", "wait": "0s"})).await.unwrap();
    assert_eq!((status, refused["code"].as_str()), (409, Some("E001")), "it counts at once: {refused}");
    assert_eq!(server.only_job("running").await["id"], running["id"], "another pack's job goes on");

    let (code, _, err) = place.run(&["pack", "disable", "crash"], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    server.idle().await;
    for job in [&running, &waiting] {
        let (_, job) = server.get(job["links"]["job"].as_str().unwrap()).await;
        assert_eq!(job["state"], "cancelled", "{job}");
        assert!(job["history"].to_string().contains("is switched off"), "{job}");
    }
    until("the thread says so", async || {
        let told = place.threads().iter().map(Value::to_string).collect::<String>();
        told.contains("pack crash is switched off").then_some(())
    })
    .await;

    assert_eq!(place.run(&["pack", "enable", &asked_by], &[]).await.0, Some(0));
    assert_eq!(place.run(&["pack", "enable", "crash"], &[]).await.0, Some(0));
    place.cluster.heal();
    deliver(&server, "B").await;
    server.idle().await;
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_alert_of_a_switched_off_pack_says_so_in_its_thread() {
    let place = Place::new(CASE, "jobs: {concurrency: 1}\nincidents: {storm_groups: 50}\n").await;
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut server = place.start();
    server.ready().await;
    deliver(&server, "A").await;
    server.only_job("running").await;
    let labels = json!({"namespace": "shop", "pod": "web-0"});
    let other = webhook("other", "firing", &[alert("KubePodNotReady", "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &other).await.unwrap().0, 200);
    server.only_job("pending").await;
    let (status, pack) = server.post("/api/v1/packs/crash/disable", &json!({})).await.unwrap();
    assert_eq!((status, &pack["enabled"]), (200, &json!(false)));
    server.idle().await;
    until("both threads say so", async || {
        let told = place.threads().iter().filter(|t| t.to_string().contains("pack crash is switched off")).count();
        (told == 2).then_some(())
    })
    .await;
    let (_, jobs) = server.get("/api/v1/jobs?state=cancelled").await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 2, "{jobs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_keys_switches_packs_for_who_shows_one_that_may() {
    let rules = "permissions: {rules: [{who: {platform: api, user: ops}}, \
                 {who: {platform: api, user: shop}, verbs: [list, status]}]}\n";
    let place = Place::new(CASE, rules).await;
    let keys = place.two_keys();
    let settings = [("server__api_keys", keys.as_str())];
    let mut server = place.start_with(&settings);
    server.ready().await;
    let disable = ["pack", "disable", "crash"];
    let with = |key: &'static str| [&disable[..], &["--api-key-file", key]].concat();
    let wrong = place.file("wrong.key", "key-of-nobody-0123456789abcdef");
    let wrong = [&disable[..], &["--api-key-file", &wrong]].concat();
    for (args, words) in [
        (disable.to_vec(), "wants an API key"),
        (wrong, "does not know this API key"),
        (with("shop.key"), "may not `pack`"),
    ] {
        let args: Vec<String> = args.iter().map(|a| a.replace("shop.key", &place.file("shop.key", SHOP))).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (code, out, err) = place.run(&args, &settings).await;
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains(words) && err.contains("a server uses this store (pid"), "{err}");
        assert!(!err.contains("key-of"), "{err}");
    }
    let (_, packs) = server.keyed(OPS, "/api/v1/packs", None).await;
    assert!(packs["packs"].as_array().unwrap().iter().all(|pack| pack["enabled"] == true), "{packs}");

    let ops = place.file("ops.key", &format!("{OPS}\n"));
    let (code, _, err) = place.run(&["pack", "disable", "crash", "--api-key-file", &ops], &settings).await;
    assert_eq!(code, Some(0), "{err}");
    let (_, packs) = server.keyed(OPS, "/api/v1/packs", None).await;
    let off: Vec<_> = packs["packs"].as_array().unwrap().iter().filter(|p| p["enabled"] == false).collect();
    assert!(off.len() == 1 && off[0]["name"] == "crash", "{packs}");
    let (_, trail, _) = place.run(&["audit", "list"], &settings).await;
    assert!(trail.contains("pack disable") && trail.contains("denied"), "{trail}");

    assert!(server.terminate().success());
    assert_eq!(place.run(&["pack", "enable", "crash"], &settings).await.0, Some(0), "no server: in the store itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_is_told_with_the_way_out() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let (code, _, err) = place.run(&["pack", "disable", "crash"], &[("server__listen", "127.0.0.1:1")]).await;
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("answers at 127.0.0.1:1") && err.contains("MIDWATCH__SERVER__LISTEN"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_that_is_cancelled_stops_and_says_by_whom() {
    let place = Place::new(CASE, "").await;
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut server = place.start();
    server.ready().await;
    deliver(&server, "A").await;
    let job = server.only_job("running").await;
    let began = std::time::Instant::now();
    let cancel = job["links"]["cancel"].as_str().unwrap();
    let (status, _) = server.post(cancel, &json!({"reason": "the deploy was rolled back"})).await.unwrap();
    assert_eq!(status, 200);
    let stopped = server.only_job("cancelled").await;
    // Printed, not asserted: the machine of a test may be busy. The job itself would go on for two minutes.
    println!("stopped after {} ms", began.elapsed().as_millis());
    assert_eq!(stopped["cancel"]["by"]["user"], "local", "{stopped}");
    until("the thread says by whom", async || {
        let told = place.threads().iter().map(Value::to_string).collect::<String>();
        told.contains("by local: the deploy was rolled back").then_some(())
    })
    .await;
}
