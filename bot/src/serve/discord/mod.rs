//! Discord, as it is configured: what speaks there, and what listens.
//!
//! Must never be waited for at start: a platform that is away is a reason in the health. What a build without the cargo
//! feature `discord` has in its place is in `absent.rs`. Start at [`Discord::new`].

use std::sync::Arc;

use axum::Router;
use midwatch_config::DiscordSettings;
use midwatch_discord::gateway::Gateway;
use midwatch_discord::{DiscordError, DiscordOptions, DiscordPlatform, Listening, Reception};
use midwatch_service::port::chat::{ChatPlatform, Directory};
use tokio_util::sync::CancellationToken;

use super::chats::Ear;

/// The name of its part of the health.
pub(super) use midwatch_discord::HEALTH;

/// One guild.
pub(crate) struct Discord {
    options: DiscordOptions,
    platform: DiscordPlatform,
    public_key: Option<String>,
    listening: Listening,
}

impl Discord {
    /// The configured one, if there is one.
    pub(crate) fn new(settings: &DiscordSettings) -> Result<Option<Self>, DiscordError> {
        let Some((bot_token, guild)) = settings.bot_token.clone().zip(settings.guild.clone()) else { return Ok(None) };
        let defaults = DiscordOptions::new(bot_token, guild)?;
        let options = DiscordOptions {
            api_url: settings.api_url.clone().unwrap_or(defaults.api_url),
            timeout: settings.timeout,
            ..defaults
        };
        let bound = settings.channels.iter().filter(|channel| channel.alerts);
        let alert_channels = bound.map(|channel| channel.id.clone()).collect();
        let named = settings.channels.iter().map(|channel| &channel.id);
        let channels = settings.channel.iter().chain(named).cloned().collect();
        let listening = Listening { guild: options.guild.clone(), alert_channels, channels };
        let platform = DiscordPlatform::new(&options)?;
        Ok(Some(Self { options, platform, public_key: settings.public_key.clone(), listening }))
    }

    /// What sends.
    pub(super) fn platform(&self) -> Arc<dyn ChatPlatform> {
        Arc::new(self.platform.clone())
    }

    /// What knows channels and people.
    pub(super) fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.platform.clone())
    }

    /// What `doctor` and the verbs of `midwatch discord` look at.
    pub(crate) fn guild(&self) -> &DiscordPlatform {
        &self.platform
    }

    fn reception(&self, ear: &Ear) -> Reception {
        let Ear { ears, names, clock, health } = ear.clone();
        let (listening, platform) = (self.listening.clone(), self.platform.clone());
        Reception { ears, names, clock, health, listening, platform }
    }

    /// Where signed interactions come in; nowhere without a public key.
    pub(super) fn router(&self, ear: &Ear) -> Result<Router, DiscordError> {
        let Some(key) = &self.public_key else { return Ok(Router::new()) };
        midwatch_discord::http::router(self.reception(ear), key)
    }

    /// Listens at the gateway.
    pub(super) async fn listen(&self, ear: &Ear, stop: CancellationToken) {
        let gateway = Gateway {
            options: self.options.clone(),
            reception: self.reception(ear),
            interactions: self.public_key.is_none(),
        };
        gateway.run(stop).await;
    }
}
