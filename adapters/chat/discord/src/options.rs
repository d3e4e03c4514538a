//! What is needed to speak to a guild of Discord.
//!
//! Must never show a token. Start at [`DiscordOptions`].

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Where Discord's REST API is, without its version: <https://docs.discord.com/developers/reference#base-url>.
pub const API: &str = "https://discord.com/api";

/// Time for one call; less than what the outbox's sender gives to a whole message.
const TIMEOUT: Duration = Duration::from_secs(8);

/// How to speak to one guild.
#[derive(Clone, Debug)]
pub struct DiscordOptions {
    /// The bot's token.
    pub bot_token: SecretString,
    /// The guild, by its id: what comes from another is not heard.
    pub guild: String,
    /// The REST API; [`API`] but for tests and proxies.
    pub api_url: Url,
    /// Time for one call.
    pub timeout: Duration,
}

impl DiscordOptions {
    /// With the defaults.
    ///
    /// # Errors
    /// Never, as long as [`API`] is an address.
    pub fn new(bot_token: SecretString, guild: impl Into<String>) -> Result<Self, DiscordError> {
        let api_url = Url::parse(API).map_err(|_| DiscordError::Address(API.to_owned()))?;
        Ok(Self { bot_token, guild: guild.into(), api_url, timeout: TIMEOUT })
    }
}

/// Discord cannot be spoken to as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// The address of the REST API is none.
    #[error("`{0}` is not an address of Discord's API; the usual one is {API}")]
    Address(String),
    /// The application's public key is none.
    #[error("the public key is not 64 hexadecimal digits; copy it from the application's General Information page")]
    PublicKey,
    /// The client could not be made.
    #[error("the HTTP client cannot be made; are the system's certificates readable?")]
    Client(#[source] reqwest::Error),
}
