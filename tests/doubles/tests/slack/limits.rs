//! The three kinds of rate limits, in moved time.

use std::time::Duration;

use midwatch_doubles::slack::{Limits, Options, Rate, Reach, Slack};
use serde_json::json;

use crate::support::{Hand, limited, post, with};

async fn workspace(limits: Limits) -> (Slack, std::sync::Arc<Hand>) {
    let clock = Hand::new();
    (with(Options { limits, clock: clock.clone(), ..Options::default() }).await, clock)
}

async fn say(slack: &Slack, channel: &str) -> Result<serde_json::Value, slack_morphism::errors::SlackClientError> {
    post(slack, "chat.postMessage", &json!({"channel": channel, "text": "hi"})).await
}

#[tokio::test]
async fn a_channel_takes_a_post_a_second_after_a_short_burst() {
    let (slack, clock) = workspace(Limits::default()).await;
    for _ in 0..3 {
        say(&slack, "C1").await.unwrap();
    }

    assert_eq!(limited(say(&slack, "C1").await), 1);
    say(&slack, "C2").await.unwrap();
    clock.advance(Duration::from_secs(1));
    say(&slack, "C1").await.unwrap();

    let violations = slack.violations();
    assert_eq!(violations.len(), 1);
    assert_eq!((&violations[0].reach, violations[0].warned), (&Reach::Channel("C1".to_owned()), false));
}

#[tokio::test]
async fn who_does_not_wait_as_long_as_told_is_noted() {
    let (slack, clock) = workspace(Limits::default()).await;
    for _ in 0..4 {
        let _ = say(&slack, "C1").await;
    }
    clock.advance(Duration::from_millis(500));
    let _ = say(&slack, "C1").await;

    assert_eq!(slack.violations().iter().map(|v| v.warned).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn edits_are_counted_over_all_channels() {
    let (slack, clock) = workspace(Limits::default()).await;
    let mut own = Vec::new();
    for channel in ["C1", "C2"] {
        own.push((channel, say(&slack, channel).await.unwrap()["ts"].clone()));
    }
    let mut edits = 0;
    let refused = loop {
        let (channel, ts) = &own[edits % 2];
        let body = json!({"channel": channel, "ts": ts, "text": format!("{edits}")});
        match post(&slack, "chat.update", &body).await {
            Ok(_) => edits += 1,
            other => break limited(other),
        }
    };

    assert_eq!((edits, refused), (10, 2), "a fifth of fifty at once, then one every 1.2 s");
    assert_eq!(slack.violations()[0].reach, Reach::Method("chat.update".to_owned()));
    clock.advance(Duration::from_secs(refused));
    let (channel, ts) = &own[0];
    post(&slack, "chat.update", &json!({"channel": channel, "ts": ts, "text": "again"})).await.unwrap();
}

#[tokio::test]
async fn the_workspace_has_a_limit_of_its_own() {
    let workspace_rate = Rate { calls: 1, every: Duration::from_secs(10), burst: 2 };
    let (slack, _) = workspace(Limits { workspace: Some(workspace_rate), ..Limits::default() }).await;
    say(&slack, "C1").await.unwrap();
    say(&slack, "C2").await.unwrap();

    assert_eq!(limited(say(&slack, "C1").await), 10);
    assert_eq!(slack.violations()[0].reach, Reach::Workspace);
}

#[tokio::test]
async fn an_even_pace_never_meets_a_limit() {
    let (slack, clock) = workspace(Limits::default()).await;
    for _ in 0..40 {
        say(&slack, "C1").await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(slack.violations(), []);
}
