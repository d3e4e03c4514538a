//! `conversations.*`.

use serde_json::{Value, json};

use crate::slack::args::{Answer, Args, Refusal};
use crate::slack::message::Message;
use crate::slack::options::BOT_USER;
use crate::slack::state::State;
use crate::slack::world::{Channel, ChannelKind};

/// Messages of a page when none is asked for: <https://docs.slack.dev/reference/methods/conversations.history>.
const PAGE: usize = 100;
/// Messages of a page at most.
const PAGE_CAP: usize = 999;

pub(crate) fn history(state: &mut State, args: &Args) -> Answer {
    let channel = readable(state, args)?;
    let shown = |m: &&Message| !m.is_reply() || m.broadcast;
    let newest_first: Vec<&Message> = channel.messages.values().rev().filter(shown).collect();
    page(channel, &newest_first, args)
}

pub(crate) fn replies(state: &mut State, args: &Args) -> Answer {
    let channel = readable(state, args)?;
    let ts = args.must("ts")?;
    let Some(asked) = channel.messages.get(ts) else { return Err(Refusal::of("thread_not_found")) };
    let root = asked.thread_ts.as_deref().unwrap_or(ts);
    let in_thread = |m: &&Message| m.ts == root || m.thread_ts.as_deref() == Some(root);
    let oldest_first: Vec<&Message> = channel.messages.values().filter(in_thread).collect();
    page(channel, &oldest_first, args)
}

/// One page of messages in the order given.
fn page(channel: &Channel, messages: &[&Message], args: &Args) -> Answer {
    let limit = args.number("limit").filter(|l| *l > 0).unwrap_or(PAGE);
    if limit > PAGE_CAP {
        return Err(Refusal::of("invalid_limit"));
    }
    let inclusive = args.flag("inclusive");
    let (oldest, latest) = (args.text("oldest").unwrap_or("0"), args.text("latest").unwrap_or("9"));
    let within = |m: &&&Message| {
        let after = order(&m.ts, oldest).is_gt() || (inclusive && m.ts == oldest);
        after && (order(&m.ts, latest).is_lt() || (inclusive && m.ts == latest))
    };
    let within: Vec<&&Message> = messages.iter().filter(within).collect();
    let from = match args.text("cursor").filter(|c| !c.is_empty()) {
        None => 0,
        Some(cursor) => {
            let ts = cursor.strip_prefix("next_ts:").ok_or_else(|| Refusal::of("invalid_cursor"))?;
            within.iter().position(|m| m.ts == ts).ok_or_else(|| Refusal::of("invalid_cursor"))?
        }
    };
    let next = within.get(from + limit).map(|m| format!("next_ts:{}", m.ts));
    let metadata = args.flag("include_all_metadata");
    let told: Vec<Value> = within.iter().skip(from).take(limit).map(|m| counted(channel, m, metadata)).collect();
    let mut answer = json!({"messages": told, "has_more": next.is_some(), "pin_count": 0});
    if let Some(next) = next {
        answer["response_metadata"] = json!({"next_cursor": next});
    }
    Ok(answer)
}

/// A message, and how many replies it has.
fn counted(channel: &Channel, message: &Message, metadata: bool) -> Value {
    let mut told = message.told(metadata);
    let replies: Vec<&Message> =
        channel.messages.values().filter(|m| m.is_reply() && m.thread_ts.as_ref() == Some(&message.ts)).collect();
    if let Some(last) = replies.last() {
        told["reply_count"] = json!(replies.len());
        told["latest_reply"] = json!(last.ts);
    }
    told
}

/// Two moments as Slack writes them; parts after the dot may be missing.
fn order(one: &str, other: &str) -> std::cmp::Ordering {
    let parts = |ts: &str| {
        let (whole, part) = ts.split_once('.').unwrap_or((ts, "0"));
        let whole = if whole == "9" { u64::MAX } else { whole.parse().unwrap_or(0) };
        (whole, format!("{part:0<6}").parse::<u64>().unwrap_or(0))
    };
    parts(one).cmp(&parts(other))
}

fn readable<'a>(state: &'a State, args: &Args) -> Result<&'a Channel, Refusal> {
    let channel = state.channel(args.must("channel")?)?;
    if channel.has_bot() { Ok(channel) } else { Err(Refusal::of("not_in_channel")) }
}

pub(crate) fn info(state: &mut State, args: &Args) -> Answer {
    let channel = state.channel(args.must("channel")?)?;
    // A private channel that the app is not in does not exist for it.
    if channel.kind != ChannelKind::Public && !channel.has_bot() {
        return Err(Refusal::of("channel_not_found"));
    }
    Ok(json!({"channel": channel.told()}))
}

pub(crate) fn list(state: &mut State, args: &Args) -> Answer {
    let asked = args.list("types");
    let types = if asked.is_empty() { vec!["public_channel".to_owned()] } else { asked };
    let seen = |c: &&Channel| {
        let visible = c.kind == ChannelKind::Public || c.has_bot();
        visible && types.iter().any(|t| t == c.kind.listed()) && !(c.archived && args.flag("exclude_archived"))
    };
    let all: Vec<Value> = state.world.channels.values().filter(seen).map(Channel::told).collect();
    listed("channels", &all, args)
}

pub(crate) fn members(state: &mut State, args: &Args) -> Answer {
    let channel = state.channel(args.must("channel")?)?;
    let all: Vec<Value> = channel.members.iter().map(|m| json!(m)).collect();
    listed("members", &all, args)
}

/// One page of a list; the cursor is the place in it.
fn listed(field: &str, all: &[Value], args: &Args) -> Answer {
    let from = match args.text("cursor").filter(|c| !c.is_empty()) {
        None => 0,
        Some(cursor) => cursor.parse().map_err(|_| Refusal::of("invalid_cursor"))?,
    };
    let limit = args.number("limit").filter(|l| *l > 0).unwrap_or(PAGE);
    let page: Vec<&Value> = all.iter().skip(from).take(limit).collect();
    let next = if from + limit < all.len() { (from + limit).to_string() } else { String::new() };
    Ok(json!({field: page, "response_metadata": {"next_cursor": next}}))
}

pub(crate) fn join(state: &mut State, args: &Args) -> Answer {
    let channel = state.channel(args.must("channel")?)?;
    if channel.kind != ChannelKind::Public {
        return Err(Refusal::of("method_not_supported_for_channel_type"));
    }
    let id = channel.id.clone();
    if let Some(channel) = state.world.channels.get_mut(&id) {
        channel.members.insert(BOT_USER.to_owned());
    }
    state.tell_joined(&id, BOT_USER);
    Ok(json!({"channel": state.channel(&id)?.told()}))
}

pub(crate) fn open(state: &mut State, args: &Args) -> Answer {
    let users = args.list("users");
    let [user] = users.as_slice() else { return Err(Refusal::of("users_list_not_supplied")) };
    if !state.world.users.contains_key(user) {
        return Err(Refusal::of("user_not_found"));
    }
    let id = state.world.direct(user);
    let channel = state.channel(&id)?;
    Ok(json!({"channel": if args.flag("return_im") { channel.told() } else { json!({"id": channel.id}) }}))
}
