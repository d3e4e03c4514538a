//! Lines that differ only in values, counted together.
//!
//! At most 2,000 templates live at once; a fifth of the room is kept for warnings and errors, so that a flood of
//! distinct ordinary lines does not hide them. Lines beyond that are counted and the count is stated.

use std::collections::HashMap;

use super::digest::{Level, Template};
use super::fingerprint::{in_token, keeps};
use super::raw::RawLine;
use super::stamp::{self, Clock};

const MAX_TEMPLATES: usize = 2000;
/// Room for templates that are no warnings or errors.
const MAX_ORDINARY: usize = 1600;
/// Templates shown.
const MAX_SHOWN: usize = 20;
/// Cap of a pattern, in bytes.
const MAX_PATTERN: usize = 400;
const HOLE: &str = "<*>";

/// One template in the making.
#[derive(Debug)]
struct Live {
    pattern: String,
    count: u64,
    first: RawLine,
    last: RawLine,
    minute: i64,
    in_minute: u64,
    busiest: u64,
}

/// All templates, in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Templates {
    live: Vec<Live>,
    index: HashMap<(String, Level), u32>,
    pub(super) overflow: u64,
}

impl Templates {
    /// The template of a text, made when new; `None` when there is no room.
    pub(super) fn find(&mut self, text: &str, level: Level) -> Option<u32> {
        let pattern = pattern(text);
        let key = (pattern, level);
        if let Some(index) = self.index.get(&key) {
            return Some(*index);
        }
        let room = if level >= Level::Warn { MAX_TEMPLATES } else { MAX_ORDINARY };
        if self.live.len() >= room {
            return None;
        }
        let index = u32::try_from(self.live.len()).ok()?;
        let (first, last) = (RawLine::default(), RawLine::default());
        self.live.push(Live { pattern: key.0.clone(), count: 0, first, last, minute: 0, in_minute: 0, busiest: 0 });
        self.index.insert(key, index);
        Some(index)
    }

    /// Counts a line to its template.
    pub(super) fn count(&mut self, index: Option<u32>, number: u64, level: Level, line: &[u8], clock: Clock) {
        let Some(live) = index.and_then(|index| self.live.get_mut(usize::try_from(index).ok()?)) else {
            self.overflow += 1;
            return;
        };
        live.count += 1;
        if live.count == 1 {
            live.first.set(number, level, line);
        }
        live.last.set(number, level, line);
        if level >= Level::Warn
            && let Some(stamp) = stamp::find(line, clock)
        {
            live.tick(stamp.seconds.div_euclid(60));
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    /// The first and the last line with a time, of all lines kept.
    pub(super) fn span(&self, clock: Clock) -> (Option<stamp::Stamp>, Option<stamp::Stamp>) {
        let timed = |line: &RawLine| stamp::find(&line.bytes, clock).map(|stamp| (line.number, stamp));
        let first = self.live.iter().filter_map(|live| timed(&live.first)).min_by_key(|(number, _)| *number);
        let last = self.live.iter().filter_map(|live| timed(&live.last)).max_by_key(|(number, _)| *number);
        (first.map(|(_, stamp)| stamp), last.map(|(_, stamp)| stamp))
    }

    /// The ranked handful.
    pub(super) fn finish(mut self, onset: Option<jiff::Timestamp>, clock: Clock) -> Vec<Template> {
        let (start, end) = self.span(clock);
        let minutes = start.zip(end).map_or(0, |(start, end)| (end.seconds - start.seconds) / 60 + 1);
        let start = start.and_then(stamp::Stamp::to_timestamp);
        let onset = onset.filter(|onset| start.is_some_and(|start| start < *onset));
        self.live.retain(|live| live.count > 0);
        self.live.sort_by_key(|live| (rank(live.first.level), std::cmp::Reverse(live.count), live.first.number));
        self.live.truncate(MAX_SHOWN);
        self.live.into_iter().map(|live| live.finish(onset, minutes, clock)).collect()
    }
}

/// Errors, then warnings, then the rest.
fn rank(level: Level) -> u8 {
    match level {
        Level::Fatal | Level::Error => 0,
        Level::Warn => 1,
        _ => 2,
    }
}

impl Live {
    /// Counts one line to its minute.
    fn tick(&mut self, minute: i64) {
        if minute != self.minute {
            self.minute = minute;
            self.in_minute = 0;
        }
        self.in_minute += 1;
        self.busiest = self.busiest.max(self.in_minute);
    }

    fn finish(self, onset: Option<jiff::Timestamp>, minutes: i64, clock: Clock) -> Template {
        let minutes = u64::try_from(minutes).unwrap_or(0);
        let first = self.first.to_line(clock);
        Template {
            new_since_onset: onset.zip(first.at).is_some_and(|(onset, at)| at >= onset),
            burst: minutes >= 5 && self.busiest >= 10 && self.busiest.saturating_mul(minutes) >= self.count.saturating_mul(5),
            pattern: self.pattern,
            level: first.level,
            count: self.count,
            last: self.last.to_line(clock),
            first,
        }
    }
}

/// The text with holes where lines of the same kind differ.
fn pattern(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len().min(MAX_PATTERN));
    let mut at = 0;
    while at < bytes.len() && out.len() < MAX_PATTERN {
        let end = if let Some(end) = quoted_name(bytes, at) {
            hole(&mut out, 0);
            end
        } else if in_token(bytes[at]) {
            let end = bytes[at..].iter().position(|b| !in_token(*b)).map_or(bytes.len(), |n| at + n);
            let token = &bytes[at..end];
            let varies = token.len() > 64 || token.iter().any(u8::is_ascii_digit) && !keeps(bytes, at, token);
            if varies { hole(&mut out, 1) } else { push(&mut out, text.get(at..end).unwrap_or_default()) }
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
    if !matches!(quote, b'"' | b'\'' | b'`') || !(at > 0 && matches!(bytes[at - 1], b' ' | b'(' | b'[')) {
        return None;
    }
    let rest = bytes.get(at + 1..)?;
    let len = rest.iter().take(128).position(|b| *b == quote || *b == b' ')?;
    (len > 0 && rest[len] == quote).then_some(at + len + 2)
}

/// Appends a hole, or widens the one before it when only one separator stands between them.
fn hole(out: &mut String, joinable: usize) {
    if joinable == 1 && out.len() > HOLE.len() {
        let before = out.len() - 1;
        if out.is_char_boundary(before) && out[..before].ends_with(HOLE) && matches!(&out[before..], ":" | "," | "/" | "+" | "@") {
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
    const LEADS: [&str; 6] = [HOLE, "ts=<*> ", "time=<*> ", "time=\"<*>\" ", "[<*>]", "[<*> <*>]"];
    let mut rest = pattern.trim();
    while let Some(shorter) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = shorter.trim_start_matches([' ', ',', '+', '-']);
    }
    if rest.is_empty() { pattern.trim() } else { rest }
}

#[cfg(test)]
mod tests {
    use super::pattern;
    use rstest::rstest;

    #[rstest]
    #[case("2026-11-22 04:28:49,123 ERROR took 17ms from 10.0.0.1:5432", "ERROR took <*> from <*>")]
    #[case("ts=2026-11-22T04:28:49.1Z level=info msg=\"requests served\" total=60 errors=0", "level=info msg=\"requests served\" total=<*> errors=0")]
    #[case("pods \"web-a\" not found", "pods <*> not found")]
    #[case("12345", "<*>")]
    #[case("id 550e8400-e29b-41d4-a716-446655440000 done", "id <*> done")]
    fn values_become_holes(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(pattern(text), expected);
    }
}
