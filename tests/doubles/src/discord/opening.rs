//! What a session is told first: READY, then the guild. <https://docs.discord.com/developers/events/gateway-events#ready>

use serde_json::{Value, json};

use super::options::{APPLICATION, BOT_USER, GUILD, OWNER};
use super::sessions::GUILD_MESSAGES;
use super::state::State;
use super::world::{ChannelKind, Role, World};

/// The name of the guild.
pub(super) const GUILD_NAME: &str = "Midwatch Double";
/// The bit of an application that may hear what messages say, without being verified.
const CONTENT_LIMITED: u64 = 1 << 19;

impl State {
    /// The address of the gateway.
    pub(super) fn gateway(&self) -> String {
        format!("{}/gateway-socket", self.origin.replacen("http", "ws", 1))
    }

    /// The flags of the application.
    pub(super) fn flags(&self) -> u64 {
        if self.options.message_content { CONTENT_LIMITED } else { 0 }
    }

    /// The bot as it sees itself.
    pub(super) fn myself(&self) -> Value {
        let mut told = self.world.user(BOT_USER);
        told["verified"] = json!(true);
        told["mfa_enabled"] = json!(false);
        told["flags"] = json!(0);
        told["email"] = Value::Null;
        told
    }
}

/// READY, and the guild as it is.
pub(super) fn begin(state: &mut State, session: &str, shard: &Value) {
    let ready = json!({
        "v": 10, "user": state.myself(), "guilds": [{"id": GUILD, "unavailable": true}], "session_id": session,
        "resume_gateway_url": state.gateway(), "shard": if shard.is_array() { shard.clone() } else { json!([0, 1]) },
        "application": {"id": APPLICATION, "flags": state.flags()}, "session_type": "normal", "private_channels": [],
        "relationships": [], "presences": [], "user_settings": {}, "guild_join_requests": [], "geo_ordered_rtc_regions": [],
    });
    let guild = guild_create(&state.world);
    state.sessions.tell(session, "READY", ready);
    state.sessions.tell(session, "GUILD_CREATE", guild);
}

/// The guild as the API tells it.
pub(super) fn guild(world: &World) -> Value {
    json!({
        "id": GUILD, "name": GUILD_NAME, "owner_id": OWNER, "roles": world.roles.values().map(Role::told).collect::<Vec<_>>(),
        "icon": null, "icon_hash": null, "splash": null, "discovery_splash": null, "afk_channel_id": null, "afk_timeout": 300,
        "widget_enabled": false, "widget_channel_id": null, "verification_level": 1, "default_message_notifications": 1,
        "explicit_content_filter": 2, "emojis": [], "stickers": [], "features": [], "mfa_level": 0, "application_id": null,
        "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null, "max_presences": null,
        "max_members": 500_000, "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
        "premium_subscription_count": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
        "max_video_channel_users": 25, "max_stage_video_channel_users": 50, "nsfw_level": 0, "nsfw": false, "region": "deprecated",
        "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null, "incidents_data": null,
    })
}

/// The guild as the gateway tells it: with every channel, and the threads that are active and seen.
fn guild_create(world: &World) -> Value {
    let mut told = guild(world);
    let of_guild = |kind| kind == ChannelKind::Text || kind == ChannelKind::Forum;
    let channels = world.channels.values().filter(|channel| of_guild(channel.kind));
    told["channels"] = channels.map(|channel| world.told(channel)).collect();
    told["threads"] = active_threads(world);
    let mut bot = world.member(BOT_USER);
    bot["user"] = world.user(BOT_USER);
    told["members"] = json!([bot]);
    told["joined_at"] = json!("2024-01-01T00:00:00.000000+00:00");
    told["large"] = json!(false);
    told["unavailable"] = json!(false);
    told["member_count"] = json!(world.users.len());
    for empty in ["voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
        told[empty] = json!([]);
    }
    told
}

/// The threads that are not archived, and that the bot sees.
pub(super) fn active_threads(world: &World) -> Value {
    let active = world.channels.values().filter(|channel| channel.thread.is_some() && !channel.archived());
    active.filter(|channel| world.sees(channel)).map(|channel| world.told(channel)).collect()
}

/// The intent that brings messages of a channel.
pub(super) fn intent(kind: ChannelKind) -> u64 {
    if kind == ChannelKind::Direct { super::sessions::DIRECT_MESSAGES } else { GUILD_MESSAGES }
}
