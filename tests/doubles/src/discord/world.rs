//! What there is in the guild: people, roles, channels, threads, messages, commands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::message::Message;
use super::options::{BOT_USER, GUILD};
use super::permissions::Overwrite;

/// What kind of channel it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelKind {
    Text,
    Direct,
    Thread,
    Forum,
}

impl ChannelKind {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Direct => 1,
            Self::Thread => 11,
            Self::Forum => 15,
        }
    }
}

/// What a thread has beside what every channel has.
#[derive(Clone, Debug)]
pub(super) struct Thread {
    pub(super) owner: String,
    pub(super) archived: bool,
    pub(super) locked: bool,
    /// When it was archived or reopened last.
    pub(super) changed: Timestamp,
    pub(super) created: Timestamp,
    /// Minutes.
    pub(super) archives_after: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: ChannelKind,
    /// The channel that a thread is in.
    pub(super) parent: Option<String>,
    /// Whom a direct conversation is with.
    pub(super) recipient: Option<String>,
    pub(super) overwrites: Vec<Overwrite>,
    pub(super) thread: Option<Thread>,
    pub(super) messages: BTreeMap<u64, Message>,
}

impl Channel {
    pub(super) fn new(id: &str, name: &str, kind: ChannelKind) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        let (parent, recipient, thread) = (None, None, None);
        Self { id, name, kind, parent, recipient, overwrites: Vec::new(), thread, messages: BTreeMap::new() }
    }

    pub(super) fn archived(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.archived)
    }

    pub(super) fn message(&self, id: &str) -> Option<&Message> {
        self.messages.get(&id.parse().ok()?)
    }
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) roles: Vec<String>,
    /// Whether nobody but friends may send them messages.
    pub(super) closed: bool,
}

impl User {
    pub(super) fn told(&self) -> Value {
        json!({
            "id": self.id, "username": self.name, "global_name": self.name, "discriminator": "0", "avatar": null,
            "bot": self.id == BOT_USER, "public_flags": 0,
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) permissions: u64,
    pub(super) position: usize,
    /// Whether it belongs to the bot.
    pub(super) managed: bool,
}

impl Role {
    pub(super) fn told(&self) -> Value {
        let mut told = json!({
            "id": self.id, "name": self.name, "color": 0, "hoist": false, "position": self.position, "icon": null,
            "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null}, "unicode_emoji": null,
            "permissions": self.permissions.to_string(), "managed": self.managed, "mentionable": false, "flags": 0,
        });
        if self.managed {
            told["tags"] = json!({"bot_id": BOT_USER});
        }
        told
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) users: BTreeMap<String, User>,
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) channels: BTreeMap<String, Channel>,
    /// The application's commands in the guild.
    pub(super) commands: Vec<Value>,
}

impl World {
    /// By id, or by name with or without `#`.
    pub(super) fn channel(&self, name: &str) -> Option<&Channel> {
        let bare = name.trim_start_matches('#');
        self.channels.get(name).or_else(|| self.channels.values().find(|c| c.name == bare && c.thread.is_none()))
    }

    /// A user as messages show them; who has left is shown without a name.
    pub(super) fn user(&self, id: &str) -> Value {
        let gone = || User { id: id.to_owned(), name: "Deleted User".to_owned(), roles: Vec::new(), closed: true };
        self.users.get(id).cloned().unwrap_or_else(gone).told()
    }

    /// What a member is in the guild, without the user.
    pub(super) fn member(&self, user: &str) -> Value {
        let roles = self.users.get(user).map(|user| user.roles.clone()).unwrap_or_default();
        json!({
            "roles": roles, "joined_at": "2024-01-01T00:00:00.000000+00:00", "deaf": false, "mute": false, "flags": 0,
            "nick": null, "avatar": null, "banner": null, "pending": false, "premium_since": null,
            "communication_disabled_until": null,
        })
    }

    /// A channel as the API and the gateway tell it.
    pub(super) fn told(&self, channel: &Channel) -> Value {
        let last = channel.messages.keys().next_back().map(ToString::to_string);
        let mut told = json!({"id": channel.id, "type": channel.kind.number(), "last_message_id": last, "flags": 0});
        if channel.kind == ChannelKind::Direct {
            told["recipients"] = json!([self.user(channel.recipient.as_deref().unwrap_or_default())]);
            return told;
        }
        told["guild_id"] = json!(GUILD);
        told["name"] = json!(channel.name);
        told["parent_id"] = json!(channel.parent);
        told["rate_limit_per_user"] = json!(0);
        let Some(thread) = &channel.thread else {
            told["position"] = json!(0);
            told["topic"] = Value::Null;
            told["nsfw"] = json!(false);
            told["permission_overwrites"] = json!(channel.overwrites.iter().map(Overwrite::told).collect::<Vec<_>>());
            if channel.kind == ChannelKind::Forum {
                told["available_tags"] = json!([]);
                told["default_forum_layout"] = json!(0);
            }
            return told;
        };
        let count = channel.messages.len().min(50);
        told["owner_id"] = json!(thread.owner);
        told["message_count"] = json!(count);
        told["total_message_sent"] = json!(channel.messages.len());
        told["member_count"] = json!(1);
        told["thread_metadata"] = json!({
            "archived": thread.archived, "locked": thread.locked, "auto_archive_duration": thread.archives_after,
            "archive_timestamp": time(thread.changed), "create_timestamp": time(thread.created),
        });
        told
    }

    /// A user, without the guild around them.
    pub(super) fn add_user(&mut self, id: &str, name: &str, roles: &[&str]) {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        let user = User { id: id.to_owned(), name: name.to_owned(), roles, closed: false };
        self.users.insert(id.to_owned(), user);
    }

    pub(super) fn add_role(&mut self, id: &str, name: &str, permissions: u64, managed: bool) {
        let role = Role { id: id.to_owned(), name: name.to_owned(), permissions, position: self.roles.len(), managed };
        self.roles.insert(id.to_owned(), role);
    }
}

/// A moment as Discord writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}
