//! The rules' report is there first; the same message then holds what the model makes of it.

use std::sync::Arc;

use midwatch_doubles::discord;
use midwatch_doubles::model::{ModelServer, Script, Tokens, Turn};
use midwatch_doubles::slack::Message;
use tokio::sync::Notify;

use super::{INVENTED, KEY, TRUE, conclusion, reading, section, team};
use crate::chat::{ANN, ASK, By, OPS, is_report};
use crate::guild::{self, Guild};

/// A model that says nothing before it is let go.
async fn held() -> (ModelServer, Arc<Notify>) {
    let go = Arc::<Notify>::default();
    let until = Arc::clone(&go);
    let used = Tokens { input: 4_000, cached: 3_000, cache_write: 0, output: 55 };
    let script = Script::by(move |asked| {
        let turn = reading(asked, conclusion).tokens(used);
        if asked.number == 0 { turn.held(&until) } else { turn }
    });
    (ModelServer::start(script).await, go)
}

/// What stands in a report that a model looks at.
fn by_rules(reads: &str) {
    for part in ["CAUSE", "misses the setting DATABASE_URL", "a model looks further"] {
        assert!(reads.contains(part), "{part}: {reads}");
    }
    assert!(!reads.contains("Explained by"), "{reads}");
}

/// What stands in it at the end.
fn with_the_model(reads: &str) {
    let number = reads.split(TRUE).nth(1).and_then(|rest| rest.split("[e").nth(1)).unwrap_or_default();
    assert!(number.starts_with(|c: char| c.is_ascii_digit()), "with its evidence: {reads}");
    for part in [
        "CAUSE",
        "misses the setting DATABASE_URL",
        "main (scripted)",
        "1 sentence of the model was left out",
        "model: 2 requests, 1 call, 8,110 tokens (75 % of the input cached)",
    ] {
        assert!(reads.contains(part), "{part}: {reads}");
    }
    assert!(!reads.contains(INVENTED) && !reads.contains("OOMKilled 14"), "{reads}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_slack_the_rules_report_waits_for_no_model_and_is_edited_when_it_has_spoken() {
    let (model, go) = held().await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let first = team.report(OPS, &root).await;
    by_rules(&first.reads());
    model.until_asked(1).await;
    go.notify_one();
    let said = |m: &Message| m.ts == first.ts && m.reads().contains("Explained by the model");
    let report = team.reply(OPS, &root, said).await;
    with_the_model(&report.reads());
    server.idle().await;
    let own = team.slack.own(OPS);
    assert_eq!(own.iter().filter(|m| is_report(m)).count(), 1, "{}", team.slack.told());
    assert_eq!(own.len(), 2, "the living message, the report: {}", team.slack.told());
    assert!(team.slack.refusals().is_empty(), "{:?}", team.slack.refusals());
    let requests = model.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert!(server.terminate().success());
    assert!(!team.place.logged().contains(KEY) && !team.slack.told().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_discord_the_rules_report_waits_for_no_model_and_is_edited_when_it_has_spoken() {
    let (model, go) = held().await;
    let mut guild = Guild::new(By::Sockets).await;
    guild.place.more(&section("anthropic", &model, ""));
    let mut server = guild.place.start();
    server.ready().await;
    guild.discord.wait_for("a session", |discord| (discord.identified() > 0).then_some(())).await;
    let root = guild.discord.mention(guild::ANN, guild::OPS, ASK);
    let first = guild.report(guild::OPS, &root).await;
    by_rules(&first.reads());
    model.until_asked(1).await;
    go.notify_one();
    let said = |m: &discord::Message| m.id == first.id && m.reads().contains("Explained by the model");
    let report = guild.reply(guild::OPS, &root, said).await;
    with_the_model(&report.reads());
    server.idle().await;
    let own = guild.discord.own(guild::OPS);
    assert_eq!(own.iter().filter(|m| guild::is_report(m)).count(), 1, "{}", guild.discord.told());
    assert_eq!(own.len(), 2, "{}", guild.discord.told());
    assert_eq!(model.requests()[0].header("x-api-key"), Some(KEY));
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_abstains_changes_no_word_of_the_rules() {
    let model =
        ModelServer::start(Script::always(Turn::call("conclude", &serde_json::json!({"verdict": "abstain"})))).await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let report = team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("It has nothing to add")).await;
    assert!(report.reads().contains("CAUSE") && report.reads().contains("DATABASE_URL"), "{}", report.reads());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_to_look_deeper_gets_three_views() {
    let model = ModelServer::start(Script::by(|asked| reading(asked, conclusion))).await;
    let (team, server) = team(&section("openai", &model, ", steps: 20")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let report = team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("Explained by")).await;
    let refuting = || model.requests().iter().filter(|asked| asked.last_user().contains("try to refute")).count();
    assert_eq!(refuting(), 0);
    server.idle().await;
    team.slack.press(ANN, OPS, &report.ts, "midwatch:deeper").await.expect("acknowledged");
    let deeper = |m: &Message| m.ts > report.ts && is_report(m) && m.reads().contains("Explained by");
    team.reply(OPS, &root, deeper).await;
    assert!(refuting() > 0);
    server.idle().await;
    assert!(server.terminate().success());
}
