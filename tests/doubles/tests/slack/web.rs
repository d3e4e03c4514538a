//! Messages, threads, files, people: what the API takes and gives.

use midwatch_doubles::slack::Slack;
use rstest::rstest;
use serde_json::{Value, json};
use slack_morphism::prelude::*;

use crate::support::{bot, client, get, post, refused, workspace};

#[tokio::test]
async fn a_message_is_posted_edited_and_found_by_its_metadata() {
    let slack = workspace().await;
    let (client, token) = (client(&slack), bot(&slack));
    let session = client.open_session(&token);
    let payload = [("key".to_owned(), "job-1/report".to_owned())].into();
    let metadata = SlackMessageMetadata::new("midwatch_post".into()).with_event_payload(payload);
    let content = SlackMessageContent::new()
        .with_text("looking".into())
        .with_blocks(slack_blocks![some_into(SlackSectionBlock::new().with_text(md!("*looking*")))])
        .with_metadata(metadata.clone());
    let posted = session.chat_post_message(&SlackApiChatPostMessageRequest::new("C1".into(), content)).await.unwrap();
    let edit = SlackMessageContent::new().with_text("found".into());
    session.chat_update(&SlackApiChatUpdateRequest::new("C1".into(), edit, posted.ts.clone())).await.unwrap();

    let history = SlackApiConversationsHistoryRequest::new().with_channel("C1".into());
    let without = session.conversations_history(&history).await.unwrap();
    let with = session.conversations_history(&history.with_include_all_metadata(true)).await.unwrap();

    assert_eq!(without.messages[0].content.metadata, None);
    assert_eq!(with.messages[0].content.metadata, Some(metadata), "an edit without metadata keeps it");
    let seen = slack.message("C1", posted.ts.value()).unwrap();
    assert_eq!((seen.reads().as_str(), seen.blocks.len()), ("found", 0), "text without blocks takes the blocks away");
    assert_eq!(seen.before[0].0, "looking");
}

#[tokio::test]
async fn a_thread_is_read_back_in_order_and_by_pages() {
    let slack = workspace().await;
    let root = slack.say("U1", "C1", None, "it is slow");
    for n in 0..5 {
        let reply =
            json!({"channel": "C1", "thread_ts": root, "text": format!("reply {n}"), "reply_broadcast": n == 4});
        post(&slack, "chat.postMessage", &reply).await.unwrap();
    }

    let first =
        get(&slack, "conversations.replies", &[("channel", "C1"), ("ts", &root), ("limit", "4")]).await.unwrap();
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let query = [("channel", "C1"), ("ts", root.as_str()), ("limit", "4"), ("cursor", cursor)];
    let second = get(&slack, "conversations.replies", &query).await.unwrap();
    let history = get(&slack, "conversations.history", &[("channel", "C1")]).await.unwrap();

    let texts = |page: &Value| -> Vec<String> {
        page["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&first), ["it is slow", "reply 0", "reply 1", "reply 2"]);
    assert_eq!(texts(&second), ["reply 3", "reply 4"]);
    assert_eq!(texts(&history), ["reply 4", "it is slow"], "the channel shows what was broadcast, the newest first");
    assert_eq!(history["messages"][1]["reply_count"], 5);
}

#[tokio::test]
async fn times_bound_what_is_read() {
    let slack = workspace().await;
    let all: Vec<String> = (0..3).map(|n| slack.say("U1", "C1", None, &format!("{n}"))).collect();
    let query = |inclusive| [("channel", "C1"), ("oldest", all[1].as_str()), ("inclusive", inclusive)];

    let after = get(&slack, "conversations.history", &query("false")).await.unwrap();
    let from = get(&slack, "conversations.history", &query("true")).await.unwrap();

    assert_eq!(after["messages"].as_array().unwrap().len(), 1);
    assert_eq!(from["messages"].as_array().unwrap().len(), 2);
}

#[rstest]
#[case::unknown_argument(json!({"channel": "C1", "text": "hi", "colour": "red"}), "invalid_arguments")]
#[case::unknown_channel(json!({"channel": "C9", "text": "hi"}), "channel_not_found")]
#[case::not_invited(json!({"channel": "G1", "text": "hi"}), "not_in_channel")]
#[case::no_such_thread(json!({"channel": "C1", "text": "hi", "thread_ts": "1.000001"}), "thread_not_found")]
#[case::nothing_said(json!({"channel": "C1"}), "no_text")]
#[case::too_long(json!({"channel": "C1", "text": "x".repeat(40_001)}), "msg_too_long")]
#[case::no_channel(json!({"text": "hi"}), "invalid_arguments")]
#[case::markdown_and_text(json!({"channel": "C1", "text": "a", "markdown_text": "b"}), "markdown_text_conflict")]
#[case::bad_metadata(json!({"channel": "C1", "text": "a", "metadata": {"event_type": "a b", "event_payload": {}}}), "invalid_metadata_format")]
#[case::bad_blocks(json!({"channel": "C1", "blocks": [{"type": "heading"}]}), "invalid_blocks")]
#[tokio::test]
async fn a_wrong_post_is_refused(#[case] body: Value, #[case] word: &str) {
    let slack = workspace().await;
    slack.add_private_channel("G1", "secret", &["U1"]);

    assert_eq!(refused(post(&slack, "chat.postMessage", &body).await), word);
    assert_eq!(slack.own("C1"), []);
    assert_eq!(slack.refusals().len(), 1);
}

#[tokio::test]
async fn only_own_messages_are_edited() {
    let slack = workspace().await;
    let ts = slack.say("U1", "C1", None, "mine");
    let edit = |ts: &str, text: &str| json!({"channel": "C1", "ts": ts, "text": text});

    assert_eq!(refused(post(&slack, "chat.update", &edit(&ts, "yours")).await), "cant_update_message");
    assert_eq!(refused(post(&slack, "chat.update", &edit("1.000001", "gone")).await), "message_not_found");
    let own = post(&slack, "chat.postMessage", &json!({"channel": "C1", "text": "own"})).await.unwrap();
    let long = edit(own["ts"].as_str().unwrap(), &"x".repeat(4_001));
    assert_eq!(refused(post(&slack, "chat.update", &long).await), "msg_too_long");
}

#[tokio::test]
async fn tokens_and_scopes_are_checked() {
    let slack = workspace().await;
    let client = client(&slack);
    let call = async |token: &str| -> Result<Value, _> {
        let token = SlackApiToken::new(token.into());
        let body = json!({"channel": "C1", "text": "hi"});
        client.open_session(&token).http_session_api.http_post("chat.postMessage", &body, None).await
    };

    assert_eq!(refused(call("xoxb-stolen").await), "invalid_auth");
    assert_eq!(refused(call(slack.app_token()).await), "not_allowed_token_type");
    slack.grant(&["commands"]);
    let Err(slack_morphism::errors::SlackClientError::ApiError(error)) = call(slack.bot_token()).await else {
        panic!("it was not refused");
    };
    let told: Value = serde_json::from_str(&error.http_response_body.unwrap()).unwrap();
    assert_eq!((told["error"].as_str(), told["needed"].as_str()), (Some("missing_scope"), Some("chat:write")));
}

#[tokio::test]
async fn a_file_goes_into_a_thread_in_three_steps() {
    let slack = workspace().await;
    let (client, token) = (client(&slack), bot(&slack));
    let session = client.open_session(&token);
    let root = slack.say("U1", "C1", None, "show me the logs");
    let content = b"FATAL DATABASE_URL is not set".to_vec();
    let asked = SlackApiFilesGetUploadUrlExternalRequest::new("app.log".into(), content.len());
    let place = session.get_upload_url_external(&asked).await.unwrap();
    let upload = SlackApiFilesUploadViaUrlRequest::new(place.upload_url, content.clone(), "text/plain".into());
    session.files_upload_via_url(&upload).await.unwrap();
    let files = vec![SlackApiFilesComplete::new(place.file_id).with_title("app.log of checkout".into())];
    let complete = SlackApiFilesCompleteUploadExternalRequest::new(files)
        .with_channel_id("C1".into())
        .with_thread_ts(root.clone().into());
    session.files_complete_upload_external(&complete).await.unwrap();

    let shared = &slack.thread("C1", &root)[1];
    assert_eq!(shared.files[0].content, content);
    assert_eq!(slack.files("C1")[0].title, "app.log of checkout");
}

#[tokio::test]
async fn people_and_channels_are_told() {
    let slack = workspace().await;
    slack.add_group("S1", "sre", &["U1"]);
    slack.kick("C2");
    let (client, token) = (client(&slack), bot(&slack));
    let session = client.open_session(&token);

    let me = session.auth_test().await.unwrap();
    let groups = session.usergroups_list(&SlackApiUserGroupsListRequest::new().with_include_users(true)).await.unwrap();
    let user = session.users_info(&SlackApiUsersInfoRequest::new("U1".into())).await.unwrap();
    let info = async |id: &str| {
        let asked = SlackApiConversationsInfoRequest::new(id.into());
        session.conversations_info(&asked).await.unwrap().channel.flags.is_member
    };

    assert_eq!(me.user_id.value(), slack.bot_user());
    assert_eq!(groups.usergroups[0].users.as_ref().unwrap()[0].value(), "U1");
    assert_eq!(user.user.name.as_deref(), Some("ada"));
    assert_eq!((info("C1").await, info("C2").await), (Some(true), Some(false)));
    assert_eq!(slack.refusals(), []);
}

#[tokio::test]
async fn what_one_person_sees_is_seen_by_nobody_else() {
    let slack = workspace().await;
    let body = |user: &str| json!({"channel": "C1", "user": user, "text": "you may not stop this"});

    post(&slack, "chat.postEphemeral", &body("U1")).await.unwrap();

    assert_eq!(slack.ephemerals("U1")[0].reads(), "you may not stop this");
    assert_eq!(slack.messages("C1"), []);
    assert_eq!(refused(post(&slack, "chat.postEphemeral", &body("U9")).await), "user_not_in_channel");
}

#[tokio::test]
async fn json_is_not_seen_by_methods_that_read() {
    let slack = workspace().await;
    let answer = post(&slack, "conversations.history", &json!({"channel": "C1"})).await;
    assert_eq!(refused(answer), "invalid_arguments");
}

#[tokio::test]
async fn everything_ends_with_the_workspace() {
    let slack: Slack = workspace().await;
    let url = slack.api_url();
    let address = url.trim_start_matches("http://").trim_end_matches("/api").to_owned();
    let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
    drop(slack);

    let mut byte = [0];
    let ended = tokio::io::AsyncReadExt::read(&mut connection, &mut byte).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "the connection is closed: {ended:?}");
}
