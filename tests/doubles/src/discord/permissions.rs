//! What the bot and people may do, from roles and overwrites. <https://docs.discord.com/developers/topics/permissions>

use serde_json::{Value, json};

use super::options::{BOT_USER, GUILD, OWNER};
use super::refusal::Refusal;
use super::world::{Channel, ChannelKind, World};

/// See the channel.
pub const VIEW_CHANNEL: u64 = 1 << 10;
/// Send messages in channels, and posts in forums.
pub const SEND_MESSAGES: u64 = 1 << 11;
/// What is linked and sent as an embed is shown.
pub const EMBED_LINKS: u64 = 1 << 14;
/// Send files.
pub const ATTACH_FILES: u64 = 1 << 15;
/// Read what was said before.
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
/// Use commands of applications.
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
/// Archive and unarchive threads of others.
pub const MANAGE_THREADS: u64 = 1 << 34;
/// Make threads.
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
/// Send messages in threads.
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
/// Everything.
pub const ADMINISTRATOR: u64 = 1 << 3;

/// What everyone may in a new guild, as far as the double knows it.
pub(super) const USUAL: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS;

/// What a channel allows or denies a role or a member beside what they may in the guild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Overwrite {
    /// A role or a user.
    pub(super) id: String,
    pub(super) member: bool,
    pub(super) allow: u64,
    pub(super) deny: u64,
}

impl Overwrite {
    pub(super) fn told(&self) -> Value {
        json!({
            "id": self.id, "type": u8::from(self.member), "allow": self.allow.to_string(), "deny": self.deny.to_string(),
        })
    }
}

impl World {
    /// What a user may in the whole guild.
    pub(super) fn permissions(&self, user: &str) -> u64 {
        let own = self.users.get(user).map(|user| user.roles.clone()).unwrap_or_default();
        let roles = self.roles.values().filter(|role| role.id == GUILD || own.contains(&role.id));
        let base = roles.fold(0, |all, role| all | role.permissions);
        if user == OWNER || base & ADMINISTRATOR != 0 { u64::MAX >> 12 } else { base }
    }

    /// What a user may in a channel; threads are as their channel.
    pub(super) fn permissions_in(&self, user: &str, channel: &Channel) -> u64 {
        let base = self.permissions(user);
        if user == OWNER || base & ADMINISTRATOR != 0 {
            return base;
        }
        let at = channel.parent.as_ref().and_then(|parent| self.channels.get(parent)).unwrap_or(channel);
        let own = self.users.get(user).map(|user| user.roles.clone()).unwrap_or_default();
        let apply = |base: u64, (allow, deny): (u64, u64)| base & !deny | allow;
        let sum = |wanted: &dyn Fn(&Overwrite) -> bool| {
            let found = at.overwrites.iter().filter(|overwrite| wanted(overwrite));
            found.fold((0, 0), |(allow, deny), one| (allow | one.allow, deny | one.deny))
        };
        let base = apply(base, sum(&|one| !one.member && one.id == GUILD));
        let base = apply(base, sum(&|one| !one.member && one.id != GUILD && own.contains(&one.id)));
        let base = apply(base, sum(&|one| one.member && one.id == user));
        // Who does not see a channel may nothing in it.
        if base & VIEW_CHANNEL == 0 { 0 } else { base }
    }

    /// Whether the bot sees a channel.
    pub(super) fn sees(&self, channel: &Channel) -> bool {
        channel.kind == ChannelKind::Direct || self.permissions_in(BOT_USER, channel) & VIEW_CHANNEL != 0
    }

    /// Refuses what the bot may not.
    pub(super) fn may(&self, channel: &Channel, needed: u64) -> Result<(), Refusal> {
        if channel.kind == ChannelKind::Direct {
            return Ok(());
        }
        let granted = self.permissions_in(BOT_USER, channel);
        match granted {
            _ if granted & VIEW_CHANNEL == 0 => Err(Refusal::missing_access()),
            _ if granted & needed != needed => Err(Refusal::missing_permissions()),
            _ => Ok(()),
        }
    }
}
