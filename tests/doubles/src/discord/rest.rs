//! The REST API: which routes there are, who may call them and how often.

use std::sync::Arc;

use axum::body::Bytes;
use axum::response::Response;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::api::{channels, commands, guild, interactions, me, messages, threads};
use super::interaction::hex;
use super::options::BOT_TOKEN;
use super::refusal::{Answer, Refusal};
use super::request::Request;
use super::server::{Act, Reply, Reset, fated};
use super::state::{Call, Shared, State};

/// A route of the API.
pub(super) struct Route {
    /// The verb and the path below `/api/v10`.
    name: &'static str,
    /// Whether the bot's token is needed; else the interaction's token is in the path, and the global limit does not count.
    token: bool,
    run: fn(&mut State, &Request) -> Answer,
}

macro_rules! route {
    ($name:literal, $token:literal, $run:path) => {
        Route { name: $name, token: $token, run: $run }
    };
}

/// Every route of the double; others do not exist. <https://docs.discord.com/developers/reference>
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    route!("GET /gateway", false, me::gateway),
    route!("GET /gateway/bot", true, me::gateway_bot),
    route!("GET /applications/@me", true, me::application),
    route!("GET /users/@me", true, me::user),
    route!("POST /users/@me/channels", true, channels::open_direct),
    route!("GET /channels/{channel}", true, channels::get),
    route!("PATCH /channels/{channel}", true, channels::modify),
    route!("POST /channels/{channel}/messages", true, messages::create),
    route!("GET /channels/{channel}/messages", true, messages::list),
    route!("GET /channels/{channel}/messages/{message}", true, messages::get),
    route!("PATCH /channels/{channel}/messages/{message}", true, messages::edit),
    route!("DELETE /channels/{channel}/messages/{message}", true, messages::delete),
    route!("POST /channels/{channel}/messages/{message}/threads", true, threads::from_message),
    route!("POST /channels/{channel}/threads", true, threads::from_channel),
    route!("GET /guilds/{guild}/threads/active", true, threads::active),
    route!("GET /guilds/{guild}", true, guild::get),
    route!("GET /guilds/{guild}/roles", true, guild::roles),
    route!("GET /guilds/{guild}/channels", true, guild::channels),
    route!("GET /guilds/{guild}/members/{user}", true, guild::member),
    route!("GET /users/{user}", true, guild::user),
    route!("GET /applications/{application}/guilds/{guild}/commands", true, commands::list),
    route!("PUT /applications/{application}/guilds/{guild}/commands", true, commands::overwrite),
    route!("POST /interactions/{interaction}/{token}/callback", false, interactions::callback),
    route!("GET /webhooks/{application}/{token}/messages/@original", false, interactions::original),
    route!("PATCH /webhooks/{application}/{token}/messages/@original", false, interactions::edit_original),
];

impl Route {
    /// What stands in the path for the names, when it is this route. Literal parts are compared, so the order of the table
    /// decides between `@me` and a name.
    fn matches(&self, verb: &str, path: &str) -> Option<Request> {
        let (own, wanted) = self.name.split_once(' ')?;
        if own != verb || wanted.split('/').count() != path.split('/').count() {
            return None;
        }
        let mut request = Request::default();
        for (wanted, given) in wanted.split('/').zip(path.split('/')) {
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !given.is_empty() => drop(request.path.insert(name, given.to_owned())),
                None if wanted == given => {}
                _ => return None,
            }
        }
        Some(request)
    }
}

/// What is counted apart: <https://docs.discord.com/developers/topics/rate-limits#rate-limits>.
fn major(request: &Request) -> &str {
    ["channel", "guild", "token"].into_iter().map(|name| request.named(name)).find(|id| !id.is_empty()).unwrap_or("")
}

/// The name of a route's bucket: says nothing, and stays the same.
pub(super) fn bucket(route: &str) -> String {
    hex(&Sha256::digest(route.as_bytes())[..16])
}

/// A call of the REST API.
pub(super) async fn called(shared: &Arc<Shared>, parts: &Parts, body: &Bytes) -> Result<Response, Reset> {
    let verb = parts.method.as_str();
    let below = parts.uri.path().strip_prefix("/api/v10").unwrap_or_default();
    let matched = ROUTES.iter().find_map(|route| Some((route, route.matches(verb, below)?)));
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let honest = is_bot(header("user-agent"));
    let known = header("authorization") == format!("Bot {BOT_TOKEN}");
    let call = |route: &str, body: Value| Call {
        route: route.to_owned(),
        path: path.clone(),
        at: Timestamp::UNIX_EPOCH,
        body,
        outcome: None,
    };
    let Some((route, mut request)) = matched else {
        let body = serde_json::from_slice(body).unwrap_or_default();
        let act: Act = Box::new(|_| Reply::of(&Err(Refusal::not_found())));
        return fated(shared, call(&format!("{verb} {}", parts.uri.path()), body), act).await;
    };
    let read = request.read(parts, body);
    let told = request.body.clone();
    let act: Act = Box::new(move |state| match (honest, known || !route.token, read) {
        (false, _, _) => Reply::of(&Err(Refusal::no_user_agent())),
        (_, false, _) => Reply::of(&Err(Refusal::unauthorized())),
        (_, _, read) => act(state, route, &request, read),
    });
    fated(shared, call(route.name, told), act).await
}

/// `DiscordBot (url, version)`: <https://docs.discord.com/developers/reference#user-agent>.
fn is_bot(agent: &str) -> bool {
    let inner = agent.strip_prefix("DiscordBot (").and_then(|rest| rest.split_once(')'));
    inner.is_some_and(|(inner, _)| inner.split_once(',').is_some_and(|(_, version)| !version.trim().is_empty()))
}

fn act(state: &mut State, route: &Route, request: &Request, read: Result<(), Refusal>) -> Reply {
    let (limits, now) = (state.options.limits.clone(), state.now);
    let used = match state.usage.take(&limits, (route.name, major(request)), route.token, now) {
        Ok(used) => used,
        Err(too_many) => return Reply::too_many(route.name, too_many),
    };
    let mut reply = Reply::of(&read.and_then(|()| (route.run)(state, request)));
    reply.tell(route.name, used);
    reply
}
