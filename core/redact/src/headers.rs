//! Credentials of HTTP headers: the scheme stays, what follows it goes.
//!
//! Must never take prose for a credential: `Bearer token expired`, `Basic auth is off`.
//! Start at [`at`].

use crate::base64;
use crate::blocks::embedded_end;
use crate::hit::Rule;
use crate::kind::{SecretKind, replacement_len};
use crate::names::NameClass;
use crate::quoting;
use crate::scan::Scan;
use crate::unquoted::unquoted_end;
use crate::values;
use std::ops::Range;

const RULE: Rule = Rule { name: "http-credential", why: "It follows the name of an authorization scheme." };

/// Schemes that stand before a credential; <https://www.iana.org/assignments/http-authschemes/>
/// and those of vendors.
const SCHEMES: &[&str] = &[
    "bearer",
    "basic",
    "token",
    "digest",
    "negotiate",
    "apikey",
    "api-key",
    "bot",
    "splunk",
    "key",
    "sso-key",
    "aws4-hmac-sha256",
    "hmac",
    "genietoken",
    "sharedkey",
    "discogs",
    "ntlm",
];

/// The part of an authorization value that is the credential; other values as they are.
pub(crate) fn credential(scan: &Scan<'_>, class: NameClass, range: Range<usize>) -> Range<usize> {
    if class != NameClass::Authorization {
        return range;
    }
    let value = &scan.text.as_bytes()[range.clone()];
    let Some(space) = value.iter().position(|byte| *byte == b' ') else {
        return range;
    };
    let scheme = scan.text.get(range.start..range.start + space).unwrap_or_default();
    if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
        return range.start..range.start + space;
    }
    let start = quoting::skip_blanks(scan.bytes, range.start + space).min(range.end);
    let end = if has_fields(scheme) { range.end } else { start + word(&scan.bytes[start..range.end]) };
    start..end
}

/// How far a value without quotes goes whose first word ends at `end`: a scheme brings more words.
pub(crate) fn reach(scan: &Scan<'_>, from: usize, end: usize) -> usize {
    let scheme = scan.text.get(from..end).unwrap_or_default();
    if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
        return end;
    }
    if has_fields(scheme) {
        // The fields hold quotes of their own.
        let line = embedded_end(scan.bytes, from);
        let quote = scan.bytes[from..line].iter().position(|byte| matches!(byte, b'\'' | b'\r'));
        return quote.map_or(line, |quote| from + quote);
    }
    unquoted_end(scan.bytes, quoting::skip_blanks(scan.bytes, end))
}

/// Schemes whose credential is a list of fields, to the end of the line.
fn has_fields(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("digest") || scheme.len() > 10
}

fn word(bytes: &[u8]) -> usize {
    let stop = |byte: &u8| byte.is_ascii_whitespace() || b",;)]}>\"'`\\".contains(byte);
    bytes.iter().position(stop).unwrap_or(bytes.len())
}

/// Looks for a credential after `Bearer ` or `Basic ` wherever it stands.
pub(crate) fn at(scan: &mut Scan<'_>, start: usize, end: usize) {
    if start > 0 && scan.bytes[start - 1].is_ascii_alphanumeric() && !quoting::ends_escape(scan.bytes, start) {
        return;
    }
    let limit = scan.bytes.len().min(end + quoting::MAX_VALUE);
    let range = end..end + word(&scan.bytes[end..limit]);
    let Some(text) = scan.text.get(range.clone()) else {
        return;
    };
    if replacement_len(&scan.bytes[end..]).is_some() {
        return;
    }
    let basic = scan.bytes[start].eq_ignore_ascii_case(&b'b') && scan.bytes[start + 1].eq_ignore_ascii_case(&b'a');
    let fits =
        if basic { is_basic(text) } else { text.len() >= 8 && values::looks_secret(text) && !text.contains('=') };
    if fits || (!basic && text.len() >= 16 && values::looks_secret(text)) {
        scan.hit(range, SecretKind::Token, RULE);
    }
}

/// A user and a password in base64.
fn is_basic(text: &str) -> bool {
    let plain = base64::decode(text.as_bytes());
    text.len() >= 4
        && plain.contains(&b':')
        && std::str::from_utf8(&plain).is_ok_and(|plain| !plain.contains(char::is_control))
}
