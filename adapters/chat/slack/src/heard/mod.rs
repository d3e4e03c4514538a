//! What Slack delivers, as what was [`Heard`].
//!
//! Reads Slack's own JSON, the same for Socket Mode and signed HTTP. One message is heard once, however many events tell
//! of it (`message` and `app_mention`) and however often they are redelivered: its id is made of the message, not of the
//! event. Must never hear what Midwatch says itself, nor take a person's words for an alert. Start at [`Listening::event`].

mod markup;
mod post;

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_service::heard::{Heard, Place, Said};
use midwatch_service::id::MessageId;
use midwatch_service::job::{Actor, Origin};
use serde_json::Value;

/// What this platform calls itself.
pub(crate) const SLACK: &str = "slack";

/// Which channels are listened to for what.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// Ids of channels where posts of other programs are alerts.
    pub alert_channels: BTreeSet<String>,
}

/// An event of the Events API, as far as it says who is who.
struct Event<'a> {
    inner: &'a Value,
    team: Option<&'a str>,
    /// Midwatch itself.
    me: Option<&'a str>,
    app: Option<&'a str>,
}

impl Listening {
    /// What an `event_callback` tells; none when it is nothing for us.
    pub(crate) fn event(&self, payload: &Value, now: Timestamp) -> Option<Heard> {
        let first = |name: &str| payload.get("authorizations")?.get(0)?.get(name)?.as_str();
        let event = Event {
            inner: payload.get("event")?,
            team: text(payload, "team_id").or_else(|| first("team_id")),
            me: first("user_id"),
            app: text(payload, "api_app_id"),
        };
        match (text(event.inner, "type")?, text(event.inner, "subtype")) {
            ("app_mention", _) => event.said(now),
            ("message", Some("message_changed")) => self.edited(&event, now),
            ("message", None | Some("bot_message" | "thread_broadcast" | "file_share" | "me_message")) => {
                if is_of_a_program(event.inner) {
                    self.posted(&event, event.inner, None, now)
                } else {
                    event.said(now)
                }
            }
            _ => None,
        }
    }

    /// A message of another program.
    fn posted(&self, event: &Event<'_>, message: &Value, edited: Option<&str>, now: Timestamp) -> Option<Heard> {
        let channel = text(event.inner, "channel")?;
        let ts = text(message, "ts")?;
        let is_reply = text(message, "thread_ts").is_some_and(|root| root != ts);
        if event.is_own(message) || is_reply || !self.alert_channels.contains(channel) {
            return None;
        }
        let said = match post::post(message) {
            Some(post) => Said::Post { post: Box::new(post), edited: edited.is_some() },
            None => Said::Unreadable {
                why: format!("the message {ts} in channel {channel} holds nothing that can be read"),
            },
        };
        let actor = Actor {
            // A post is no person: its channel was bound to alerts by the operator, as a webhook's address is.
            platform: "webhook".to_owned(),
            workspace: event.team.map(str::to_owned),
            user: SLACK.to_owned(),
            groups: Vec::new(),
            channel: Some(channel.to_owned()),
        };
        let place = Place {
            platform: SLACK.to_owned(),
            channel: channel.to_owned(),
            root: None,
            message: Some(MessageId(ts.to_owned())),
            direct: false,
        };
        let id = format!("slack:{channel}:{ts}:{}", edited.unwrap_or("post"));
        Some(Heard {
            origin: Origin { actor, request_id: id.clone() },
            id,
            at: now,
            place,
            said,
            reply: None,
            waits: false,
        })
    }

    /// A message that says something else now. What persons correct is left alone: they were answered.
    fn edited(&self, event: &Event<'_>, now: Timestamp) -> Option<Heard> {
        let message = event.inner.get("message")?;
        let same = event.inner.get("previous_message").is_some_and(|before| {
            ["text", "attachments", "blocks"].iter().all(|part| before.get(part) == message.get(part))
        });
        if same || !is_of_a_program(message) {
            return None;
        }
        let when = message.get("edited").and_then(|edited| text(edited, "ts"));
        let revision = when.or_else(|| text(event.inner, "event_ts")).or_else(|| text(event.inner, "ts"))?;
        self.posted(event, message, Some(revision), now)
    }
}

impl Event<'_> {
    fn is_own(&self, message: &Value) -> bool {
        let app = text(message, "app_id").or_else(|| text(message.get("bot_profile")?, "app_id"));
        let by_app = app.is_some() && app == self.app;
        let by_user = self.me.is_some() && text(message, "user") == self.me;
        by_app || by_user
    }

    /// A message of a person.
    fn said(&self, now: Timestamp) -> Option<Heard> {
        let (channel, ts) = (text(self.inner, "channel")?, text(self.inner, "ts")?);
        let user = text(self.inner, "user")?;
        if is_of_a_program(self.inner) || self.is_own(self.inner) {
            return None;
        }
        let written = text(self.inner, "text").unwrap_or_default();
        let root = text(self.inner, "thread_ts").filter(|root| *root != ts);
        let direct = text(self.inner, "channel_type") == Some("im") || channel.starts_with('D');
        let named = text(self.inner, "type") == Some("app_mention")
            || self.me.is_some_and(|me| written.contains(&format!("<@{me}>")) || written.contains(&format!("<@{me}|")));
        let words = markup::typed(written, self.me);
        let said = match (named || direct, root) {
            (true, _) => Said::Mention { text: words },
            (false, Some(_)) => Said::Message { text: words },
            // What people say at the top of a channel to each other is none of ours.
            (false, None) => return None,
        };
        let place = Place {
            platform: SLACK.to_owned(),
            channel: channel.to_owned(),
            root: root.map(|root| MessageId(root.to_owned())),
            message: Some(MessageId(ts.to_owned())),
            direct,
        };
        let id = format!("slack:{channel}:{ts}");
        Some(Heard {
            origin: origin(self.team, user, channel, &id),
            id,
            at: now,
            place,
            said,
            reply: None,
            waits: false,
        })
    }
}

/// What a slash command tells: the fields of its form, or the payload of its envelope.
pub(crate) fn command(payload: &Value, now: Timestamp) -> Option<Heard> {
    let (channel, user) = (text(payload, "channel_id")?, text(payload, "user_id")?);
    let id = format!("slack:command:{}", text(payload, "trigger_id")?);
    let place = Place {
        platform: SLACK.to_owned(),
        channel: channel.to_owned(),
        root: None,
        message: None,
        direct: channel.starts_with('D'),
    };
    let said = Said::Command { text: markup::typed(text(payload, "text").unwrap_or_default(), None) };
    let reply = text(payload, "response_url").map(str::to_owned);
    Some(Heard {
        origin: origin(text(payload, "team_id"), user, channel, &id),
        id,
        at: now,
        place,
        said,
        reply,
        waits: false,
    })
}

/// What a pressed button tells; none for other interactions.
pub(crate) fn interaction(payload: &Value, now: Timestamp) -> Option<Heard> {
    if text(payload, "type")? != "block_actions" {
        return None;
    }
    let action = payload.get("actions")?.get(0)?;
    let button = text(action, "value")?.to_owned();
    let user = text(payload.get("user")?, "id")?;
    let container = payload.get("container");
    let of = |part: Option<&Value>, name: &str| part.and_then(|part| text(part, name)).map(str::to_owned);
    let channel = of(payload.get("channel"), "id").or_else(|| of(container, "channel_id"))?;
    let message = of(container, "message_ts").or_else(|| of(payload.get("message"), "ts"));
    let thread = of(payload.get("message"), "thread_ts").or_else(|| of(container, "thread_ts"));
    let team = of(payload.get("team"), "id").or_else(|| of(payload.get("user"), "team_id"));
    let id = format!("slack:press:{}", text(payload, "trigger_id").or_else(|| text(action, "action_ts"))?);
    let place = Place {
        platform: SLACK.to_owned(),
        direct: channel.starts_with('D'),
        root: thread.or_else(|| message.clone()).map(MessageId),
        message: message.map(MessageId),
        channel,
    };
    let origin = origin(team.as_deref(), user, &place.channel, &id);
    let reply = text(payload, "response_url").map(str::to_owned);
    Some(Heard { origin, id, at: now, place, said: Said::Press { button }, reply, waits: false })
}

fn origin(team: Option<&str>, user: &str, channel: &str, id: &str) -> Origin {
    let actor = Actor {
        platform: SLACK.to_owned(),
        workspace: team.map(str::to_owned),
        user: user.to_owned(),
        groups: Vec::new(),
        channel: Some(channel.to_owned()),
    };
    Origin { actor, request_id: id.to_owned() }
}

fn is_of_a_program(message: &Value) -> bool {
    text(message, "bot_id").is_some() || text(message, "subtype") == Some("bot_message")
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

#[cfg(test)]
mod tests;
