//! Settings of Discord: how to log in, and which channels mean what.
//!
//! Never talks to Discord: the adapter does. Start at [`DiscordSettings`].

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::field::{Field, Slot};
use crate::record::{Entries, Record};

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

/// A channel that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscordChannel {
    /// Its id: `1180000000000000001`.
    pub id: String,
    /// Whether posts of other programs there are alerts.
    pub alerts: bool,
    /// The cluster that is meant when none is named.
    pub cluster: Option<String>,
    /// The namespace that is meant when none is named.
    pub namespace: Option<String>,
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

/// What to do to see ids: <https://support.discord.com/hc/en-us/articles/206346498>.
const COPY: &str =
    "switch on Developer Mode (User Settings, Advanced), then right-click the channel and Copy Channel ID";

impl Record for DiscordChannel {
    const SHAPE: &'static str = "a list of channels, each with `id`";
    const EXAMPLE: &'static str =
        "write a channel like `- {id: 1180000000000000001, alerts: true, cluster: prod-eu}`; `[]` is the empty list";
    const KEYS: &'static [&'static str] = &["id", "alerts", "cluster", "namespace"];

    fn read(entries: &mut Entries<'_>) -> Option<Self> {
        if !entries.has("id") {
            entries.wrong_here("has no `id`", COPY);
        }
        let id = entries.id("id");
        if let Some(name) = id.as_ref().filter(|id| !is_snowflake(id)) {
            let what = if name.starts_with('#') { "is a name, not an id" } else { "is no id of a channel" };
            entries.wrong_at("id", what, COPY);
        }
        let cluster = entries.has("cluster").then(|| entries.text("cluster")).flatten();
        let namespace = entries.has("namespace").then(|| entries.text("namespace")).flatten();
        let alerts = entries.flag("alerts").unwrap_or_default();
        Some(Self { id: id?, alerts, cluster, namespace })
    }

    fn show(&self) -> String {
        let mut parts = vec![format!("id: {}", self.id)];
        if self.alerts {
            parts.push("alerts: true".to_owned());
        }
        parts.extend(self.cluster.iter().map(|cluster| format!("cluster: {cluster:?}")));
        parts.extend(self.namespace.iter().map(|namespace| format!("namespace: {namespace:?}")));
        format!("{{{}}}", parts.join(", "))
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.id)
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
