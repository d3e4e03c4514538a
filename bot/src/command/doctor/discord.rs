//! Discord: token, intents, guild, commands, permissions in the channels.

use midwatch_config::Settings;
use midwatch_service::check::Check;

use crate::serve::Discord;

/// Looks at Discord as it is configured.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let discord = match Discord::new(&settings.discord) {
        Ok(Some(discord)) => discord,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Check::fail("discord", "cannot be set up", error.to_string())],
    };
    let configured = &settings.discord;
    let named = configured.channels.iter().map(|channel| &channel.id);
    let mut channels: Vec<String> = configured.channel.iter().chain(named).cloned().collect();
    channels.sort();
    channels.dedup();
    discord.guild().doctor(&channels, configured.public_key.as_deref()).await
}
