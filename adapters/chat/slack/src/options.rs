//! What a Slack workspace needs to be spoken to.
//!
//! Must never show a token. Start at [`SlackOptions`].

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Where Slack's Web API is: <https://docs.slack.dev/apis/web-api/>.
pub const API: &str = "https://slack.com/api";

/// Time for one call of the Web API; less than what the outbox's sender gives to a whole message.
const TIMEOUT: Duration = Duration::from_secs(8);

/// How to speak to one workspace.
#[derive(Clone, Debug)]
pub struct SlackOptions {
    /// The bot's token, `xoxb-...`.
    pub bot_token: SecretString,
    /// The app's token, `xapp-...`, with `connections:write`: for Socket Mode.
    pub app_token: Option<SecretString>,
    /// The app's signing secret: for signed HTTP.
    pub signing_secret: Option<SecretString>,
    /// The Web API; [`API`] but for tests and proxies.
    pub api_url: Url,
    /// Reports are shown in the channel, too, not only in their thread.
    pub broadcast_verdict: bool,
    /// User groups are looked up, so that permissions may name them.
    pub user_groups: bool,
    /// Time for one call.
    pub timeout: Duration,
}

impl SlackOptions {
    /// With the defaults.
    ///
    /// # Errors
    /// Never, as long as [`API`] is an address.
    pub fn new(bot_token: SecretString) -> Result<Self, SlackError> {
        Ok(Self {
            bot_token,
            app_token: None,
            signing_secret: None,
            api_url: Url::parse(API).map_err(|_| SlackError::Address(API.to_owned()))?,
            broadcast_verdict: false,
            user_groups: false,
            timeout: TIMEOUT,
        })
    }
}

/// Slack cannot be spoken to as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// The address of the Web API is none.
    #[error("`{0}` is not an address of a Web API; the usual one is {API}")]
    Address(String),
    /// The client could not be made.
    #[error("the HTTP client cannot be made; are the system's certificates readable?")]
    Client(#[source] reqwest::Error),
}
