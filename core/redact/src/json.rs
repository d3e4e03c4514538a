//! Keeps JSON valid: in a JSON document only the inside of strings and whole numbers are replaced.
//!
//! Must never let a hit through that takes a quote, a comma or half an escape with it.
//! Start at [`keep_valid`].

use crate::hit::{Dress, Hit};
use serde::de::IgnoredAny;
use std::ops::Range;

/// Cuts the hits to what can be replaced, when the text is JSON or lines of JSON. Other text is
/// left to the rules, which are careful about quotes but need not be strict.
pub(crate) fn keep_valid(text: &str, hits: Vec<Hit>) -> Vec<Hit> {
    if hits.is_empty() || !text.trim_start().starts_with(['{', '[', '"']) || !is_json(text) {
        return hits;
    }
    let strings = strings(text.as_bytes());
    hits.iter().filter_map(|hit| cut(text.as_bytes(), &strings, hit)).collect()
}

fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>().all(|value| value.is_ok())
}

/// The insides of all strings, in order.
fn strings(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, open) {
            (b'"', None) => open = Some(at + 1),
            (b'"', Some(start)) => {
                out.push(start..at);
                open = None;
            }
            (b'\\', Some(_)) => at += 1,
            _ => {}
        }
        at += 1;
    }
    out
}

/// The part of a hit in the string it begins in: a secret does not go on in the next string, only
/// a rule that missed the end does.
fn cut(bytes: &[u8], strings: &[Range<usize>], hit: &Hit) -> Option<Hit> {
    let first = strings.partition_point(|string| string.end <= hit.start);
    match strings.get(first).filter(|string| string.start <= hit.start + 1 && string.start < hit.end) {
        Some(string) => {
            let (start, end) = (hit.start.max(string.start), hit.end.min(string.end));
            let (start, end) = whole_escapes(bytes, string, start, end);
            Some(Hit { start, end, ..*hit }).filter(|hit| hit.len() > 0)
        }
        None => number(bytes, hit),
    }
}

/// A hit on a bare number takes the whole number, and a string comes in its place.
fn number(bytes: &[u8], hit: &Hit) -> Option<Hit> {
    let part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    if !bytes[hit.start..hit.end].iter().all(part) {
        return None;
    }
    let start = hit.start - bytes[..hit.start].iter().rev().take_while(|byte| part(byte)).count();
    let end = hit.end + bytes[hit.end..].iter().take_while(|byte| part(byte)).count();
    Some(Hit { start, end, dress: Dress::Quoted(0), ..*hit })
}

fn whole_escapes(bytes: &[u8], string: &Range<usize>, start: usize, end: usize) -> (usize, usize) {
    let mut start = escape_around(bytes, string.start, start).map_or(start, |escape| escape.start);
    let mut end = escape_around(bytes, string.start, end).map_or(end, |escape| escape.end.min(string.end));
    // A pair of surrogates is one character.
    if is_low_surrogate(bytes, start) && start >= string.start + 6 {
        start -= 6;
    }
    if is_low_surrogate(bytes, end) && end + 6 <= string.end {
        end += 6;
    }
    (start, end)
}

/// The escape that begins before `at` and ends after it.
fn escape_around(bytes: &[u8], from: usize, at: usize) -> Option<Range<usize>> {
    (1..=5).find_map(|back| {
        let start = at.checked_sub(back).filter(|start| *start >= from)?;
        let run = bytes[from..=start].iter().rev().take_while(|byte| **byte == b'\\').count();
        let length = if bytes.get(start + 1) == Some(&b'u') { 6 } else { 2 };
        (run % 2 == 1 && back < length).then_some(start..start + length)
    })
}

fn is_low_surrogate(bytes: &[u8], at: usize) -> bool {
    bytes.get(at..at + 4).is_some_and(|escape| {
        escape.starts_with(b"\\u")
            && escape[2].eq_ignore_ascii_case(&b'd')
            && matches!(escape[3], b'c'..=b'f' | b'C'..=b'F')
    })
}
