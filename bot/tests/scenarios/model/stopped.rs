//! A person stops it, or the process dies, while a model is asked: the report stays, and stands once.

use midwatch_doubles::model::{Fault, ModelServer, Script, Turn};
use midwatch_doubles::programs::until;
use midwatch_doubles::slack::Message;
use midwatch_service::port::store::{JobFilter, Store as _};

use super::{conclusion, reading, section, team};
use crate::chat::{ANN, ASK, BOB, OPS, is_report};

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_it_is_named_and_the_report_stays() {
    let model = ModelServer::start(Script::always(Turn::fault(Fault::Silent))).await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let early = team.report(OPS, &root).await;
    model.until_asked(1).await;
    team.slack.mention(BOB, OPS, Some(&root), "stop");
    // Without it the silence would last for half a minute and be tried again.
    model.until_abandoned(1).await;
    let named = |m: &Message| m.ts == early.ts && m.reads().contains(&format!("stopped by {BOB}"));
    let report = team.reply(OPS, &root, named).await;
    assert!(report.reads().contains("misses the setting DATABASE_URL"), "{}", report.reads());
    assert!(report.reads().contains("Nothing from the model"), "{}", report.reads());
    assert!(!report.reads().contains("a model looks further"), "{}", report.reads());
    server.idle().await;
    assert_eq!(model.requests().len(), 1);
    let reports = team.slack.own(OPS).into_iter().filter(is_report).count();
    assert_eq!(reports, 1, "{}", team.slack.told());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_stopped_says_by_whom() {
    let model = ModelServer::start(Script::by(|asked| {
        if asked.offers("conclude") { reading(asked, conclusion) } else { Turn::fault(Fault::Silent) }
    }))
    .await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("Explained by")).await;
    server.idle().await;
    let before = model.requests().len();
    team.slack.mention(ANN, OPS, Some(&root), "which build is it, and who says so?");
    model.until_asked(before + 1).await;
    team.slack.mention(BOB, OPS, Some(&root), "stop");
    model.until_abandoned(1).await;
    team.reply(OPS, &root, |m| m.reads().contains(&format!("Stopped: by {BOB}"))).await;
    server.idle().await;
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_meanwhile_leaves_one_report_that_its_successor_ends() {
    let model = ModelServer::start(Script::by(|asked| match asked.number {
        0 => Turn::fault(Fault::Silent),
        _ => reading(asked, conclusion),
    }))
    .await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let early = team.report(OPS, &root).await;
    model.until_asked(1).await;
    // A message that is on its way when the process dies waits for the patience of the outbox: not what is looked at here.
    let store = midwatch_sqlite::SqliteStore::open_reader(&team.place.state()).unwrap();
    until("all is sent and known to be", async || (store.load().await.unwrap().posts == 0).then_some(())).await;
    server.kill();
    let mut server = team.place.start();
    server.ready().await;
    let ended = |m: &Message| m.ts == early.ts && m.reads().contains("Explained by the model");
    team.reply(OPS, &root, ended).await;
    server.idle().await;
    let own = team.slack.own(OPS);
    assert_eq!(own.iter().filter(|m| is_report(m)).count(), 1, "{}", team.slack.told());
    assert_eq!(own.len(), 2, "nothing is doubled: {}", team.slack.told());
    let jobs = store.jobs(&JobFilter { limit: 10, ..JobFilter::default() }).await.unwrap();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_waits_for_no_model() {
    let model = ModelServer::start(Script::always(Turn::fault(Fault::Silent))).await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.report(OPS, &root).await;
    model.until_asked(1).await;
    assert!(tokio::task::spawn_blocking(move || server.terminate()).await.unwrap().success());
    assert_eq!(model.requests().len(), 1);
    let report = team.report(OPS, &root).await;
    assert!(report.reads().contains("misses the setting DATABASE_URL"), "{}", report.reads());
}
