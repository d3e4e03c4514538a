//! The permissions that are used, each with what for; and what the bot is allowed in a channel.
//!
//! The one table from which the invitation, the doctor and the words about a refusal are made: a permission that is not used
//! cannot be asked for. Pure. Start at [`USED`] and [`in_channel`].

use std::collections::BTreeMap;

use serde_json::Value;
use serenity::model::permissions::Permissions as Flags;

use crate::route::{Route, Verb};

/// A set of permissions: <https://docs.discord.com/developers/topics/permissions>.
pub(crate) type Permissions = Flags;

/// What is asked for, and why. In a thread `Send Messages` is of no use; at the top of a channel the one for threads is not.
pub(crate) const USED: [(Permissions, &str); 7] = [
    (Flags::VIEW_CHANNEL, "to see the channels that it answers in"),
    (Flags::SEND_MESSAGES, "to open the thread of an incident"),
    (Flags::CREATE_PUBLIC_THREADS, "to answer in a thread"),
    (Flags::SEND_MESSAGES_IN_THREADS, "to answer in a thread, and to reopen one that was archived"),
    (Flags::EMBED_LINKS, "every message is an embed"),
    (Flags::ATTACH_FILES, "reports and logs that do not fit"),
    (Flags::READ_MESSAGE_HISTORY, "to start a thread from a message, and to look up whether a message has landed"),
];

/// All that are used.
pub(crate) fn used() -> Permissions {
    USED.iter().fold(Flags::empty(), |all, (one, _)| all | *one)
}

/// Those without which nothing can be said. The others are missed by some messages only, and told by the doctor.
pub(crate) fn needed() -> Permissions {
    Flags::VIEW_CHANNEL | Flags::SEND_MESSAGES | Flags::CREATE_PUBLIC_THREADS | Flags::SEND_MESSAGES_IN_THREADS
}

/// Those that a call needs. Whether the channel is a thread is not known of every call: then both are named.
pub(crate) fn of(route: &Route<'_>, verb: Verb) -> Permissions {
    let say = Flags::SEND_MESSAGES | Flags::SEND_MESSAGES_IN_THREADS | Flags::EMBED_LINKS | Flags::ATTACH_FILES;
    match (route, verb) {
        (Route::Messages(_) | Route::Message { .. }, Verb::Read) => Flags::VIEW_CHANNEL | Flags::READ_MESSAGE_HISTORY,
        (Route::Messages(_), Verb::Write) => Flags::VIEW_CHANNEL | say,
        (Route::Message { .. } | Route::Channel(_), _) => Flags::VIEW_CHANNEL | Flags::SEND_MESSAGES_IN_THREADS,
        (Route::StartThread { .. }, _) => {
            Flags::VIEW_CHANNEL | Flags::CREATE_PUBLIC_THREADS | Flags::READ_MESSAGE_HISTORY
        }
        (Route::StartForumPost(_), _) => Flags::VIEW_CHANNEL | Flags::SEND_MESSAGES | Flags::EMBED_LINKS,
        _ => Flags::empty(),
    }
}

/// As people read them in Discord's settings.
pub(crate) fn names(permissions: Permissions) -> String {
    permissions.get_permission_names().join(", ")
}

/// What a member is allowed in a channel: the member's roles, then the channel's overwrites, as Discord reckons it:
/// <https://docs.discord.com/developers/topics/permissions#permission-overwrites>. All as the API gives them.
pub(crate) fn in_channel(guild: &Guild, member: &Member, overwrites: &Value) -> Permissions {
    let base = guild.base(member);
    if base.contains(Flags::ADMINISTRATOR) {
        return Flags::all();
    }
    let of = |id: &str| {
        let one = overwrites.as_array().into_iter().flatten().find(|one| one["id"] == id);
        one.map_or((Flags::empty(), Flags::empty()), |one| (bits(&one["allow"]), bits(&one["deny"])))
    };
    let (allow, deny) = of(&guild.id);
    let mut met = (base - deny) | allow;
    let roles = member.roles.iter().filter(|role| **role != guild.id).map(|role| of(role));
    let (allow, deny) = roles.fold((Flags::empty(), Flags::empty()), |all, one| (all.0 | one.0, all.1 | one.1));
    met = (met - deny) | allow;
    let (allow, deny) = of(&member.id);
    met = (met - deny) | allow;
    // Who does not see a channel can do nothing there.
    if met.contains(Flags::VIEW_CHANNEL) { met } else { Flags::empty() }
}

/// A guild's roles. Who owns it does not matter: no bot does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guild {
    /// Its id, which is the id of everybody's role too.
    pub(crate) id: String,
    /// What each role allows, by its id.
    pub(crate) roles: BTreeMap<String, Permissions>,
}

/// A member and their roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Member {
    /// Who.
    pub(crate) id: String,
    /// The ids of their roles, without everybody's.
    pub(crate) roles: Vec<String>,
}

impl Guild {
    /// With the roles as `GET /guilds/{id}/roles` lists them.
    pub(crate) fn new(id: &str, roles: &Value) -> Self {
        let all = roles.as_array().into_iter().flatten();
        let roles = all.filter_map(|role| Some((role["id"].as_str()?.to_owned(), bits(&role["permissions"]))));
        Self { id: id.to_owned(), roles: roles.collect() }
    }

    fn base(&self, member: &Member) -> Permissions {
        let roles = std::iter::once(&self.id).chain(&member.roles);
        roles.filter_map(|role| self.roles.get(role)).fold(Flags::empty(), |all, one| all | *one)
    }
}

/// A set as the API writes it: its number, as text.
fn bits(value: &Value) -> Permissions {
    let bits = value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_u64()).unwrap_or_default();
    Flags::from_bits_truncate(bits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(flags: Flags) -> Value {
        Value::from(flags.bits().to_string())
    }

    fn guild(everybody: Flags, oncall: Flags) -> Guild {
        let roles = json!([{"id": "1", "permissions": set(everybody)}, {"id": "7", "permissions": set(oncall)}]);
        Guild::new("1", &roles)
    }

    fn bot() -> Member {
        Member { id: "5".to_owned(), roles: vec!["7".to_owned()] }
    }

    #[test]
    fn overwrites_of_everybody_then_roles_then_the_member() {
        let (view, send, embed) = (Flags::VIEW_CHANNEL, Flags::SEND_MESSAGES, Flags::EMBED_LINKS);
        let guild = guild(view | send, embed);
        let over = |id: &str, allow: Flags, deny: Flags| json!({"id": id, "allow": set(allow), "deny": set(deny)});
        let none = Flags::empty();
        for (overwrites, expected) in [
            (json!([]), view | send | embed),
            (json!([over("1", none, send)]), view | embed),
            (json!([over("1", none, send), over("7", send, none)]), view | send | embed),
            (json!([over("7", none, send), over("5", send, embed)]), view | send),
            (json!([over("1", none, view)]), none),
            (json!([over("8", none, view)]), view | send | embed),
        ] {
            assert_eq!(in_channel(&guild, &bot(), &overwrites), expected, "{overwrites}");
        }
    }

    #[test]
    fn administrators_are_allowed_everything() {
        let hidden = json!([{"id": "1", "allow": "0", "deny": set(Flags::VIEW_CHANNEL)}]);
        let met = in_channel(&guild(Flags::empty(), Flags::ADMINISTRATOR), &bot(), &hidden);
        assert_eq!(met, Flags::all());
    }

    #[test]
    fn every_call_needs_only_what_is_asked_for_and_all_of_it_is_needed() {
        let (channel, message) = ("1", "2");
        let writes = [
            (Route::Messages(channel), Verb::Read),
            (Route::Messages(channel), Verb::Write),
            (Route::Message { channel, message }, Verb::Write),
            (Route::StartThread { channel, message }, Verb::Write),
            (Route::StartForumPost(channel), Verb::Write),
            (Route::Channel(channel), Verb::Write),
        ];
        let needed = writes.iter().fold(Flags::empty(), |all, (route, verb)| all | of(route, *verb));
        assert_eq!(needed, used());
    }
}
