//! Jobs, figures and health, as a person and a program see them.

use midwatch_doubles::kubernetes::Fault;
use serde_json::{Value, json};

use super::{deliver, fails, investigated, lines, told, words};
use crate::support::{CASE, Place};

#[tokio::test(flavor = "multi_thread")]
async fn an_investigation_is_seen_from_every_side() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let id = investigated(&server, "A").await;
    let end = &id[id.len() - 8..];

    let list = words(&place, &["jobs", "list"]).await;
    assert!(list.contains(end) && list.contains("completed") && list.contains("cause"), "{list}");
    assert_eq!(told(&place, &["jobs", "list"]).await["jobs"][0]["id"], id);
    assert_eq!(told(&place, &["jobs", "list", "--state", "failed"]).await["jobs"], json!([]));
    assert!(words(&place, &["jobs", "list", "--pack", "none"]).await.contains("no jobs"));

    let shown = words(&place, &["jobs", "show", end]).await;
    assert!(shown.contains(&id) && shown.contains("KubePodCrashLoopingA") && shown.contains("result"), "{shown}");
    assert_eq!(told(&place, &["jobs", "show", &id]).await["result"]["verdict"], "cause");
    let history = words(&place, &["jobs", "history", end]).await;
    assert!(["pending", "running", "completed"].iter().all(|state| history.contains(state)), "{history}");
    let steps = told(&place, &["jobs", "history", end]).await;
    assert_eq!((&steps["id"], &steps["history"][0]["to"]), (&json!(id), &json!("pending")));

    let kept = told(&place, &["jobs", "artifacts", end]).await;
    let names: Vec<&str> =
        kept["artifacts"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(["report", "bundle"].iter().all(|name| names.contains(name)), "{kept}");
    assert!(words(&place, &["jobs", "artifacts", end]).await.contains("application/json"));
    let (_, report, _) = place.run(&["jobs", "artifacts", end, "report.json"], &[]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["verdict"], "cause");

    let retried = told(&place, &["jobs", "retry", end]).await;
    let again = retried["id"].as_str().unwrap().to_owned();
    assert_ne!(again, id);
    // It follows to the end, and says how it was.
    let watched = lines(&place, &["jobs", "watch", &again]).await;
    assert!(watched.lines().last().unwrap().contains("completed"), "{watched}");
    let same = words(&place, &["jobs", "compare", &id, &again]).await;
    assert!(same.contains("say the same: cause") || same.contains("differ"), "{same}");
    let compared = told(&place, &["jobs", "compare", &id, &again]).await;
    assert_eq!((&compared["one"], &compared["verdict"]["same"]), (&json!(id), &json!(true)), "{compared}");
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_followed_stopped_and_compared() {
    let place = Place::new(CASE, "").await;
    place.cluster.fault("/log", Fault::Hang, 1000);
    let mut server = place.start();
    server.ready().await;
    deliver(&server, "A").await;
    let running = server.only_job("running").await["id"].as_str().unwrap().to_owned();
    let (code, err) = fails(&place, &["jobs", "retry", &running], &[]).await;
    assert!(code == 1 && err.contains("has not ended"), "{err}");
    let (code, err) = fails(&place, &["jobs", "compare", &running, &running], &[]).await;
    assert!(code == 1 && err.contains("no report yet"), "{err}");

    let args = ["jobs", "watch", &running, "-o", "json"];
    let watching = place.run(&args, &[]);
    let stopping = async {
        let cancelled = words(&place, &["jobs", "cancel", &running, "--reason", "rolled back"]).await;
        assert!(cancelled.contains("asked to stop") || cancelled.contains("is stopped"), "{cancelled}");
    };
    let ((code, out, err), ()) = tokio::join!(watching, stopping);
    assert_eq!((code, err.as_str()), (Some(1), ""), "it ended without a report: {out}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.iter().rfind(|line| line["kind"] == "state").unwrap();
    assert_eq!(last["to"], "cancelled", "{out}");
    assert!(last["reason"].as_str().unwrap().contains("rolled back"), "{out}");
    let late = words(&place, &["jobs", "cancel", &running]).await;
    assert!(late.contains("is stopped"), "{late}");
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_errors_and_health_are_told() {
    let place = Place::new(CASE, "prometheus: {url: \"http://127.0.0.1:1\"}\n").await;
    let mut server = place.start();
    server.ready().await;
    investigated(&server, "A").await;

    let stats = words(&place, &["stats", "--last", "1h"]).await;
    assert!(stats.contains("crash") && stats.contains("all"), "{stats}");
    let figures = told(&place, &["stats"]).await;
    assert_eq!((&figures["total"]["completed"], &figures["packs"][0]["pack"]), (&json!(1), &json!("crash")));
    assert!(figures["total"]["execution"]["p95"].is_number(), "{figures}");

    assert!(words(&place, &["slow", "--threshold", "1h"]).await.contains("no job took so long"));
    let slow = told(&place, &["slow", "--threshold", "0s", "--last", "1d"]).await;
    assert!(slow["found"] == 1 && slow["jobs"][0]["execution_seconds"].is_number(), "{slow}");
    assert!(words(&place, &["slow", "--threshold", "0s"]).await.contains("crash@"));

    assert!(words(&place, &["errors", "--last", "1h"]).await.contains("no errors since"));
    assert_eq!(told(&place, &["errors"]).await["errors"], json!([]));
    assert!(words(&place, &["spend", "--last", "7d"]).await.contains("nothing was spent"));
    assert_eq!(told(&place, &["spend"]).await["spent"], json!([]));

    midwatch_doubles::programs::until("prometheus was looked at", async || {
        let health = told(&place, &["health"]).await;
        (health["components"]["prometheus"]["status"] == "down").then_some(())
    })
    .await;
    let health = told(&place, &["health"]).await;
    for part in ["worker", "queue", "artifacts", "packs", "kubernetes", "store"] {
        assert_eq!(health["components"][part]["status"], "up", "{part}: {health}");
    }
    for part in ["queue", "artifacts", "kubernetes"] {
        assert!(health["components"][part]["latency_ms"].is_u64(), "{part}: {health}");
    }
    let text = words(&place, &["health"]).await;
    assert!(text.contains("takes work") && text.contains("prometheus") && text.contains("down"), "{text}");
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_store_itself_is_read() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let id = investigated(&server, "A").await;
    assert!(server.terminate().success());

    let (code, out, err) = place.run(&["jobs", "list", "-o", "json"], &[]).await;
    let list: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &list["jobs"][0]["id"]), (Some(0), &json!(id)));
    assert!(err.contains("no server runs here"), "that it is old is told: {err}");
    assert_eq!(told(&place, &["jobs", "show", &id]).await["state"], "completed");
    assert_eq!(told(&place, &["stats"]).await["total"]["completed"], 1);
    assert_eq!(told(&place, &["queue", "stats"]).await["pending"], 0);
    assert_eq!(told(&place, &["dead-letter", "list"]).await["jobs"], json!([]));
    assert!(lines(&place, &["jobs", "watch", &id]).await.contains("completed"), "what has ended is told at once");
    let (code, _, _) = place.run(&["health"], &[]).await;
    assert_eq!(code, Some(1), "nothing takes work");
    for args in [
        &["jobs", "cancel", &id][..],
        &["jobs", "retry", &id],
        &["queue", "move-stuck"],
        &["queue", "clear", "--pack", "crash", "--confirm"],
        &["dead-letter", "replay", &id],
        &["kill-switch", "on", "--reason", "x"],
        &["drain", "w", "--reason", "x"],
    ] {
        let (code, err) = fails(&place, args, &[]).await;
        assert!(code == 1 && err.contains("only a running server can do this"), "{args:?}: {err}");
    }
}
