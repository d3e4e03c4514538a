//! Slack, as it is configured: what speaks there, and what listens.
//!
//! Must never be waited for at start: a workspace that is away is a reason in the health. Start at [`Slack::new`].

use std::sync::Arc;

use axum::Router;
use midwatch_config::SlackSettings;
use midwatch_service::port::chat::{ChatPlatform, Directory};
use midwatch_slack::socket::Sockets;
use midwatch_slack::{Listening, Reception, SlackError, SlackOptions, SlackPlatform};
use tokio_util::sync::CancellationToken;

use super::chats::Ear;

/// What threads on Slack call their platform.
pub(super) const SLACK: &str = "slack";

/// One workspace.
pub(crate) struct Slack {
    options: SlackOptions,
    platform: Arc<SlackPlatform>,
    connections: u32,
    listening: Listening,
}

impl Slack {
    /// The configured one, if there is one.
    pub(crate) fn new(settings: &SlackSettings) -> Result<Option<Self>, SlackError> {
        let Some(bot_token) = settings.bot_token.clone() else { return Ok(None) };
        let defaults = SlackOptions::new(bot_token)?;
        let options = SlackOptions {
            app_token: settings.app_token.clone(),
            signing_secret: settings.signing_secret.clone(),
            api_url: settings.api_url.clone().unwrap_or(defaults.api_url),
            broadcast_verdict: settings.broadcast_verdict,
            user_groups: settings.user_groups,
            timeout: settings.timeout,
            ..defaults
        };
        let bound = settings.channels.iter().filter(|channel| channel.alerts);
        let listening = Listening { alert_channels: bound.map(|channel| channel.id.clone()).collect() };
        let platform = Arc::new(SlackPlatform::new(&options)?);
        Ok(Some(Self { options, platform, connections: settings.connections, listening }))
    }

    /// What sends.
    pub(super) fn platform(&self) -> Arc<dyn ChatPlatform> {
        self.platform.clone()
    }

    /// What knows channels and people.
    pub(super) fn directory(&self) -> Arc<dyn Directory> {
        self.platform.clone()
    }

    /// What `doctor` looks at.
    pub(crate) fn workspace(&self) -> &SlackPlatform {
        &self.platform
    }

    /// What takes in what Slack delivers.
    pub(super) fn reception(&self, ear: &Ear) -> Reception {
        let Ear { ears, clock, health, .. } = ear.clone();
        Reception { ears, clock, health, listening: self.listening.clone() }
    }

    /// Where signed requests come in; nowhere without a signing secret.
    pub(super) fn router(&self, reception: &Reception) -> Router {
        let secret = self.options.signing_secret.as_ref();
        secret.map(|secret| midwatch_slack::http::router(reception.clone(), secret)).unwrap_or_default()
    }

    /// Listens over Socket Mode, where there is a token for it.
    pub(super) async fn listen(&self, reception: Reception, stop: CancellationToken) {
        let Some(app_token) = self.options.app_token.clone() else { return };
        let sockets =
            Sockets { api_url: self.options.api_url.clone(), app_token, connections: self.connections, reception };
        sockets.run(stop).await;
    }
}
