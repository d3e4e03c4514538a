//! What of Slack is used, and the scope that each use needs: the one table from which the manifest and the doctor are made.
//!
//! No call leaves but with a [`Method`], no event is subscribed to but as an [`Event`]; so a scope that is not used cannot be
//! asked for, and one that is used cannot be forgotten. Start at [`bot_scopes`].

use std::collections::BTreeSet;

/// A method of the Web API: <https://docs.slack.dev/reference/methods>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    AuthTest,
    AppsConnectionsOpen,
    ChatPostMessage,
    ChatPostEphemeral,
    ChatUpdate,
    ConversationsHistory,
    ConversationsReplies,
    ConversationsInfo,
    FilesGetUploadUrl,
    FilesCompleteUpload,
    SetStatus,
    UsergroupsList,
}

/// Which token a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// The bot's.
    Bot,
    /// The app's.
    App,
}

impl Method {
    pub(crate) const ALL: [Method; 12] = [
        Method::AuthTest,
        Method::AppsConnectionsOpen,
        Method::ChatPostMessage,
        Method::ChatPostEphemeral,
        Method::ChatUpdate,
        Method::ConversationsHistory,
        Method::ConversationsReplies,
        Method::ConversationsInfo,
        Method::FilesGetUploadUrl,
        Method::FilesCompleteUpload,
        Method::SetStatus,
        Method::UsergroupsList,
    ];

    /// As it stands in the address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::AuthTest => "auth.test",
            Method::AppsConnectionsOpen => "apps.connections.open",
            Method::ChatPostMessage => "chat.postMessage",
            Method::ChatPostEphemeral => "chat.postEphemeral",
            Method::ChatUpdate => "chat.update",
            Method::ConversationsHistory => "conversations.history",
            Method::ConversationsReplies => "conversations.replies",
            Method::ConversationsInfo => "conversations.info",
            Method::FilesGetUploadUrl => "files.getUploadURLExternal",
            Method::FilesCompleteUpload => "files.completeUploadExternal",
            Method::SetStatus => "assistant.threads.setStatus",
            Method::UsergroupsList => "usergroups.list",
        }
    }

    /// The scopes of its token that it needs, one for each kind of conversation.
    pub(crate) fn scopes(self) -> &'static [&'static str] {
        match self {
            Method::AuthTest => &[],
            Method::AppsConnectionsOpen => &["connections:write"],
            // Since 2026-03 the status needs no scope of its own:
            // https://docs.slack.dev/changelog/2026/03/05/set-status-scope-update
            Method::ChatPostMessage | Method::ChatPostEphemeral | Method::ChatUpdate | Method::SetStatus => {
                &["chat:write"]
            }
            Method::ConversationsHistory | Method::ConversationsReplies => {
                &["channels:history", "groups:history", "im:history"]
            }
            // A direct message needs no membership, so it is never asked about.
            Method::ConversationsInfo => &["channels:read", "groups:read"],
            Method::FilesGetUploadUrl | Method::FilesCompleteUpload => &["files:write"],
            Method::UsergroupsList => &["usergroups:read"],
        }
    }

    /// Which token it takes.
    pub(crate) fn token(self) -> Token {
        if self == Method::AppsConnectionsOpen { Token::App } else { Token::Bot }
    }
}

/// An event that is subscribed to: <https://docs.slack.dev/reference/events>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Someone names the bot.
    AppMention,
    /// A message in a public channel: alert posts, and what is said in threads.
    MessageChannels,
    /// The same in a private channel.
    MessageGroups,
    /// A direct message to the bot.
    MessageIm,
}

impl Event {
    pub(crate) const ALL: [Event; 4] =
        [Event::AppMention, Event::MessageChannels, Event::MessageGroups, Event::MessageIm];

    /// As the manifest has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Event::AppMention => "app_mention",
            Event::MessageChannels => "message.channels",
            Event::MessageGroups => "message.groups",
            Event::MessageIm => "message.im",
        }
    }

    /// The scope it needs.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Event::AppMention => "app_mentions:read",
            Event::MessageChannels => "channels:history",
            Event::MessageGroups => "groups:history",
            Event::MessageIm => "im:history",
        }
    }
}

/// What a slash command needs.
const COMMANDS: &str = "commands";

/// Every scope that the bot's token needs, in order; that of user groups only where they are looked up.
pub(crate) fn bot_scopes(user_groups: bool) -> BTreeSet<&'static str> {
    let used = |method: &Method| method.token() == Token::Bot && (user_groups || *method != Method::UsergroupsList);
    let methods = Method::ALL.into_iter().filter(used);
    let events = Event::ALL.into_iter().map(Event::scope);
    methods.flat_map(|method| method.scopes().iter().copied()).chain(events).chain([COMMANDS]).collect()
}
