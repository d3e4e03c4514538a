//! Slack: token, scopes, channels, socket.

use midwatch_config::Settings;
use midwatch_service::check::Check;

use crate::serve::Slack;

/// Looks at Slack as it is configured.
pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let slack = match Slack::new(&settings.slack) {
        Ok(Some(slack)) => slack,
        Ok(None) if settings.discord.bot_token.is_some() => return Vec::new(),
        Ok(None) => {
            let fix = "`midwatch slack manifest` prints the app to create, then set slack.bot_token; or set discord.bot_token";
            return vec![Check::warn("chat", "neither Slack nor Discord is configured: threads are files", fix)];
        }
        Err(error) => return vec![Check::fail("slack", "cannot be set up", error.to_string())],
    };
    let named = settings.slack.channels.iter().map(|channel| &channel.id);
    let mut channels: Vec<String> = settings.slack.channel.iter().chain(named).cloned().collect();
    channels.sort();
    channels.dedup();
    slack.workspace().doctor(&channels).await
}
