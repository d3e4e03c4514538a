//! What left, to whom, is written down before it leaves; what was spent is summed up, and ends where the day's budget does.

use std::sync::Arc;

use midwatch_doubles::model::{ModelServer, Script, Turn};
use midwatch_doubles::slack::Message;
use midwatch_service::job::{Actor, Task};
use midwatch_service::port::store::{JobFilter, Store as _};
use midwatch_service::spend::{self, Spender};
use midwatch_sqlite::SqliteStore;
use serde_json::Value;
use tokio::sync::Notify;

use super::{answering, conclusion, reading, section, team};
use crate::chat::{ANN, ASK, BOB, OPS, Team, is_report};

/// The entries of requests to a model in the audit trail.
async fn sent(team: &Team) -> Vec<Value> {
    let (code, out, err) = team.place.run(&["audit", "list", "-o", "json"], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    let entries = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.map(|sealed| sealed["entry"].clone()).filter(|entry| entry["action"] == "model").collect()
}

fn store(team: &Team) -> SqliteStore {
    SqliteStore::open_reader(&team.place.state()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_in_the_trail_before_it_leaves_and_what_it_took_after() {
    let go = Arc::<Notify>::default();
    let until = Arc::clone(&go);
    let script = Script::by(move |asked| reading(asked, conclusion).held(&until));
    let model = ModelServer::start(script).await;
    let (team, server) = team(&section("openai", &model, ", input_price: 2, output_price: 10")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    for asked in 1..=2 {
        model.until_asked(asked).await;
        assert_eq!(sent(&team).await.len(), asked, "before there is an answer");
        go.notify_one();
    }
    let report = team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("Explained by")).await;
    // 200 tokens in, 20 out.
    assert!(report.reads().contains("220 tokens") && report.reads().contains("$0.0006"), "{}", report.reads());
    server.idle().await;
    let trail = sent(&team).await;
    assert_eq!(trail.len(), 2);
    let store = store(&team);
    let job = store.jobs(&JobFilter { limit: 10, ..JobFilter::default() }).await.unwrap().remove(0).spec.id;
    let transcript = store.artifact(job, "model.jsonl").await.unwrap().expect("what left is kept").text;
    for entry in &trail {
        let details = entry["details"].as_str().unwrap();
        let digest = details.rsplit("sha256 ").next().unwrap();
        assert!(details.contains("model scripted") && details.contains(" bytes, "), "{details}");
        assert!(digest.len() == 64 && transcript.contains(digest), "{digest}: {}", transcript.as_str());
        assert!(entry["subject"].as_str().unwrap().contains(&job.to_string()), "{entry}");
        assert_eq!(entry["actor"]["user"], ANN, "{entry}");
    }
    let ann = Actor { platform: "slack".to_owned(), user: ANN.to_owned(), ..Actor::default() };
    let day = spend::day(jiff::Timestamp::now());
    for by in [None, Some(Spender::from(&ann))] {
        let spent = store.spent(day, by.as_ref()).await.unwrap();
        assert_eq!((spent.requests, spent.input, spent.output, spent.micro_usd), (2, 200, 20, Some(600)), "{spent:?}");
    }
    let (code, out, err) = team.place.run(&["audit", "verify"], &[]).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_day_may_cost_ends_what_leaves_and_words_say_so() {
    let model = ModelServer::start(Script::by(|asked| {
        let answer = |_: &_| Turn::text("I cannot tell.");
        if asked.offers("conclude") { reading(asked, conclusion) } else { answering(asked, answer) }
    }))
    .await;
    let (team, server) = team(&section("openai", &model, ", day_tokens: 200")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("Explained by")).await;
    server.idle().await;
    assert_eq!(model.requests().len(), 2, "220 tokens");
    let used_up = "today's budget for language models, 200 tokens, is used up";

    let second = team.slack.mention(BOB, OPS, None, ASK);
    let report = team.reply(OPS, &second, |m| is_report(m) && m.reads().contains(used_up)).await;
    assert!(report.reads().contains("misses the setting DATABASE_URL"), "{}", report.reads());
    assert!(report.reads().contains("Nothing from the model"), "{}", report.reads());
    let asked = team.slack.mention(BOB, OPS, Some(&root), "is there anything that you would try first?");
    let refused = |m: &Message| m.ts > asked && m.reads().contains(used_up);
    let answer = team.reply(OPS, &root, refused).await;
    assert!(answer.reads().contains("Without a language model these questions"), "{}", answer.reads());
    server.idle().await;
    assert_eq!(model.requests().len(), 2, "nothing left");
    assert_eq!(sent(&team).await.len(), 2, "nor does the trail say so");
    let jobs = store(&team).jobs(&JobFilter { limit: 10, ..JobFilter::default() }).await.unwrap();
    assert!(jobs.iter().any(|job| matches!(job.spec.task, Task::Ask { .. })), "{jobs:?}");
    assert!(server.terminate().success());
}
