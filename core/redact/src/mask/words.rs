//! Where words begin and end, and what a placeholder looks like. Hiding and showing read text with the same two eyes: that
//! is what makes one the inverse of the other.

use super::kinds;

/// A placeholder in a text.
pub(super) struct Found {
    /// What it begins with.
    pub(super) prefix: &'static str,
    /// Its number.
    pub(super) number: u32,
    /// Its bytes.
    pub(super) len: usize,
}

/// What stands between the word and the number of a placeholder: a hyphen, or what models make of one.
const HYPHENS: &[&str] = &["-", "\\-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}"];

/// Digits of a number.
const DIGITS: usize = 9;

/// Where the next word begins, from here on. A colon begins one, too: addresses may.
pub(super) fn next(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find(|at| begins(bytes, *at))
}

fn begins(bytes: &[u8], at: usize) -> bool {
    let here = bytes[at];
    let before = at.checked_sub(1).map(|before| bytes[before]);
    match here {
        b':' => bytes.get(at + 1) == Some(&b':') && before.is_none_or(|b| !b.is_ascii_alphanumeric() && b != b':'),
        _ if !here.is_ascii_alphanumeric() => false,
        _ => before.is_none_or(|before| !before.is_ascii_alphanumeric()) || after_escape(&bytes[..at]),
    }
}

/// Whether a word ends before this byte.
pub(super) fn ends(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_none_or(|next| !next.is_ascii_alphanumeric())
}

/// Whether the text before ends with an escape, whose letters are not of the word: `\n`, `%2F`, `\u003c`, a colour.
fn after_escape(before: &[u8]) -> bool {
    let tail = |bytes: usize| before.len().checked_sub(bytes).map_or(&[][..], |at| &before[at..]);
    let code = |bytes: usize, start: &[u8]| {
        tail(bytes).strip_prefix(start).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    matches!(tail(2), [b'\\', b'n' | b'r' | b't']) || code(3, b"%") || code(6, b"\\u") || is_colour(before)
}

fn is_colour(before: &[u8]) -> bool {
    let Some(digits) = before.strip_suffix(b"m") else { return false };
    let start = digits.iter().rposition(|b| !b.is_ascii_digit() && *b != b';');
    start.is_some_and(|at| digits[..=at].ends_with(b"\x1b["))
}

/// The placeholder that begins here, in any case.
pub(super) fn placeholder(text: &str, start: usize) -> Option<Found> {
    let rest = text.get(start..)?;
    let word = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let prefix = kinds::known(&rest[..word])?;
    let hyphen = HYPHENS.iter().find(|hyphen| rest[word..].starts_with(**hyphen))?;
    let digits = &rest[word + hyphen.len()..];
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let len = word + hyphen.len() + count;
    if count == 0 || count > DIGITS || digits.starts_with('0') || !ends(rest, len) {
        return None;
    }
    Some(Found { prefix, number: digits[..count].parse().ok()?, len })
}
