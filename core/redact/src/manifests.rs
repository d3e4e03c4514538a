//! Secret objects in text: the values of `data` and `stringData` go, the names of the keys stay.
//!
//! Best effort on text: the typed facts of the program never hold such values. Must never touch
//! the `data` of a ConfigMap. Start at [`note`] and [`find`].

use crate::hit::Rule;
use crate::kind::{SecretKind, is_replacement};
use crate::quoting::{self, Quote, quote_at, quoted_end};
use crate::scan::Scan;
use std::ops::Range;

const RULE: Rule = Rule { name: "secret-object", why: "It is a value of a Secret object." };
const MAX_DEPTH: usize = 64;
const MAX_SEEN: usize = 256;

/// A place where `kind: Secret` was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// In JSON, with so many backslashes before its quotes.
    Json(usize),
    /// In YAML, at this position.
    Yaml(usize),
}

/// Remembers the place when the word at `word` is the kind of an object.
pub(crate) fn note(scan: &mut Scan<'_>, word: usize, end: usize) {
    let bytes = scan.bytes;
    if &bytes[word..end] != b"Secret" || bytes.get(end).is_some_and(|byte| quoting::is_ident(*byte)) {
        return;
    }
    let quote = quote_at(bytes, end)
        .filter(|(quote, _)| word > quote.slashes && bytes[word - 1] == quote.mark)
        .map(|(quote, _)| quote);
    let mut at = word - quote.map_or(0, |quote| quote.slashes + 1);
    at -= bytes[..at].iter().rev().take(8).take_while(|byte| **byte == b' ').count();
    if at == 0 || bytes[at - 1] != b':' {
        return;
    }
    let before = &bytes[(at - 1).saturating_sub(16)..at - 1];
    let named = before.iter().rposition(u8::is_ascii_alphabetic).is_some_and(|last| before[..=last].ends_with(b"kind"));
    let seen = match quote {
        Some(Quote { mark: b'"', slashes }) if before.ends_with(b"\"") && slashes < 16 => Seen::Json(slashes),
        _ => Seen::Yaml(word),
    };
    if named && scan.secret_objects.len() < MAX_SEEN && !scan.secret_objects.contains(&seen) {
        scan.secret_objects.push(seen);
    }
}

/// Hides the values of the objects that were seen.
pub(crate) fn find(scan: &mut Scan<'_>) {
    for seen in std::mem::take(&mut scan.secret_objects) {
        let spans = match seen {
            Seen::Json(slashes) => json(scan.bytes, slashes),
            Seen::Yaml(at) => yaml(scan.bytes, at),
        };
        for span in spans {
            if !scan.text.get(span.clone()).is_some_and(is_replacement) {
                scan.hit(span, SecretKind::SecretData, RULE);
            }
        }
    }
}

#[derive(Default)]
struct Frame {
    key: Range<usize>,
    is_data: bool,
    is_secret: bool,
    values: Vec<Range<usize>>,
}

/// Walks JSON whose quotes have `slashes` backslashes.
fn json(bytes: &[u8], slashes: usize) -> Vec<Range<usize>> {
    let (mut stack, mut out, mut at) = (Vec::<Frame>::new(), Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'{' if stack.len() < MAX_DEPTH => {
                let is_data =
                    stack.last().is_some_and(|frame| matches!(&bytes[frame.key.clone()], b"data" | b"stringData"));
                stack.push(Frame { is_data, ..Frame::default() });
            }
            b'}' => close(&mut stack, &mut out),
            b'"' | b'\\' => {
                if let Some((quote, inner)) =
                    quote_at(bytes, at).filter(|(quote, _)| quote.slashes == slashes && quote.mark == b'"')
                {
                    let end = quoted_end(bytes, inner, quote);
                    string(bytes, stack.last_mut(), inner..end, quote);
                    at = (end + slashes).max(inner);
                } else {
                    at += quote_at(bytes, at).map_or(0, |(quote, _)| quote.slashes);
                }
            }
            _ => {}
        }
        at += 1;
    }
    while !stack.is_empty() {
        close(&mut stack, &mut out);
    }
    out
}

fn string(bytes: &[u8], frame: Option<&mut Frame>, span: Range<usize>, quote: Quote) {
    let Some(frame) = frame else { return };
    let after = quoting::skip_space(bytes, span.end + quote.slashes + 1);
    if bytes.get(after) == Some(&b':') {
        frame.key = span;
    } else if frame.is_data {
        frame.values.push(span);
    } else if &bytes[frame.key.clone()] == b"kind" && &bytes[span] == b"Secret" {
        frame.is_secret = true;
    }
}

fn close(stack: &mut Vec<Frame>, out: &mut Vec<Range<usize>>) {
    let Some(frame) = stack.pop() else { return };
    if frame.is_secret {
        out.extend(frame.values);
    } else if let Some(parent) = stack.last_mut().filter(|_| frame.is_data) {
        parent.values.extend(frame.values);
    }
}

/// Reads the lines of the object around `at`.
fn yaml(bytes: &[u8], at: usize) -> Vec<Range<usize>> {
    let line = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let Some(kind) = bytes[line..at].windows(4).position(|word| word == b"kind") else {
        return Vec::new();
    };
    let lines = object(bytes, line, kind);
    let (mut out, mut inside) = (Vec::new(), false);
    let mut block: Option<usize> = None;
    for line in lines {
        let indent = bytes[line.clone()].iter().take_while(|byte| matches!(byte, b' ' | b'-')).count();
        let text = line.start + indent..line.end;
        if indent == kind {
            inside = matches!(&bytes[text], b"data:" | b"stringData:");
            block = None;
        } else if inside && block.is_some_and(|deep| indent > deep) {
            out.push(text);
        } else if inside {
            let value = yaml_value(bytes, text);
            let opens = value.clone().map(|value| matches!(bytes.get(value.start), Some(b'|' | b'>')));
            block = (opens == Some(true)).then_some(indent);
            out.extend(value.filter(|_| opens == Some(false)));
        }
    }
    out
}

/// The lines of one object: those around that are not indented less.
fn object(bytes: &[u8], line: usize, indent: usize) -> Vec<Range<usize>> {
    let belongs = |line: &Range<usize>| {
        let text = &bytes[line.clone()];
        let blanks = text.iter().take_while(|byte| **byte == b' ').count();
        !text.starts_with(b"---") && (blanks == text.len() || blanks >= indent)
    };
    let mut lines = Vec::new();
    let mut end = line;
    while end > 0 {
        let start = bytes[..end - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let above = start..end - 1;
        // The first field of an item of a list stands after its dash.
        let first = bytes[above.clone()]
            .iter()
            .position(|byte| *byte != b' ')
            .is_some_and(|blanks| blanks + 2 == indent && bytes[start + blanks..above.end].starts_with(b"- "));
        if !first && !belongs(&above) {
            break;
        }
        lines.push(above);
        end = if first { 0 } else { start };
    }
    lines.reverse();
    let mut start = line;
    while start < bytes.len() {
        let end = bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| start + length);
        if start != line && !belongs(&(start..end)) {
            break;
        }
        lines.push(start..end);
        start = end + 1;
    }
    lines
}

fn yaml_value(bytes: &[u8], text: Range<usize>) -> Option<Range<usize>> {
    let colon = bytes[text.clone()].windows(2).position(|pair| pair == b": ")?;
    let from = quoting::skip_blanks(bytes, text.start + colon + 2);
    let span = match quote_at(bytes, from).filter(|(quote, _)| quote.slashes == 0) {
        Some((quote, inner)) => inner..quoted_end(bytes, inner, quote).min(text.end),
        None => from..text.end,
    };
    (span.start < span.end && bytes[span.start] != b'{').then_some(span)
}
