//! The gateway, with the client library that production uses: what it cannot read it drops, and the test waits in vain.

use std::time::Duration;

use async_trait::async_trait;
use midwatch_doubles::discord::{DeliveryFault, Discord, Rule};
use serde_json::json;
use serenity::all::{ActivityData, ClientBuilder, Context, Event, GatewayIntents, HttpBuilder, RawEventHandler};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{ADA, ALERTS, client, guild, send};

/// How long a test waits for one event.
const PATIENCE: Duration = Duration::from_secs(30);

/// An app that hands on what it hears.
struct App(UnboundedSender<Event>);

#[async_trait]
impl RawEventHandler for App {
    async fn raw_event(&self, _: Context, event: Event) {
        let _ = self.0.send(event);
    }
}

pub(crate) struct Heard {
    events: UnboundedReceiver<Event>,
    _stop: DropGuard,
}

impl Heard {
    /// The next event that is looked for; what comes before it is passed over.
    pub(crate) async fn next<T>(&mut self, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        let find = async {
            loop {
                let event = self.events.recv().await.unwrap();
                if let Some(found) = look(&event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, find).await.unwrap()
    }

    async fn said(&mut self) -> String {
        self.next(|event| match event {
            Event::MessageCreate(event) => Some(event.message.content.clone()),
            _ => None,
        })
        .await
    }
}

fn usual() -> GatewayIntents {
    GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT
}

/// Connects the client library, and waits until it has a session.
pub(crate) async fn connect(discord: &Discord) -> Heard {
    let heard = start(discord, discord.bot_token(), usual()).await.0;
    discord.wait_for("a session", |discord| (discord.identified() == 1).then_some(())).await;
    heard
}

/// Starts the client library; also what it ends with.
async fn start(
    discord: &Discord,
    token: &str,
    intents: GatewayIntents,
) -> (Heard, tokio::task::JoinHandle<Option<serenity::Error>>) {
    let _ = client();
    let origin = discord.api_url().replace("/api", "");
    let id = discord.application_id().parse::<u64>().unwrap();
    let http = HttpBuilder::new(token).application_id(id.into()).proxy(origin).ratelimiter_disabled(true).build();
    let (tell, events) = unbounded_channel();
    let builder = ClientBuilder::new_with_http(http, intents).raw_event_handler(App(tell));
    let mut client = builder.activity(ActivityData::custom("on watch")).await.unwrap();
    let (shards, stop) = (client.shard_manager.clone(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move {
        stopped.cancelled().await;
        shards.shutdown_all().await;
    });
    let ended = tokio::spawn(async move { client.start().await.err() });
    (Heard { events, _stop: stop.drop_guard() }, ended)
}

#[tokio::test]
async fn a_session_begins_with_the_guild_as_it_is() {
    let discord = guild().await;
    discord.open_post(ADA, "incidents", "fire", "it burns");
    let mut heard = connect(&discord).await;

    let (session, application, flags) = heard
        .next(|event| match event {
            Event::Ready(event) => {
                Some((event.ready.session_id.clone(), event.ready.application.id, event.ready.application.flags))
            }
            _ => None,
        })
        .await;
    let guild = heard
        .next(|event| match event {
            Event::GuildCreate(event) => Some(event.guild.clone()),
            _ => None,
        })
        .await;

    assert!(!session.is_empty());
    assert_eq!((application.to_string(), flags.bits()), (discord.application_id().to_owned(), 1 << 19));
    assert_eq!((guild.id.to_string(), guild.channels.len(), guild.threads.len()), (discord.guild().to_owned(), 2, 1));
    assert_eq!(discord.called("GET /gateway"), 1, "else the real one was asked");
}

#[tokio::test]
async fn what_happens_is_told() {
    let discord = guild().await;
    let mut heard = connect(&discord).await;
    let root = discord.mention(ADA, ALERTS, "look");
    let message = heard
        .next(|event| match event {
            Event::MessageCreate(event) => Some(event.message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((message.author.name.as_str(), message.mentions.len()), ("ada", 1));
    assert_eq!(message.guild_id.map(|id| id.to_string()).as_deref(), Some(discord.guild()));

    let posted =
        discord.post_as_webhook(ALERTS, &json!({"username": "Alertmanager", "embeds": [{"title": "it burns"}]}));
    let message = heard
        .next(|event| match event {
            Event::MessageCreate(event) => Some(event.message.clone()),
            _ => None,
        })
        .await;
    assert_eq!((message.embeds[0].title.as_deref(), message.webhook_id.is_some()), (Some("it burns"), true));
    discord.edit_as_webhook(ALERTS, &posted, &json!({"embeds": [{"title": "it is out"}]}));
    let edited = heard
        .next(|event| match event {
            Event::MessageUpdate(event) => event.embeds.clone(),
            _ => None,
        })
        .await;
    assert_eq!(edited[0].title.as_deref(), Some("it is out"));

    discord.say_in_new_thread(ADA, ALERTS, &root, "in here");
    let thread = heard
        .next(|event| match event {
            Event::ThreadCreate(event) => Some(event.thread.clone()),
            _ => None,
        })
        .await;
    assert_eq!(
        (thread.id.to_string(), thread.parent_id.map(|id| id.to_string()).as_deref()),
        (root.clone(), Some(ALERTS))
    );
    discord.archive(&root);
    let archived = |event: &Event| match event {
        Event::ThreadUpdate(event) => event.thread.thread_metadata.map(|thread| thread.archived),
        _ => None,
    };
    assert!(heard.next(archived).await);
    discord.delete(ALERTS, &posted);
    heard.next(|event| matches!(event, Event::MessageDelete(_)).then_some(())).await;
    discord.kick(ALERTS);
    discord.invite(ALERTS);
    heard.next(|event| matches!(event, Event::ThreadListSync(_)).then_some(())).await;
    discord.delete_thread(&root);
    heard.next(|event| matches!(event, Event::ThreadDelete(_)).then_some(())).await;
}

#[tokio::test]
async fn a_broken_socket_is_resumed_and_nothing_is_lost() {
    let discord = guild().await;
    let mut heard = connect(&discord).await;
    discord.say(ADA, ALERTS, "one");
    assert_eq!(heard.said().await, "one");
    discord.drop_sockets();
    discord.wait_for("the end of the socket", |discord| (discord.identified() == 0).then_some(())).await;
    discord.say(ADA, ALERTS, "two");

    assert_eq!(heard.said().await, "two");
    heard.next(|event| matches!(event, Event::Resumed(_)).then_some(())).await;
    assert_eq!(discord.sockets_opened(), 2);
}

#[tokio::test]
async fn a_client_that_is_asked_to_reconnect_goes_on() {
    let discord = guild().await;
    let mut heard = connect(&discord).await;
    heard.next(|event| matches!(event, Event::GuildCreate(_)).then_some(())).await;
    discord.ask_to_reconnect();
    heard.next(|event| matches!(event, Event::Resumed(_)).then_some(())).await;
    discord.say(ADA, ALERTS, "one");
    assert_eq!(heard.said().await, "one");
}

#[tokio::test]
async fn a_client_whose_session_is_invalid_begins_anew() {
    let discord = guild().await;
    let mut heard = connect(&discord).await;
    heard.next(|event| matches!(event, Event::GuildCreate(_)).then_some(())).await;
    discord.invalidate_sessions(false);
    heard.next(|event| matches!(event, Event::Ready(_)).then_some(())).await;
    discord.say(ADA, ALERTS, "one");
    assert_eq!(heard.said().await, "one");
}

#[tokio::test]
async fn deliveries_come_twice_late_and_over_another_socket() {
    let discord = guild().await;
    let mut heard = connect(&discord).await;
    heard.next(|event| matches!(event, Event::GuildCreate(_)).then_some(())).await;
    for (fault, nth) in [(DeliveryFault::Twice, 1), (DeliveryFault::AfterNext, 2), (DeliveryFault::DropBefore, 4)] {
        discord.delivery_fault(Rule::on("MESSAGE_CREATE", fault).nth(nth));
    }
    for text in ["twice", "late", "early", "broken"] {
        discord.say(ADA, ALERTS, text);
    }
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(heard.said().await);
    }

    assert_eq!(order, ["twice", "twice", "early", "late", "broken"]);
    assert_eq!(discord.sockets_opened(), 2);
}

#[tokio::test]
async fn without_the_intent_messages_come_without_words() {
    let discord = guild().await;
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES;
    let (mut heard, _ended) = start(&discord, discord.bot_token(), intents).await;
    discord.wait_for("a session", |discord| (discord.identified() == 1).then_some(())).await;
    discord.say(ADA, ALERTS, "hidden");
    discord.mention(ADA, ALERTS, "seen");
    send(&discord, &json!({"content": "own"})).await;

    assert_eq!(heard.said().await, "");
    assert_eq!(heard.said().await, format!("<@{}> seen", discord.bot_user()));
    assert_eq!(heard.said().await, "own");
}

#[tokio::test]
async fn who_may_not_come_in_is_told_why() {
    let discord = guild().await;
    discord.grant_message_content(false);
    let cases = [
        ("wrong", usual(), "InvalidAuthentication"),
        (discord.bot_token(), GatewayIntents::from_bits_retain(1 << 30), "InvalidGatewayIntents"),
        (discord.bot_token(), usual(), "DisallowedGatewayIntents"),
    ];
    for (token, intents, why) in cases {
        let (_heard, ended) = start(&discord, token, intents).await;
        let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap();
        assert!(format!("{ended:?}").contains(why), "{ended:?} instead of {why}");
    }
}
