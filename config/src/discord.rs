//! Settings of Discord: how to log in, and which channels mean what.
//!
//! Never talks to Discord: the adapter does. Start at [`DiscordSettings`].

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::channel::{Channel, Ids};
use crate::field::{Field, Slot};

/// How Midwatch is on Discord.
#[derive(Debug, Clone)]
pub struct DiscordSettings {
    /// The bot's token. Default none: Midwatch is not on Discord.
    pub bot_token: Option<SecretString>,
    /// File that holds it. Default none.
    pub bot_token_file: Option<PathBuf>,
    /// Id of the guild, which Discord's pages call a server. What comes from another is not heard.
    pub guild: Option<String>,
    /// The application's public key, 64 hexadecimal digits: commands and buttons come by signed HTTP to
    /// `/discord/interactions`. Default none: they come by the gateway.
    pub public_key: Option<String>,
    /// Base of Discord's REST API. Default none: Discord's own.
    pub api_url: Option<Url>,
    /// Time for one request to Discord. 1 second to 1 minute, default 8 seconds.
    pub timeout: Duration,
    /// Channel where incidents are shown that began with a webhook or a poll. Default none: in the console's threads.
    pub channel: Option<String>,
    /// Channels that mean something: where alerts are posted, and which cluster is meant.
    pub channels: Vec<DiscordChannel>,
}

impl Default for DiscordSettings {
    fn default() -> Self {
        Self {
            bot_token: None,
            bot_token_file: None,
            guild: None,
            public_key: None,
            api_url: None,
            timeout: Duration::from_secs(8),
            channel: None,
            channels: Vec::new(),
        }
    }
}

/// Ids of Discord's channels: `1180000000000000001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscordIds {}

/// A channel of Discord.
pub type DiscordChannel = Channel<DiscordIds>;

impl Ids for DiscordIds {
    const EXAMPLE: &'static str =
        "write a channel like `- {id: 1180000000000000001, alerts: true, cluster: prod-eu}`; `[]` is the empty list";
    // <https://support.discord.com/hc/en-us/articles/206346498>
    const COPY: &'static str =
        "switch on Developer Mode (User Settings, Advanced), then right-click the channel and Copy Channel ID";

    fn fits(id: &str) -> bool {
        is_snowflake(id)
    }
}

/// Ids of Discord: numbers of 64 bits, <https://docs.discord.com/developers/reference#snowflakes>.
pub(crate) fn is_snowflake(id: &str) -> bool {
    id.len() >= 15 && id.parse::<u64>().is_ok()
}

/// Fields of the section `discord`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "discord.bot_token",
        doc: "The bot's token; without it Midwatch is not on Discord.",
        slot: Slot::Secret { at: |s| &mut s.discord.bot_token, file: |s| &mut s.discord.bot_token_file },
    },
    Field {
        key: "discord.bot_token_file",
        doc: "File that holds the bot's token.",
        slot: Slot::SecretFile(|s| &mut s.discord.bot_token_file),
    },
    Field { key: "discord.guild", doc: "Id of the server (guild).", slot: Slot::Id(|s| &mut s.discord.guild) },
    Field {
        key: "discord.public_key",
        doc: "The application's public key: commands and buttons come by signed HTTP.",
        slot: Slot::Name(|s| &mut s.discord.public_key),
    },
    Field { key: "discord.api_url", doc: "Base of Discord's REST API.", slot: Slot::Url(|s| &mut s.discord.api_url) },
    Field {
        key: "discord.timeout",
        doc: "Time for one request to Discord.",
        slot: Slot::Duration {
            at: |s| &mut s.discord.timeout,
            min: Duration::from_secs(1),
            max: Duration::from_mins(1),
        },
    },
    Field {
        key: "discord.channel",
        doc: "Id of the channel where incidents are shown that began with a webhook or a poll.",
        slot: Slot::Id(|s| &mut s.discord.channel),
    },
    Field {
        key: "discord.channels",
        doc: "Channels where alerts are posted, or that mean a cluster or a namespace.",
        slot: Slot::Records(|s| &mut s.discord.channels),
    },
];
