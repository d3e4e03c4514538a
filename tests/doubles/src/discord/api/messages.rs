//! Messages: new, read, edited. <https://docs.discord.com/developers/resources/message>

use midwatch_service::clock::after;
use serde_json::{Value, json};

use super::content;
use crate::discord::message::{Look, Message};
use crate::discord::options::BOT_USER;
use crate::discord::permissions::{
    ATTACH_FILES, EMBED_LINKS, READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
};
use crate::discord::refusal::{Answer, Refusal};
use crate::discord::request::Request;
use crate::discord::sessions::sealed;
use crate::discord::state::State;
use crate::discord::world::{Channel, ChannelKind};

/// Messages of a page: by default and at most.
const PAGE: (usize, usize) = (50, 100);

impl State {
    /// A message as the bot is told it: without what it says when the bot may not know that.
    pub(super) fn told_to_bot(&self, message: &Message) -> Value {
        let told = self.world.told_message(message, &self.origin);
        let direct = self.world.channels.get(&message.channel).is_some_and(|c| c.kind == ChannelKind::Direct);
        if self.options.message_content || direct { told } else { sealed(told) }
    }
}

/// What is needed to send this.
pub(super) fn needed(channel: &Channel, look: &Look, files: usize) -> u64 {
    let send = if channel.thread.is_some() { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
    let embeds = if look.embeds.is_empty() { 0 } else { EMBED_LINKS };
    let files = if files == 0 { 0 } else { ATTACH_FILES };
    send | embeds | files
}

pub(crate) fn create(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?.clone();
    if channel.kind == ChannelKind::Forum {
        return Err(Refusal::not_in_this_channel());
    }
    let body = &request.body;
    content::check(body, "")?;
    let look = content::look(body, &Look::default());
    state.world.may(&channel, needed(&channel, &look, request.files.len()))?;
    content::not_empty(&look, request.files.len())?;
    if channel.thread.as_ref().is_some_and(|thread| thread.archived && thread.locked) {
        return Err(Refusal::thread_locked());
    }
    let closed = |id: &String| state.world.users.get(id).is_none_or(|user| user.closed);
    if channel.recipient.as_ref().is_some_and(closed) {
        return Err(Refusal::closed_to_messages());
    }
    let nonce = body["nonce"].as_str().map(str::to_owned).or_else(|| body["nonce"].as_u64().map(|n| n.to_string()));
    let enforced = nonce.clone().filter(|_| body["enforce_nonce"] == true);
    if let Some(known) = enforced.as_ref().and_then(|nonce| state.known(nonce)) {
        return Ok(with_nonce(state.told_to_bot(&known), nonce));
    }
    let mut message = Message::new(state.snowflake(), &channel.id, BOT_USER, state.now);
    message.look = look;
    message.files = content::files(state, body, &[], &request.files);
    message.nonce.clone_from(&nonce);
    message.reference = reference(body, &channel)?;
    message.kind = if message.reference.is_some() { 19 } else { 0 };
    content::mention(&mut message, body.get("allowed_mentions"));
    if let Some(nonce) = enforced {
        let until = after(state.now, state.nonces_live);
        state.nonces.insert(nonce, (channel.id.clone(), message.id.clone(), until));
    }
    state.reopen(&channel.id);
    state.place(message.clone());
    Ok(with_nonce(state.told_to_bot(&message), nonce))
}

impl State {
    /// The message that was sent with this nonce, not long ago.
    fn known(&self, nonce: &str) -> Option<Message> {
        let (channel, id, until) = self.nonces.get(nonce)?;
        let channel = self.world.channels.get(channel).filter(|_| self.now < *until)?;
        channel.message(id).cloned()
    }
}

fn with_nonce(mut told: Value, nonce: Option<String>) -> Value {
    if let Some(nonce) = nonce {
        told["nonce"] = json!(nonce);
    }
    told
}

/// The message that this one answers.
fn reference(body: &Value, channel: &Channel) -> Result<Option<(String, String)>, Refusal> {
    let Some(id) = body["message_reference"]["message_id"].as_str() else { return Ok(None) };
    match channel.message(id) {
        Some(_) => Ok(Some((channel.id.clone(), id.to_owned()))),
        None if body["message_reference"]["fail_if_not_exists"] == false => Ok(None),
        None => {
            let error = json!({"code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message"});
            Err(Refusal::form(json!({"message_reference": {"_errors": [error]}})))
        }
    }
}

pub(crate) fn get(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?;
    state.world.may(channel, READ_MESSAGE_HISTORY)?;
    let message = channel.message(request.named("message")).ok_or_else(Refusal::unknown_message)?;
    Ok(state.told_to_bot(message))
}

/// The newest first, whatever is asked for.
pub(crate) fn list(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?;
    if channel.kind == ChannelKind::Forum {
        return Err(Refusal::wrong_channel_type());
    }
    let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<u64>().ok());
    let limit = number("limit").map_or(PAGE.0, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if !(1..=PAGE.1).contains(&limit) {
        let error = json!({"code": "NUMBER_TYPE_MAX", "message": "int value should be between 1 and 100."});
        return Err(Refusal::form(json!({"limit": {"_errors": [error]}})));
    }
    if state.world.may(channel, READ_MESSAGE_HISTORY).is_err() {
        return Ok(json!([]));
    }
    let all = &channel.messages;
    let mut found: Vec<&Message> = match (number("before"), number("after"), number("around")) {
        (_, _, Some(around)) => {
            let older = all.range(..around).rev().take(limit / 2);
            older.chain(all.range(around..).take(limit - limit / 2)).map(|(_, message)| message).collect()
        }
        (_, Some(after), _) => all.range(after.saturating_add(1)..).take(limit).map(|(_, message)| message).collect(),
        (Some(before), _, _) => all.range(..before).rev().take(limit).map(|(_, message)| message).collect(),
        _ => all.values().rev().take(limit).collect(),
    };
    found.sort_by_key(|message| std::cmp::Reverse(message.id.parse::<u64>().unwrap_or(0)));
    Ok(found.into_iter().map(|message| state.told_to_bot(message)).collect())
}

pub(crate) fn edit(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?.clone();
    let before = channel.message(request.named("message")).ok_or_else(Refusal::unknown_message)?.clone();
    if !before.is_own() {
        return Err(Refusal::not_the_author());
    }
    content::check(&request.body, "")?;
    let look = content::look(&request.body, &before.look);
    let embeds = if look.embeds.is_empty() { 0 } else { EMBED_LINKS };
    state.world.may(&channel, embeds)?;
    if channel.archived() {
        return Err(Refusal::thread_archived());
    }
    let files = content::files(state, &request.body, &before.files, &request.files);
    content::not_empty(&look, files.len())?;
    let now = state.now;
    state.alter(&channel.id, &before.id, |message| {
        message.show(look, now);
        message.files = files;
        content::mention(message, request.body.get("allowed_mentions"));
    });
    get_again(state, &channel.id, &before.id)
}

fn get_again(state: &State, channel: &str, id: &str) -> Answer {
    let message = state.world.channels.get(channel).and_then(|channel| channel.message(id));
    message.map(|message| state.told_to_bot(message)).ok_or_else(Refusal::unknown_message)
}

pub(crate) fn delete(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?.clone();
    let message = channel.message(request.named("message")).ok_or_else(Refusal::unknown_message)?;
    if !message.is_own() {
        return Err(Refusal::missing_permissions());
    }
    if channel.archived() {
        return Err(Refusal::thread_archived());
    }
    state.remove(&channel.id, &message.id);
    Ok(Value::Null)
}
