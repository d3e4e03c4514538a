//! Messages, and what the gateway does to their delivery.

use midwatch_doubles::discord::{DeliveryFault, Fault, Options, Rule};
use midwatch_service::health::Status;
use serde_json::json;

use crate::stage::{ALICE, CHANNEL, Stage, words};

async fn listening() -> Stage {
    Stage::new(Options::default()).await.listening().await
}

fn alert(text: &str) -> serde_json::Value {
    json!({"username": "Alertmanager", "content": text})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_channel_are_heard_in_their_order() {
    let stage = listening().await;
    let said: Vec<String> = (0..60).map(|n| format!("list {n}")).collect();
    for words in &said {
        stage.discord.mention(ALICE, CHANNEL, words);
    }
    stage.ears.wait_for(&["mention: list 59"]).await;
    let expected: Vec<String> = said.iter().map(|words| format!("mention: {words}")).collect();
    assert_eq!(stage.ears.all().iter().map(words).collect::<Vec<_>>(), expected);
    assert_eq!(stage.discord.identified(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_posts_and_edits_are_heard_where_they_stand() {
    let stage = listening().await;
    let post = stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] X"));
    stage.discord.say_in_new_thread(ALICE, CHANNEL, &post, "why?");
    stage.ears.wait_for(&["post: [FIRING:1] X", "message: why?"]).await;
    stage.discord.edit_as_webhook(CHANNEL, &post, &alert("[RESOLVED] X"));
    stage.ears.wait_for(&["edit: [RESOLVED] X"]).await;
    let heard = stage.ears.all();
    let reply = heard.iter().find(|heard| words(heard) == "message: why?").unwrap();
    assert_eq!((reply.place.channel.as_str(), reply.place.root.as_ref().unwrap().0.as_str()), (CHANNEL, post.as_str()));
    // The thread was told of by the gateway, so nobody had to ask.
    assert_eq!(stage.discord.called("GET /channels/{channel}"), 0, "{}", stage.discord.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_twice_is_the_same() {
    let stage = listening().await;
    stage.discord.delivery_fault(Rule::on("MESSAGE_CREATE", DeliveryFault::Twice));
    stage.discord.mention(ALICE, CHANNEL, "list");
    stage.discord.mention(ALICE, CHANNEL, "status");
    stage.ears.wait_for(&["mention: status"]).await;
    assert_eq!(stage.ears.words(), ["mention: list", "mention: status"]);
    let ids: Vec<String> = stage.ears.all().into_iter().map(|heard| heard.id).collect();
    assert_eq!(ids.iter().filter(|id| **id == ids[0]).count(), 2, "{ids:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_while_the_connection_is_made_again_is_heard() {
    let stage = listening().await;
    stage.discord.ask_to_reconnect();
    stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] while it reconnects"));
    stage.ears.wait_for(&["post: [FIRING:1] while it reconnects"]).await;
    stage.discord.drop_sockets();
    stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] after a break"));
    stage.ears.wait_for(&["post: [FIRING:1] after a break"]).await;
    stage.discord.delivery_fault(Rule::on("MESSAGE_CREATE", DeliveryFault::DropBefore));
    stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] lost on the way"));
    stage.ears.wait_for(&["post: [FIRING:1] lost on the way"]).await;
    stage.health_is(Status::Up, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_a_session_is_read() {
    let stage = Stage::new(Options::default()).await;
    let post = stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] before the start"));
    stage.discord.mention(ALICE, CHANNEL, "list");
    stage.discord.edit_as_webhook(CHANNEL, &post, &alert("[FIRING:2] before the start"));
    let stage = stage.listening().await;
    stage.ears.wait_for(&["edit: [FIRING:2] before the start", "mention: list"]).await;
    assert_eq!(
        stage.ears.words(),
        ["post: [FIRING:2] before the start", "edit: [FIRING:2] before the start", "mention: list"]
    );
    let known: Vec<String> = stage.ears.all().into_iter().map(|heard| heard.id).collect();
    // A session that cannot be resumed: another begins, and what was said meanwhile is read.
    stage.discord.invalidate_sessions(false);
    stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] in the gap"));
    stage.ears.wait_for(&["post: [FIRING:1] in the gap"]).await;
    stage.health_is(Status::Up, "").await;
    let again = stage.ears.all().into_iter().filter(|heard| known.contains(&heard.id)).count();
    assert!(again >= known.len(), "what was heard is recognised by its id");
    assert_eq!(stage.ears.words().len(), 4, "{:?}", stage.ears.words());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_a_session_is_read_though_discord_stumbles() {
    let stage = Stage::new(Options::default()).await;
    stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] before the start"));
    let reads = "GET /channels/{channel}/messages";
    for fault in [Fault::Status(503), Fault::ResetBefore, Fault::TooMany { seconds: 1, global: false }] {
        stage.discord.fault(Rule::on(reads, fault));
    }
    let stage = stage.listening().await;
    stage.ears.wait_for(&["post: [FIRING:1] before the start"]).await;
    stage.health_is(Status::Up, "").await;
    assert_eq!(stage.discord.called(reads), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_given_up_while_the_storage_is_away() {
    let stage = listening().await;
    stage.ears.refuse(3);
    stage.discord.mention(ALICE, CHANNEL, "list");
    stage.discord.mention(ALICE, CHANNEL, "status");
    stage.health_is(Status::Degraded, "is not taken").await;
    stage.ears.wait_for(&["mention: status"]).await;
    assert_eq!(stage.ears.words(), ["mention: list", "mention: status"]);
    stage.health_is(Status::Up, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_operator_can_mend_is_told_and_not_tried_in_a_loop() {
    for (code, expected) in [(4_004, "reset it"), (4_013, "4013"), (4_014, "Message Content Intent")] {
        let stage = listening().await;
        stage.discord.close_sockets(code);
        stage.health_is(Status::Down, expected).await;
        assert_eq!((stage.discord.sockets_opened(), stage.discord.called("GET /gateway/bot")), (1, 2), "{code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_taken_is_told() {
    let mut stage = Stage::new(Options::default()).await;
    stage.token("OTAwMDAwMDAwMDAwMDAwMDAy.Not.a-token-that-is-taken-by-anyone-at-all");
    stage.listen();
    stage.health_is(Status::Down, "reset it").await;
    assert_eq!((stage.discord.invalid_requests(), stage.discord.sockets_opened()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_to_read_messages_the_rest_goes_on() {
    let stage = Stage::new(Options { message_content: false, ..Options::default() }).await;
    stage.listen();
    stage.health_is(Status::Degraded, "Message Content Intent").await;
    stage.discord.mention(ALICE, CHANNEL, "list");
    stage.ears.wait_for(&["mention: list"]).await;
    stage.discord.post_as_webhook(CHANNEL, &alert("[FIRING:1] X"));
    stage.ears.wait_for(&["unreadable"]).await;
    stage.health_is(Status::Degraded, "Message Content Intent").await;
}
