//! What the app is told of what happens. <https://docs.discord.com/developers/events/gateway-events>

use serde_json::{Value, json};

use super::delivery::Audience;
use super::message::Message;
use super::opening::{active_threads, intent};
use super::options::GUILD;
use super::sessions::GUILDS;
use super::state::State;
use super::world::{Channel, ChannelKind};

impl State {
    /// Keeps a new message, and tells of it.
    pub(super) fn place(&mut self, message: Message) {
        let number = message.id.parse().expect("an id of the double");
        let channel = self.world.channels.get_mut(&message.channel).expect("the channel of a message");
        channel.messages.insert(number, message.clone());
        self.tell_message("MESSAGE_CREATE", &message);
    }

    /// Changes a message, and tells of it.
    pub(super) fn alter(&mut self, channel: &str, id: &str, change: impl FnOnce(&mut Message)) {
        let number: u64 = id.parse().unwrap_or(0);
        let found = self.world.channels.get_mut(channel).and_then(|channel| channel.messages.get_mut(&number));
        let Some(message) = found else { return };
        change(message);
        let message = message.clone();
        self.tell_message("MESSAGE_UPDATE", &message);
    }

    /// Removes a message, and tells of it.
    pub(super) fn remove(&mut self, channel: &str, id: &str) -> Option<Message> {
        let number: u64 = id.parse().ok()?;
        let found = self.world.channels.get_mut(channel)?;
        let gone = found.messages.remove(&number)?;
        let (kind, seen) = (found.kind, self.sees(channel));
        let mut event = json!({"id": id, "channel_id": channel});
        if kind != ChannelKind::Direct {
            event["guild_id"] = json!(GUILD);
        }
        if seen {
            self.deliver("MESSAGE_DELETE", Audience::With(intent(kind)), event);
        }
        Some(gone)
    }

    fn tell_message(&mut self, what: &'static str, message: &Message) {
        let Some(channel) = self.world.channels.get(&message.channel) else { return };
        let audience = match channel.kind {
            ChannelKind::Direct => Audience::With(intent(channel.kind)),
            _ => Audience::Sealed(intent(channel.kind)),
        };
        if self.sees(&message.channel) {
            let mut event = self.world.told_event(message, &self.origin);
            if let Some(nonce) = message.nonce.as_ref().filter(|_| what == "MESSAGE_CREATE") {
                event["nonce"] = json!(nonce);
            }
            self.deliver(what, audience, event);
        }
    }

    /// Whether the bot sees a channel.
    fn sees(&self, channel: &str) -> bool {
        self.world.channels.get(channel).is_some_and(|channel| self.world.sees(channel))
    }

    /// Tells of a channel or a thread: `CHANNEL_UPDATE`, `THREAD_CREATE`.
    pub(super) fn tell_channel(&mut self, what: &'static str, channel: &Channel) {
        if self.world.sees(channel) {
            let mut event = self.world.told(channel);
            if what == "THREAD_CREATE" {
                event["newly_created"] = json!(true);
            }
            self.deliver(what, Audience::With(GUILDS), event);
        }
    }

    /// Tells of the threads of a channel that the bot sees again.
    pub(super) fn tell_threads(&mut self, channel: &str) {
        let threads: Vec<Value> = match active_threads(&self.world) {
            Value::Array(all) => all.into_iter().filter(|thread| thread["parent_id"] == channel).collect(),
            _ => Vec::new(),
        };
        let event = json!({"guild_id": GUILD, "channel_ids": [channel], "threads": threads, "members": []});
        self.deliver("THREAD_LIST_SYNC", Audience::With(GUILDS), event);
    }

    /// Archives or reopens a thread, or another of its properties, and tells of it.
    pub(super) fn alter_thread(&mut self, id: &str, change: impl FnOnce(&mut Channel)) {
        let now = self.now;
        let Some(channel) = self.world.channels.get_mut(id) else { return };
        let before = channel.archived();
        change(channel);
        let archived = channel.archived();
        if let Some(thread) = channel.thread.as_mut().filter(|_| before != archived) {
            thread.changed = now;
        }
        let channel = channel.clone();
        self.tell_channel("THREAD_UPDATE", &channel);
    }

    /// A message in an archived thread reopens it.
    pub(super) fn reopen(&mut self, id: &str) {
        if self.world.channels.get(id).is_some_and(Channel::archived) {
            self.alter_thread(id, |channel| {
                if let Some(thread) = &mut channel.thread {
                    thread.archived = false;
                }
            });
        }
    }
}
