//! What it costs when nothing comes from the provider: prose, never the report.

use std::net::TcpListener;

use midwatch_doubles::model::{Fault, ModelServer, Refusal, Script, Turn};
use midwatch_doubles::slack::Message;
use midwatch_service::job::JobState;
use midwatch_service::port::store::{JobFilter, Store as _};

use super::{at, conclusion, reading, section, team};
use crate::chat::{ANN, ASK, OPS, Team, is_report};

/// The report says that nothing came, and why; the job is completed all the same.
async fn costs_prose(config: &str, why: &[&str]) -> Team {
    let (team, server) = team(config).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let nothing = |m: &Message| is_report(m) && m.reads().contains("Nothing from the model main");
    let report = team.reply(OPS, &root, nothing).await;
    let reads = report.reads();
    for part in ["CAUSE", "misses the setting DATABASE_URL"].iter().chain(why) {
        assert!(reads.contains(part), "{part}: {reads}");
    }
    server.idle().await;
    let store = midwatch_sqlite::SqliteStore::open_reader(&team.place.state()).unwrap();
    let jobs = store.jobs(&JobFilter { limit: 10, ..JobFilter::default() }).await.unwrap();
    assert!(jobs.len() == 1 && jobs[0].state == JobState::Completed, "{jobs:?}");
    assert_eq!(team.slack.own(OPS).len(), 2, "{}", team.slack.told());
    assert!(server.terminate().success());
    team
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_reached() {
    let url = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    costs_prose(&at("openai", &url, ""), &["the provider is not available"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_overloaded() {
    let model = ModelServer::start(Script::always(Turn::refused(Refusal::Overloaded))).await;
    costs_prose(&section("anthropic", &model, ""), &["the provider is not available"]).await;
    assert!(model.requests().len() > 1, "it was asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_whose_quota_is_used_up() {
    let model = ModelServer::start(Script::always(Turn::refused(Refusal::OutOfQuota))).await;
    costs_prose(&section("openai", &model, ""), &["the provider's quota is used up"]).await;
    assert_eq!(model.requests().len(), 1, "asking again does not help");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_wants_payment() {
    let model =
        ModelServer::start(Script::always(Turn::status(402, "{\"error\": {\"message\": \"add credits\"}}"))).await;
    costs_prose(&section("openai", &model, ""), &["the provider's quota is used up", "add credits"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_know_the_key() {
    let model = ModelServer::start(Script::always(Turn::refused(Refusal::Unauthorised))).await;
    costs_prose(&section("openai", &model, ""), &["the provider refuses the key"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_never_answers() {
    let model = ModelServer::start(Script::always(Turn::fault(Fault::Silent))).await;
    costs_prose(&section("openai", &model, ", timeout: 1s, wall: 5s"), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_with_a_web_page() {
    let model = ModelServer::start(Script::always(Turn::fault(Fault::Garbage))).await;
    costs_prose(&section("openai", &model, ""), &["the provider's answer cannot be read"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_wants_to_be_asked_tomorrow() {
    let later = Turn::refused(Refusal::RateLimited).header("retry-after", "86400");
    let model = ModelServer::start(Script::always(later)).await;
    costs_prose(&section("openai", &model, ""), &["the provider limits the rate"]).await;
    assert_eq!(model.requests().len(), 1, "nobody waits for a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_wants_to_be_asked_in_a_second_is() {
    let model = ModelServer::start(Script::by(|asked| match asked.number {
        0 => Turn::refused(Refusal::RateLimited).header("retry-after", "1"),
        _ => reading(asked, conclusion),
    }))
    .await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("Explained by the model")).await;
    assert!(server.terminate().success());
}
