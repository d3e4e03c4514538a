//! What a log line says, fit for a claim: without its time and without what differs from pod to pod.
//!
//! The whole line stays in the evidence; here only the message is wanted. Start at [`said`].

use crate::logs::LogLine;

use crate::detect::pods::container::Case;

/// Longest quotation of a log line in a claim, in characters.
const QUOTE: usize = 200;

/// The message of a line, with the pod's own name and address replaced.
pub(crate) fn said(case: &Case<'_>, line: &LogLine) -> String {
    let text = message(&line.text);
    let ip = case.pod.status.pod_ip.as_str();
    let text = if ip.is_empty() { text } else { text.replace(ip, "POD") };
    steady(&text.replace(&case.pod.metadata.name, "POD")).chars().take(QUOTE).collect()
}

/// Leaves out what changes from line to line: thread names, connection numbers, query strings. The claims of two pods
/// must be the same when they say the same.
fn steady(text: &str) -> String {
    // Spring's own prefix: `ERROR 1 --- [app] [nio-8080-exec-54] logger : message`.
    let text = match text
        .split_once(" --- ")
        .and_then(|(head, rest)| Some((head.split_whitespace().next()?, rest.split_once(" :")?.1.trim_start())))
    {
        // A reporter's own line may carry no message; what follows it does.
        Some((_, "")) => String::new(),
        Some((level, message)) => format!("{level} {message}"),
        None => text.to_owned(),
    };
    let keep = |word: &&str| {
        let numbered = word.chars().any(|c| c.is_ascii_digit());
        let thread = numbered && word.starts_with('[') && word.trim_end_matches(':').ends_with(']');
        let connection = numbered
            && word.contains(['*', '#'])
            && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | ':'));
        !thread && !connection
    };
    let words = text
        .split_whitespace()
        .filter(keep)
        .map(|w| w.split_once('?').filter(|(_, q)| q.contains('=')).map_or(w, |(path, _)| path));
    words.collect::<Vec<_>>().join(" ")
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
    // klog: `E1214 12:57:53.928241       1 reflector.go:200] message`.
    let mut bytes = line.bytes();
    let klog = bytes.next().is_some_and(|b| b"IWEF".contains(&b)) && bytes.take(4).all(|b| b.is_ascii_digit());
    if let Some((_, message)) = line.split_once("] ").filter(|_| klog) {
        return message;
    }
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
    #[case("E1214 12:57:53.928241       1 reflector.go:200] failed to list pods", "failed to list pods")]
    #[case("404", "")]
    fn messages(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(super::message(line), expected);
    }

    #[rstest::rstest]
    #[case("ERROR 1 --- [app] [nio-8080-exec-54] o.h.Helper   : Pool-1 is full", "ERROR Pool-1 is full")]
    #[case("[error] 31#31: *883 connect() failed", "[error] connect() failed")]
    #[case("ERROR 1 --- [ main] o.s.Reporter :", "")]
    #[case("failed to list *v1.Pod: 3 pods", "failed to list *v1.Pod: 3 pods")]
    #[case("GET /v1/stock?sku=W-888 failed [x]", "GET /v1/stock failed [x]")]
    fn what_changes_is_left_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(super::steady(text), expected);
    }
}
