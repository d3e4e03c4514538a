//! A build without Discord: there is none, and a configuration that wants one is refused.
//!
//! Start at [`Discord::new`].

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use midwatch_config::DiscordSettings;
use midwatch_service::port::chat::{ChatPlatform, Directory};
use tokio_util::sync::CancellationToken;

use super::chats::Ear;

/// Discord is configured, and was left out when this was built.
#[derive(Debug, thiserror::Error)]
#[error("`discord.bot_token` is set, but this build has no Discord; build it with the cargo feature `discord`")]
pub(crate) struct Absent;

/// Nothing reports under it.
pub(super) const HEALTH: &str = "discord";

/// There is none.
pub(crate) enum Discord {}

impl Discord {
    pub(crate) fn new(settings: &DiscordSettings) -> Result<Option<Self>, Absent> {
        if settings.bot_token.is_some() { Err(Absent) } else { Ok(None) }
    }

    pub(super) fn platform(&self) -> Arc<dyn ChatPlatform> {
        match *self {}
    }

    pub(super) fn directory(&self) -> Arc<dyn Directory> {
        match *self {}
    }

    pub(super) fn router(&self, _: &Ear) -> Result<Router, Infallible> {
        match *self {}
    }

    pub(super) async fn listen(&self, _: &Ear, _: CancellationToken) {
        match *self {}
    }
}
