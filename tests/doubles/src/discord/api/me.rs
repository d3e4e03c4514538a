//! The application itself, and where its gateway is.

#![allow(clippy::unnecessary_wraps, reason = "every route answers alike, also those that refuse nothing")]

use serde_json::{Value, json};

use crate::discord::interaction::public_key;
use crate::discord::options::{APPLICATION, OWNER};
use crate::discord::refusal::Answer;
use crate::discord::request::Request;
use crate::discord::state::State;

pub(crate) fn gateway(state: &mut State, _: &Request) -> Answer {
    Ok(json!({"url": state.gateway()}))
}

pub(crate) fn gateway_bot(state: &mut State, _: &Request) -> Answer {
    let limit = json!({"total": 1_000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1});
    Ok(json!({"url": state.gateway(), "shards": 1, "session_start_limit": limit}))
}

pub(crate) fn application(state: &mut State, _: &Request) -> Answer {
    Ok(json!({
        "id": APPLICATION, "name": "Midwatch", "icon": null, "description": "", "bot_public": false,
        "bot_require_code_grant": false, "bot": state.myself(), "owner": state.world.user(OWNER), "verify_key": public_key(),
        "team": null, "flags": state.flags(), "interactions_endpoint_url": state.endpoint, "redirect_uris": [],
        "approximate_guild_count": 1, "summary": "", "integration_types_config": {},
    }))
}

pub(crate) fn user(state: &mut State, _: &Request) -> Answer {
    let told: Value = state.myself();
    Ok(told)
}
