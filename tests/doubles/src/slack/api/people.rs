//! Who there is: the app itself, users, groups; and what the app shows them beside messages.

#![allow(clippy::unnecessary_wraps, reason = "every method answers alike, also those that refuse nothing")]

use std::time::Duration;

use midwatch_service::clock::after;
use serde_json::{Value, json};

use crate::slack::args::{Answer, Args, Refusal};
use crate::slack::message::profile;
use crate::slack::options::{APP, BOT, BOT_USER, TEAM, TEAM_DOMAIN};
use crate::slack::state::{State, Trigger};
use crate::slack::validate;
use crate::slack::world::Group;

/// A view has to be opened within three seconds of the press: <https://docs.slack.dev/surfaces/modals>.
const TRIGGER_LIVES: Duration = Duration::from_secs(3);

pub(crate) fn auth_test(_: &mut State, _: &Args) -> Answer {
    let url = format!("https://{TEAM_DOMAIN}.slack.com/");
    Ok(json!({
        "url": url, "team": "Midwatch Double", "user": "midwatch", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT,
        "is_enterprise_install": false,
    }))
}

pub(crate) fn connections_open(state: &mut State, _: &Args) -> Answer {
    let ticket = state.id("ticket-");
    let host = state.origin.trim_start_matches("http://").to_owned();
    state.connections.admit(&ticket);
    Ok(json!({"url": format!("ws://{host}/link/{ticket}")}))
}

pub(crate) fn user(state: &mut State, args: &Args) -> Answer {
    let id = args.must("user")?;
    let name = state.world.users.get(id).ok_or_else(|| Refusal::of("user_not_found"))?;
    let profile = json!({"real_name": name, "display_name": name, "team": TEAM});
    Ok(json!({"user": {
        "id": id, "team_id": TEAM, "name": name, "real_name": name, "deleted": false, "is_bot": id == BOT_USER,
        "is_app_user": false, "tz": "Europe/Berlin", "tz_offset": 3600, "profile": profile, "updated": 1_700_000_000,
    }}))
}

pub(crate) fn groups(state: &mut State, args: &Args) -> Answer {
    let told = |group: &Group| {
        let mut told = json!({
            "id": group.id, "team_id": TEAM, "is_usergroup": true, "is_subteam": true, "name": group.handle,
            "handle": group.handle, "description": "", "is_external": false, "auto_provision": false,
            "date_create": 1_700_000_000, "date_update": 1_700_000_000, "date_delete": 0, "created_by": "U0FOUNDER",
            "updated_by": "U0FOUNDER", "prefs": {"channels": [], "groups": []}, "user_count": group.users.len(),
        });
        if args.flag("include_users") {
            told["users"] = json!(group.users);
        }
        told
    };
    Ok(json!({"usergroups": state.world.groups.iter().map(told).collect::<Vec<Value>>()}))
}

pub(crate) fn group_users(state: &mut State, args: &Args) -> Answer {
    let id = args.must("usergroup")?;
    let group = state.world.groups.iter().find(|g| g.id == id).ok_or_else(|| Refusal::of("no_such_subteam"))?;
    Ok(json!({"users": group.users}))
}

pub(crate) fn bot(_: &mut State, args: &Args) -> Answer {
    match args.text("bot") {
        None | Some(BOT) => Ok(json!({"bot": profile()})),
        Some(other) if other.starts_with("B0APP") => Ok(
            json!({"bot": {"id": other, "name": other, "app_id": "A0OTHER", "updated": 1_700_000_000, "deleted": false}}),
        ),
        Some(_) => Err(Refusal::of("bot_not_found")),
    }
}

pub(crate) fn status(state: &mut State, args: &Args) -> Answer {
    let channel = state.joined(args.must("channel_id")?)?;
    let ts = args.must("thread_ts")?.to_owned();
    if !channel.messages.contains_key(&ts) {
        return Err(Refusal::of("invalid_thread_ts"));
    }
    let id = channel.id.clone();
    let missing = || Refusal::told("invalid_arguments", &["missing required field: status".to_owned()]);
    let status = args.text("status").ok_or_else(missing)?.to_owned();
    state.world.statuses.push((id, ts, status));
    Ok(json!({}))
}

pub(crate) fn open_view(state: &mut State, args: &Args) -> Answer {
    let Some(view) = args.structured("view")? else {
        return Err(Refusal::told("invalid_arguments", &["missing required field: view".to_owned()]));
    };
    let now = state.now;
    let trigger = state.triggers.get_mut(args.must("trigger_id")?).ok_or_else(|| Refusal::of("invalid_trigger_id"))?;
    if trigger.used {
        return Err(Refusal::of("exchanged_trigger_id"));
    }
    if trigger.until < now {
        return Err(Refusal::of("expired_trigger_id"));
    }
    let told: Vec<String> = validate::view(&view).iter().map(ToString::to_string).collect();
    if !told.is_empty() {
        return Err(Refusal::told("invalid_arguments", &told));
    }
    trigger.used = true;
    let user = trigger.user.clone();
    let id = state.id("V");
    let mut shown = view;
    let more = json!({
        "id": id, "team_id": TEAM, "app_id": APP, "bot_id": BOT, "hash": "1.a", "state": {"values": {}}, "root_view_id": id,
    });
    if let (Some(shown), Some(more)) = (shown.as_object_mut(), more.as_object()) {
        shown.extend(more.clone());
    }
    state.world.views.push((user, shown.clone()));
    Ok(json!({"view": shown}))
}

impl State {
    /// A handle that opens one view, soon.
    pub(crate) fn trigger(&mut self, user: &str) -> String {
        let id = self.id("trigger-");
        let until = after(self.now, TRIGGER_LIVES);
        self.triggers.insert(id.clone(), Trigger { user: user.to_owned(), until, used: false });
        id
    }
}
