//! The chat platforms, as they are configured: what speaks there, and what listens.
//!
//! Must never be waited for at start: a platform that is away is a reason in the health. Start at [`Chats::new`].

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use midwatch_config::{Channel, Settings};
use midwatch_service::clock::SharedClock;
use midwatch_service::health::Health;
use midwatch_service::inbox::{ChannelDefaults, Ears};
use midwatch_service::port::chat::{ChatPlatform, Directory};
use midwatch_service::port::names::Names;
use tokio_util::sync::CancellationToken;

use super::discord::{self, Discord};
use super::lead::Lead;
use super::slack::{SLACK, Slack};
use crate::failure::Failure;

/// What threads on Discord call their platform.
pub(super) const DISCORD: &str = "discord";

/// What hears what the platforms bring.
#[derive(Clone)]
pub(super) struct Ear {
    pub(super) ears: Arc<dyn Ears>,
    #[cfg_attr(not(feature = "discord"), expect(dead_code, reason = "only Discord completes what is typed"))]
    pub(super) names: Arc<dyn Names>,
    pub(super) clock: SharedClock,
    pub(super) health: Arc<Health>,
}

/// The platforms.
pub(super) struct Chats {
    slack: Option<Slack>,
    discord: Option<Discord>,
}

impl Chats {
    /// Those that are configured.
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let slack = Slack::new(&settings.slack).map_err(Failure::usage)?;
        let discord = Discord::new(&settings.discord).map_err(Failure::usage)?;
        Ok(Self { slack, discord })
    }

    /// Names the parts that have to come up.
    pub(super) fn expect(&self, settings: &Settings, health: &Health) {
        // Signed requests come when somebody speaks; a socket stands or does not.
        if self.slack.is_some() && settings.slack.app_token.is_some() {
            health.expect(midwatch_slack::HEALTH, false);
        }
        if self.discord.is_some() {
            health.expect(discord::HEALTH, false);
        }
    }

    /// What sends.
    pub(super) fn platforms(&self) -> Vec<Arc<dyn ChatPlatform>> {
        self.slack.iter().map(Slack::platform).chain(self.discord.iter().map(Discord::platform)).collect()
    }

    /// What knows channels and people, by the platform's name.
    pub(super) fn directories(&self) -> BTreeMap<String, Arc<dyn Directory>> {
        let slack = self.slack.iter().map(|slack| (SLACK.to_owned(), slack.directory()));
        let discord = self.discord.iter().map(|discord| (DISCORD.to_owned(), discord.directory()));
        slack.chain(discord).collect()
    }

    /// Where signed requests come in.
    pub(super) fn router(&self, ear: &Ear) -> io::Result<Router> {
        let slack = self.slack.as_ref().map(|slack| slack.router(&slack.reception(ear))).unwrap_or_default();
        let discord = self.discord.as_ref().map(|discord| discord.router(ear)).transpose().map_err(io::Error::other)?;
        Ok(slack.merge(discord.unwrap_or_default()))
    }

    /// Listens where we are the ones to connect: at Slack each process, at Discord's gateway the one that leads that.
    pub(super) async fn listen(&self, ear: &Ear, gateway: &Lead, stop: &CancellationToken) {
        let slack = async {
            if let Some(slack) = &self.slack {
                slack.listen(slack.reception(ear), stop.clone()).await;
            }
        };
        let discord = async {
            if let Some(discord) = &self.discord {
                // A bot is listening there once.
                gateway.keep(stop, |turn| discord.listen(ear, turn)).await;
            }
        };
        tokio::join!(slack, discord);
    }
}

/// What is meant in each channel when it is not said.
pub(super) fn channels(settings: &Settings) -> BTreeMap<(String, String), ChannelDefaults> {
    let slack = settings.slack.channels.iter().map(|channel| meant(SLACK, channel));
    let discord = settings.discord.channels.iter().map(|channel| meant(DISCORD, channel));
    slack.chain(discord).collect()
}

fn meant<P>(platform: &str, channel: &Channel<P>) -> ((String, String), ChannelDefaults) {
    let defaults = ChannelDefaults { cluster: channel.cluster.clone(), namespace: channel.namespace.clone() };
    ((platform.to_owned(), channel.id.clone()), defaults)
}
