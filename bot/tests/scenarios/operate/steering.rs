//! The queue, dead letters, workers and the kill switch.

use midwatch_doubles::kubernetes::Fault;
use midwatch_doubles::programs::until;
use serde_json::json;

use super::{ask, deliver, fails, lines, told, words};
use crate::support::{CASE, Place};

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_seen_and_cleared() {
    let place = Place::new(CASE, "jobs: {concurrency: 1}\nincidents: {storm_groups: 50}\n").await;
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut server = place.start();
    server.ready().await;
    deliver(&server, "A").await;
    server.only_job("running").await;
    let asked = [ask(&server, "payments-api").await, ask(&server, "orders-api").await];
    let pack = asked[0]["pack"].as_str().unwrap().split('@').next().unwrap().to_owned();
    let queue = told(&place, &["queue", "stats"]).await;
    assert_eq!((&queue["pending"], &queue["running"]), (&json!(2), &json!(1)), "{queue}");
    assert_eq!(queue["waiting"][0]["jobs"], 2, "{queue}");
    let text = words(&place, &["queue", "stats"]).await;
    assert!(text.contains("waiting") && text.contains("utilisation") && text.contains("high"), "{text}");

    let (code, err) = fails(&place, &["queue", "clear", "--pack", "crash"], &[]).await;
    assert!(code == 2 && err.contains("--confirm"), "{err}");
    assert_eq!(fails(&place, &["queue", "clear", "--confirm"], &[]).await.0, 2, "of which pack has to be said");
    let none = told(&place, &["queue", "clear", "--pack", "none", "--confirm"]).await;
    assert_eq!(none, json!({"pack": "none", "cancelled": 0, "more": false}));
    let cleared = words(&place, &["queue", "clear", "--pack", &pack, "--confirm", "--reason", "a test"]).await;
    assert!(cleared.contains("2 waiting jobs of pack"), "{cleared}");
    assert_eq!(told(&place, &["queue", "stats"]).await["running"], 1, "what runs goes on");
    assert!(words(&place, &["queue", "move-stuck"]).await.contains("nothing was stuck"));
    assert_eq!(told(&place, &["queue", "move-stuck"]).await, json!({"moved": [], "dead": [], "cancelled": []}));
    let (_, trail, _) = place.run(&["audit", "list"], &[]).await;
    assert!(trail.contains("queue clear") && trail.contains("queue move-stuck"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_shown_replayed_and_put_away() {
    let place = Place::new(CASE, "").await;
    // Without it there is no cluster to open.
    let (kubeconfig, away) = (place.dir.path().join("kubeconfig"), place.dir.path().join("away"));
    std::fs::rename(&kubeconfig, &away).unwrap();
    let mut server = place.start();
    server.ready().await;
    for text in ["deploy/payments-api", "payments-api"] {
        ask(&server, text).await;
    }
    until("two dead letters are there", async || {
        let list = told(&place, &["dead-letter", "list"]).await;
        (list["jobs"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    let list = told(&place, &["dead-letter", "list", "--limit", "2"]).await;
    let id = |at: usize| list["jobs"][at]["id"].as_str().unwrap().to_owned();
    let (first, second) = (id(0), id(1));
    let text = words(&place, &["dead-letter", "list"]).await;
    assert!(text.contains(&first[first.len() - 8..]) && text.contains("E006"), "{text}");
    let shown = words(&place, &["dead-letter", "show", &first]).await;
    assert!(shown.contains("a dead letter") && shown.contains("E006"), "{shown}");
    assert_eq!(told(&place, &["dead-letter", "show", &first]).await["dead"], true);
    let errors = told(&place, &["errors", "--last", "1h"]).await;
    assert!(errors["errors"][0]["dead_letters"] == 2 && errors["errors"][0]["code"] == "E006", "{errors}");
    let text = words(&place, &["errors"]).await;
    assert!(text.contains("external API") && text.contains(&first[first.len() - 8..]), "{text}");

    assert!(words(&place, &["dead-letter", "discard", &second]).await.contains("is put away"));
    let (code, err) = fails(&place, &["dead-letter", "discard", &second], &[]).await;
    assert!(code == 1 && err.contains("no dead letter"), "{err}");
    assert!(fails(&place, &["dead-letter", "show", &second], &[]).await.1.contains("no dead letter"));
    std::fs::rename(&away, &kubeconfig).unwrap();
    assert_eq!(told(&place, &["dead-letter", "replay", &first]).await["state"], "pending");
    let watched = lines(&place, &["jobs", "watch", &first]).await;
    assert!(watched.contains("completed"), "{watched}");
    assert_eq!(told(&place, &["dead-letter", "list"]).await["jobs"], json!([]));
    let (_, trail, _) = place.run(&["audit", "list"], &[]).await;
    assert!(trail.contains("dead letter discard") && trail.contains("dead letter replay"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_is_turned_and_seen() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    assert_eq!(told(&place, &["kill-switch", "show"]).await, json!({"on": false, "order": null}));
    assert_eq!(fails(&place, &["kill-switch", "on"], &[]).await.0, 2, "a reason has to be given");
    assert_eq!(fails(&place, &["kill-switch", "on", "--reason", " "], &[]).await.0, 1);
    let on = told(&place, &["kill-switch", "on", "--reason", "the API server is slow"]).await;
    assert_eq!((&on["on"], &on["order"]["reason"]), (&json!(true), &json!("the API server is slow")));
    let shown = words(&place, &["kill-switch", "show"]).await;
    assert!(shown.contains("is on") && shown.contains("the API server is slow"), "{shown}");
    assert!(words(&place, &["queue", "stats"]).await.contains("kill switch"));
    assert!(words(&place, &["kill-switch", "off"]).await.contains("is off"));
    let (_, trail, _) = place.run(&["audit", "list"], &[]).await;
    assert!(trail.contains("kill switch on") && trail.contains("kill switch off"), "{trail}");
}
