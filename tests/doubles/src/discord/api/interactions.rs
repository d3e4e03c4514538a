//! Answers to interactions: the first, which has to come soon, and edits of it.
//! <https://docs.discord.com/developers/interactions/receiving-and-responding>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::content;
use crate::discord::interaction::{Answered, Interaction, Shows};
use crate::discord::message::{EPHEMERAL, File, LOADING, Look, Message};
use crate::discord::options::{APPLICATION, BOT_USER};
use crate::discord::refusal::{Answer, Refusal};
use crate::discord::request::Request;
use crate::discord::state::State;
use crate::discord::validate::{self, check::Check};

pub(crate) fn callback(state: &mut State, request: &Request) -> Answer {
    let (id, token) = (request.named("interaction").to_owned(), request.named("token"));
    let known = state.interactions.get(&id).is_some_and(|interaction| interaction.token == token);
    if !known {
        return Err(Refusal::unknown_interaction());
    }
    acknowledge(state, &id, &request.body, &request.files)
}

/// The first answer, which is the only one.
pub(in crate::discord) fn acknowledge(
    state: &mut State,
    id: &str,
    body: &Value,
    new: &BTreeMap<usize, File>,
) -> Answer {
    let within = state.options.acknowledge_within;
    let interaction = state.interactions.get(id).ok_or_else(Refusal::unknown_interaction)?;
    let elapsed = interaction.sent.elapsed();
    if interaction.answered.is_some() {
        return Err(Refusal::already_acknowledged());
    }
    if interaction.given_up || elapsed > within {
        return Err(Refusal::unknown_interaction());
    }
    let kind = body["type"].as_u64().unwrap_or(0);
    let data = body.get("data").filter(|data| !data.is_null()).cloned().unwrap_or_else(|| json!({}));
    fits(interaction.kind, kind, &data)?;
    let (channel, message) = (interaction.channel.clone(), interaction.message.clone());
    let private = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL != 0;
    let shows = match (kind, message) {
        (4 | 5, _) => shown(state, &channel, &data, (private, kind == 5), new),
        (6, Some((channel, id))) => Shows::Public(channel, id),
        (7, Some((channel, id))) => {
            let now = state.now;
            state.alter(&channel, &id, |message| message.show(content::look(&data, &message.look), now));
            Shows::Public(channel, id)
        }
        _ => Shows::Nothing,
    };
    if let Some(interaction) = state.interactions.get_mut(id) {
        interaction.shows = shows;
    }
    state.ended(id, Ok(Answered { interaction: id.to_owned(), kind, data, elapsed }));
    Ok(Value::Null)
}

/// Refuses an answer that does not go with what was done, or is wrong in itself.
fn fits(done: u8, kind: u64, data: &Value) -> Result<(), Refusal> {
    let allowed: &[u64] = match done {
        2 => &[4, 5, 9],
        3 => &[4, 5, 6, 7, 9],
        4 => &[8],
        _ => &[4, 5, 6, 7],
    };
    let mut check = Check::default();
    if !allowed.contains(&kind) {
        let words = format!("Value must be one of {allowed:?}.");
        check.problem("type", "BASE_TYPE_CHOICES", &words);
        return check.end();
    }
    match kind {
        4 | 7 => validate::message(data, &mut check, "data"),
        8 => validate::choices(data, &mut check),
        9 => validate::modal(data, &mut check),
        _ => {}
    }
    check.end()?;
    // An answer without words may have none only when it takes back what was there.
    if kind == 4 { content::not_empty(&content::look(data, &Look::default()), 0) } else { Ok(()) }
}

/// The message that answers: one that only the person sees, or one in the channel.
fn shown(
    state: &mut State,
    channel: &str,
    data: &Value,
    (private, thinking): (bool, bool),
    new: &BTreeMap<usize, File>,
) -> Shows {
    let mut message = Message::new(state.snowflake(), channel, BOT_USER, state.now);
    message.kind = 20;
    message.flags = data["flags"].as_u64().unwrap_or(0) | if thinking { LOADING } else { 0 };
    message.look = if thinking { Look::default() } else { content::look(data, &Look::default()) };
    message.files = content::files(state, data, &[], new);
    content::mention(&mut message, data.get("allowed_mentions"));
    if private {
        return Shows::Private(Box::new(message));
    }
    let place = Shows::Public(channel.to_owned(), message.id.clone());
    state.place(message);
    place
}

/// The interaction of a token that is still good.
fn of_token<'a>(state: &'a State, request: &Request) -> Result<&'a Interaction, Refusal> {
    let token = request.named("token");
    let found = state.interactions.values().find(|interaction| interaction.token == token);
    let found = found.filter(|_| request.named("application") == APPLICATION).ok_or_else(Refusal::unknown_webhook)?;
    if state.now >= found.until {
        return Err(Refusal::token_expired());
    }
    found.answered.as_ref().map(|_| found).ok_or_else(Refusal::unknown_webhook)
}

/// What the person sees.
fn seen(state: &State, interaction: &Interaction) -> Option<Message> {
    match &interaction.shows {
        Shows::Nothing => None,
        Shows::Private(message) => Some(message.as_ref().clone()),
        Shows::Public(channel, id) => state.world.channels.get(channel)?.message(id).cloned(),
    }
}

pub(crate) fn original(state: &mut State, request: &Request) -> Answer {
    let interaction = of_token(state, request)?;
    let message = seen(state, interaction).ok_or_else(Refusal::unknown_message)?;
    Ok(state.world.told_message(&message, &state.origin))
}

pub(crate) fn edit_original(state: &mut State, request: &Request) -> Answer {
    let interaction = of_token(state, request)?;
    let id = interaction.id.clone();
    let mut message = seen(state, interaction).ok_or_else(Refusal::unknown_message)?;
    content::check(&request.body, "")?;
    let look = content::look(&request.body, &message.look);
    let files = content::files(state, &request.body, &message.files, &request.files);
    content::not_empty(&look, files.len())?;
    let now = state.now;
    let change = |message: &mut Message| {
        if message.flags & LOADING != 0 {
            // What was only to come is no look of its own.
            message.flags &= !LOADING;
            message.look = look;
        } else {
            message.show(look, now);
        }
        message.files = files;
        content::mention(message, request.body.get("allowed_mentions"));
    };
    if message.flags & EPHEMERAL == 0 {
        let channel = message.channel.clone();
        state.alter(&channel, &message.id, change);
    } else {
        change(&mut message);
        if let Some(interaction) = state.interactions.get_mut(&id) {
            interaction.shows = Shows::Private(Box::new(message));
        }
    }
    original(state, request)
}
