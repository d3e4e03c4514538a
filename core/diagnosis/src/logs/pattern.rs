//! The text that lines of one kind share.
//!
//! Masks what `fingerprint` masks, and quoted names besides, so that one pattern may stand for many fingerprints.

use super::fingerprint::{in_token, keeps};

/// Cap of a pattern, in bytes.
const MAX_PATTERN: usize = 400;
const HOLE: &str = "<*>";

/// The text with holes where lines of the same kind differ.
pub(super) fn pattern(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len().min(MAX_PATTERN));
    let mut at = 0;
    while at < bytes.len() && out.len() < MAX_PATTERN {
        let end = if let Some(end) = quoted_name(bytes, at) {
            hole(&mut out, 0);
            end
        } else if in_token(bytes[at]) {
            let end = bytes[at..]
                .iter()
                .position(|b| !in_token(*b))
                .map_or(bytes.len(), |n| at + n);
            let token = &bytes[at..end];
            let varies = token.len() > 64
                || token.iter().any(u8::is_ascii_digit)
                    && (token == b"0" || !keeps(bytes, at, token));
            if varies {
                hole(&mut out, 1);
            } else {
                push(&mut out, text.get(at..end).unwrap_or_default());
            }
            end
        } else {
            push(&mut out, text.get(at..=at).unwrap_or_default());
            at + 1
        };
        at = end;
    }
    trim(&out).to_owned()
}

/// Where a quoted name (no blanks, after a blank or bracket) ends: such names differ from line to line.
fn quoted_name(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes[at];
    let opens = matches!(quote, b'"' | b'\'' | b'`') && at > 0;
    if !opens || !matches!(bytes[at - 1], b' ' | b'(' | b'[') {
        return None;
    }
    let rest = bytes.get(at + 1..)?;
    let len = rest
        .iter()
        .take(128)
        .position(|b| *b == quote || *b == b' ')?;
    (len > 0 && rest[len] == quote).then_some(at + len + 2)
}

/// Appends a hole, or widens the one before it when only one separator stands between them.
fn hole(out: &mut String, joinable: usize) {
    if joinable == 1 && out.len() > HOLE.len() {
        let before = out.len() - 1;
        if out.is_char_boundary(before)
            && out[..before].ends_with(HOLE)
            && matches!(&out[before..], ":" | "," | "/" | "+" | "@")
        {
            out.truncate(before);
            return;
        }
    }
    out.push_str(HOLE);
}

/// Appends as much as fits, whole characters only.
fn push(out: &mut String, piece: &str) {
    let mut end = piece.len().min(MAX_PATTERN.saturating_sub(out.len()));
    while !piece.is_char_boundary(end) {
        end -= 1;
    }
    out.push_str(&piece[..end]);
}

/// Without the leading time.
fn trim(pattern: &str) -> &str {
    const LEADS: [&str; 6] = [
        HOLE,
        "ts=<*> ",
        "time=<*> ",
        "time=\"<*>\" ",
        "[<*>]",
        "[<*> <*>]",
    ];
    let mut rest = pattern.trim();
    while let Some(shorter) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = shorter.trim_start_matches([' ', ',', '+', '-']);
    }
    if rest.is_empty() {
        pattern.trim()
    } else {
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;
    use rstest::rstest;

    #[rstest]
    #[case(
        "2026-11-22 04:28:49,123 ERROR took 17ms from 10.0.0.1:5432",
        "ERROR took <*> from <*>"
    )]
    #[case(
        "ts=2026-11-22T04:28:49.1Z level=info msg=\"requests served\" total=60 errors=0",
        "level=info msg=\"requests served\" total=<*> errors=<*>"
    )]
    #[case("pods \"web-a\" not found", "pods <*> not found")]
    #[case("12345", "<*>")]
    #[case("id 550e8400-e29b-41d4-a716-446655440000 done", "id <*> done")]
    fn values_become_holes(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(pattern(text), expected);
    }
}
