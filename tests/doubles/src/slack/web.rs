//! A call of the Web API: who calls, whether they may, and how often.

use std::sync::Arc;

use axum::body::Bytes;
use axum::response::Response;
use http::{Method as Verb, request::Parts};
use serde_json::{Value, json};

use super::args::{Args, Refusal};
use super::method::{self, Token};
use super::options::{APP_TOKEN, BOT_TOKEN};
use super::server::{Act, Reply, Reset, fated};
use super::shared::Shared;
use super::state::{Outcome, State};

/// A call of the Web API.
pub(super) async fn called(shared: &Arc<Shared>, name: &str, parts: &Parts, body: &Bytes) -> Result<Response, Reset> {
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = header("content-type");
    let is_json = kind.starts_with("application/json");
    let mut args = Args::from_form(parts.uri.query().unwrap_or_default().as_bytes());
    let posted = match serde_json::from_slice::<Value>(body) {
        _ if parts.method != Verb::POST || body.is_empty() => None,
        Ok(Value::Object(map)) if is_json => Some(Ok(Args(map))),
        Ok(_) | Err(_) if is_json => Some(Err(Refusal::of("invalid_json"))),
        _ => Some(Ok(Args::from_form(body))),
    };
    // What a method that only reads is sent as JSON it does not see.
    let seen = method::find(name).is_none_or(|m| m.json || !is_json);
    let malformed = match posted {
        Some(Ok(posted)) if seen => {
            args.0.extend(posted.0);
            None
        }
        Some(Err(refusal)) => Some(refusal),
        _ => None,
    };
    let given = args.0.remove("token");
    let bearer = header("authorization").strip_prefix("Bearer ").map(str::to_owned);
    let token = bearer.or_else(|| given.and_then(|t| t.as_str().map(str::to_owned)));
    let told = Value::Object(args.0.clone());
    let name = name.to_owned();
    let act: Act = Box::new({
        let name = name.clone();
        move |state| malformed.map_or_else(|| call(state, &name, token.as_deref(), &args), |r| Reply::json(&r.answer()))
    });
    fated(shared, &name, told, act).await
}

/// What a method does once the caller may call it.
fn call(state: &mut State, name: &str, token: Option<&str>, args: &Args) -> Reply {
    let refused = |refusal: Refusal| Reply::json(&refusal.answer());
    let Some(method) = method::find(name) else { return refused(Refusal::of("unknown_method")) };
    let kind = match token {
        None => return refused(Refusal::of("not_authed")),
        Some(token) if token == BOT_TOKEN => Token::Bot,
        Some(token) if token == APP_TOKEN => Token::App,
        Some(_) => return refused(Refusal::of("invalid_auth")),
    };
    if kind != method.token {
        return refused(Refusal::of("not_allowed_token_type"));
    }
    let granted = &state.options.scopes;
    if !method.scopes.is_empty() && !method.scopes.iter().any(|s| granted.iter().any(|g| g == s)) {
        let needed = Refusal::of("missing_scope").with("needed", json!(method.scopes.join(",")));
        return refused(needed.with("provided", json!(granted.join(","))));
    }
    let channel = args.text("channel").map(|c| state.world.channel(c).map_or(c.to_owned(), |c| c.id.clone()));
    let limits = method.limits(&state.options.limits, channel.as_deref());
    if let Err((reach, seconds)) = state.usage.take(name, state.now, limits) {
        return Reply::limited(Outcome::Limited(reach, seconds));
    }
    let unknown: Vec<String> = args.0.keys().filter(|name| !method.args.contains(&name.as_str())).cloned().collect();
    if !unknown.is_empty() {
        let told: Vec<String> = unknown.iter().map(|name| format!("unknown argument: {name}")).collect();
        return refused(Refusal::told("invalid_arguments", &told));
    }
    match (method.run)(state, args) {
        Ok(mut body) => {
            body["ok"] = json!(true);
            Reply::json(&body)
        }
        Err(refusal) => refused(refusal),
    }
}
