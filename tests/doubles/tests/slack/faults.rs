//! What goes wrong with calls, and whether they took effect.

use std::time::Duration;

use midwatch_doubles::slack::{Fault, Outcome, Rule, Slack};
use rstest::rstest;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;

use crate::support::{limited, post, refused, workspace};

async fn say(slack: &Slack, text: &str) -> Result<Value, SlackClientError> {
    post(slack, "chat.postMessage", &json!({"channel": "C1", "text": text})).await
}

#[rstest]
#[case::limited(Fault::TooMany(7), false)]
#[case::broken(Fault::Status(503), false)]
#[case::broken_after(Fault::StatusAfter(500), true)]
#[case::refused(Fault::Refuse("fatal_error".to_owned()), false)]
#[case::reset_before(Fault::ResetBefore, false)]
#[case::answer_lost(Fault::ResetAfter, true)]
#[case::garbage(Fault::Garbage, true)]
#[tokio::test]
async fn a_fault_takes_effect_or_not(#[case] fault: Fault, #[case] lands: bool) {
    let slack = workspace().await;
    slack.fault(Rule::on("chat.postMessage", fault));

    say(&slack, "one").await.unwrap_err();
    say(&slack, "two").await.unwrap();

    let said: Vec<String> = slack.own("C1").into_iter().map(|m| m.text).collect();
    assert_eq!(said, if lands { vec!["one", "two"] } else { vec!["two"] });
    let outcome = slack.calls()[0].outcome.clone();
    assert!(matches!(outcome, Some(Outcome::Faulted { landed, .. }) if landed == lands), "{outcome:?}");
}

#[tokio::test]
async fn a_fault_says_what_it_is() {
    let slack = workspace().await;
    slack.fault(Rule::on("chat.postMessage", Fault::TooMany(7)));
    slack.fault(Rule::on("chat.postMessage", Fault::Refuse("internal_error".to_owned())));

    assert_eq!(limited(say(&slack, "one").await), 7);
    assert_eq!(refused(say(&slack, "one").await), "internal_error");
}

#[tokio::test]
async fn a_call_lands_after_its_client_gave_up() {
    let slack = workspace().await;
    slack.fault(Rule::on("chat.postMessage", Fault::LandsLate));

    let gave_up = tokio::time::timeout(Duration::from_millis(50), say(&slack, "late")).await;

    assert!(gave_up.is_err(), "there was an answer: {gave_up:?}");
    let landed = slack.wait_for("the late message", |s| s.own("C1").pop()).await;
    assert_eq!(landed.text, "late");
}

#[tokio::test]
async fn a_stuck_call_lands_when_the_test_says_so() {
    let slack = workspace().await;
    slack.fault(Rule::any(Fault::Stuck));
    let _ = tokio::time::timeout(Duration::from_millis(50), say(&slack, "stuck")).await;
    assert_eq!(slack.own("C1"), []);

    assert_eq!(slack.land(), 1);

    assert_eq!(slack.own("C1")[0].text, "stuck");
}

#[tokio::test]
async fn a_rule_counts_only_what_it_concerns() {
    let slack = workspace().await;
    let urgent = |args: &Value| args["text"].as_str().is_some_and(|t| t.starts_with("urgent"));
    slack.fault(Rule::on("chat.postMessage", Fault::Status(500)).matching(urgent).nth(2).times(2));

    let mut went = Vec::new();
    for text in ["urgent 1", "other", "urgent 2", "urgent 3", "urgent 4"] {
        went.push(say(&slack, text).await.is_ok());
    }

    assert_eq!(went, [true, true, false, false, true]);
}

#[tokio::test]
async fn rules_that_are_due_at_once_strike_one_after_the_other() {
    let slack = workspace().await;
    slack.fault(Rule::on("chat.postMessage", Fault::TooMany(2)));
    slack.fault(Rule::any(Fault::Refuse("internal_error".to_owned())));
    slack.fault(Rule::any(Fault::Status(503)).nth(4));

    assert_eq!(limited(say(&slack, "one").await), 2);
    assert_eq!(refused(say(&slack, "one").await), "internal_error");
    say(&slack, "one").await.unwrap();
    say(&slack, "one").await.unwrap_err();
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let run = async |seed| {
        let slack = workspace().await;
        slack.chaos(seed, 40, vec![Fault::Status(503), Fault::ResetAfter]);
        let mut went = Vec::new();
        for n in 0..40 {
            went.push(say(&slack, &format!("{n}")).await.is_ok());
        }
        went
    };

    let (one, again, other) = (run(1).await, run(1).await, run(2).await);

    assert_eq!(one, again);
    assert_ne!(one, other);
    assert!((5..35).contains(&one.iter().filter(|ok| **ok).count()), "{one:?}");
}
