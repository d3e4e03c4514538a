//! Message metadata: <https://docs.slack.dev/messaging/message-metadata>.

use serde_json::Value;

/// Bytes of metadata as JSON. Slack names the refusal and not the size; this is well below what people have sent.
const CAP: usize = 8 * 1024;
/// Characters of an event's type.
const TYPE: usize = 255;

/// Whether metadata has its shape: an `event_type` of letters, digits, `_`, `-`, `.` and `:`, and a flat payload.
///
/// # Errors
/// Slack's word for it, and what is wrong.
pub fn metadata(value: &Value) -> Result<(), (&'static str, String)> {
    const FORMAT: &str = "invalid_metadata_format";
    const SCHEMA: &str = "invalid_metadata_schema";
    let Some(map) = value.as_object() else { return Err((FORMAT, "metadata must be an object".to_owned())) };
    if let Some(unknown) = map.keys().find(|name| !["event_type", "event_payload"].contains(&name.as_str())) {
        return Err((FORMAT, format!("unknown field of metadata: {unknown}")));
    }
    let kind = map.get("event_type").and_then(Value::as_str).unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    if kind.is_empty() || kind.len() > TYPE || !kind.chars().all(allowed) {
        return Err((FORMAT, "event_type must be a name".to_owned()));
    }
    let Some(payload) = map.get("event_payload").and_then(Value::as_object) else {
        return Err((FORMAT, "event_payload must be an object".to_owned()));
    };
    let plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let flat = |value: &Value| value.as_object().is_some_and(|map| map.values().all(plain));
    let good = |value: &Value| {
        plain(value) || flat(value) || value.as_array().is_some_and(|all| all.iter().all(|v| plain(v) || flat(v)))
    };
    if let Some((name, _)) = payload.iter().find(|(_, value)| !good(value)) {
        return Err((SCHEMA, format!("event_payload.{name} is nested too deeply")));
    }
    if value.to_string().len() > CAP {
        return Err(("metadata_too_large", format!("metadata must be less than {CAP} bytes")));
    }
    Ok(())
}
