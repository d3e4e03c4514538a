//! The chat platforms, as they are configured: what speaks there, and what listens.
//!
//! Must never be waited for at start: a platform that is away is a reason in the health. Start at [`Chats::new`].

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use midwatch_config::Settings;
use midwatch_service::clock::SharedClock;
use midwatch_service::health::Health;
use midwatch_service::inbox::{ChannelDefaults, Ears};
use midwatch_service::port::chat::{ChatPlatform, Directory};
use midwatch_service::port::names::Names;
use tokio_util::sync::CancellationToken;

use super::slack::{SLACK, Slack};
use crate::failure::Failure;

/// What hears what the platforms bring.
#[derive(Clone)]
pub(super) struct Ear {
    pub(super) ears: Arc<dyn Ears>,
    pub(super) names: Arc<dyn Names>,
    pub(super) clock: SharedClock,
    pub(super) health: Arc<Health>,
}

/// The platforms.
pub(super) struct Chats {
    slack: Option<Slack>,
}

impl Chats {
    /// Those that are configured.
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let slack = Slack::new(&settings.slack).map_err(Failure::usage)?;
        Ok(Self { slack })
    }

    /// Names the parts that have to come up.
    pub(super) fn expect(&self, settings: &Settings, health: &Health) {
        // Signed requests come when somebody speaks; a socket stands or does not.
        if self.slack.is_some() && settings.slack.app_token.is_some() {
            health.expect(midwatch_slack::HEALTH, false);
        }
    }

    /// What sends.
    pub(super) fn platforms(&self) -> Vec<Arc<dyn ChatPlatform>> {
        self.slack.iter().map(Slack::platform).collect()
    }

    /// What knows channels and people, by the platform's name.
    pub(super) fn directories(&self) -> BTreeMap<String, Arc<dyn Directory>> {
        self.slack.iter().map(|slack| (SLACK.to_owned(), slack.directory())).collect()
    }

    /// Where signed requests come in.
    pub(super) fn router(&self, ear: &Ear) -> Router {
        self.slack.as_ref().map(|slack| slack.router(&slack.reception(ear))).unwrap_or_default()
    }

    /// Listens where we are the ones to connect.
    pub(super) async fn listen(&self, ear: &Ear, stop: CancellationToken) {
        if let Some(slack) = &self.slack {
            slack.listen(slack.reception(ear), stop).await;
        }
    }
}

/// What is meant in each channel when it is not said.
pub(super) fn channels(settings: &Settings) -> BTreeMap<(String, String), ChannelDefaults> {
    let of_slack = settings.slack.channels.iter().map(|channel| {
        let defaults = ChannelDefaults { cluster: channel.cluster.clone(), namespace: channel.namespace.clone() };
        ((SLACK.to_owned(), channel.id.clone()), defaults)
    });
    of_slack.collect()
}
