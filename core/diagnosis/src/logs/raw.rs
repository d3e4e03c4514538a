//! A line kept as bytes until the end, when most of them turn out not to be needed as text.
//!
//! Copying bytes is cheap, decoding is not: only lines that reach the digest are decoded.

use super::clean::{MAX_TEXT, clean};
use super::digest::{Level, LogLine};
use super::stamp::{self, Clock};

/// Cap of the bytes kept of one line: twice the text's cap, as escapes fall away.
const MAX_RAW: usize = 2 * MAX_TEXT;

/// A line's number, level and first bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct RawLine {
    pub(super) number: u64,
    pub(super) level: Level,
    pub(super) bytes: Vec<u8>,
}

impl RawLine {
    /// A copy of a line.
    pub(super) fn new(number: u64, level: Level, line: &[u8]) -> Self {
        let mut raw = Self::default();
        raw.set(number, level, line);
        raw
    }

    /// Overwrites, keeping the allocation.
    pub(super) fn set(&mut self, number: u64, level: Level, line: &[u8]) {
        self.number = number;
        self.level = level;
        self.bytes.clear();
        self.bytes.extend_from_slice(line.get(..MAX_RAW).unwrap_or(line));
    }

    /// The line as text, with its time.
    pub(super) fn to_line(&self, clock: Clock) -> LogLine {
        LogLine {
            number: self.number,
            at: stamp::find(&self.bytes, clock).and_then(stamp::Stamp::to_timestamp),
            level: self.level,
            text: clean(self.text(clock), MAX_TEXT),
        }
    }

    /// The bytes of the line's own text.
    fn text(&self, clock: Clock) -> &[u8] {
        let from = if clock.stamped { stamp::prefix_len(&self.bytes) } else { 0 };
        self.bytes.get(from..).unwrap_or(&self.bytes)
    }

    /// `to_line`, or nothing when no line was ever set.
    pub(super) fn to_line_if_set(&self, clock: Clock) -> Option<LogLine> {
        (self.number > 0).then(|| self.to_line(clock))
    }
}
