//! Messages, threads, permissions, as the REST API has them.

use std::time::Duration;

use midwatch_doubles::discord::permissions::{EMBED_LINKS, READ_MESSAGE_HISTORY, SEND_MESSAGES};
use midwatch_doubles::discord::{Discord, Limits, Message, Options};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{ADA, ALERTS, FORUM, Hand, answered, client, get, guild, patch, post, send, with};

#[tokio::test]
async fn only_the_bot_may_call_and_says_who_it_is() {
    let discord = guild().await;
    let url = format!("{}/v10/users/@me", discord.api_url());
    let nobody = answered(client().get(&url).header("authorization", "Bot wrong")).await.unwrap();
    let faceless = reqwest::Client::builder().build().unwrap();
    let token = format!("Bot {}", discord.bot_token());
    let unnamed = answered(faceless.get(&url).header("authorization", token)).await.unwrap();

    assert_eq!((nobody.status, unnamed.status), (401, 403));
    assert_eq!(get(&discord, "/users/@me").await.id(), discord.bot_user());
    let application = get(&discord, "/applications/@me").await;
    assert_eq!(application.body["verify_key"], discord.public_key());
    assert_eq!(application.body["flags"], 1 << 19);
    assert_eq!(get(&discord, "/no/such/thing").await.code(), (404, 0));
}

#[tokio::test]
async fn a_message_is_sent_read_and_edited() {
    let discord = guild().await;
    let sent = send(&discord, &json!({"content": " hello ", "embeds": [{"title": "a"}]})).await;
    let path = format!("/channels/{ALERTS}/messages/{}", sent.id());
    let edited = patch(&discord, &path, &json!({"embeds": [{"title": "b"}]})).await;

    assert_eq!((&sent.body["content"], &edited.body["content"]), (&json!("hello"), &json!("hello")));
    assert_eq!(get(&discord, &path).await.body["embeds"][0]["title"], "b");
    let kept = discord.message(ALERTS, &sent.id()).unwrap();
    assert_eq!((kept.reads(), kept.before.len()), ("hello\nb".to_owned(), 1));
    let of_ada = discord.say(ADA, "alerts", "mine");
    let path = format!("/channels/{ALERTS}/messages/{of_ada}");
    assert_eq!(patch(&discord, &path, &json!({"content": "x"})).await.code(), (403, 50005));
    assert_eq!(get(&discord, &format!("/channels/{ALERTS}/messages/1")).await.code(), (404, 10008));
    assert_eq!(get(&discord, "/channels/999/messages/1").await.code(), (404, 10003));
}

#[tokio::test]
async fn a_nonce_gives_back_the_message_while_it_is_known() {
    let clock = Hand::new();
    let discord = with(Options { clock: clock.clone(), limits: Limits::none(), ..Options::default() }).await;
    let body = json!({"content": "once", "nonce": "3f9a2c81d0b4", "enforce_nonce": true});
    let (first, again) = (send(&discord, &body).await, send(&discord, &body).await);
    assert_eq!((first.id(), &again.body["nonce"]), (again.id(), &json!("3f9a2c81d0b4")));

    discord.forget_nonces();
    let forgotten = send(&discord, &body).await.id();
    clock.advance(Duration::from_mins(10));
    let later = send(&discord, &body).await.id();

    assert_eq!(discord.messages(ALERTS).len(), 3);
    assert!(first.id() < forgotten && forgotten < later, "ids grow with the clock");
    let path = format!("/channels/{ALERTS}/messages/{later}");
    assert_eq!(get(&discord, &path).await.body.get("nonce"), None, "Discord tells it only at once");
}

#[tokio::test]
async fn files_come_as_a_form() {
    let discord = guild().await;
    let file = Part::bytes(b"one\r\n--two\r\n".to_vec()).file_name("report.md").mime_str("text/markdown").unwrap();
    let form = Form::new().text("payload_json", json!({"content": "with"}).to_string()).part("files[0]", file);
    let url = format!("{}/v10/channels/{ALERTS}/messages", discord.api_url());
    let request = client().post(url).header("authorization", format!("Bot {}", discord.bot_token())).multipart(form);
    let sent = answered(request).await.unwrap();

    let kept = &discord.message(ALERTS, &sent.id()).unwrap().files[0];
    assert_eq!((kept.name.as_str(), kept.content.as_slice()), ("report.md", &b"one\r\n--two\r\n"[..]));
    let url = sent.body["attachments"][0]["url"].as_str().unwrap();
    let bytes = client().get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.as_ref(), b"one\r\n--two\r\n");
}

#[tokio::test]
async fn pages_are_read_newest_first() {
    let discord = guild().await;
    let ids: Vec<String> = (0..5).map(|n| discord.say(ADA, ALERTS, &format!("word {n}"))).collect();
    let page = async |query: &str| {
        let answer = get(&discord, &format!("/channels/{ALERTS}/messages?{query}")).await;
        let all = answer.body.as_array().unwrap().clone();
        all.iter().map(|m| m["content"].as_str().unwrap().replace("word ", "")).collect::<String>()
    };

    assert_eq!(page("limit=3").await, "432");
    assert_eq!(page(&format!("limit=2&before={}", ids[3])).await, "21");
    assert_eq!(page(&format!("limit=2&after={}", ids[0])).await, "21", "the oldest of those after it");
    assert_eq!(page(&format!("limit=3&around={}", ids[2])).await, "321");
    assert_eq!(get(&discord, &format!("/channels/{ALERTS}/messages?limit=101")).await.code(), (400, 50035));
}

#[tokio::test]
async fn a_thread_has_the_id_of_its_message_and_is_reopened_by_a_post() {
    let discord = guild().await;
    let root = discord.say(ADA, ALERTS, "it burns");
    let (open, name) = (format!("/channels/{ALERTS}/messages/{root}/threads"), json!({"name": "fire"}));
    assert_eq!(post(&discord, &open, &name).await.id(), root);
    assert_eq!(post(&discord, &open, &name).await.code(), (400, 160_004));
    let inside = post(&discord, &format!("/channels/{root}/messages"), &json!({"content": "looking"})).await.id();

    discord.archive(&root);
    let edit = format!("/channels/{root}/messages/{inside}");
    assert_eq!(patch(&discord, &edit, &json!({"content": "found"})).await.code(), (400, 50083));
    assert_eq!(active(&discord).await, json!([]));
    patch(&discord, &format!("/channels/{root}"), &json!({"archived": false})).await;
    assert_eq!(patch(&discord, &edit, &json!({"content": "found"})).await.status, 200);
    discord.archive(&root);
    assert_eq!(post(&discord, &format!("/channels/{root}/messages"), &json!({"content": "more"})).await.status, 200);

    assert_eq!(active(&discord).await, json!([root]));
    let read: Vec<String> = discord.thread(&root).iter().map(Message::reads).collect();
    assert_eq!(read, ["it burns", "found", "more"]);
    discord.lock(&root);
    assert_eq!(
        post(&discord, &format!("/channels/{root}/messages"), &json!({"content": "x"})).await.code(),
        (400, 160_005)
    );
}

async fn active(discord: &Discord) -> Value {
    let answer = get(discord, &format!("/guilds/{}/threads/active", discord.guild())).await;
    answer.body["threads"].as_array().unwrap().iter().map(|thread| thread["id"].clone()).collect()
}

#[tokio::test]
async fn a_post_of_a_forum_is_a_thread_with_a_first_message() {
    let discord = guild().await;
    let body = json!({"name": "fire", "message": {"embeds": [{"title": "it burns"}]}});
    let opened = post(&discord, &format!("/channels/{FORUM}/threads"), &body).await;

    assert_eq!(
        (opened.id(), &opened.body["parent_id"]),
        (opened.body["message"]["id"].as_str().unwrap().to_owned(), &json!(FORUM))
    );
    assert_eq!(discord.thread(&opened.id())[0].reads(), "it burns");
    assert_eq!(
        post(&discord, &format!("/channels/{FORUM}/messages"), &json!({"content": "x"})).await.code(),
        (400, 50008)
    );
}

#[tokio::test]
async fn what_was_taken_from_the_bot_it_may_not() {
    let discord = guild().await;
    discord.deny(ALERTS, EMBED_LINKS);
    assert_eq!(send(&discord, &json!({"embeds": [{"title": "a"}]})).await.code(), (403, 50013));
    assert_eq!(send(&discord, &json!({"content": "a"})).await.status, 200);
    discord.deny(ALERTS, SEND_MESSAGES | READ_MESSAGE_HISTORY);
    assert_eq!(send(&discord, &json!({"content": "a"})).await.code(), (403, 50013));
    assert_eq!(get(&discord, &format!("/channels/{ALERTS}/messages")).await.body, json!([]));
    discord.kick(ALERTS);
    assert_eq!(send(&discord, &json!({"content": "a"})).await.code(), (403, 50001));
    discord.invite(ALERTS);
    assert_eq!(send(&discord, &json!({"embeds": [{"title": "a"}]})).await.status, 200);
}

#[tokio::test]
async fn a_person_may_close_the_door() {
    let discord = guild().await;
    let open = async || post(&discord, "/users/@me/channels", &json!({"recipient_id": ADA})).await.id();
    let direct = open().await;
    assert_eq!(open().await, direct);
    let path = format!("/channels/{direct}/messages");
    post(&discord, &path, &json!({"content": "for you"})).await;
    discord.take_messages(ADA, false);
    assert_eq!(post(&discord, &path, &json!({"content": "again"})).await.code(), (403, 50007));
    let seen: Vec<String> = discord.privately(ADA).iter().map(|shown| shown.message.reads()).collect();
    assert_eq!(seen, ["for you"]);
}

#[tokio::test]
async fn without_the_intent_what_others_say_is_empty() {
    let discord = guild().await;
    let said = discord.say(ADA, ALERTS, "hello");
    let named = discord.mention(ADA, ALERTS, "hello");
    discord.grant_message_content(false);
    let content =
        async |id: &str| get(&discord, &format!("/channels/{ALERTS}/messages/{id}")).await.body["content"].clone();

    assert_eq!(content(&said).await, "");
    assert_eq!(content(&named).await, format!("<@{}> hello", discord.bot_user()));
    assert_eq!(get(&discord, "/applications/@me").await.body["flags"], 0);
}

#[tokio::test]
async fn what_is_escaped_is_read_and_does_not_act() {
    let discord = guild().await;
    let sent = send(
        &discord,
        &json!({"embeds": [
            {"description": "\\<@1\\> `\\<@2>` <@3> ``a`b`` \\` <@4> \\`", "footer": {"text": "\\*"}},
        ]}),
    )
    .await;
    let look = discord.message(ALERTS, &sent.id()).unwrap().look;

    assert_eq!(look.reads(), "<@1> `\\<@2>` <@3> ``a`b`` ` <@4> `\n\\*");
    let acting: Vec<&str> = ["<@1", "<@2", "<@3", "<@4"].into_iter().filter(|one| look.live().contains(one)).collect();
    assert_eq!(acting, ["<@3", "<@4"]);
}
