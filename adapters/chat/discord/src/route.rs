//! Every call of Discord's REST API that is made: method, path, and what its limits are counted by.
//!
//! No call leaves but with a [`Route`]. Must never show a token of an interaction: [`Route::name`] is what may be shown.
//! Pure. Start at [`Route`].

use reqwest::Method;
use url::Url;

use crate::key::short_hash;
use crate::permissions::{self, Permissions};

/// Bytes of the hash by which an interaction's token is known to the limits: enough to tell tokens apart, too few to be one.
const TOKEN_BYTES: usize = 12;

/// A call: <https://docs.discord.com/developers/reference>. Most can be read and written; see [`Verb`].
#[derive(Clone, Copy)]
pub(crate) enum Route<'a> {
    /// The application that the token is of.
    Me,
    /// The bot, as a user.
    Bot,
    /// The address of the gateway, and how often a session may be begun.
    Gateway,
    /// Messages of a channel or thread.
    Messages(&'a str),
    /// One message.
    Message { channel: &'a str, message: &'a str },
    /// A thread that starts from a message.
    StartThread { channel: &'a str, message: &'a str },
    /// A post of a forum.
    StartForumPost(&'a str),
    /// A channel or thread.
    Channel(&'a str),
    /// The threads of a guild that are not archived.
    ActiveThreads(&'a str),
    /// The answer to an interaction.
    Callback { id: &'a str, token: &'a str },
    /// The message that an interaction was answered with.
    Original { application: &'a str, token: &'a str },
    /// The channel of direct messages with a person.
    DirectMessage,
    /// A member of a guild.
    Member { guild: &'a str, user: &'a str },
    /// The roles of a guild.
    Roles(&'a str),
    /// A guild.
    Guild(&'a str),
    /// The commands that are registered for a guild.
    Commands { application: &'a str, guild: &'a str },
}

/// What is done with what a route names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    /// It is read.
    Read,
    /// It is made or changed.
    Write,
}

impl Route<'_> {
    /// For a person, and as the route's own name among its limits.
    pub(crate) fn name(&self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Route::Me, _) => "read the application",
            (Route::Bot, _) => "read the bot's user",
            (Route::Gateway, _) => "read the gateway's address",
            (Route::Messages(_), Verb::Read) => "read messages",
            (Route::Messages(_), Verb::Write) => "post a message",
            (Route::Message { .. }, Verb::Read) => "read a message",
            (Route::Message { .. }, Verb::Write) => "edit a message",
            (Route::StartThread { .. }, _) => "start a thread",
            (Route::StartForumPost(_), _) => "start a forum post",
            (Route::Channel(_), Verb::Read) => "read a channel",
            (Route::Channel(_), Verb::Write) => "reopen a thread",
            (Route::ActiveThreads(_), _) => "read active threads",
            (Route::Callback { .. }, _) => "acknowledge an interaction",
            (Route::Original { .. }, Verb::Read) => "read a private answer",
            (Route::Original { .. }, Verb::Write) => "show a private answer",
            (Route::DirectMessage, _) => "open direct messages",
            (Route::Member { .. }, _) => "read a member",
            (Route::Roles(_), _) => "read roles",
            (Route::Guild(_), _) => "read the guild",
            (Route::Commands { .. }, Verb::Read) => "read commands",
            (Route::Commands { .. }, Verb::Write) => "register commands",
        }
    }

    /// The method of HTTP.
    pub(crate) fn method(&self, verb: Verb) -> Method {
        match (self, verb) {
            (_, Verb::Read) => Method::GET,
            (Route::Message { .. } | Route::Channel(_) | Route::Original { .. }, Verb::Write) => Method::PATCH,
            (Route::Commands { .. }, Verb::Write) => Method::PUT,
            (_, Verb::Write) => Method::POST,
        }
    }

    /// The address below a base. What came from outside is one part of it, whatever it holds.
    pub(crate) fn address(&self, base: &Url) -> Option<Url> {
        let mut url = base.clone();
        // `.` and `..` would be taken for steps in the tree, not for parts.
        let parts = self.parts();
        if parts.iter().any(|part| part.is_empty() || *part == "." || *part == "..") {
            return None;
        }
        url.path_segments_mut().ok()?.pop_if_empty().extend(parts);
        Some(url)
    }

    fn parts(&self) -> Vec<&str> {
        match *self {
            Route::Me => vec!["applications", "@me"],
            Route::Bot => vec!["users", "@me"],
            Route::Gateway => vec!["gateway", "bot"],
            Route::Messages(channel) => vec!["channels", channel, "messages"],
            Route::Message { channel, message } => vec!["channels", channel, "messages", message],
            Route::StartThread { channel, message } => vec!["channels", channel, "messages", message, "threads"],
            Route::StartForumPost(channel) => vec!["channels", channel, "threads"],
            Route::Channel(channel) => vec!["channels", channel],
            Route::ActiveThreads(guild) => vec!["guilds", guild, "threads", "active"],
            Route::Callback { id, token } => vec!["interactions", id, token, "callback"],
            Route::Original { application, token } => vec!["webhooks", application, token, "messages", "@original"],
            Route::DirectMessage => vec!["users", "@me", "channels"],
            Route::Member { guild, user } => vec!["guilds", guild, "members", user],
            Route::Roles(guild) => vec!["guilds", guild, "roles"],
            Route::Guild(guild) => vec!["guilds", guild],
            Route::Commands { application, guild } => {
                vec!["applications", application, "guilds", guild, "commands"]
            }
        }
    }

    /// What its limits are counted by, beside the bucket:
    /// <https://docs.discord.com/developers/topics/rate-limits#rate-limits>.
    pub(crate) fn major(&self) -> String {
        match *self {
            Route::Me | Route::Bot | Route::Gateway | Route::DirectMessage => String::new(),
            Route::Messages(id)
            | Route::Message { channel: id, .. }
            | Route::StartThread { channel: id, .. }
            | Route::StartForumPost(id)
            | Route::Channel(id)
            | Route::ActiveThreads(id)
            | Route::Member { guild: id, .. }
            | Route::Roles(id)
            | Route::Guild(id)
            | Route::Commands { guild: id, .. } => id.to_owned(),
            Route::Callback { token, .. } | Route::Original { token, .. } => short_hash(token, TOKEN_BYTES),
        }
    }

    /// Whether an interaction's own token allows it. Such calls go without the bot's token and do not count for its global
    /// limit: <https://docs.discord.com/developers/topics/rate-limits#global-rate-limit>.
    pub(crate) fn is_of_an_interaction(&self) -> bool {
        matches!(self, Route::Callback { .. } | Route::Original { .. })
    }

    /// What the bot needs to be allowed for it.
    pub(crate) fn permissions(&self, verb: Verb) -> Permissions {
        permissions::of(self, verb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://discord.com/api/v10/").unwrap()
    }

    #[test]
    fn addresses_are_discords() {
        for (route, expected) in [
            (Route::Me, "applications/@me"),
            (Route::Bot, "users/@me"),
            (Route::Messages("1"), "channels/1/messages"),
            (Route::StartThread { channel: "1", message: "2" }, "channels/1/messages/2/threads"),
            (Route::Callback { id: "1", token: "aW5-_0" }, "interactions/1/aW5-_0/callback"),
            (Route::Original { application: "1", token: "t" }, "webhooks/1/t/messages/@original"),
        ] {
            assert_eq!(route.address(&base()).unwrap().as_str(), format!("https://discord.com/api/v10/{expected}"));
        }
    }

    #[test]
    fn what_came_from_outside_cannot_lead_elsewhere() {
        let met = Route::Messages("1/../../users/@me?x=#").address(&base()).unwrap();
        assert_eq!(met.path(), "/api/v10/channels/1%2F..%2F..%2Fusers%2F@me%3Fx=%23/messages");
        for id in ["..", ".", ""] {
            assert_eq!(Route::Messages(id).address(&base()), None);
        }
    }

    #[test]
    fn a_token_is_not_kept_among_the_limits() {
        let route = Route::Original { application: "1", token: "secret-of-an-interaction" };
        assert!(!route.major().contains("secret") && route.major().len() == 2 * TOKEN_BYTES);
        assert_ne!(route.major(), Route::Original { application: "1", token: "another" }.major());
    }
}
