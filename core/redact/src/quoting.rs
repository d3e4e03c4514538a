//! Quotes, escapes and identifiers in text whose nesting is unknown: JSON, JSON inside JSON
//! strings, shell lines inside both.
//!
//! Everything here works on bytes and stops at ASCII bytes only, so positions are borders of
//! characters. Must never look further than its bounds. Start at [`quote_at`] and [`quoted_end`].

/// Longest value that is looked at.
pub(crate) const MAX_VALUE: usize = 16 * 1024;
/// Longest rest of a line that is looked at.
const MAX_SEGMENT: usize = 8 * 1024;
/// Deepest nesting: eight levels of JSON in JSON would need 255 backslashes.
const MAX_SLASHES: usize = 255;

/// A quote with the backslashes in front of it: `"`, `\"`, `\\\"`, `'`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) mark: u8,
    pub(crate) slashes: usize,
}

/// The quote that begins at `at`, and the position after it.
pub(crate) fn quote_at(bytes: &[u8], at: usize) -> Option<(Quote, usize)> {
    let slashes = bytes.get(at..)?.iter().take(MAX_SLASHES).take_while(|byte| **byte == b'\\').count();
    let mark = *bytes.get(at + slashes)?;
    matches!(mark, b'"' | b'\'' | b'`').then_some((Quote { mark, slashes }, at + slashes + 1))
}

/// How many backslashes stand before `at`, not looking before `from`.
pub(crate) fn slashes_before(bytes: &[u8], from: usize, at: usize) -> usize {
    bytes[from..at].iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Where the text inside a quote ends: at its closing quote (the backslashes of that quote are
/// not part of the text), at a quote of an enclosing text, at the end of the line, or at the bound.
pub(crate) fn quoted_end(bytes: &[u8], from: usize, quote: Quote) -> usize {
    let limit = bytes.len().min(from + MAX_VALUE);
    for at in from..limit {
        let byte = bytes[at];
        if byte == b'\n' {
            return at;
        }
        if byte == quote.mark {
            let slashes = slashes_before(bytes, from, at);
            if slashes < quote.slashes {
                return at - slashes;
            }
            if slashes % (2 * (quote.slashes + 1)) == quote.slashes {
                return at - quote.slashes;
            }
        } else if byte == b'"' && quote.slashes > slashes_before(bytes, from, at) {
            return at - slashes_before(bytes, from, at);
        }
    }
    limit
}

/// The end of the line, of the enclosing quoted text, or of the escaped line: what comes first.
pub(crate) fn segment_end(bytes: &[u8], from: usize) -> usize {
    let limit = bytes.len().min(from + MAX_SEGMENT);
    let mut at = from;
    while at < limit {
        match bytes[at] {
            b'\n' | b'\r' | b'"' | b'\'' | b'`' => return at,
            b'\\' => match escape_at(bytes, at) {
                Escape::Ends => return at,
                Escape::Text(next) => at = next,
            },
            _ => at += 1,
        }
    }
    limit
}

/// What a run of backslashes means for a value without quotes.
pub(crate) enum Escape {
    /// An escaped quote, line end, tab or unicode escape: the value ends before the run.
    Ends,
    /// Part of the value, up to here.
    Text(usize),
}

/// Reads the run of backslashes at `at`.
pub(crate) fn escape_at(bytes: &[u8], at: usize) -> Escape {
    let run = bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
    match bytes.get(at + run) {
        Some(b'"' | b'\'' | b'`' | b'n' | b'r' | b't' | b'u' | b'\n') | None => Escape::Ends,
        Some(_) => Escape::Text(at + run + 1),
    }
}

/// Part of a name of a variable, a field or a flag.
pub(crate) fn is_ident(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// How far a name begins after the run of letters it stands in: the letters of an escape (`\n`,
/// `\u0026`, `%3D`) just before it look like part of it.
pub(crate) fn after_escape(bytes: &[u8], start: usize) -> usize {
    let Some(before) = start.checked_sub(1).and_then(|at| bytes.get(at)) else {
        return start;
    };
    match (before, bytes.get(start)) {
        (b'\\', Some(b'u')) => start + 5,
        (b'\\', Some(b'n' | b't' | b'r' | b'b' | b'f')) => start + 1,
        (b'%', Some(digit)) if digit.is_ascii_hexdigit() => start + 2,
        _ => start,
    }
}

/// Whether nothing that belongs to a word touches the span.
pub(crate) fn stands_apart(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    let after = bytes.get(end).is_none_or(|byte| !word(*byte));
    after && (start == 0 || !word(bytes[start - 1]) || ends_escape(bytes, start))
}

/// Whether the bytes just before `at` are an escape, not a word.
pub(crate) fn ends_escape(bytes: &[u8], at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).and_then(|at| bytes.get(at)).copied();
    let hex = |n: usize| back(n).is_some_and(|byte| byte.is_ascii_hexdigit());
    match back(2) {
        Some(b'\\') if matches!(back(1), Some(b'n' | b't' | b'r' | b'b' | b'f')) => true,
        _ if back(3) == Some(b'%') => hex(1) && hex(2),
        _ => back(6) == Some(b'\\') && back(5) == Some(b'u') && (1..=4).all(hex),
    }
}

/// The position after spaces and tabs, a bounded number of them.
pub(crate) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take(64).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The same, across line ends, raw or escaped.
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    let limit = bytes.len().min(at.saturating_add(256));
    while at < limit {
        match (bytes[at], bytes.get(at + 1)) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => at += 1,
            (b'\\', Some(b'n' | b't' | b'r' | b'\\')) if !is_quote_run(bytes, at) => at += 2,
            _ => break,
        }
    }
    at
}

/// Whether the backslashes at `at` belong to a quote.
fn is_quote_run(bytes: &[u8], at: usize) -> bool {
    quote_at(bytes, at).is_some()
}
