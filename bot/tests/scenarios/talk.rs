//! A conversation on Slack from end to end: what is asked is answered below, what is private stays private.

use std::time::Duration;

use midwatch_doubles::kubernetes::Fault;
use midwatch_doubles::slack::{Message, Slack, Targets};
use midwatch_service::button::Button;
use midwatch_service::port::store::Store as _;
use serde_json::json;

use crate::chat::{ALERTS, ANN, ASK, AWAY, BOB, By, EVE, OPS, POD, Team, is_report, posted};
use crate::support::{Server, alert, webhook};

async fn start(team: &Team) -> Server {
    let mut server = team.place.start();
    server.ready().await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_is_answered_below_it_with_a_living_message_and_a_report() {
    let team = Team::new(By::Sockets).await;
    // Long enough that progress is seen.
    team.place.cluster.fault("/log", Fault::Slow(Duration::from_secs(3)), 2);
    let server = start(&team).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let report = team.report(OPS, &root).await;
    assert!(report.reads().contains("CAUSE") && report.reads().contains("DATABASE_URL"), "{}", report.reads());
    let buttons: Vec<String> = report.buttons().into_iter().map(|(action, ..)| action).collect();
    for action in ["evidence", "deeper", "again", "helpful", "unhelpful"] {
        assert!(buttons.contains(&format!("midwatch:{action}")), "{buttons:?}");
    }
    let ended = |m: &Message| !m.before.is_empty() && m.buttons().is_empty() && m.reads().contains("CAUSE");
    let living = team.reply(OPS, &root, ended).await;
    assert!(living.ts < report.ts, "it was there before the report: {}", team.slack.told());
    let own = team.slack.own(OPS);
    assert!(own.iter().all(|m| m.thread_ts.as_deref() == Some(root.as_str()) && !m.broadcast), "{}", team.slack.told());
    assert_eq!(own.len(), 2, "the living message, the report: {}", team.slack.told());
    assert_eq!(own.iter().filter(|m| is_report(m)).count(), 1);
    assert!(team.slack.refusals().is_empty(), "{:?}", team.slack.refusals());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_post_has_its_thread_that_a_webhook_joins_and_a_resolve_flips() {
    let team = Team::new(By::Sockets).await;
    let server = start(&team).await;
    let root = team.slack.post_as_app(ALERTS, &posted("FIRING:1", "KubePodCrashLooping"));
    team.report(ALERTS, &root).await;
    let labels = json!({"alertname": "KubePodCrashLooping", "container": "api", "namespace": "inc-crashloop", "pod": POD,
        "severity": "critical"});
    let body = webhook("{}:{}", "firing", &[alert("KubePodCrashLooping", "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
    follow_ups(&team, &root).await;
    server.idle().await;
    team.slack.edit_as_app(ALERTS, &root, &posted("RESOLVED", "KubePodCrashLooping"));
    let flipped = |m: &Message| !m.before.is_empty() && m.reads().to_uppercase().contains("RESOLVED");
    team.reply(ALERTS, &root, flipped).await;
    let own = team.slack.own(ALERTS);
    assert!(own.iter().all(|m| m.thread_ts.as_deref() == Some(root.as_str())), "{}", team.slack.told());
    assert_eq!(own.iter().filter(|m| is_report(m)).count(), 1, "{}", team.slack.told());
    assert!(team.slack.refusals().is_empty(), "{:?}", team.slack.refusals());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_tells_only_values_is_investigated_where_they_lead() {
    let team = Team::new(By::Sockets).await;
    let server = start(&team).await;
    // Alertmanager's own template says no more than this.
    let title = "[FIRING:1] KubePodCrashLooping inc-crashloop (prod-eu payments-api kube-state-metrics warning)";
    let post = json!({"username": "Alertmanager", "attachments": [{"title": title, "text": "", "fallback": title,
        "title_link": "http://alertmanager:9093/#/alerts?receiver=chat", "color": "danger"}]});
    let root = team.slack.post_as_app(ALERTS, &post);
    let report = team.report(ALERTS, &root).await;
    assert!(report.reads().contains("CAUSE") && report.reads().contains("DATABASE_URL"), "{}", report.reads());
    assert!(server.terminate().success());
}

/// Questions in a thread, and thanks that are no question.
async fn follow_ups(team: &Team, root: &str) {
    let before = team.slack.thread(ALERTS, root).len();
    let questions = [
        ("show me the logs of the previous container", "DATABASE_URL"),
        ("what changed?", ""),
        ("why?", "DATABASE_URL"),
    ];
    for (question, like) in questions {
        let asked = team.slack.say(BOB, ALERTS, Some(root), question);
        let answer = team.reply(ALERTS, root, |m| m.ts > asked && m.reads().contains(like)).await;
        assert!(!is_report(&answer), "{}", answer.reads());
    }
    team.slack.say(BOB, ALERTS, Some(root), "thanks everyone");
    // What comes after it in the same thread is answered, so it was handled.
    let asked = team.slack.say(BOB, ALERTS, Some(root), "next steps?");
    team.reply(ALERTS, root, |m| m.ts > asked).await;
    let after = team.slack.thread(ALERTS, root).len();
    assert_eq!(after, before + 9, "four questions with an answer each, and thanks: {}", team.slack.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_acknowledged_and_answered_privately_where_they_concern_one() {
    let team = Team::new(By::Sockets).await;
    let server = start(&team).await;
    commands(&team).await;
    assert!(server.terminate().success());
}

async fn commands(team: &Team) {
    let slack = &team.slack;
    for (seen, (text, like)) in [("help", "investigate"), ("stauts", "status")].into_iter().enumerate() {
        slack.slash(ANN, OPS, text).await.expect("acknowledged");
        let said = team.privately(ANN, seen).await;
        assert!(said.contains(like), "{text}: {said}");
    }
    slack.slash(ANN, OPS, "list jobs").await.expect("acknowledged");
    let jobs = |s: &Slack| {
        s.ephemerals(ANN).iter().skip(2).any(|e| e.reads().contains("Nothing was investigated")).then_some(())
    };
    slack.wait_for("the jobs", jobs).await;
    slack.slash(ANN, AWAY, ASK).await.expect("acknowledged");
    let invite = |s: &Slack| s.ephemerals(ANN).iter().any(|e| e.reads().contains("/invite")).then_some(());
    slack.wait_for("an answer with /invite", invite).await;
    slack.slash(EVE, OPS, ASK).await.expect("acknowledged");
    let refused = |s: &Slack| s.ephemerals(EVE).iter().any(|e| e.reads().contains("may not")).then_some(());
    slack.wait_for("a refusal", refused).await;
    assert!(slack.own(OPS).is_empty() && slack.own(AWAY).is_empty(), "{}", slack.told());
    assert!(slack.refusals().iter().all(|call| call.args["channel"] == AWAY), "{:?}", slack.refusals());
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_work_act_once_and_outlive_a_restart() {
    let team = Team::new(By::Sockets).await;
    let server = start(&team).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let report = team.report(OPS, &root).await;
    buttons(&team, &root, &report).await;
    server.idle().await;
    server.kill();
    let server = start(&team).await;
    let before = team.slack.ephemerals(BOB).len();
    team.slack.press(BOB, OPS, &report.ts, "midwatch:evidence").await.expect("acknowledged");
    assert!(team.privately(BOB, before).await.contains("e1"));
    team.slack.press(EVE, OPS, &report.ts, "midwatch:deeper").await.expect("acknowledged");
    assert!(team.privately(EVE, 0).await.contains("may not"));
    assert!(server.terminate().success());
}

async fn buttons(team: &Team, root: &str, report: &Message) {
    let slack = &team.slack;
    slack.press(BOB, OPS, &report.ts, "midwatch:evidence").await.expect("acknowledged");
    assert!(team.privately(BOB, 0).await.contains("e1"));
    slack.press(BOB, OPS, &report.ts, "midwatch:helpful").await.expect("acknowledged");
    assert!(team.privately(BOB, 1).await.contains("Thank"));
    slack.press(BOB, OPS, &report.ts, "midwatch:again").await.expect("acknowledged");
    slack.press(ANN, OPS, &report.ts, "midwatch:again").await.expect("acknowledged");
    let already = |s: &Slack| s.ephemerals(ANN).iter().any(|e| e.reads().contains("already")).then_some(());
    slack.wait_for("a word about the first press", already).await;
    let reports = |s: &Slack| s.thread(OPS, root).iter().filter(|m| is_report(m)).count();
    slack.wait_for("the second report", |s| (reports(s) == 2).then_some(())).await;
    let store = midwatch_sqlite::SqliteStore::open_reader(&team.place.state()).unwrap();
    let (_, _, value) = report.buttons().into_iter().find(|(action, ..)| action == "midwatch:helpful").unwrap();
    let job = value.parse::<Button>().unwrap().job;
    let said = store.feedback(job).await.unwrap();
    assert!(said.iter().any(|f| f.helpful && f.by.user == BOB), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_http_brings_the_same_and_a_bad_signature_brings_nothing() {
    let team = Team::new(By::SignedHttp).await;
    let server = start(&team).await;
    let targets = Targets::under(&server.url);
    assert!(team.slack.challenge(&targets).await);
    team.slack.deliver_to(targets.clone());
    commands(&team).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let report = team.report(OPS, &root).await;
    buttons(&team, &root, &report).await;
    let body = json!({"type": "event_callback"}).to_string();
    let mut request = reqwest::Client::new().post(&targets.events).body(body.clone());
    for (name, value) in team.slack.sign(jiff::Timestamp::now().as_second(), "another body") {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert!(server.terminate().success());
}
