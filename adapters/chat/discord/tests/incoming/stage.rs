//! The double of Discord, our gateway or endpoint, and ears that remember.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_discord::gateway::Gateway;
use midwatch_discord::{DiscordOptions, DiscordPlatform, HEALTH, Listening, Reception, http};
use midwatch_doubles::discord::{Discord, Options};
use midwatch_service::clock::SystemClock;
use midwatch_service::health::{Health, Status};
use midwatch_service::heard::{Heard, Said};
use midwatch_service::inbox::{Ack, Ears};
use midwatch_service::intake::Refused;
use midwatch_service::job::Actor;
use midwatch_service::port::names::{Names, Typed};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

pub(crate) const CHANNEL: &str = "1001";
pub(crate) const ALICE: &str = "2001";

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

/// Ears that remember, and refuse as often as they are told to.
pub(crate) struct Remembering {
    heard: watch::Sender<Vec<Heard>>,
    refusals: AtomicUsize,
}

#[async_trait]
impl Ears for Remembering {
    async fn hear(&self, heard: Heard) -> Result<Ack, Refused> {
        if self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Refused::Draining);
        }
        self.heard.send_modify(|all| all.push(heard));
        Ok(Ack::Silent)
    }
}

impl Remembering {
    pub(crate) fn refuse(&self, times: usize) {
        self.refusals.store(times, Ordering::SeqCst);
    }

    pub(crate) fn all(&self) -> Vec<Heard> {
        self.heard.borrow().clone()
    }

    /// What was said by then, each thing once, in the order in which it was first heard.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut known = BTreeSet::new();
        self.all().iter().filter(|heard| known.insert(heard.id.clone())).map(words).collect()
    }

    /// Waits until all of this was heard.
    pub(crate) async fn wait_for(&self, wanted: &[&str]) {
        let mut heard = self.heard.subscribe();
        let there = |all: &Vec<Heard>| {
            let all: Vec<String> = all.iter().map(words).collect();
            wanted.iter().all(|wanted| all.iter().any(|words| words == wanted))
        };
        let came = tokio::time::timeout(PATIENCE, heard.wait_for(there)).await;
        assert!(came.is_ok(), "{wanted:?} was not heard, but {:?}", self.words());
    }
}

/// What was said, in one line.
pub(crate) fn words(heard: &Heard) -> String {
    match &heard.said {
        Said::Command { text } => format!("command: {text}"),
        Said::Mention { text } => format!("mention: {text}"),
        Said::Message { text } => format!("message: {text}"),
        Said::Post { post, edited } => format!("{}: {}", if *edited { "edit" } else { "post" }, post.text),
        Said::Unreadable { .. } => "unreadable".to_owned(),
        Said::Press { button } => format!("press: {button}"),
    }
}

struct TwoClusters;

impl Names for TwoClusters {
    fn offer(&self, to: &Actor, typed: &Typed, _most: usize) -> Vec<String> {
        let names = ["prod-eu", "staging"].into_iter().filter(|name| name.starts_with(&typed.begun));
        names.map(|name| if to.user == ALICE { name.to_owned() } else { String::new() }).collect()
    }
}

pub(crate) struct Stage {
    pub(crate) discord: Discord,
    pub(crate) platform: DiscordPlatform,
    pub(crate) ears: Arc<Remembering>,
    options: DiscordOptions,
    health: Arc<Health>,
    stop: CancellationToken,
    _stop: DropGuard,
}

impl Stage {
    /// A guild with a channel and a person, and us in it; nothing listens yet.
    pub(crate) async fn new(options: Options) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let discord = Discord::start(options).await;
        discord.add_channel(CHANNEL, "alerts");
        discord.add_user(ALICE, "alice");
        let mut options = DiscordOptions::new(SecretString::from(discord.bot_token()), discord.guild()).unwrap();
        options.api_url = Url::parse(&discord.api_url()).unwrap();
        let platform = DiscordPlatform::new(&options).unwrap();
        let ears = Arc::new(Remembering { heard: watch::Sender::new(Vec::new()), refusals: AtomicUsize::new(0) });
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        Self { discord, platform, ears, options, health: Arc::default(), stop, _stop: guard }
    }

    pub(crate) fn reception(&self) -> Reception {
        let guild = self.discord.guild().to_owned();
        Reception {
            ears: self.ears.clone(),
            names: Arc::new(TwoClusters),
            clock: Arc::new(SystemClock),
            health: self.health.clone(),
            listening: Listening { guild, alert_channels: [CHANNEL.to_owned()].into(), channels: [].into() },
            platform: self.platform.clone(),
        }
    }

    /// Speaks with another token from now on.
    pub(crate) fn token(&mut self, token: &'static str) {
        self.options.bot_token = SecretString::from(token);
        self.platform = DiscordPlatform::new(&self.options).unwrap();
    }

    /// Listens to the gateway from now on.
    pub(crate) fn listen(&self) {
        let gateway = Gateway { options: self.options.clone(), reception: self.reception(), interactions: true };
        tokio::spawn(gateway.run(self.stop.clone()));
    }

    /// Listens, and waits until Discord would deliver.
    pub(crate) async fn listening(self) -> Self {
        self.listen();
        self.health_is(Status::Up, "").await;
        self
    }

    /// Opens an endpoint for interactions; its address.
    pub(crate) async fn endpoint(&self) -> String {
        let router = http::router(self.reception(), &self.discord.public_key()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = self.stop.clone().cancelled_owned();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stop).into_future());
        format!("http://{address}{}", http::PATH)
    }

    /// Waits until health says this much.
    pub(crate) async fn health_is(&self, status: Status, words: &str) {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let health = self.health.parts().remove(HEALTH);
            if health.as_ref().is_some_and(|part| part.status == status && part.reason.contains(words)) {
                return;
            }
            let told = || self.discord.told();
            assert!(tokio::time::Instant::now() < until, "not {status:?} {words:?} but {health:?}\n{}", told());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
