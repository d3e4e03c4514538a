//! The API's `Status`: how a server says no.

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};

/// A refusal with its code and words.
pub(super) fn refusal(code: u16, reason: &str, message: &str, details: Value) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "details": details, "code": code,
    });
    answer(code, status.to_string())
}

/// JSON with a code.
pub(super) fn answer(code: u16, body: String) -> Response {
    Response::builder()
        .status(code)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("a response")
}

/// What an unknown path gets: no `Status`, but plain words.
pub(super) fn unknown_path() -> Response {
    Response::builder()
        .status(404)
        .header("content-type", "text/plain; charset=utf-8")
        .body(Body::from("404 page not found\n"))
        .expect("a response")
}
