//! What the app is told of what happens, as the Events API tells it.

use serde_json::{Value, json};

use super::delivery::Kind;
use super::message::Message;
use super::options::{APP, BOT_USER, TEAM};
use super::state::State;
use super::world::ChannelKind;

/// Where something happened.
struct Place {
    channel: String,
    kind: ChannelKind,
    has_bot: bool,
}

impl State {
    /// Tells of a new message, and of the app being named in it.
    pub(super) fn tell_posted(&mut self, channel: &str, ts: &str) {
        let Some((place, message)) = self.happened(channel, ts) else { return };
        let mut event = message.told(false);
        placed(&mut event, &place, &message.ts);
        if let Some(root) = message.thread_ts.as_ref().filter(|root| *root != ts) {
            let root = self.world.channels.get(channel).and_then(|c| c.messages.get(root));
            event["parent_user_id"] = json!(root.and_then(|m| m.user.clone()));
        }
        self.tell(&place, place.kind.subscription(), event.clone());
        let named = message.text.contains(&format!("<@{BOT_USER}>"));
        if named && !message.is_own() && place.kind != ChannelKind::Direct {
            event["type"] = json!("app_mention");
            event.as_object_mut().map(|e| e.remove("channel_type"));
            self.tell(&place, "app_mention", event);
        }
    }

    /// Tells of an edit.
    pub(super) fn tell_changed(&mut self, before: &Message) {
        let Some((place, message)) = self.happened(&before.channel, &before.ts) else { return };
        let ts = self.ts();
        let mut event = json!({
            "type": "message", "subtype": "message_changed", "hidden": true,
            "message": message.told(false), "previous_message": before.told(false),
        });
        placed(&mut event, &place, &ts);
        event["ts"] = json!(ts);
        self.tell(&place, place.kind.subscription(), event);
    }

    /// Tells that a message was deleted.
    pub(super) fn tell_deleted(&mut self, message: &Message) {
        let Some(place) = self.place_of(&message.channel) else { return };
        let ts = self.ts();
        let mut event = json!({
            "type": "message", "subtype": "message_deleted", "hidden": true,
            "deleted_ts": message.ts, "previous_message": message.told(false),
        });
        placed(&mut event, &place, &ts);
        event["ts"] = json!(ts);
        self.tell(&place, place.kind.subscription(), event);
    }

    /// Tells that someone came into a channel.
    pub(super) fn tell_joined(&mut self, channel: &str, user: &str) {
        let Some(place) = self.place_of(channel) else { return };
        let ts = self.ts();
        let event = json!({
            "type": "member_joined_channel", "user": user, "channel": channel, "channel_type": "C", "team": TEAM,
            "event_ts": ts,
        });
        self.tell(&place, "member_joined_channel", event);
    }

    fn place_of(&self, channel: &str) -> Option<Place> {
        let found = self.world.channels.get(channel)?;
        Some(Place { channel: found.id.clone(), kind: found.kind, has_bot: found.has_bot() })
    }

    fn happened(&self, channel: &str, ts: &str) -> Option<(Place, Message)> {
        let message = self.world.channels.get(channel)?.messages.get(ts)?.clone();
        Some((self.place_of(channel)?, message))
    }

    /// An app hears only what it subscribed to, in channels it is in.
    fn tell(&mut self, place: &Place, subscription: &str, event: Value) {
        let subscribed = self.options.subscriptions.iter().any(|s| s == subscription);
        if !subscribed || !place.has_bot {
            return;
        }
        let what = event["type"].as_str().unwrap_or_default().to_owned();
        let payload = json!({
            "token": "a-verification-token-that-is-not-used", "team_id": TEAM, "context_team_id": TEAM, "api_app_id": APP,
            "event": event, "type": "event_callback", "event_id": self.id("Ev"), "event_time": self.now.as_second(),
            "authorizations": [{
                "enterprise_id": null, "team_id": TEAM, "user_id": BOT_USER, "is_bot": true, "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false, "event_context": "4-an-event-context",
        });
        self.deliver(Kind::Event, &what, payload, None);
    }
}

fn placed(event: &mut Value, place: &Place, ts: &str) {
    event["channel"] = json!(place.channel);
    event["channel_type"] = json!(place.kind.name());
    event["event_ts"] = json!(ts);
}
