//! Channels: one of the guild, a thread that is archived or reopened, a direct conversation.

use serde_json::Value;

use crate::discord::options::BOT_USER;
use crate::discord::permissions::{MANAGE_THREADS, SEND_MESSAGES_IN_THREADS};
use crate::discord::refusal::{Answer, Refusal};
use crate::discord::request::Request;
use crate::discord::state::State;
use crate::discord::validate::check::Check;
use crate::discord::world::{Channel, ChannelKind};

pub(crate) fn get(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?;
    Ok(state.world.told(channel))
}

pub(crate) fn modify(state: &mut State, request: &Request) -> Answer {
    let channel = state.channel(request.named("channel"))?.clone();
    // What channels of the guild are is for their managers, and the bot is none.
    let Some(thread) = &channel.thread else { return Err(Refusal::missing_permissions()) };
    let body = &request.body;
    let name = body["name"].as_str().map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(|name| !(1..=100).contains(&name.chars().count())) {
        let mut check = Check::default();
        check.problem("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
        check.end()?;
    }
    let manages = state.world.may(&channel, MANAGE_THREADS).is_ok();
    let reopens = body["archived"] == false && !thread.locked;
    let owns = thread.owner == BOT_USER && body.get("locked").is_none();
    if !manages && !owns && !reopens {
        return Err(Refusal::missing_permissions());
    }
    state.world.may(&channel, SEND_MESSAGES_IN_THREADS)?;
    if thread.archived && body["archived"] != false {
        return Err(Refusal::thread_archived());
    }
    if thread.locked && !manages {
        return Err(Refusal::missing_permissions());
    }
    state.alter_thread(&channel.id, |channel| {
        if let Some(name) = name {
            channel.name = name;
        }
        let Some(thread) = &mut channel.thread else { return };
        thread.archived = body["archived"].as_bool().unwrap_or(thread.archived);
        thread.locked = body["locked"].as_bool().unwrap_or(thread.locked);
        thread.archives_after = body["auto_archive_duration"].as_u64().unwrap_or(thread.archives_after);
    });
    get(state, request)
}

pub(crate) fn open_direct(state: &mut State, request: &Request) -> Answer {
    let user = match &request.body["recipient_id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    };
    if !state.world.users.contains_key(&user) || user == BOT_USER {
        return Err(Refusal::unknown_user());
    }
    let id = state.direct(&user);
    Ok(state.world.told(&state.world.channels[&id]))
}

impl State {
    /// The direct conversation of the bot and a user.
    pub(in crate::discord) fn direct(&mut self, user: &str) -> String {
        let known = self.world.channels.values().find(|channel| channel.recipient.as_deref() == Some(user));
        if let Some(known) = known {
            return known.id.clone();
        }
        let id = self.snowflake();
        let mut channel = Channel::new(&id, &format!("dm-{user}"), ChannelKind::Direct);
        channel.recipient = Some(user.to_owned());
        self.world.channels.insert(id.clone(), channel);
        id
    }
}
