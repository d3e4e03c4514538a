//! Text objects: <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>.

use serde_json::{Map, Value};

use super::check::Check;

/// Plain text or `mrkdwn`, when it is there.
pub(super) fn any(check: &mut Check, map: &Map<String, Value>, name: &str, at: &str, most: usize) {
    if let Some(value) = map.get(name) {
        object(check, value, &format!("{at}/{name}"), most, &["plain_text", "mrkdwn"]);
    }
}

/// Plain text, when it is there.
pub(super) fn plain(check: &mut Check, map: &Map<String, Value>, name: &str, at: &str, most: usize) {
    if let Some(value) = map.get(name) {
        object(check, value, &format!("{at}/{name}"), most, &["plain_text"]);
    }
}

/// A text object of one of these types.
pub(super) fn object(check: &mut Check, value: &Value, at: &str, most: usize, types: &[&str]) {
    let own: &[&str] = if value["type"] == "mrkdwn" { &["verbatim"] } else { &["emoji"] };
    let Some(map) = check.fields(value, at, &["type", "text"], own) else { return };
    check.one_of(map, "type", at, types);
    check.string(map, "text", at, most);
    for name in own {
        check.flag(map, name, at);
    }
}
