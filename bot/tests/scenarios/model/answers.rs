//! Questions in free words in a thread: one message that grows, whose sentences stand on evidence.

use std::time::Duration;

use midwatch_doubles::discord;
use midwatch_doubles::kubernetes::ApiServer;
use midwatch_doubles::model::{Asked, Fault, ModelServer, Script, Turn};
use midwatch_doubles::slack::Message;

use super::{INVENTED, NAMESPACE, TRUE, answering, cluster, reading, section, team, team_on};
use crate::chat::{ANN, ASK, BOB, By, OPS, POD, is_report};
use crate::guild::{self, Guild};

/// A question that no rule answers.
const QUESTION: &str = "which setting does the program miss, and how do you know that?";

/// Between two pieces of an answer, so that it is seen to grow.
const PACE: Duration = Duration::from_millis(50);

/// Two true sentences with an invented one between them.
fn prose(id: &str) -> Turn {
    let again = "The build that starts is '4f1c9e2'";
    Turn::text(format!("{TRUE} [{id}]. {INVENTED} [{id}]. {again} [{id}].")).pace(PACE)
}

fn script(asked: &Asked) -> Turn {
    answering(asked, |asked| reading(asked, prose))
}

/// What stands in the answer at the end.
fn is_answered(reads: &str) {
    let number = reads.split(TRUE).nth(1).and_then(|rest| rest.split("[e").nth(1)).unwrap_or_default();
    assert!(number.starts_with(|c: char| c.is_ascii_digit()), "with its evidence: {reads}");
    for part in ["4f1c9e2", "1 sentence of the model was left out", "kubectl"] {
        assert!(reads.contains(part), "{part}: {reads}");
    }
    assert!(!reads.contains("OOMKilled 14"), "{reads}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_slack_an_answer_grows_in_one_message_and_says_nothing_that_nothing_carries() {
    let model = ModelServer::start(Script::by(script)).await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("nothing to add")).await;
    server.idle().await;
    let before = team.slack.own(OPS).len();
    let asked = team.slack.mention(BOB, OPS, Some(&root), QUESTION);
    let whole = |m: &Message| m.ts > asked && m.reads().contains("left out") && !m.reads().contains("...");
    let answer = team.reply(OPS, &root, whole).await;
    is_answered(&answer.reads());
    assert!(!answer.before.is_empty(), "it grew: {}", team.slack.told());
    for (text, blocks) in &answer.before {
        let then = format!("{text} {}", serde_json::Value::from(blocks.clone()));
        assert!(then.contains("required environment variable") && !then.contains("OOMKilled 14"), "{then}");
    }
    server.idle().await;
    assert_eq!(team.slack.own(OPS).len(), before + 1, "{}", team.slack.told());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_discord_an_answer_grows_in_one_message_and_says_nothing_that_nothing_carries() {
    let model = ModelServer::start(Script::by(script)).await;
    let mut guild = Guild::new(By::Sockets).await;
    guild.place.more(&section("anthropic", &model, ""));
    let mut server = guild.place.start();
    server.ready().await;
    guild.discord.wait_for("a session", |discord| (discord.identified() > 0).then_some(())).await;
    let root = guild.discord.mention(guild::ANN, guild::OPS, ASK);
    let done = |m: &discord::Message| guild::is_report(m) && m.reads().contains("nothing to add");
    guild.reply(guild::OPS, &root, done).await;
    server.idle().await;
    let before = guild.discord.own(guild::OPS).len();
    let asked = guild.discord.mention(guild::BOB, &root, QUESTION);
    let whole = |m: &discord::Message| m.id > asked && m.reads().contains("left out") && !m.reads().contains("...");
    let answer = guild.reply(guild::OPS, &root, whole).await;
    is_answered(&answer.reads());
    assert!(!answer.before.is_empty(), "it grew: {}", guild.discord.told());
    server.idle().await;
    assert_eq!(guild.discord.own(guild::OPS).len(), before + 1, "{}", guild.discord.told());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_not_for_us_is_answered_by_nobody() {
    let model = ModelServer::start(Script::by(|asked| {
        // What was said in the thread before stands above the question.
        let of_lunch = |asked: &Asked| asked.last_user().rsplit("The question:").next().unwrap().contains("lunch");
        answering(asked, |asked| if of_lunch(asked) { Turn::text("NOT_ASKED") } else { reading(asked, prose) })
    }))
    .await;
    let (team, server) = team(&section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("nothing to add")).await;
    server.idle().await;
    let (asked, before) = (model.requests().len(), team.slack.own(OPS).len());
    team.slack.say(BOB, OPS, Some(&root), "does anyone want lunch before we go on?");
    model.until_asked(asked + 1).await;
    server.idle().await;
    // What is asked after it is answered, so it was handled; this one in passing, too.
    let question = team.slack.say(BOB, OPS, Some(&root), QUESTION);
    team.reply(OPS, &root, |m| m.ts > question && m.reads().contains("left out")).await;
    server.idle().await;
    assert_eq!(team.slack.own(OPS).len(), before + 1, "{}", team.slack.told());
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_log_reaches_neither_the_provider_nor_the_thread() {
    let secret = "Pl4nted-hunter2-S3cret";
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("cluster");
    let copied = std::process::Command::new("cp").arg("-r").arg(cluster()).arg(&copy).status().unwrap();
    assert!(copied.success());
    for log in ["logs.txt", "logs-previous.txt"] {
        let path = copy.join(NAMESPACE).join(POD).join(log);
        let line = format!("2026 INFO trying postgres://payments:{secret}@db.shop:5432/payments password={secret}\n");
        let text = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        std::fs::write(&path, format!("{head}\n{line}{rest}")).unwrap();
    }
    let model = ModelServer::start(Script::by(script)).await;
    let (team, server) = team_on(ApiServer::from_snapshot(&copy), &section("openai", &model, "")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("nothing to add")).await;
    let asked = team.slack.mention(BOB, OPS, Some(&root), &format!("{QUESTION} is it password={secret}?"));
    team.reply(OPS, &root, |m| m.ts > asked && m.reads().contains("left out")).await;
    server.idle().await;
    assert!(server.terminate().success());
    let requests = model.requests();
    assert!(requests.iter().any(|asked| asked.text().contains("trying postgres")), "the log was read");
    for asked in requests {
        assert!(!asked.text().contains(secret) && !asked.path.contains(secret), "{}", asked.text());
    }
    let own = team.slack.own(OPS);
    assert!(own.iter().all(|m| !m.reads().contains(secret)), "{}", team.slack.told());
    assert!(!team.place.logged().contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_says_so() {
    let model = ModelServer::start(Script::by(|asked| {
        answering(asked, |asked| {
            reading(asked, |id| {
                let long =
                    format!("{TRUE} [{id}]. The build that starts is '4f1c9e2' [{id}]. {}", "And so on. ".repeat(40));
                Turn::text(long).and_fault(Fault::SilentMidway)
            })
        })
    }))
    .await;
    let (team, server) = team(&section("openai", &model, ", timeout: 1s, wall: 5s")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("nothing to add")).await;
    let asked = team.slack.mention(BOB, OPS, Some(&root), QUESTION);
    let broken = |m: &Message| m.ts > asked && m.reads().contains("broke off");
    let answer = team.reply(OPS, &root, broken).await;
    assert!(answer.reads().contains("required environment variable"), "{}", answer.reads());
    server.idle().await;
    assert!(server.terminate().success());
}
