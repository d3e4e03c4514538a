//! A telling name and its value: `password=..`, `"token": ".."`, `--api-key ..`, YAML, logfmt,
//! JSON inside JSON strings, `{"name": "DB_PASSWORD", "value": ".."}`.
//!
//! Must never hide what only talks about a secret: `password authentication failed` has no
//! separator, `token: expired` no value. Start at [`at`].

use crate::hit::{Dress, Hit, Rule};
use crate::kind::{MARK, replacement_len};
use crate::names::{self, NameClass};
use crate::quoting::{self, Quote, quote_at};
use crate::scan::Scan;
use crate::ties::{Place, Tie, place};
use crate::unquoted::{block_scalar, line_end, unquoted_end};
use crate::{headers, values};
use std::ops::Range;

const RULE: Rule = Rule { name: "named-value", why: "The name in front of it says that it is a secret." };
/// Longest name that is read.
const MAX_NAME: usize = 96;

/// Looks for a pair at a word of a telling name.
pub(crate) fn at(scan: &mut Scan<'_>, word: usize, word_end: usize) {
    if word < scan.names_read {
        return;
    }
    let name = name_around(scan.bytes, word, word_end);
    let Some(class) = scan.text.get(name.clone()).and_then(names::classify) else {
        return;
    };
    scan.names_read = name.end;
    if scan.text[..name.start].ends_with(MARK) {
        return;
    }
    let Some(place) = place(scan.bytes, &name) else {
        return;
    };
    if let Some((range, dress)) = value(scan, class, &name, &place) {
        scan.names_read = scan.names_read.max(range.end);
        scan.hits.push(Hit { dress, ..Hit::new(range, class.kind(), RULE) });
    }
}

fn name_around(bytes: &[u8], word: usize, word_end: usize) -> Range<usize> {
    let left = bytes[..word].iter().rev().take(MAX_NAME).take_while(|byte| quoting::is_ident(**byte)).count();
    let right = bytes[word_end..].iter().take(MAX_NAME).take_while(|byte| quoting::is_ident(**byte)).count();
    let start = quoting::after_escape(bytes, word - left).min(word);
    // `sig=` is a trigger with its separator.
    let end = if bytes[word_end - 1] == b'=' { word_end - 1 } else { word_end + right };
    let dashes = bytes[word..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b'-')).count();
    start..end - dashes
}

fn value(scan: &Scan<'_>, class: NameClass, name: &Range<usize>, place: &Place) -> Option<(Range<usize>, Dress)> {
    let bytes = scan.bytes;
    let from = opened(bytes, place.from);
    if let Some((quote, start)) = quote_at(bytes, from) {
        let mut end = quoting::quoted_end(bytes, start, quote);
        if quote.mark == b'\'' && bytes.get(end) == Some(&b'\n') {
            end = unquoted_end(bytes, start);
        }
        let range = headers::credential(scan, class, start..end);
        let text = scan.text.get(range.clone())?;
        return is_secret(class, place.tie, text).then_some((range, Dress::Plain));
    }
    if let Some(quote) = place.name_quote {
        return number(scan, class, from, quote);
    }
    let range = unquoted(scan, class, name, place.tie, from);
    let text = scan.text.get(range.clone())?;
    // After the name of a scheme stands a credential, however the pair was tied.
    let schemed = class == NameClass::Authorization && range.start > from;
    let secret = is_secret(class, place.tie, text) || (schemed && !values::is_nothing(text));
    secret.then_some((range, Dress::Plain))
}

/// Past the bracket of a list of one and the letter of a Python string.
fn opened(bytes: &[u8], from: usize) -> usize {
    if replacement_len(&bytes[from.min(bytes.len())..]).is_some() {
        return from;
    }
    let listed = if bytes.get(from) == Some(&b'[') { quoting::skip_space(bytes, from + 1) } else { from };
    let lettered = matches!(bytes.get(listed), Some(b'b' | b'u' | b'r')) && quote_at(bytes, listed + 1).is_some();
    if lettered { listed + 1 } else { listed }
}

/// A bare number in JSON; other bare values are no text.
fn number(scan: &Scan<'_>, class: NameClass, from: usize, quote: Quote) -> Option<(Range<usize>, Dress)> {
    let digits = scan.bytes[from..].iter().take(64).take_while(|byte| byte.is_ascii_digit()).count();
    let range = from..from + digits;
    let whole = scan.bytes.get(range.end).is_none_or(|byte| b",}] \r\n\t\\".contains(byte));
    let secret = digits >= 4 && whole && values::is_secret_under(class, scan.text.get(range.clone())?);
    secret.then_some((range, Dress::Quoted(quote.slashes)))
}

fn unquoted(scan: &Scan<'_>, class: NameClass, name: &Range<usize>, tie: Tie, from: usize) -> Range<usize> {
    let bytes = scan.bytes;
    let line = class == NameClass::Cookie && tie != Tie::Equals;
    if tie == Tie::LineColon && matches!(bytes.get(from), Some(b'|' | b'>')) {
        return block_scalar(bytes, name.start, from);
    }
    let whole = line || (tie == Tie::LineColon && class != NameClass::Authorization);
    let end = if whole { line_end(bytes, from) } else { unquoted_end(bytes, from) };
    if class == NameClass::Authorization {
        return headers::credential(scan, class, from..headers::reach(scan, from, end));
    }
    from..end
}

fn is_secret(class: NameClass, tie: Tie, text: &str) -> bool {
    let first = text.split([' ', '\t']).next().unwrap_or_default();
    if text.is_empty() || !values::is_secret_under(class, text) || values::is_reference(text) {
        return false;
    }
    match tie {
        Tie::Equals => true,
        Tie::QuotedColon => !(text.contains(' ') && values::is_nothing(first)),
        Tie::Next => !text.starts_with('-') && !values::is_nothing(first),
        Tie::TightColon => {
            !text.starts_with('/')
                && (class == NameClass::Password || (values::looks_secret(text) && !values::is_version(text)))
        }
        Tie::LineColon => {
            !values::is_nothing(first)
                && (class == NameClass::Password || !text.contains(' ') || class == NameClass::Cookie)
        }
        Tie::ProseColon => {
            !values::is_nothing(first)
                && (class == NameClass::Password || (text.len() >= 8 && values::looks_secret(text)))
        }
    }
}
