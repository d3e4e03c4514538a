//! A line as rules read it: its level and its words, whatever the format around them.
//!
//! Start at [`read`]. JSON and logfmt are unpacked so that a rule sees `dial tcp 10.0.0.1:5432: ...` and not its
//! escaped form. Never fails: what does not parse is read as plain text.

use serde_json::{Map, Value};

use super::clean::clean;
use super::digest::Level;
use super::level;
use super::stamp;

/// Cap of the text that rules see, in bytes.
const MAX_READ: usize = 8192;
/// Fields that hold the message, in the order they are joined.
const MESSAGE: [&str; 18] = [
    "msg",
    "message",
    "@message",
    "event",
    "body",
    "log",
    "error",
    "err",
    "errorMessage",
    "exception",
    "cause",
    "reason",
    "detail",
    "exc_info",
    "traceback",
    "stack",
    "stack_trace",
    "stacktrace",
];
/// Fields that add nothing to the words.
const SKIP: [&str; 14] = [
    "level",
    "severity",
    "lvl",
    "levelname",
    "log.level",
    "time",
    "ts",
    "timestamp",
    "@timestamp",
    "caller",
    "pid",
    "hostname",
    "v",
    "thread",
];

/// One line, unpacked.
#[derive(Debug)]
pub(super) struct View {
    /// The level the line states; `Unknown` when it states none.
    pub(super) stated: Level,
    /// The words, unescaped, without leading time.
    pub(super) text: String,
    /// How many bytes of `text` are the message (the rest are other JSON fields).
    pub(super) message_len: usize,
    /// A stack trace of several lines in one of the fields.
    pub(super) stack: Option<String>,
}

/// Reads a line.
pub(super) fn read(line: &[u8]) -> View {
    let body = line.get(stamp::prefix_len(line)..).unwrap_or(line);
    if let Some(view) = json(body) {
        return view;
    }
    let text = clean(body, MAX_READ);
    let stated = level::of_text(&text);
    let text = unescape(text);
    View { stated, message_len: text.len(), text, stack: None }
}

/// A line that is one JSON object, possibly after a short prefix.
fn json(body: &[u8]) -> Option<View> {
    let start = memchr::memchr(b'{', body.get(..64).unwrap_or(body))?;
    if body.last() != Some(&b'}') {
        return None;
    }
    let Value::Object(mut object) = serde_json::from_slice(&body[start..]).ok()? else {
        return None;
    };
    // In one order, whichever features of the parser other crates turn on.
    sort(&mut object);
    let object = object;
    let mut stated = level::of_json(&object);
    if stated == Level::Unknown {
        stated = level::of_text(&clean(&body[..start], 200));
    }
    let mut text = String::new();
    for key in MESSAGE {
        if let Some(value) = object.get(key) {
            let name = if text.is_empty() || value.is_object() { "" } else { key };
            add(&mut text, name, value, 0);
        }
    }
    let message_len = text.len();
    add_rest(&mut text, &object, 0);
    if stated == Level::Unknown {
        stated = level::of_text(text.get(..message_len).unwrap_or_default());
    }
    Some(View { stated, text, message_len, stack: stack(&object) })
}

/// Sorts the keys of an object and of those in it.
fn sort(object: &mut Map<String, Value>) {
    object.sort_keys();
    for value in object.values_mut() {
        value.sort_all_objects();
    }
}

/// The first field with a stack trace of several lines.
fn stack(object: &Map<String, Value>) -> Option<String> {
    const KEYS: [&str; 8] =
        ["stack", "stack_trace", "stacktrace", "exc_info", "exception", "error", "err", "traceback"];
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(inner) => inner.get("stack").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    KEYS.iter().filter_map(|key| text(object.get(*key)?)).find(|text| text.trim().contains('\n'))
}

/// The fields that are neither message nor noise.
fn add_rest(text: &mut String, object: &Map<String, Value>, depth: u8) {
    for (key, value) in object {
        if !(depth == 0 && MESSAGE.contains(&key.as_str()) || SKIP.contains(&key.as_str())) {
            add(text, key, value, depth);
        }
    }
}

/// Appends ` key=value`, strings without quotes, up to the cap.
fn add(text: &mut String, key: &str, value: &Value, depth: u8) {
    if text.len() >= MAX_READ || depth > 3 {
        return;
    }
    match value {
        Value::Null => return,
        Value::Object(object) => return add_rest(text, object, depth + 1),
        Value::Array(items) => {
            return items.iter().take(20).for_each(|item| add(text, key, item, depth + 1));
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    if !text.is_empty() {
        text.push(' ');
    }
    if !key.is_empty() {
        text.push_str(key);
        text.push('=');
    }
    let room = MAX_READ.saturating_sub(text.len());
    match value {
        Value::String(string) => {
            text.push_str(&clean(string.replace(['\n', '\r'], " ").as_bytes(), room));
        }
        other => text.push_str(&clean(other.to_string().as_bytes(), room)),
    }
}

/// `\"` to `"` and `\n` to a space, in lines that hold quoted values.
fn unescape(text: String) -> String {
    if text.contains("\\\"") || text.contains("\\n") {
        text.replace("\\\"", "\"").replace("\\n", " ").replace("\\t", " ")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, read};

    #[test]
    fn json_is_unpacked() {
        let view = read(
            br#"{"level":"error","ts":1,"msg":"boom","error":"dial \"db\": no","port":5432,"http":{"status":502}}"#,
        );
        assert_eq!(
            (view.stated, view.text.as_str()),
            (Level::Error, "boom error=dial \"db\": no status=502 port=5432")
        );
        assert_eq!(&view.text[..view.message_len], "boom error=dial \"db\": no");
    }

    #[test]
    fn logfmt_is_unescaped_and_prefixes_go() {
        let view = read(br#"2026-11-22T04:28:49.123Z level=warn msg="lookup \"db\""#);
        assert_eq!((view.stated, view.text.as_str()), (Level::Warn, r#"level=warn msg="lookup "db""#));
    }

    #[test]
    fn broken_json_is_text() {
        assert_eq!(read(br#"{"level":"error","msg":"#).text, r#"{"level":"error","msg":"#);
    }
}
