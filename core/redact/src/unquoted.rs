//! Where a value without quotes ends: at a blank, a quote, an escape, a separator before the next
//! pair, or a bracket that closes what was opened before.
//!
//! Must never stop inside an escape, and never take the quote it stands in. Start at
//! [`unquoted_end`].

use crate::blocks::indented_end;
use crate::kind::replacement_len;
use crate::quoting::{self, Escape};
use std::ops::Range;

/// The rest of the line, without blanks and without a comment.
pub(crate) fn line_end(bytes: &[u8], from: usize) -> usize {
    let end = quoting::segment_end(bytes, from);
    let comment = (from..end)
        .find(|at| bytes[*at] == b'#' && at.checked_sub(1).is_some_and(|at| bytes[at] == b' '))
        .unwrap_or(end);
    let column = bytes[from..comment].windows(3).position(|gap| gap == b"   ").map_or(comment, |at| from + at);
    column - bytes[from..column].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// A YAML block: the following lines that are indented more than the line of the name.
pub(crate) fn block_scalar(bytes: &[u8], name: usize, from: usize) -> Range<usize> {
    let line = bytes[..name].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let Some(first) = bytes[from..].iter().take(16).position(|byte| *byte == b'\n').map(|at| from + at + 1) else {
        return from..from;
    };
    let start = first + bytes[first..].iter().take_while(|byte| **byte == b' ').count();
    start..indented_end(bytes, first, name - line + 1)
}

/// Where a value without quotes ends.
pub(crate) fn unquoted_end(bytes: &[u8], from: usize) -> usize {
    let limit = bytes.len().min(from + quoting::MAX_VALUE);
    let mut at = from + whole_sign(&bytes[from.min(limit)..limit]);
    while at < limit {
        match bytes[at] {
            byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => return at,
            b'"' | b'\'' | b'`' | b'<' => return at,
            b'\\' => match quoting::escape_at(bytes, at) {
                Escape::Ends => return at,
                Escape::Text(next) => at = next,
            },
            b'%' if bytes[at..].starts_with(b"%26") => return at,
            b',' | b';' | b'&' | b'|' if next_pair(bytes, at + 1) => return at,
            b')' | b']' | b'}' | b'>' if closes(bytes, at) => return at,
            _ => at += 1,
        }
    }
    limit
}

/// The length of `$(NAME)`, `${NAME}` or a replacement, which end in a sign that otherwise ends the
/// value.
fn whole_sign(bytes: &[u8]) -> usize {
    if let Some(length) = replacement_len(bytes) {
        return length;
    }
    let close = match bytes {
        [b'$', b'(', ..] => b')',
        [b'$', b'{', ..] => b'}',
        _ => return 0,
    };
    let name = bytes[2..].iter().take(96).take_while(|byte| quoting::is_ident(**byte)).count();
    if bytes.get(2 + name) == Some(&close) { 3 + name } else { 0 }
}

/// Whether another pair, or nothing, follows a separator.
fn next_pair(bytes: &[u8], at: usize) -> bool {
    let name = bytes[at.min(bytes.len())..]
        .iter()
        .take(48)
        .take_while(|byte| quoting::is_ident(**byte) || **byte == b' ')
        .count();
    match bytes.get(at + name) {
        None | Some(b'=' | b':' | b'"' | b'\'' | b'\n' | b'\r' | b'\\') => true,
        Some(_) => bytes.get(at).is_some_and(u8::is_ascii_whitespace),
    }
}

/// Whether only closing signs follow, up to the end of the word.
fn closes(bytes: &[u8], at: usize) -> bool {
    let run = bytes[at..].iter().take(32).take_while(|byte| b")]}>,;.:\"'`".contains(byte)).count();
    bytes.get(at + run).is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'\\' || *byte == b'{')
}
