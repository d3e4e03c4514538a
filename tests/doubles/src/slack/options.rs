//! What a test chooses before the workspace exists.

use std::sync::Arc;
use std::time::Duration;

use midwatch_service::clock::{SharedClock, SystemClock};

use super::limits::Limits;

/// The token of the bot, for the Web API.
pub(super) const BOT_TOKEN: &str = "xoxb-111111111111-222222222222-midwatchdouble";
/// The token of the app, for Socket Mode only.
pub(super) const APP_TOKEN: &str = "xapp-1-A0MIDWATCH-333333333333-midwatchdouble";
/// What signed requests are signed with.
pub(super) const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// The workspace.
pub(super) const TEAM: &str = "T0MIDWATCH";
/// Its domain.
pub(super) const TEAM_DOMAIN: &str = "midwatch-double";
/// The app.
pub(super) const APP: &str = "A0MIDWATCH";
/// The user that the app is.
pub(super) const BOT_USER: &str = "U0MIDWATCH";
/// The bot that the app's messages carry.
pub(super) const BOT: &str = "B0MIDWATCH";

/// An app has three seconds to acknowledge: <https://docs.slack.dev/interactivity/handling-user-interaction>.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(3);

/// An event is sent so many times again: <https://docs.slack.dev/apis/events-api/#retries>.
const RETRIES: u32 = 3;

/// What the workspace is like.
#[derive(Clone)]
pub struct Options {
    /// The clock of rate limits, timestamps of messages and life times of URLs. Acknowledgements are measured in real time.
    pub clock: SharedClock,
    /// What the bot token may do.
    pub scopes: Vec<String>,
    /// What the app subscribed to: `message.channels`, `app_mention`.
    pub subscriptions: Vec<String>,
    /// The rate limits.
    pub limits: Limits,
    /// How long the app may take to acknowledge, in real time; 3 s.
    pub acknowledge_within: Duration,
    /// How often an event is sent again that is not acknowledged; 3. The waits between, up to five minutes, are left out:
    /// a test that stops the app more often than Slack tries needs more.
    pub retries: u32,
}

impl Default for Options {
    fn default() -> Self {
        let scopes = [
            "app_mentions:read",
            "assistant:write",
            "channels:history",
            "channels:join",
            "channels:read",
            "chat:write",
            "commands",
            "files:write",
            "groups:history",
            "groups:read",
            "im:history",
            "im:read",
            "im:write",
            "reactions:write",
            "usergroups:read",
            "users:read",
        ];
        let subscriptions =
            ["app_mention", "message.channels", "message.groups", "message.im", "member_joined_channel"];
        Self {
            clock: Arc::new(SystemClock),
            scopes: scopes.map(str::to_owned).to_vec(),
            subscriptions: subscriptions.map(str::to_owned).to_vec(),
            limits: Limits::default(),
            acknowledge_within: ACKNOWLEDGE_WITHIN,
            retries: RETRIES,
        }
    }
}

/// Where signed requests are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Events, and the challenge.
    pub events: String,
    /// Slash commands.
    pub commands: String,
    /// Buttons and views.
    pub interactivity: String,
}

impl Targets {
    /// The paths `/slack/events`, `/slack/commands` and `/slack/interactivity` under a base URL.
    pub fn under(base: &str) -> Self {
        let at = |path: &str| format!("{}/slack/{path}", base.trim_end_matches('/'));
        Self { events: at("events"), commands: at("commands"), interactivity: at("interactivity") }
    }
}
