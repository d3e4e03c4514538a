//! Who comes in: keys, and for callers of this machine without keys, that it is no web page that sends them.
//!
//! Must never say which key was wrong or how, and never let a request through that no rule names. Start at [`api`] and
//! [`webhook`]; what a caller may do is decided later, by the policy.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{AUTHORIZATION, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use midwatch_service::code::ErrorCode;
use midwatch_service::job::Actor;

use crate::app::App;
use crate::fault::Fault;
use crate::key::{self, KeyHash, WebhookKey};
use crate::server::Connection;
use crate::settings::is_loopback;

/// The other header that carries an API key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Where a browser says whose page sends a request: <https://www.w3.org/TR/fetch-metadata/>.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who asks, as the API knows them.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub(crate) Actor);

/// Lets in who shows an API key; without configured keys, who is on this machine.
pub(crate) async fn api(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let user = match api_user(&app, &request) {
        Ok(user) => user,
        Err(fault) => return refuse(&app, fault),
    };
    let actor = Actor { platform: "api".to_owned(), user, ..Actor::default() };
    request.extensions_mut().insert(Caller(actor));
    next.run(request).await
}

/// Lets in who shows a webhook credential; without configured ones, who is on this machine.
pub(crate) async fn webhook(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match webhook_sender(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(fault) => refuse(&app, fault),
    }
}

/// Lets in who shows the token of `/metrics`, if there is one.
pub(crate) async fn metrics(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let fits = app.api.settings.metrics.is_none_or(|token| {
        bearer(request.headers()).is_some_and(|shown| bool::from(token.same(&KeyHash::of_bytes(shown))))
    });
    if fits { next.run(request).await } else { refuse(&app, unauthorised("the bearer token of `metrics`")) }
}

fn api_user(app: &App, request: &Request) -> Result<String, Fault> {
    let keys = &app.api.settings.api_keys;
    if keys.is_empty() {
        return local(request).map(|()| "local".to_owned());
    }
    not_from_a_page(request)?;
    let headers = request.headers();
    let shown = bearer(headers).or_else(|| headers.get(API_KEY).map(|value| value.as_bytes().trim_ascii()));
    let user = shown.and_then(|shown| key::find(keys, &KeyHash::of_bytes(shown)));
    user.map(str::to_owned).ok_or_else(|| unauthorised("`Authorization: Bearer KEY` or `X-API-Key: KEY`"))
}

fn webhook_sender(app: &App, request: &Request) -> Result<(), Fault> {
    let keys = &app.api.settings.webhooks;
    if keys.is_empty() {
        return local(request);
    }
    not_from_a_page(request)?;
    let headers = request.headers();
    let bearer = bearer(headers).map(|token| WebhookKey::Bearer(KeyHash::of_bytes(token)));
    let basic = || credentials(headers, "basic").and_then(|pair| BASE64.decode(pair).ok());
    let shown = bearer.or_else(|| basic().map(|pair| WebhookKey::Basic(KeyHash::of_bytes(&pair))));
    let wanted = "the bearer token or the user and password of the webhook (Alertmanager: `http_config`)";
    if shown.is_some_and(|shown| key::fits(keys, &shown)) { Ok(()) } else { Err(unauthorised(wanted)) }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    credentials(headers, "bearer")
}

/// What follows the scheme in `Authorization`; the scheme's case does not count.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a [u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (given, rest) = value.split_at_checked(scheme.len())?;
    let rest = rest.strip_prefix(b" ")?;
    given.eq_ignore_ascii_case(scheme.as_bytes()).then(|| rest.trim_ascii())
}

/// Without keys: only from this machine, only by a name of it. A page whose name was rebound to 127.0.0.1 still sends its
/// own name as the host.
fn local(request: &Request) -> Result<(), Fault> {
    let here = request.extensions().get::<Connection>();
    if !here.is_some_and(|c| is_loopback(c.local) && is_loopback(c.remote)) {
        return Err(unauthorised("an API key or webhook credential, and none is configured"));
    }
    let named = request.headers().get(HOST).and_then(|h| h.to_str().ok()).is_some_and(is_loopback_name);
    let target = request.uri().authority().is_none_or(|a| is_loopback_name(a.as_str()));
    if !(named && target) {
        return Err(Fault::denied("without keys only requests to localhost, 127.0.0.1 or [::1] are answered"));
    }
    not_from_a_page(request)
}

fn is_loopback_name(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    matches!(authority.host().to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]")
}

/// A browser says when another site's page sends a request that changes something. Another port of the same host is
/// another site to us: `same-site`.
fn not_from_a_page(request: &Request) -> Result<(), Fault> {
    let site = request.headers().get(FETCH_SITE);
    let foreign = site.is_some_and(|site| site != "same-origin" && site != "none");
    if foreign && request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(Fault::denied("pages of other sites may not send requests here"));
    }
    Ok(())
}

fn unauthorised(wanted: &str) -> Fault {
    let detail = format!("this needs {wanted}; what was sent fits nothing that is configured");
    Fault::new(StatusCode::UNAUTHORIZED, ErrorCode::E005, detail)
}

/// Counts who is refused, and says so in the log now and then.
fn refuse(app: &App, fault: Fault) -> Response {
    if fault.status == StatusCode::UNAUTHORIZED
        && let Some(since) = app.wrong_keys.count(app.api.clock.now())
    {
        tracing::warn!(refused = since, "requests without a fitting key were refused since the last such line");
    }
    fault.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for good in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080"] {
            assert!(is_loopback_name(good), "{good}");
        }
        for bad in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", "a b", "::1"] {
            assert!(!is_loopback_name(bad), "{bad}");
        }
    }

    #[test]
    fn credentials_follow_their_scheme() {
        let headers = |value: &'static str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&headers("Bearer abc")), Some(&b"abc"[..]));
        assert_eq!(bearer(&headers("bEARER  abc ")), Some(&b"abc"[..]));
        for bad in ["abc", "Bearer", "Bearerabc", "Basic abc", ""] {
            assert_eq!(bearer(&headers(bad)), None, "{bad}");
        }
    }
}
