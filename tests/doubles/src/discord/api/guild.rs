//! The guild: roles, channels, members.

use serde_json::{Value, json};

use crate::discord::opening;
use crate::discord::options::GUILD;
use crate::discord::refusal::{Answer, Refusal};
use crate::discord::request::Request;
use crate::discord::state::State;
use crate::discord::world::{ChannelKind, Role};

/// Refuses another guild: the bot is in one only.
pub(super) fn own(request: &Request) -> Result<(), Refusal> {
    if request.named("guild") == GUILD { Ok(()) } else { Err(Refusal::unknown_guild()) }
}

pub(crate) fn get(state: &mut State, request: &Request) -> Answer {
    own(request)?;
    Ok(opening::guild(&state.world))
}

pub(crate) fn roles(state: &mut State, request: &Request) -> Answer {
    own(request)?;
    Ok(state.world.roles.values().map(Role::told).collect())
}

pub(crate) fn channels(state: &mut State, request: &Request) -> Answer {
    own(request)?;
    let of_guild = |kind| kind == ChannelKind::Text || kind == ChannelKind::Forum;
    let all = state.world.channels.values().filter(|channel| of_guild(channel.kind));
    Ok(all.map(|channel| state.world.told(channel)).collect())
}

pub(crate) fn member(state: &mut State, request: &Request) -> Answer {
    own(request)?;
    let id = request.named("user");
    if !state.world.users.contains_key(id) {
        return Err(Refusal::unknown_member());
    }
    let mut told: Value = state.world.member(id);
    told["user"] = state.world.user(id);
    Ok(told)
}

pub(crate) fn user(state: &mut State, request: &Request) -> Answer {
    let user = state.world.users.get(request.named("user")).ok_or_else(Refusal::unknown_user)?;
    Ok(json!(user.told()))
}
