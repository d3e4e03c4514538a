//! What a log line says, fit for a claim: without its time and without what differs from pod to pod.
//!
//! The whole line stays in the evidence; here only the message is wanted. Start at [`said`].

use crate::logs::LogLine;

use super::container::Case;

/// Longest quotation of a log line in a claim, in characters.
const QUOTE: usize = 200;

/// The message of a line, with the pod's own name and address replaced.
pub(super) fn said(case: &Case<'_>, line: &LogLine) -> String {
    let text = message(&line.text);
    let ip = case.pod.status.pod_ip.as_str();
    let text = if ip.is_empty() { text } else { text.replace(ip, "POD") };
    text.replace(&case.pod.metadata.name, "POD").chars().take(QUOTE).collect()
}

/// The message of a line: of JSON and logfmt the message and the error, else the line without its leading time.
fn message(line: &str) -> String {
    let line = line.trim();
    if let Ok(serde_json::Value::Object(map)) = serde_json::from_str(line) {
        let text_of = |v: &serde_json::Value| v.as_str().or_else(|| v.get("message")?.as_str()).map(str::to_owned);
        let get = |keys: &[&str]| keys.iter().filter_map(|k| map.get(*k)).find_map(text_of);
        let text = get(&["msg", "message", "event"]);
        let error = get(&["error", "err", "error.message", "exception", "exception.message", "cause", "reason"]);
        if let Some(joined) = join(text, error) {
            return joined;
        }
    }
    let text = field(line, "msg").or_else(|| field(line, "message"));
    if text.is_some()
        && let Some(joined) = join(text, field(line, "error").or_else(|| field(line, "err")))
    {
        return joined;
    }
    without_time(line).replace('"', "'")
}

fn join(text: Option<String>, error: Option<String>) -> Option<String> {
    match (text, error) {
        (Some(t), Some(e)) if !t.contains(&e) => Some(format!("{t}: {e}")),
        (Some(t), _) => Some(t),
        (None, error) => error,
    }
    .map(|t| t.replace('"', "'"))
}

/// A field of a logfmt line.
fn field(line: &str, key: &str) -> Option<String> {
    let start = line.match_indices(key).find_map(|(at, _)| {
        let before = line[..at].chars().next_back().is_none_or(char::is_whitespace);
        let after = at + key.len();
        (before && line[after..].starts_with('=')).then_some(after + 1)
    })?;
    let rest = &line[start..];
    match rest.strip_prefix('"') {
        Some(quoted) => {
            let mut escaped = false;
            let end = quoted.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?;
            Some(quoted[..end].replace("\\\"", "'"))
        }
        None => rest.split_whitespace().next().map(str::to_owned),
    }
}

/// Drops leading words made of digits and the signs of dates and times.
fn without_time(line: &str) -> &str {
    let mut rest = line;
    loop {
        let word = rest.split_whitespace().next().unwrap_or_default();
        let is_time = word.chars().any(|c| c.is_ascii_digit())
            && word
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ',' | '/' | '+' | 'T' | 'Z' | '[' | ']'));
        if !is_time {
            return rest;
        }
        rest = rest[word.len()..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    #[rstest::rstest]
    #[case("2026 FATAL config error: DATABASE_URL is not set", "FATAL config error: DATABASE_URL is not set")]
    #[case(
        "2026-11-22T04:28:43.625Z level=fatal msg=\"no \\\"x\\\"\" err=\"dial tcp: refused\"",
        "no 'x': dial tcp: refused"
    )]
    #[case(r#"{"level":"error","msg":"start failed","error":"no such host"}"#, "start failed: no such host")]
    #[case(
        r#"{"msg":"query failed","err":{"code":"E","message":"connect ECONNREFUSED"}}"#,
        "query failed: connect ECONNREFUSED"
    )]
    #[case(r#"{"message":"query failed","error.message":"refused"}"#, "query failed: refused")]
    #[case("[2026/11/22 10:00:00] ERROR boom", "ERROR boom")]
    #[case("404", "")]
    fn messages(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(super::message(line), expected);
    }
}
