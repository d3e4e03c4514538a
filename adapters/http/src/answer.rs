//! What is answered: JSON of redacted values only.
//!
//! Start at [`Answer`].

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use midwatch_redact::Redacted;
use serde::Serialize;

/// A value as JSON.
pub(crate) struct Answer<T>(pub(crate) Redacted<T>);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        // Structs with text keys: serialising them cannot fail.
        json(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

/// A text that is JSON already.
pub(crate) fn ready(text: Redacted<String>) -> Response {
    json(text.into_inner().into_bytes())
}

fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
