//! Interactions, over the gateway and over the signed endpoint.

use midwatch_doubles::discord::{Discord, Options};
use midwatch_service::id::JobId;
use midwatch_service::job::Actor;
use serde_json::{Value, json};

use crate::stage::{ALICE, CHANNEL, Stage, words};

/// Discord's type of an answer.
const MESSAGE: u64 = 4;
const DEFERRED: u64 = 5;
const CHOICES: u64 = 8;
const MODAL: u64 = 9;

/// How interactions come in.
#[derive(Clone, Copy, Debug)]
enum Way {
    Gateway,
    Endpoint,
}

async fn stage(way: Way) -> Stage {
    let stage = Stage::new(Options::default()).await;
    stage.platform.register().await.unwrap();
    match way {
        Way::Gateway => stage.listening().await,
        Way::Endpoint => {
            let url = stage.endpoint().await;
            // Discord tries a ping with a good signature, and one with a bad signature, before it takes the address.
            stage.discord.deliver_interactions_to(&url).await.unwrap();
            stage
        }
    }
}

/// A message of ours with the button that opens a form; its id.
async fn report(discord: &Discord, job: JobId) -> String {
    let button = json!({"type": 2, "style": 2, "label": "Ask", "custom_id": format!("mw1:ask:{job}")});
    let body = json!({"content": "a report", "components": [{"type": 1, "components": [button]}]});
    let url = format!("{}/v10/channels/{CHANNEL}/messages", discord.api_url().trim_end_matches('/'));
    let request = reqwest::Client::new().post(url).header("authorization", format!("Bot {}", discord.bot_token()));
    let request = request.header("user-agent", "DiscordBot (https://example.com, 1)");
    let sent = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
    let sent: Value = serde_json::from_slice(&sent.bytes().await.unwrap()).unwrap();
    sent["id"].as_str().unwrap_or_else(|| panic!("{sent}")).to_owned()
}

async fn a_command_is_written_down_and_deferred(way: Way) {
    let stage = stage(way).await;
    let answered = stage.discord.slash_line(ALICE, CHANNEL, "status").await.unwrap();
    assert_eq!((answered.kind, &answered.data["flags"]), (DEFERRED, &json!(64)));
    let heard = stage.ears.all();
    let [heard] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((words(heard).as_str(), heard.waits, heard.reply.is_some()), ("command: status", true, true));
    let Actor { platform, user, channel, .. } = &heard.origin.actor;
    assert_eq!((platform.as_str(), user.as_str(), channel.as_deref()), ("discord", ALICE, Some(CHANNEL)));
}

async fn who_is_refused_is_told_at_once(way: Way) {
    let stage = stage(way).await;
    stage.ears.refuse(1);
    let answered = stage.discord.slash_line(ALICE, CHANNEL, "status").await.unwrap();
    assert_eq!((answered.kind, &answered.data["flags"]), (MESSAGE, &json!(64)));
    assert!(answered.data.to_string().contains("not taken"), "{}", answered.data);
    assert!(stage.ears.all().is_empty());
}

async fn names_are_offered_and_nothing_is_heard(way: Way) {
    let stage = stage(way).await;
    let answered = stage.discord.autocomplete(ALICE, CHANNEL, "investigate", &[], ("cluster", "prod")).await.unwrap();
    assert_eq!(answered.kind, CHOICES);
    assert_eq!(answered.data["choices"], json!([{"name": "prod-eu", "value": "prod-eu"}]));
    assert!(stage.ears.all().is_empty());
}

async fn a_form_asks_about_the_job_it_was_opened_for(way: Way) {
    let stage = stage(way).await;
    let job = JobId::new();
    let message = report(&stage.discord, job).await;
    let form = stage.discord.press(ALICE, CHANNEL, &message, &format!("mw1:ask:{job}")).await.unwrap();
    assert_eq!(form.kind, MODAL);
    assert!(stage.ears.all().is_empty(), "an open form is nothing yet");
    let answered = stage.discord.submit(&form, &[("question", "stop blaming the node")]).await.unwrap();
    assert_eq!(answered.kind, DEFERRED);
    let heard = stage.ears.all();
    let [heard] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(words(heard), format!("command: ask --of={job} -- stop blaming the node"));
    assert_eq!(heard.place.root.as_ref().map(|root| root.0.as_str()), Some(message.as_str()));
}

macro_rules! both_ways {
    ($($name:ident)*) => {
        mod over_the_gateway { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Way::Gateway).await; }
        )* }
        mod over_http { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(super::Way::Endpoint).await; }
        )* }
    };
}

both_ways! {
    a_command_is_written_down_and_deferred
    who_is_refused_is_told_at_once
    names_are_offered_and_nothing_is_heard
    a_form_asks_about_the_job_it_was_opened_for
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_interaction_leaves_out_is_filled_in_or_asked_for() {
    let stage = Stage::new(Options::default()).await;
    let url = stage.endpoint().await;
    let post = stage.discord.post_as_webhook(CHANNEL, &json!({"username": "x", "content": "y"}));
    stage.discord.say_in_new_thread(ALICE, CHANNEL, &post, "why?");
    let little = json!({
        "id": stage.discord.id(), "type": 2, "token": "t", "guild_id": stage.discord.guild(), "channel_id": post,
        "member": {"user": {"id": ALICE, "username": "alice"}},
        "data": {"id": "9", "name": "midwatch", "type": 1, "options": [{"type": 1, "name": "status"}]}
    })
    .to_string();
    let request = reqwest::Client::new().post(&url).body(little.clone());
    let signed = stage.discord.sign(jiff::Timestamp::now().as_second(), &little).to_vec();
    let answered = signed.into_iter().fold(request, |r, (name, value)| r.header(name, value)).send().await.unwrap();
    assert_eq!(answered.status().as_u16(), 200);
    let heard = stage.ears.all();
    let [heard] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(words(heard), "command: status");
    assert_eq!((heard.place.channel.as_str(), heard.place.root.as_ref().unwrap().0.as_str()), (CHANNEL, post.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_discord_signed_lately_is_answered() {
    let stage = Stage::new(Options::default()).await;
    let url = stage.endpoint().await;
    let now = jiff::Timestamp::now().as_second();
    let ping = json!({"id": "1", "application_id": "2", "type": 1, "token": "t", "version": 1}).to_string();
    let send = |signed: Vec<(&'static str, String)>, body: String| {
        let request =
            signed.into_iter().fold(reqwest::Client::new().post(&url), |r, (name, value)| r.header(name, value));
        async move { request.body(body).send().await.unwrap().status().as_u16() }
    };
    let sign = |at: i64, body: &str| stage.discord.sign(at, body).to_vec();
    assert_eq!(send(sign(now, &ping), ping.clone()).await, 200);
    assert_eq!(send(sign(now - 330, &ping), ping.clone()).await, 401, "too old");
    assert_eq!(send(sign(now + 330, &ping), ping.clone()).await, 401, "from the future");
    assert_eq!(send(sign(i64::MIN, &ping), ping.clone()).await, 401, "before all time");
    assert_eq!(send(sign(now, "{}"), ping.clone()).await, 401, "another body");
    assert_eq!(send(Vec::new(), ping.clone()).await, 401, "no signature");
    let mut odd = sign(now, &ping);
    odd[0].1 = "zz".to_owned();
    assert_eq!(send(odd, ping).await, 401, "no hexadecimal");
    assert_eq!(send(sign(now, "{}"), "{}".to_owned()).await, 400, "signed, but no interaction");
    let large = "x".repeat(2 << 20);
    assert_eq!(send(sign(now, &large), large).await, 413);
    assert!(midwatch_discord::http::router(stage.reception(), "no key").is_err());
}
