//! Threads: from a message, and posts of forums. <https://docs.discord.com/developers/topics/threads>

use serde_json::{Value, json};

use super::{content, guild, messages};
use crate::discord::message::{HAS_THREAD, Look, Message};
use crate::discord::opening;
use crate::discord::options::BOT_USER;
use crate::discord::permissions::{CREATE_PUBLIC_THREADS, SEND_MESSAGES};
use crate::discord::refusal::{Answer, Refusal};
use crate::discord::request::Request;
use crate::discord::state::State;
use crate::discord::validate::{self, check::Check};
use crate::discord::world::{Channel, ChannelKind, Thread};

/// Minutes after which a thread is archived that says nothing of it.
const ARCHIVES_AFTER: u64 = 4_320;

fn checked(body: &Value) -> Result<(), Refusal> {
    let mut check = Check::default();
    validate::thread(body, &mut check);
    if let Some(message) = body.get("message") {
        validate::message(message, &mut check, "message");
    }
    check.end()
}

impl State {
    /// A new thread in a channel.
    pub(in crate::discord) fn open_thread(&mut self, id: &str, parent: &str, owner: &str, body: &Value) -> Channel {
        let name = body["name"].as_str().unwrap_or("thread").trim();
        let mut thread = Channel::new(id, name, ChannelKind::Thread);
        thread.parent = Some(parent.to_owned());
        thread.thread = Some(Thread {
            owner: owner.to_owned(),
            archived: false,
            locked: false,
            changed: self.now,
            created: self.now,
            archives_after: body["auto_archive_duration"].as_u64().unwrap_or(ARCHIVES_AFTER),
        });
        self.world.channels.insert(id.to_owned(), thread.clone());
        self.tell_channel("THREAD_CREATE", &thread);
        thread
    }

    /// A thread from a message: it has the message's id, and begins with a pointer to it.
    pub(in crate::discord) fn open_thread_from(
        &mut self,
        channel: &str,
        message: &str,
        owner: &str,
        body: &Value,
    ) -> Channel {
        let thread = self.open_thread(message, channel, owner, body);
        self.alter(channel, message, |message| message.flags |= HAS_THREAD);
        let mut first = Message::new(self.snowflake(), message, owner, self.now);
        first.kind = 21;
        first.reference = Some((channel.to_owned(), message.to_owned()));
        self.place(first);
        thread
    }
}

pub(crate) fn from_message(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?.clone();
    if channel.kind != ChannelKind::Text {
        return Err(Refusal::wrong_channel_type());
    }
    checked(&request.body)?;
    state.world.may(&channel, CREATE_PUBLIC_THREADS)?;
    let id = request.named("message");
    channel.message(id).ok_or_else(Refusal::unknown_message)?;
    if state.world.channels.contains_key(id) {
        return Err(Refusal::thread_exists());
    }
    let thread = state.open_thread_from(&channel.id, id, BOT_USER, &request.body);
    Ok(state.world.told(&thread))
}

/// A post of a forum: a thread whose first message has its id.
pub(crate) fn from_channel(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?.clone();
    if channel.kind != ChannelKind::Forum {
        return Err(Refusal::wrong_channel_type());
    }
    checked(&request.body)?;
    let Some(body) = request.body.get("message").filter(|body| body.is_object()) else {
        let error = json!({"code": "BASE_TYPE_REQUIRED", "message": "This field is required"});
        return Err(Refusal::form(json!({"message": {"_errors": [error]}})));
    };
    let look = content::look(body, &Look::default());
    // In a forum, to send messages is to open posts.
    state.world.may(&channel, messages::needed(&channel, &look, request.files.len()) | SEND_MESSAGES)?;
    content::not_empty(&look, request.files.len())?;
    let id = state.snowflake();
    let thread = state.open_thread(&id, &channel.id, BOT_USER, &request.body);
    let mut message = Message::new(id.clone(), &id, BOT_USER, state.now);
    message.look = look;
    message.files = content::files(state, body, &[], &request.files);
    content::mention(&mut message, body.get("allowed_mentions"));
    state.place(message.clone());
    let mut told = state.world.told(&thread);
    told["message"] = state.told_to_bot(&message);
    Ok(told)
}

pub(crate) fn active(state: &mut State, request: &Request) -> Answer {
    guild::own(request)?;
    Ok(json!({"threads": opening::active_threads(&state.world), "members": []}))
}
