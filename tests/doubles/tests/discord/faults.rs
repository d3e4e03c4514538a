//! What goes wrong by plan.

use std::time::Duration;

use midwatch_doubles::discord::{Fault, Outcome, Rule};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::support::{ALERTS, call, client, guild, send};

const CREATE: &str = "POST /channels/{channel}/messages";

#[rstest]
#[case(Fault::TooMany { seconds: 7, global: true }, 429, 0)]
#[case(Fault::Status(503), 503, 0)]
#[case(Fault::StatusAfter(502), 502, 1)]
#[case(Fault::Refuse(403, 50013), 403, 0)]
#[case(Fault::Garbage, 200, 1)]
#[tokio::test]
async fn an_answer_is_spoiled(#[case] fault: Fault, #[case] status: u16, #[case] landed: usize) {
    let discord = guild().await;
    discord.fault(Rule::on(CREATE, fault.clone()));
    let spoiled = send(&discord, &json!({"content": "a"})).await;

    assert_eq!((spoiled.status, discord.messages(ALERTS).len()), (status, landed));
    assert_eq!(discord.calls()[0].outcome, Some(Outcome::Faulted { fault, landed: landed == 1 }));
    assert_eq!(send(&discord, &json!({"content": "b"})).await.status, 200, "only once");
}

#[rstest]
#[case(Fault::ResetBefore, 0)]
#[case(Fault::ResetAfter, 1)]
#[tokio::test]
async fn a_connection_breaks(#[case] fault: Fault, #[case] landed: usize) {
    let discord = guild().await;
    discord.fault(Rule::on(CREATE, fault));
    let path = format!("/channels/{ALERTS}/messages");
    let broken = call(&discord, Method::POST, &path, Some(&json!({"content": "a"}))).await;

    assert!(broken.is_err());
    assert_eq!(discord.messages(ALERTS).len(), landed);
}

#[rstest]
#[case(Fault::LandsLate)]
#[case(Fault::Stuck)]
#[tokio::test]
async fn what_got_no_answer_is_done_afterwards(#[case] fault: Fault) {
    let discord = guild().await;
    discord.fault(Rule::on(CREATE, fault.clone()).matching(|body| body["content"] == "late"));
    send(&discord, &json!({"content": "early"})).await;
    let url = format!("{}/v10/channels/{ALERTS}/messages", discord.api_url());
    let request = client().post(url).timeout(Duration::from_millis(300)).header("content-type", "application/json");
    let request = request.header("authorization", format!("Bot {}", discord.bot_token()));
    assert!(request.body(json!({"content": "late"}).to_string()).send().await.unwrap_err().is_timeout());

    if fault == Fault::Stuck {
        assert_eq!((discord.messages(ALERTS).len(), discord.land()), (1, 1));
    }
    discord.wait_for("the late one", |discord| (discord.messages(ALERTS).len() == 2).then_some(())).await;
}
