//! Bodies of requests: read within a time, a size and a budget for all of them together; JSON with words for what is wrong.
//!
//! Must never hold more of a body than its cap, and never read one of a caller that no guard let in. Start at [`read`].

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use midwatch_service::code::ErrorCode;
use serde::de::DeserializeOwned;
use tokio::sync::SemaphorePermit;

use crate::app::App;
use crate::fault::Fault;

/// A body that was read, with its share of the budget until it is dropped.
pub(crate) struct Read<'a> {
    pub(crate) bytes: Bytes,
    _share: SemaphorePermit<'a>,
}

/// Reads a JSON body of at most `cap` bytes.
pub(crate) async fn read(app: &App, request: Request, cap: usize) -> Result<Read<'_>, Fault> {
    let (head, body) = request.into_parts();
    is_json(&head.headers)?;
    let announced = announced(&head.headers);
    if announced.is_some_and(|length| length > cap as u64) {
        return Err(too_large(cap));
    }
    let needed = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(cap).div_ceil(1024);
    let share = u32::try_from(needed).ok().and_then(|needed| app.bodies.try_acquire_many(needed).ok());
    let share = share.ok_or_else(|| Fault::busy("too many large requests are being read; try again"))?;
    let limit = app.api.settings.limits.body;
    let bytes = match tokio::time::timeout(limit, Limited::new(body, cap).collect()).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(cap)),
        Ok(Err(error)) => return Err(Fault::invalid(format!("the body broke off: {error}"))),
        Err(_) => {
            let detail = format!("the body did not arrive within {} s", limit.as_secs_f64());
            return Err(Fault::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::E003, detail));
        }
    };
    Ok(Read { bytes, _share: share })
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(cap: usize) -> Fault {
    let detail = format!("the body is larger than {} KiB, which is the most that is read here", cap / 1024);
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::E004, detail)
}

/// Other types are refused: a form of a web page cannot send this one without asking first.
fn is_json(headers: &HeaderMap) -> Result<(), Fault> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media == "application/json" || media.starts_with("application/") && media.ends_with("+json") {
        return Ok(());
    }
    let detail = "the body has to be JSON: send it with the header `Content-Type: application/json`";
    Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::E002, detail))
}

/// The JSON body of an API request.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Input<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Fault> {
        let body = read(app, request, app.api.settings.limits.api_bytes).await?;
        parse(&body.bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    // serde would read a list as the fields in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::invalid("the body has to be a JSON object: `{...}`"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let place = error.path().to_string();
        let what = error.inner();
        if place == "." {
            Fault::invalid(format!("the body is not as expected: {what}"))
        } else {
            Fault::invalid(format!("`{place}` is not as expected: {what}"))
        }
    })?;
    json.end().map_err(|error| Fault::invalid(format!("the body is not as expected: {error}")))?;
    Ok(value)
}
