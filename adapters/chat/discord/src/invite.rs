//! The link that brings the bot into the guild, with the least permissions.
//!
//! Derived from the table of what is used ([`crate::permissions`]). <https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow>.
//! Start at [`DiscordPlatform::invite`].

use url::Url;

use crate::permissions;
use crate::platform::DiscordPlatform;

/// Where people authorise an application; a page for people, so not below the configured address of the API.
const AUTHORIZE: &str = "https://discord.com/oauth2/authorize";

impl DiscordPlatform {
    /// The link, for somebody who may manage the guild.
    ///
    /// # Errors
    /// When Discord does not say which application the token is of, in words for the operator.
    pub async fn invite(&self) -> Result<Url, String> {
        let application = self.application().await.map_err(|fault| fault.words())?;
        link(&application.id, &self.inner.guild).map_err(|e| format!("the application has no usable id: {e}"))
    }
}

fn link(application: &str, guild: &str) -> Result<Url, url::ParseError> {
    let permissions = permissions::used().bits().to_string();
    let query = [
        ("client_id", application),
        ("scope", "bot applications.commands"),
        ("permissions", &permissions),
        ("guild_id", guild),
        ("disable_guild_select", "true"),
    ];
    Url::parse_with_params(AUTHORIZE, query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_asks_for_what_is_used_and_no_more() {
        let bits = (1u64 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 35) | (1 << 38);
        assert_eq!(
            link("11", "22").unwrap().as_str(),
            format!(
                "https://discord.com/oauth2/authorize?client_id=11&scope=bot+applications.commands&permissions={bits}\
                 &guild_id=22&disable_guild_select=true"
            )
        );
    }
}
