//! `chat.*` and `reactions.add`.

use serde_json::json;

use super::content::{self, Content};
use crate::slack::args::{Answer, Args, Refusal};
use crate::slack::message::{Ephemeral, Message};
use crate::slack::options::{BOT, BOT_USER, TEAM_DOMAIN};
use crate::slack::state::State;
use crate::slack::world::Channel;

pub(crate) fn post(state: &mut State, args: &Args) -> Answer {
    let channel = addressed(state, args.must("channel")?)?;
    let content = Content::read(args, false)?;
    let root = thread(state.joined(&channel)?, args.text("thread_ts"))?;
    let broadcast = args.flag("reply_broadcast") && root.is_some();
    let blocks = content::with_ids(state, content.blocks.unwrap_or_default());
    let message = Message {
        ts: state.ts(),
        channel: channel.clone(),
        thread_ts: root,
        user: Some(BOT_USER.to_owned()),
        bot_id: Some(BOT.to_owned()),
        username: args.text("username").map(str::to_owned),
        subtype: broadcast.then(|| "thread_broadcast".to_owned()),
        text: content.text.unwrap_or_default(),
        blocks,
        attachments: content::with_numbers(content.attachments.unwrap_or_default()),
        metadata: content.metadata,
        client_msg_id: args.text("client_msg_id").map(str::to_owned),
        broadcast,
        ..Message::default()
    };
    let told = message.told(true);
    let ts = state.place(message);
    Ok(json!({"channel": channel, "ts": ts, "message": told}))
}

pub(crate) fn update(state: &mut State, args: &Args) -> Answer {
    let (channel, ts) = (args.must("channel")?, args.must("ts")?.to_owned());
    let id = state.channel(channel)?.id.clone();
    let before = found(state.joined(&id)?, &ts)?.clone();
    if !before.is_own() {
        return Err(Refusal::of("cant_update_message"));
    }
    let content = Content::read(args, true)?;
    let mut after = before.clone();
    after.before.push((before.text.clone(), before.blocks.clone()));
    // Text without blocks takes the old blocks away; blocks without text leave the old text.
    if let Some(blocks) = content.blocks.or_else(|| content.text.as_ref().map(|_| Vec::new())) {
        after.blocks = content::with_ids(state, blocks);
    }
    after.text = content.text.unwrap_or(after.text);
    after.attachments = content.attachments.map_or(after.attachments, content::with_numbers);
    after.metadata = content.metadata.or(after.metadata).filter(|m| *m != json!({}));
    after.edited = Some(state.ts());
    let told = json!({"channel": id, "ts": ts, "text": after.text, "message": after.told(true)});
    state.replace(&before, after);
    Ok(told)
}

pub(crate) fn delete(state: &mut State, args: &Args) -> Answer {
    let (channel, ts) = (args.must("channel")?, args.must("ts")?.to_owned());
    let id = state.channel(channel)?.id.clone();
    let message = found(state.joined(&id)?, &ts)?.clone();
    if !message.is_own() {
        return Err(Refusal::of("cant_delete_message"));
    }
    state.remove(&message);
    Ok(json!({"channel": id, "ts": ts}))
}

pub(crate) fn post_ephemeral(state: &mut State, args: &Args) -> Answer {
    let (channel, user) = (args.must("channel")?, args.must("user")?.to_owned());
    let channel = state.channel(channel)?.id.clone();
    let content = Content::read(args, false)?;
    if !state.joined(&channel)?.members.contains(&user) {
        return Err(Refusal::of("user_not_in_channel"));
    }
    let root = args.text("thread_ts").map(str::to_owned);
    let blocks = content::with_ids(state, content.blocks.unwrap_or_default());
    let (text, by) = (content.text.unwrap_or_default(), "chat.postEphemeral".to_owned());
    state.world.ephemerals.push(Ephemeral { channel, user, thread_ts: root, text, blocks, by });
    Ok(json!({"message_ts": state.ts()}))
}

pub(crate) fn permalink(state: &mut State, args: &Args) -> Answer {
    let (channel, ts) = (args.must("channel")?, args.must("message_ts")?);
    let channel = state.channel(channel)?;
    let message = found(channel, ts)?;
    let digits = |ts: &str| ts.replace('.', "");
    let mut link = format!("https://{TEAM_DOMAIN}.slack.com/archives/{}/p{}", channel.id, digits(ts));
    if let Some(root) = message.thread_ts.as_ref().filter(|_| message.is_reply()) {
        link.push_str(&format!("?thread_ts={root}&cid={}", channel.id));
    }
    Ok(json!({"channel": channel.id, "permalink": link}))
}

pub(crate) fn react(state: &mut State, args: &Args) -> Answer {
    let (channel, ts) = (args.must("channel")?, args.must("timestamp")?.to_owned());
    let name = args.must("name")?.trim_matches(':').to_owned();
    let id = state.joined(channel)?.id.clone();
    let message = found(state.channel(&id)?, &ts)?;
    if message.reactions.contains(&name) {
        return Err(Refusal::of("already_reacted"));
    }
    if let Some(message) = state.world.channels.get_mut(&id).and_then(|c| c.messages.get_mut(&ts)) {
        message.reactions.push(name);
    }
    Ok(json!({}))
}

/// A channel by id or name; a user's id means the direct conversation.
fn addressed(state: &mut State, name: &str) -> Result<String, Refusal> {
    if state.world.users.contains_key(name) {
        return Ok(state.world.direct(name));
    }
    Ok(state.channel(name)?.id.clone())
}

fn found<'a>(channel: &'a Channel, ts: &str) -> Result<&'a Message, Refusal> {
    channel.messages.get(ts).ok_or_else(|| Refusal::of("message_not_found"))
}

/// The root of the thread to reply in, which has to be there.
pub(crate) fn thread(channel: &Channel, root: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(root) = root.filter(|r| !r.is_empty()) else { return Ok(None) };
    match channel.messages.get(root) {
        None => Err(Refusal::of("thread_not_found")),
        Some(message) if message.is_reply() => Err(Refusal::of("cannot_reply_to_message")),
        Some(_) => Ok(Some(root.to_owned())),
    }
}

impl State {
    /// Puts a message in its channel and tells of it.
    pub(crate) fn place(&mut self, message: Message) -> String {
        let (id, ts) = (message.channel.clone(), message.ts.clone());
        if let Some(channel) = self.world.channels.get_mut(&id) {
            let root = message.thread_ts.as_ref().and_then(|root| channel.messages.get_mut(root));
            if let Some(root) = root {
                root.thread_ts = Some(root.ts.clone());
            }
            channel.messages.insert(ts.clone(), message);
        }
        self.tell_posted(&id, &ts);
        ts
    }

    /// Replaces a message and tells of it.
    pub(crate) fn replace(&mut self, before: &Message, after: Message) {
        if let Some(channel) = self.world.channels.get_mut(&before.channel) {
            channel.messages.insert(after.ts.clone(), after);
        }
        self.tell_changed(before);
    }

    /// Takes a message away and tells of it.
    pub(crate) fn remove(&mut self, message: &Message) {
        let Some(channel) = self.world.channels.get_mut(&message.channel) else { return };
        channel.messages.remove(&message.ts);
        self.tell_deleted(message);
    }
}
