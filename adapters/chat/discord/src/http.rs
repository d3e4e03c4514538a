//! The signed endpoint: interactions where Discord can reach the server. Messages come over the gateway all the same.
//!
//! Discord probes it with bad signatures and takes it away from an application that does not refuse them:
//! <https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint>. Must never read more of a body than
//! `BODY` before its signature was checked, nor answer anything that is not signed, not even a ping. Start at [`router`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use ring::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};

use crate::heard::tolerant;
use crate::options::DiscordError;
use crate::places::Places;
use crate::reception::{Reception, WRITE};

/// Where interactions are taken: what is entered as Interactions Endpoint URL ends so.
pub const PATH: &str = "/discord/interactions";

/// Bytes that an interaction may have. That of a button carries its whole message: 6,000 characters of embeds at most, and
/// as much again of names and ids.
const BODY: usize = 1 << 20;

/// How old a signed request may be, in seconds; and how far ahead its clock.
const AGE: u64 = 5 * 60;

/// The signature, in hexadecimal.
const SIGNATURE: &str = "x-signature-ed25519";

/// When it was signed, in seconds since 1970; it is signed with the body.
const SIGNED_AT: &str = "x-signature-timestamp";

struct Door {
    reception: Reception,
    places: Places,
    key: UnparsedPublicKey<[u8; ED25519_PUBLIC_KEY_LEN]>,
}

/// The route [`PATH`]. `public_key` is the application's, in hexadecimal.
///
/// # Errors
/// When the key is none.
pub fn router(reception: Reception, public_key: &str) -> Result<Router, DiscordError> {
    let key = hex(public_key.trim()).ok_or(DiscordError::PublicKey)?;
    let places = Places::new(reception.platform.client().clone());
    let door = Arc::new(Door { reception, places, key: UnparsedPublicKey::new(&ED25519, key) });
    Ok(Router::new().route(PATH, post(take)).with_state(door))
}

async fn take(State(door): State<Arc<Door>>, request: Request) -> Response {
    let arrived = Instant::now();
    let body = match door.open(request).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let interaction = match tolerant::whole(&body) {
        Ok(interaction) => interaction,
        Err(error) => {
            // serde's own words may hold some of what was typed.
            let (kind, line, column) = (error.classify(), error.line(), error.column());
            tracing::error!(bytes = body.len(), ?kind, line, column, "an interaction cannot be read");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    let left = WRITE.saturating_sub(arrived.elapsed());
    axum::Json(door.reception.interaction(&interaction, &door.places, left).await).into_response()
}

impl Door {
    /// The body of a request that Discord signed lately, or the status for any other.
    async fn open(&self, request: Request) -> Result<Bytes, StatusCode> {
        let (parts, body) = request.into_parts();
        // Nothing is read for who does not even claim to be Discord.
        let claim = Claim::of(&parts.headers).ok_or(StatusCode::UNAUTHORIZED)?;
        let body = receive(body, WRITE).await?;
        let fresh = self.reception.clock.now().as_second().abs_diff(claim.at) <= AGE;
        let signed = [claim.signed_at.as_bytes(), &body].concat();
        if fresh && self.key.verify(&signed, &claim.signature).is_ok() {
            return Ok(body);
        }
        tracing::warn!(fresh, "a request to {PATH} was refused: its signature or its time is not right");
        Err(StatusCode::UNAUTHORIZED)
    }
}

/// What a request says of its signature.
struct Claim {
    signature: [u8; 64],
    signed_at: String,
    at: i64,
}

impl Claim {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let signed_at = headers.get(SIGNED_AT)?.to_str().ok()?.to_owned();
        let signature = hex(headers.get(SIGNATURE)?.to_str().ok()?)?;
        Some(Self { signature, at: signed_at.parse().ok()?, signed_at })
    }
}

/// Exactly so many bytes, as they are written in hexadecimal.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()?;
    }
    Some(bytes)
}

async fn receive(body: Body, within: Duration) -> Result<Bytes, StatusCode> {
    match tokio::time::timeout(within, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hexadecimal_is_a_key() {
        assert_eq!(hex("00fF"), Some([0, 255]));
        for odd in ["", "00", "00f", "00fg", "+0ff", "00ff00", "é0"] {
            assert_eq!(hex::<2>(odd), None, "{odd}");
        }
    }
}
