//! Answers for one person.

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_service::clock::SystemClock;
use midwatch_service::heard::Heard;
use midwatch_service::inbox::{Ack, Ears};
use midwatch_service::intake::Refused;
use midwatch_service::job::Actor;
use midwatch_service::port::names::{Names, Typed};
use midwatch_service::post::Private;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::{Listening, Reception, http};

const ORIGINAL: &str = "PATCH /webhooks/{application}/{token}/messages/@original";

/// Hears everything, and says that it will be answered.
struct Ear(mpsc::UnboundedSender<Heard>);

#[async_trait]
impl Ears for Ear {
    async fn hear(&self, heard: Heard) -> Result<Ack, Refused> {
        self.0.send(heard).map_err(|_| Refused::Draining)?;
        Ok(Ack::Silent)
    }
}

struct Nobody;

impl Names for Nobody {
    fn offer(&self, _: &Actor, _: &Typed, _: usize) -> Vec<String> {
        Vec::new()
    }
}

/// Takes interactions by signed HTTP; what is heard comes out.
async fn listening(discord: &Discord, platform: &DiscordPlatform) -> mpsc::UnboundedReceiver<Heard> {
    let (ear, heard) = mpsc::unbounded_channel();
    let reception = Reception {
        ears: Arc::new(Ear(ear)),
        names: Arc::new(Nobody),
        clock: Arc::new(SystemClock),
        health: Arc::default(),
        listening: Listening { guild: discord.guild().to_owned(), ..Listening::default() },
        platform: platform.clone(),
    };
    let router = http::router(reception, &discord.public_key()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{}", listener.local_addr().unwrap(), http::PATH);
    tokio::spawn(async move { axum::serve(listener, router).await });
    discord.deliver_interactions_to(&url).await.unwrap();
    heard
}

fn private(reply: Option<&str>, text: &str) -> Redacted<PostBody> {
    let reply = reply.map(str::to_owned);
    seal(PostBody::Private(Private { to: ANN.to_owned(), reply, answer: Answer::text(text) }))
}

#[tokio::test]
async fn a_handle_shows_one_answer_however_often_it_is_sent() {
    let w = World::new().await;
    let mut heard = listening(&w.discord, &w.platform).await;
    w.discord.slash(ANN, CHANNEL, "status", &[]).await.unwrap();
    let heard = heard.recv().await.unwrap();
    assert!(heard.waits);
    let reply = heard.reply.unwrap();
    for text in ["at first", "and then"] {
        w.platform.post(&thread(CHANNEL), &key("p"), &private(Some(&reply), text)).await.unwrap();
    }
    let seen = w.discord.privately(ANN);
    let [one] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(!one.thinking && one.message.reads().contains("and then"), "{one:?}");
    assert!(w.discord.calls().iter().all(|call| !call.route.contains("POST /webhooks")), "no follow-up");
    // The answer may have been lost: it is shown again.
    w.discord.fault(Rule::on(ORIGINAL, Fault::ResetAfter));
    let sent = w.platform.post(&thread(CHANNEL), &key("p"), &private(Some(&reply), "once more")).await;
    assert!(matches!(sent, Err(SendFailure::Unknown { .. })), "{sent:?}");
    w.platform.post(&thread(CHANNEL), &key("p"), &private(Some(&reply), "once more")).await.unwrap();
    assert_eq!(w.discord.privately(ANN).len(), 1);
    assert!(w.said(CHANNEL).is_empty());
}

#[tokio::test]
async fn who_left_no_handle_is_told_directly() {
    let w = World::new().await;
    let thread = w.rooted(CHANNEL).await;
    w.platform.post(&thread, &key("p"), &private(None, "only for you")).await.unwrap();
    let seen = w.discord.privately(ANN);
    assert!(seen.len() == 1 && seen[0].message.reads().contains("only for you"), "{seen:?}");
    assert_eq!(w.said(CHANNEL).len(), 1);
    w.discord.take_messages(ANN, false);
    let why = refused(w.platform.post(&thread, &key("q"), &private(None, "again")).await);
    assert!(why.contains("takes no direct messages"), "{why}");
}

#[tokio::test]
async fn a_handle_that_is_not_known_yet_is_tried_again_soon() {
    let w = World::new().await;
    let body = private(Some("aW50ZXJhY3Rpb24"), "only for you");
    let PostBody::Private(one) = body.as_ref() else { panic!() };
    assert!(w.platform.shows_again(one));
    let sent = w.platform.post(&thread(CHANNEL), &key("p"), &body).await;
    let Err(SendFailure::Retry { after, hold, why }) = sent else { panic!("{sent:?}") };
    assert_eq!((after, hold), (Some(Duration::from_millis(500)), None));
    assert!(!why.contains("aW50ZXJhY3Rpb24"), "{why}");
}
