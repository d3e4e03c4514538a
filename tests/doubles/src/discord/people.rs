//! What people say in the guild.

use super::Discord;
use super::api::content;
use super::message::{Look, Message};
use super::options::BOT_USER;
use super::state::State;
use super::world::ChannelKind;

impl Discord {
    /// A person says something in a channel, by id or name, or in a thread, which it reopens; the id of it.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> String {
        self.shared.change(|state| {
            let id = place(state, channel);
            said(state, user, &id, text)
        })
    }

    /// A person names the app and says this; the id of it.
    pub fn mention(&self, user: &str, channel: &str, text: &str) -> String {
        self.say(user, channel, &format!("<@{BOT_USER}> {text}"))
    }

    /// A person says something to the app alone; the id of it.
    pub fn say_directly(&self, user: &str, text: &str) -> String {
        self.shared.change(|state| {
            let id = state.direct(user);
            said(state, user, &id, text)
        })
    }

    /// A person makes a thread from a message, and says the first words in it; the id of these.
    ///
    /// # Panics
    /// When there is no such channel or message.
    pub fn say_in_new_thread(&self, user: &str, channel: &str, message: &str, text: &str) -> String {
        self.shared.change(|state| {
            let channel = place(state, channel);
            let name = serde_json::json!({"name": "a thread"});
            state.open_thread_from(&channel, message, user, &name);
            said(state, user, message, text)
        })
    }

    /// A person opens a post in a forum; its id, which is that of the thread and of its first message.
    ///
    /// # Panics
    /// When there is no such forum.
    pub fn open_post(&self, user: &str, forum: &str, title: &str, text: &str) -> String {
        self.shared.change(|state| {
            let forum = place(state, forum);
            let id = state.snowflake();
            state.open_thread(&id, &forum, user, &serde_json::json!({"name": title}));
            let mut message = Message::new(id.clone(), &id, user, state.now);
            message.look = Look { content: text.to_owned(), ..Look::default() };
            content::mention(&mut message, None);
            state.place(message);
            id
        })
    }

    /// A person edits what they said.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn edit(&self, channel: &str, id: &str, text: &str) {
        self.shared.change(|state| {
            let (channel, now) = (place(state, channel), state.now);
            state.alter(&channel, id, |message| {
                message.show(Look { content: text.to_owned(), ..message.look.clone() }, now);
                content::mention(message, None);
            });
        });
    }

    /// Someone deletes a message.
    ///
    /// # Panics
    /// When there is no such channel or message.
    pub fn delete(&self, channel: &str, id: &str) {
        self.shared.change(|state| {
            let channel = place(state, channel);
            state.remove(&channel, id).expect("a message that is there");
        });
    }

    /// Someone deletes a thread and all that is in it.
    pub fn delete_thread(&self, thread: &str) {
        self.shared.change(|state| {
            let gone = state.world.channels.remove(thread).expect("a thread that is there");
            state.tell_channel("THREAD_DELETE", &gone);
        });
    }

    /// A thread is archived, as after a time without messages.
    pub fn archive(&self, thread: &str) {
        self.set(thread, true, false);
    }

    /// A thread is archived and locked: only those who manage threads open it again.
    pub fn lock(&self, thread: &str) {
        self.set(thread, true, true);
    }

    fn set(&self, thread: &str, archived: bool, locked: bool) {
        self.shared.change(|state| {
            state.alter_thread(thread, |channel| {
                let thread = channel.thread.as_mut().expect("a thread");
                (thread.archived, thread.locked) = (archived, locked);
            });
        });
    }
}

fn said(state: &mut State, user: &str, channel: &str, text: &str) -> String {
    assert_ne!(state.world.channels[channel].kind, ChannelKind::Forum, "in a forum people open posts");
    state.reopen(channel);
    let mut message = Message::new(state.snowflake(), channel, user, state.now);
    message.look = Look { content: text.to_owned(), ..Look::default() };
    content::mention(&mut message, None);
    let id = message.id.clone();
    state.place(message);
    id
}

/// The id of a channel by id or name.
pub(super) fn place(state: &State, channel: &str) -> String {
    state.world.channel(channel).expect("a channel that was added").id.clone()
}
