//! Settings of Slack: how to log in, and which channels mean what.
//!
//! Never talks to Slack: the adapter does. Start at [`SlackSettings`].

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::channel::{Channel, Ids};
use crate::field::{Field, Slot};

/// How Midwatch is on Slack.
#[derive(Debug, Clone)]
pub struct SlackSettings {
    /// The bot's token, `xoxb-...`. Default none: Midwatch is not on Slack.
    pub bot_token: Option<SecretString>,
    /// File that holds it. Default none.
    pub bot_token_file: Option<PathBuf>,
    /// The app's token, `xapp-...`: events come by Socket Mode. Default none.
    pub app_token: Option<SecretString>,
    /// File that holds it. Default none.
    pub app_token_file: Option<PathBuf>,
    /// The signing secret: events come by signed HTTP to `/slack/...`. Default none.
    pub signing_secret: Option<SecretString>,
    /// File that holds it. Default none.
    pub signing_secret_file: Option<PathBuf>,
    /// Base of Slack's Web API. Default none: Slack's own.
    pub api_url: Option<Url>,
    /// Connections of Socket Mode at the same time. 1 to 10, default 2.
    pub connections: u32,
    /// Time for one request to Slack. 1 second to 1 minute, default 10 seconds.
    pub timeout: Duration,
    /// Channel where incidents are shown that began with a webhook or a poll. Default none: in the console's threads.
    pub channel: Option<String>,
    /// Channels that mean something: where alerts are posted, and which cluster is meant.
    pub channels: Vec<SlackChannel>,
    /// Whether a verdict of its thread is shown in the channel, too. Default false.
    pub broadcast_verdict: bool,
    /// Whether user groups are looked up, so that permissions may name them. Default false: it needs a scope more.
    pub user_groups: bool,
}

impl Default for SlackSettings {
    fn default() -> Self {
        Self {
            bot_token: None,
            bot_token_file: None,
            app_token: None,
            app_token_file: None,
            signing_secret: None,
            signing_secret_file: None,
            api_url: None,
            connections: 2,
            timeout: Duration::from_secs(10),
            channel: None,
            channels: Vec::new(),
            broadcast_verdict: false,
            user_groups: false,
        }
    }
}

/// Ids of Slack's channels: `C0123456789`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlackIds {}

/// A channel of Slack.
pub type SlackChannel = Channel<SlackIds>;

impl Ids for SlackIds {
    const EXAMPLE: &'static str =
        "write a channel like `- {id: C0123456789, alerts: true, cluster: prod-eu}`; `[]` is the empty list";
    const COPY: &'static str = "copy the id (C0123456789) from the end of the channel's details in Slack";

    fn fits(id: &str) -> bool {
        is_channel(id)
    }
}

/// Public channels, private ones and direct messages: <https://docs.slack.dev/apis/web-api/using-the-conversations-api>.
fn is_channel(id: &str) -> bool {
    id.len() >= 2 && id.starts_with(['C', 'G', 'D']) && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// Fields of the section `slack`, in the order of `default.yaml`.
pub(crate) const FIELDS: &[Field] = &[
    Field {
        key: "slack.bot_token",
        doc: "The bot's token (xoxb-...); without it Midwatch is not on Slack.",
        slot: Slot::Secret { at: |s| &mut s.slack.bot_token, file: |s| &mut s.slack.bot_token_file },
    },
    Field {
        key: "slack.bot_token_file",
        doc: "File that holds the bot's token.",
        slot: Slot::SecretFile(|s| &mut s.slack.bot_token_file),
    },
    Field {
        key: "slack.app_token",
        doc: "The app's token (xapp-...): events come by Socket Mode.",
        slot: Slot::Secret { at: |s| &mut s.slack.app_token, file: |s| &mut s.slack.app_token_file },
    },
    Field {
        key: "slack.app_token_file",
        doc: "File that holds the app's token.",
        slot: Slot::SecretFile(|s| &mut s.slack.app_token_file),
    },
    Field {
        key: "slack.signing_secret",
        doc: "The signing secret: events come by signed HTTP.",
        slot: Slot::Secret { at: |s| &mut s.slack.signing_secret, file: |s| &mut s.slack.signing_secret_file },
    },
    Field {
        key: "slack.signing_secret_file",
        doc: "File that holds the signing secret.",
        slot: Slot::SecretFile(|s| &mut s.slack.signing_secret_file),
    },
    Field { key: "slack.api_url", doc: "Base of Slack's Web API.", slot: Slot::Url(|s| &mut s.slack.api_url) },
    Field {
        key: "slack.connections",
        doc: "Connections of Socket Mode at the same time.",
        slot: Slot::Count { at: |s| &mut s.slack.connections, min: 1, max: 10 },
    },
    Field {
        key: "slack.timeout",
        doc: "Time for one request to Slack.",
        slot: Slot::Duration { at: |s| &mut s.slack.timeout, min: Duration::from_secs(1), max: Duration::from_mins(1) },
    },
    Field {
        key: "slack.channel",
        doc: "Id of the channel where incidents are shown that began with a webhook or a poll.",
        slot: Slot::Name(|s| &mut s.slack.channel),
    },
    Field {
        key: "slack.channels",
        doc: "Channels where alerts are posted, or that mean a cluster or a namespace.",
        slot: Slot::Records(|s| &mut s.slack.channels),
    },
    Field {
        key: "slack.broadcast_verdict",
        doc: "Whether the report of a thread is shown in its channel, too.",
        slot: Slot::Flag(|s| &mut s.slack.broadcast_verdict),
    },
    Field {
        key: "slack.user_groups",
        doc: "Whether user groups are looked up, so that permissions may name them.",
        slot: Slot::Flag(|s| &mut s.slack.user_groups),
    },
];
