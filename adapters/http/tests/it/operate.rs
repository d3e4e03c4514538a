//! What an operator sees and steers, against a real store.

use std::time::Duration;

use jiff::Timestamp;
use midwatch_agent::request::ModelUse;
use midwatch_service::code::ErrorCode;
use midwatch_service::fleet::{Replica, Role};
use midwatch_service::id::{JobId, SpendId, WorkerId};
use midwatch_service::job::{Actor, JobError, Leased};
use midwatch_service::policy::Verb;
use midwatch_service::port::store::{JobOutcome, Write};
use midwatch_service::spend::Spend;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PATIENCE, Setup, World, json, problem, rule};

async fn asked(world: &World, text: &str) -> String {
    let (status, job) = json(world.post("/api/v1/analyze", &json!({"text": text}))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    job["id"].as_str().unwrap().to_owned()
}

/// Ends a job for good.
async fn dies(world: &World, leased: &Leased) {
    let error = JobError { code: ErrorCode::E006, message: "the API server refuses".to_owned() };
    let outcome = JobOutcome::Failed { error, dead: true };
    let write = Write::Finish { lease: leased.lease.clone(), outcome };
    world.store.commit(Timestamp::now(), vec![write]).await.unwrap();
}

async fn read(world: &World, path: &str) -> Value {
    let (status, value) = json(world.get(path)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {value}");
    value
}

async fn done(world: &World, path: &str, body: &Value) -> Value {
    let (status, value) = json(world.post(path, body)).await;
    assert_eq!(status, StatusCode::OK, "{path}: {value}");
    value
}

/// What was audited, oldest first.
async fn audited(world: &World) -> Vec<String> {
    world.store.audit(0, 1000).await.unwrap().into_iter().map(|sealed| sealed.entry.action).collect()
}

#[tokio::test]
async fn a_dead_letter_is_replayed_or_put_away_and_both_are_audited() {
    let world = World::new().await;
    for text in ["one", "two"] {
        asked(&world, text).await;
        dies(&world, &world.claim().await).await;
    }
    let dead = read(&world, "/api/v1/jobs?dead=true").await;
    let ids: Vec<&str> = dead["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    let [newer, older] = ids.as_slice() else { panic!("{dead}") };
    let path = |id: &str, verb: &str| format!("/api/v1/dead-letters/{id}/{verb}");
    let replayed = done(&world, &path(newer, "replay"), &json!({})).await;
    assert_eq!(
        (&replayed["state"], &replayed["dead"], &replayed["attempts"]),
        (&json!("pending"), &json!(false), &json!(0))
    );
    let discarded = done(&world, &path(older, "discard"), &json!({})).await;
    assert_eq!((&discarded["state"], &discarded["dead"]), (&json!("failed"), &json!(false)));
    assert_eq!(read(&world, "/api/v1/jobs?dead=true").await["jobs"], json!([]));
    for verb in ["replay", "discard"] {
        assert_eq!(problem(world.post(&path(newer, verb), &json!({}))).await.0, 409, "{verb} of no dead letter");
        let unknown = JobId::new().to_string();
        assert_eq!(problem(world.post(&path(&unknown, verb), &json!({}))).await.0, 404, "{verb} of no job");
        assert_eq!(problem(world.post(&path("7", verb), &json!({}))).await.0, 400, "{verb} of no id");
    }
    let trail = audited(&world).await;
    for action in ["dead letter replay", "dead letter discard"] {
        assert_eq!(
            trail.iter().filter(|one| *one == action).count(),
            1,
            "what was refused is not told as done: {trail:?}"
        );
    }
}

#[tokio::test]
async fn an_ended_job_is_done_once_more_and_one_that_lives_is_not() {
    let world = World::new().await;
    let first = asked(&world, "checkout").await;
    let path = format!("/api/v1/jobs/{first}/retry");
    let (status, _, detail) = problem(world.post(&path, &json!({}))).await;
    assert!(status == 409 && detail.contains("pending"), "{detail}");
    world.report(world.claim().await).await;
    let again = done(&world, &path, &json!({})).await;
    assert_eq!((&again["state"], &again["question"]), (&json!("pending"), &json!("checkout")));
    assert_ne!(again["id"], json!(first));
    assert_eq!(done(&world, &path, &json!({})).await["id"], again["id"], "while it is under way it is the answer");
    let unknown = format!("/api/v1/jobs/{}/retry", JobId::new());
    assert_eq!(problem(world.post(&unknown, &json!({}))).await.0, 404);
}

#[tokio::test]
async fn the_queue_is_told_cleared_and_given_back_what_is_stuck() {
    let world = World::new().await;
    let first = asked(&world, "one").await;
    for text in ["two", "three"] {
        asked(&world, text).await;
    }
    // Held by a worker whose lease has ended.
    let lost = world.store.claim(&WorkerId::new("gone"), Timestamp::now(), Duration::ZERO, 1).await.unwrap();
    assert_eq!((lost.len(), lost[0].job.spec.id.to_string()), (1, first.clone()));
    let queue = read(&world, "/api/v1/queue").await;
    assert_eq!((&queue["pending"], &queue["running"]), (&json!(2), &json!(1)), "{queue}");
    let waiting = &queue["waiting"][0];
    assert!(waiting["priority"] == "high" && waiting["jobs"] == 2 && waiting["oldest_seconds"].is_number(), "{queue}");
    assert_eq!(queue["kill_switch"], Value::Null);

    let moved = done(&world, "/api/v1/queue/move-stuck", &json!({})).await;
    assert_eq!(moved, json!({"moved": [first], "dead": [], "cancelled": []}));
    assert_eq!(done(&world, "/api/v1/queue/move-stuck", &json!({})).await["moved"], json!([]), "nothing is left");
    assert_eq!(world.claim().await.job.spec.id.to_string(), first, "it is due at once");

    assert_eq!(done(&world, "/api/v1/queue/clear", &json!({"pack": "other"})).await["cancelled"], 0);
    let cleared = done(&world, "/api/v1/queue/clear", &json!({"pack": "standard", "reason": "a test"})).await;
    assert_eq!(cleared, json!({"cancelled": 2, "more": false}));
    let stopped = read(&world, "/api/v1/jobs?state=cancelled").await;
    assert_eq!(stopped["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(stopped["jobs"][0]["cancel"]["reason"], "a test");
    assert_eq!(read(&world, "/api/v1/queue").await["running"], 1, "what runs goes on");
    assert_eq!(problem(world.post("/api/v1/queue/clear", &json!({}))).await.0, 400, "of all packs at once: no");
    let trail = audited(&world).await;
    assert!(
        ["queue move-stuck", "queue clear", "cancel"].iter().all(|one| trail.iter().any(|a| a == one)),
        "{trail:?}"
    );
}

#[tokio::test]
async fn workers_are_listed_and_drained() {
    let world = World::new().await;
    assert_eq!(read(&world, "/api/v1/workers").await["workers"], json!([]));
    let now = Timestamp::now();
    let replica = Replica {
        id: WorkerId("node-7-1a2b".to_owned()),
        host: "node-7".to_owned(),
        version: "1.0.0".to_owned(),
        roles: Role::ALL.to_vec(),
        slots: 5,
        running: 2,
        started_at: now,
        seen_at: now,
        draining: false,
        leads: vec!["sweep".to_owned()],
    };
    world.store.announce(&replica, now, PATIENCE).await.unwrap();
    let list = read(&world, "/api/v1/workers").await;
    let one = &list["workers"][0];
    assert_eq!((&one["id"], &one["slots"], &one["draining"]), (&json!("node-7-1a2b"), &json!(5), &json!(false)));
    assert_eq!((&one["roles"], &one["leads"]), (&json!(["gateway", "worker", "api"]), &json!(["sweep"])));

    let drain = "/api/v1/workers/node-7-1a2b/drain";
    for bad in [json!({}), json!({"reason": " "}), json!({"reason": "x".repeat(501)})] {
        assert_eq!(problem(world.post(drain, &bad)).await.0, 400, "{bad}");
    }
    let drained = done(&world, drain, &json!({"reason": "the node goes"})).await;
    assert_eq!(drained["workers"][0]["draining"], true);
    let orders = world.store.announce(&replica, Timestamp::now(), PATIENCE).await.unwrap();
    assert_eq!(orders.drain.unwrap().reason, "the node goes", "it hears of it");
    assert_eq!(done(&world, "/api/v1/workers/node-7-1a2b/undrain", &json!({})).await["workers"][0]["draining"], false);
    let (status, _, detail) = problem(world.post("/api/v1/workers/none/drain", &json!({"reason": "x"}))).await;
    assert!(status == 404 && detail.contains("none"), "{detail}");
    let trail = audited(&world).await;
    assert_eq!(trail, ["drain", "undrain"]);
}

#[tokio::test]
async fn the_kill_switch_is_turned_with_a_reason() {
    let world = World::new().await;
    assert_eq!(read(&world, "/api/v1/kill-switch").await, json!({"on": false, "order": null}));
    assert_eq!(problem(world.post("/api/v1/kill-switch/on", &json!({}))).await.0, 400);
    let on = done(&world, "/api/v1/kill-switch/on", &json!({"reason": "token=hunter2hunter2 is out"})).await;
    assert_eq!((&on["on"], &on["order"]["by"]["user"]), (&json!(true), &json!("local")));
    assert!(!on.to_string().contains("hunter2"), "{on}");
    let kept = world.store.kill_switch().await.unwrap().unwrap();
    assert!(!kept.reason.contains("hunter2"), "{}", kept.reason);
    let (_, health) = json(world.get("/api/v1/health")).await;
    let queue = &health["components"]["queue"];
    assert!(queue["status"] == "degraded" && queue["reason"].as_str().unwrap().contains("kill switch"), "{health}");
    assert!(health["components"]["artifacts"]["latency_ms"].is_u64(), "{health}");
    assert!(read(&world, "/api/v1/queue").await["kill_switch"]["reason"].is_string());
    assert_eq!(done(&world, "/api/v1/kill-switch/off", &json!({})).await["on"], false);
    assert_eq!(world.store.kill_switch().await.unwrap(), None);
    assert_eq!(audited(&world).await, ["kill switch on", "kill switch off"]);
}

#[tokio::test]
async fn figures_count_what_happened_in_the_window() {
    let world = World::new().await;
    for text in ["one", "two", "three", "four"] {
        asked(&world, text).await;
    }
    world.report(world.claim().await).await;
    dies(&world, &world.claim().await).await;
    let running = world.claim().await.job.spec.id.to_string();
    let stats = read(&world, "/api/v1/stats?last=1h").await;
    let total = &stats["total"];
    assert_eq!(
        [&total["jobs"], &total["live"], &total["completed"], &total["failed"]].map(Value::as_u64),
        [4, 2, 1, 1].map(Some)
    );
    assert_eq!(
        (&total["error_share"], &total["jobs_per_hour"], &stats["whole"]),
        (&json!(0.5), &json!(4.0), &json!(true))
    );
    assert!(total["execution"]["p99"].is_number() && total["waiting"]["p50"].is_number(), "{stats}");
    assert_eq!((&stats["packs"][0]["pack"], &stats["packs"][0]["jobs"]), (&json!("standard"), &json!(4)));

    let errors = read(&world, "/api/v1/errors").await;
    let one = &errors["errors"][0];
    assert_eq!((&one["code"], &one["meaning"], &one["ended"]), (&json!("E006"), &json!("external API"), &json!(1)));
    assert_eq!((&one["dead_letters"], &one["examples"][0]["message"]), (&json!(1), &json!("the API server refuses")));

    let slow = read(&world, "/api/v1/slow?threshold=0s").await;
    let found: Vec<&Value> = slow["jobs"].as_array().unwrap().iter().map(|slow| &slow["job"]["state"]).collect();
    assert!(slow["found"] == 3 && found.contains(&&json!("initializing")), "what waits has not begun: {slow}");
    assert_eq!(read(&world, "/api/v1/slow?threshold=1h").await["found"], 0);
    let activity = read(&world, "/api/v1/activity").await;
    assert_eq!((activity["jobs"].as_array().unwrap().len(), &activity["jobs"][0]["job"]["id"]), (1, &json!(running)));

    for path in [
        "stats?last=32d",
        "stats?last=59s",
        "stats?last=7",
        "errors?last=",
        "slow?threshold=fast",
        "spend?last=-1d",
        "slow?last=99999999999999999999d",
        "stats?since=1h",
    ] {
        assert_eq!(problem(world.get(&format!("/api/v1/{path}"))).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn what_was_spent_is_told_by_day_and_user() {
    let world = World::new().await;
    assert_eq!(read(&world, "/api/v1/spend").await["spent"], json!([]));
    let actor = Actor { platform: "slack".to_owned(), user: "U1".to_owned(), ..Actor::default() };
    let used = ModelUse { requests: 1, calls: 2, input: 100, output: 20, cached: 30, micro_usd: Some(1_500_000) };
    let spend = |id| Spend {
        id,
        at: Timestamp::now(),
        job: JobId::new(),
        actor: actor.clone(),
        model: "main".to_owned(),
        used,
    };
    let writes = [SpendId::new(), SpendId::new()].map(|id| Write::Spent(spend(id))).into();
    world.store.commit(Timestamp::now(), writes).await.unwrap();
    let told = read(&world, "/api/v1/spend?last=1d").await;
    let rows = told["spent"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "one user, one model, one day: {told}");
    assert_eq!((&rows[0]["user"], &rows[0]["usd"], &rows[0]["input_tokens"]), (&json!("U1"), &json!(3.0), &json!(200)));
}

#[tokio::test]
async fn artifacts_are_listed_and_read() {
    let world = World::new().await;
    let id = asked(&world, "checkout").await;
    let path = format!("/api/v1/jobs/{id}/artifacts");
    assert_eq!(read(&world, &path).await["artifacts"], json!([]));
    world.report(world.claim().await).await;
    let list = read(&world, &path).await;
    let one = &list["artifacts"][0];
    assert_eq!((&one["name"], &one["media_type"]), (&json!("report"), &json!("application/json")));
    let answer = world.get(&format!("{path}/report")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.text().await.unwrap().len() as u64, one["bytes"].as_u64().unwrap());
    for bad in ["nothing", "..%2Freport", "%00"] {
        assert_eq!(problem(world.get(&format!("{path}/{bad}"))).await.0, 404, "{bad}");
    }
    assert_eq!(problem(world.get(&format!("/api/v1/jobs/{}/artifacts", JobId::new()))).await.0, 404);
}

#[tokio::test]
async fn steering_needs_its_own_right_and_each_refusal_is_audited() {
    let rules = vec![
        rule("shop", &[Verb::List, Verb::Status, Verb::Operate], &["shop"]),
        rule("reader", &[Verb::Doctor, Verb::List], &[]),
    ];
    let setup = Setup { rules, ..Setup::default() }.key("shop", "s").key("reader", "r").key("none", "n");
    let world = World::with(setup).await;
    let reason = json!({"reason": "x"});
    let steering = [
        ("queue/move-stuck", json!({})),
        ("queue/clear", json!({"pack": "standard"})),
        ("kill-switch/on", reason.clone()),
        ("kill-switch/off", json!({})),
        ("workers/w/drain", reason.clone()),
        ("workers/w/undrain", json!({})),
    ];
    for key in ["s", "r", "n"] {
        for (path, body) in &steering {
            let (status, code, _) = problem(world.post(&format!("/api/v1/{path}"), body).bearer_auth(key)).await;
            assert_eq!((status, code.as_str()), (403, "E005"), "{key}: {path}: all places are meant");
        }
    }
    assert_eq!(audited(&world).await, vec!["denied"; 3 * steering.len()]);
    let dead = format!("/api/v1/dead-letters/{}/replay", JobId::new());
    assert_eq!(problem(world.post(&dead, &json!({})).bearer_auth("n")).await.0, 403, "no word of which jobs there are");
    for (key, path, status) in [
        ("r", "queue", 200),
        ("r", "stats", 200),
        ("r", "spend", 403),
        ("s", "spend", 403),
        ("s", "queue", 403),
        ("s", "errors", 200),
        ("n", "workers", 403),
        ("n", "activity", 403),
        ("n", "kill-switch", 403),
        ("n", "slow", 403),
    ] {
        let answer = world.get(&format!("/api/v1/{path}")).bearer_auth(key).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{key}: {path}");
    }
}
