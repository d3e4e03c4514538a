//! The methods of the Web API: who may call them, with what, and how often.

use super::args::{Answer, Args};
use super::limits::{Rate, Reach};
use super::state::State;
use super::{api, limits::Limits};

/// Which token a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Bot,
    App,
}

/// A method of the Web API.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) token: Token,
    /// One of these is needed; none: nothing is.
    pub(super) scopes: &'static [&'static str],
    /// 1 to 4; 0 is limited by [`Limits::channel`] and [`Limits::workspace`].
    pub(super) tier: usize,
    pub(super) args: &'static [&'static str],
    /// Methods that only read take a form or a query; what is in JSON they do not see.
    pub(super) json: bool,
    pub(super) run: fn(&mut State, &Args) -> Answer,
}

const READ_CHANNELS: &[&str] = &["channels:read", "groups:read", "im:read"];
const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history"];
const POST: &[&str] = &[
    "channel",
    "text",
    "blocks",
    "attachments",
    "markdown_text",
    "metadata",
    "thread_ts",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
    "parse",
    "link_names",
    "username",
    "icon_emoji",
    "icon_url",
    "as_user",
    "client_msg_id",
];
const EPHEMERAL: &[&str] = &[
    "channel",
    "user",
    "text",
    "blocks",
    "attachments",
    "markdown_text",
    "thread_ts",
    "parse",
    "link_names",
    "username",
    "icon_emoji",
    "icon_url",
    "as_user",
];
const UPDATE: &[&str] = &[
    "channel",
    "ts",
    "text",
    "blocks",
    "attachments",
    "markdown_text",
    "metadata",
    "parse",
    "link_names",
    "as_user",
    "file_ids",
    "reply_broadcast",
];
const PAGE: &[&str] = &["channel", "cursor", "inclusive", "latest", "oldest", "limit", "include_all_metadata"];
const REPLIES: &[&str] = &["channel", "ts", "cursor", "inclusive", "latest", "oldest", "limit", "include_all_metadata"];
const COMPLETE: &[&str] = &[
    "files",
    "channel_id",
    "channels",
    "thread_ts",
    "initial_comment",
    "blocks",
    "username",
    "icon_emoji",
    "icon_url",
];

macro_rules! method {
    ($name:literal, $token:ident, $scopes:expr, $tier:literal, $args:expr, $json:literal, $run:path) => {
        Method { name: $name, token: Token::$token, scopes: $scopes, tier: $tier, args: $args, json: $json, run: $run }
    };
}

/// Every method of the double. Scopes and tiers: <https://docs.slack.dev/reference/methods>.
#[rustfmt::skip]
pub(super) const METHODS: &[Method] = &[
    method!("auth.test", Bot, &[], 4, &[], true, api::people::auth_test),
    method!("apps.connections.open", App, &[], 1, &[], true, api::people::connections_open),
    method!("chat.postMessage", Bot, &["chat:write"], 0, POST, true, api::chat::post),
    method!("chat.postEphemeral", Bot, &["chat:write"], 4, EPHEMERAL, true, api::chat::post_ephemeral),
    method!("chat.update", Bot, &["chat:write"], 3, UPDATE, true, api::chat::update),
    method!("chat.delete", Bot, &["chat:write"], 3, &["channel", "ts", "as_user"], true, api::chat::delete),
    method!("chat.getPermalink", Bot, &[], 4, &["channel", "message_ts"], false, api::chat::permalink),
    method!("conversations.history", Bot, HISTORY, 3, PAGE, false, api::conversations::history),
    method!("conversations.replies", Bot, HISTORY, 3, REPLIES, false, api::conversations::replies),
    method!("conversations.info", Bot, READ_CHANNELS, 3, &["channel", "include_locale", "include_num_members"], false, api::conversations::info),
    method!("conversations.list", Bot, READ_CHANNELS, 2, &["cursor", "exclude_archived", "limit", "types", "team_id"], false, api::conversations::list),
    method!("conversations.members", Bot, READ_CHANNELS, 4, &["channel", "cursor", "limit"], false, api::conversations::members),
    method!("conversations.join", Bot, &["channels:join"], 3, &["channel"], true, api::conversations::join),
    method!("conversations.open", Bot, &["im:write"], 3, &["channel", "users", "return_im", "prevent_creation"], true, api::conversations::open),
    method!("reactions.add", Bot, &["reactions:write"], 3, &["channel", "name", "timestamp"], true, api::chat::react),
    method!("files.getUploadURLExternal", Bot, &["files:write"], 4, &["filename", "length", "alt_txt", "snippet_type"], false, api::files::get_url),
    method!("files.completeUploadExternal", Bot, &["files:write"], 4, COMPLETE, true, api::files::complete),
    method!("users.info", Bot, &["users:read"], 4, &["user", "include_locale"], false, api::people::user),
    method!("usergroups.list", Bot, &["usergroups:read"], 2, &["include_count", "include_disabled", "include_users", "team_id"], false, api::people::groups),
    method!("usergroups.users.list", Bot, &["usergroups:read"], 2, &["usergroup", "include_disabled", "team_id"], false, api::people::group_users),
    method!("bots.info", Bot, &["users:read"], 3, &["bot", "team_id"], false, api::people::bot),
    method!("assistant.threads.setStatus", Bot, &["assistant:write", "chat:write"], 4, &["channel_id", "thread_ts", "status", "loading_messages"], true, api::people::status),
    method!("views.open", Bot, &[], 4, &["trigger_id", "interactivity_pointer", "view"], true, api::people::open_view),
];

/// A method by its name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|m| m.name == name)
}

impl Method {
    /// The limits that count a call, the narrowest first.
    pub(super) fn limits(&self, limits: &Limits, channel: Option<&str>) -> Vec<(Reach, Rate)> {
        let mut found = Vec::new();
        let tier = self.tier.checked_sub(1).and_then(|at| limits.tiers[at]);
        let own = limits.methods.get(self.name).copied().or(tier);
        if self.tier == 0 {
            found.extend(channel.zip(limits.channel).map(|(channel, rate)| (Reach::Channel(channel.to_owned()), rate)));
        }
        found.extend(own.map(|rate| (Reach::Method(self.name.to_owned()), rate)));
        if self.name.starts_with("chat.post") {
            found.extend(limits.workspace.map(|rate| (Reach::Workspace, rate)));
        }
        found
    }
}
