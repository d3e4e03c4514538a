//! What ties a value to its name: a sign, a quote, the next word of a command line, the `value`
//! field of a list of variables.
//!
//! Must never find a tie in a sentence that has none. Start at [`place`].

use crate::quoting::{self, Quote, quote_at};
use std::ops::Range;

/// How the value is tied to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    /// `=`: always a value.
    Equals,
    /// `:` after a quoted name: JSON, a map.
    QuotedColon,
    /// `:` with no blank after it: a header, a map of Go.
    TightColon,
    /// `: ` at the beginning of a line: YAML.
    LineColon,
    /// `: ` in the middle of a line: YAML, or a sentence.
    ProseColon,
    /// The next word or the next item of a list: a flag, a name and its value.
    Next,
}

/// Where a value begins.
pub(crate) struct Place {
    pub(crate) tie: Tie,
    pub(crate) from: usize,
    pub(crate) name_quote: Option<Quote>,
}

/// Finds where the value of a name begins.
pub(crate) fn place(bytes: &[u8], name: &Range<usize>) -> Option<Place> {
    let opened = name.start.checked_sub(1).map(|before| bytes[before]);
    let closing = quote_at(bytes, name.end).filter(|(quote, _)| opened == Some(quote.mark));
    let name_quote = closing.map(|(quote, _)| quote);
    let mut at = closing.map_or(name.end, |(_, after)| after);
    // `env['TOKEN'] = ..`
    if name_quote.is_some() && bytes.get(at) == Some(&b']') {
        at += 1;
    }
    // Settings of Redis have no sign.
    let word = &bytes[name.start..name.end];
    let setting = word == b"requirepass" || word == b"masterauth";
    let flag = setting || word.starts_with(b"-") || (opened == Some(b'-'));
    // `<password>..</password>`
    if opened == Some(b'<') && bytes.get(name.end) == Some(&b'>') {
        return Some(Place { tie: Tie::Equals, from: name.end + 1, name_quote: None });
    }
    if let Some(from) = sibling(bytes, at) {
        return Some(Place { tie: Tie::Next, from, name_quote: None });
    }
    let blank = quoting::skip_blanks(bytes, at);
    match bytes.get(blank)? {
        b'=' => {
            let extra = bytes[blank + 1..].iter().take(2).take_while(|byte| matches!(byte, b'=' | b'>')).count();
            let from = quoting::skip_blanks(bytes, blank + 1 + extra);
            Some(Place { tie: Tie::Equals, from, name_quote: None })
        }
        b'%' if bytes[blank..].starts_with(b"%3D") || bytes[blank..].starts_with(b"%3d") => {
            Some(Place { tie: Tie::Equals, from: blank + 3, name_quote: None })
        }
        b':' => colon(bytes, name, blank, name_quote),
        _ if flag => next_argument(bytes, at, name_quote).map(|from| Place { tie: Tie::Next, from, name_quote: None }),
        _ => None,
    }
}

fn colon(bytes: &[u8], name: &Range<usize>, colon: usize, name_quote: Option<Quote>) -> Option<Place> {
    let after = colon + 1;
    if bytes.get(after) == Some(&b':') {
        return None;
    }
    if bytes.get(after) == Some(&b'=') {
        let from = quoting::skip_blanks(bytes, after + 1);
        return Some(Place { tie: Tie::Equals, from, name_quote: None });
    }
    let from = quoting::skip_blanks(bytes, after);
    let tie = if name_quote.is_some() {
        Tie::QuotedColon
    } else if from == after && name.start > 0 && bytes[name.start - 1] == b'/' {
        // An image and its tag.
        return None;
    } else if from == after {
        Tie::TightColon
    } else if begins_line(bytes, name.start) {
        Tie::LineColon
    } else {
        Tie::ProseColon
    };
    Some(Place { tie, from, name_quote })
}

/// Whether only blanks, a dash of a list or a comment sign stand before, on this line.
fn begins_line(bytes: &[u8], start: usize) -> bool {
    let before =
        bytes[..start].iter().rev().take(128).take_while(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'#')).count();
    let edge = start - before;
    edge == 0 || bytes[edge - 1] == b'\n' || quoting::ends_escape(bytes, edge)
}

/// `"DB_PASSWORD", "value": ` and `DB_PASSWORD⏎  value: `: the value of a list of variables.
fn sibling(bytes: &[u8], at: usize) -> Option<usize> {
    let comma = quoting::skip_space(bytes, at);
    let at = if bytes.get(comma) == Some(&b',') { quoting::skip_space(bytes, comma + 1) } else { comma };
    let quoted = quote_at(bytes, at);
    let at = quoted.map_or(at, |(_, after)| after);
    let field = bytes.get(at..at + 5)?;
    if !field.eq_ignore_ascii_case(b"value") {
        return None;
    }
    let at = quote_at(bytes, at + 5).filter(|_| quoted.is_some()).map_or(at + 5, |(_, after)| after);
    let at = quoting::skip_blanks(bytes, at);
    (bytes.get(at) == Some(&b':')).then(|| quoting::skip_blanks(bytes, at + 1))
}

/// The word after a flag, in a shell line, a JSON list or a YAML list.
fn next_argument(bytes: &[u8], at: usize, name_quote: Option<Quote>) -> Option<usize> {
    let next = quoting::skip_space(bytes, at);
    match bytes.get(next)? {
        b',' if name_quote.is_some() => Some(quoting::skip_space(bytes, next + 1)),
        b'-' if next > at && bytes.get(next + 1) == Some(&b' ') => Some(next + 2),
        _ => Some(quoting::skip_blanks(bytes, at)).filter(|from| *from > at && name_quote.is_none()),
    }
}
