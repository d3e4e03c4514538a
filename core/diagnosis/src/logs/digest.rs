//! The result types: what one log stream comes down to.
//!
//! Plain data, bounded in every direction; nothing here computes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pick::{Pick, Picked};
use super::signature::Hit;

/// How to read a stream. The default reads it without knowing when the trouble began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// When the incident began: templates first seen at or after it are marked as new.
    pub onset: Option<Timestamp>,
    /// The year of lines whose format has none (klog). Without it such lines have no time.
    pub year: Option<i16>,
    /// Every line begins with the time at which it was written, as the API server puts it there on request. It is the
    /// time of the line, and no part of its text.
    pub stamped: bool,
    /// Lines to keep as they are.
    pub pick: Option<Pick>,
}

/// Severity as the line itself states it, or as its wording leaves no doubt about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The line states no level and its wording is no error.
    #[default]
    Unknown,
    /// Finest detail.
    Trace,
    /// Detail for developers.
    Debug,
    /// Ordinary operation, also `notice`.
    Info,
    /// A warning.
    Warn,
    /// An error.
    Error,
    /// The process (or, for a database server, the session) cannot go on.
    Fatal,
}

impl Level {
    /// Whether this is `Error` or `Fatal`.
    pub fn is_error(self) -> bool {
        self >= Self::Error
    }

    /// Whether the line states that all is ordinary (`Trace`, `Debug`, `Info`): only unmistakable wording counts there.
    pub fn is_calm(self) -> bool {
        matches!(self, Self::Trace | Self::Debug | Self::Info)
    }
}

/// Non-blank lines per level. Stack frames count as `unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelCounts {
    /// Lines without a level.
    pub unknown: u64,
    /// Trace lines.
    pub trace: u64,
    /// Debug lines.
    pub debug: u64,
    /// Info lines.
    pub info: u64,
    /// Warnings.
    pub warn: u64,
    /// Errors.
    pub error: u64,
    /// Fatal lines.
    pub fatal: u64,
}

impl LevelCounts {
    /// Counts one line.
    pub(super) fn add(&mut self, level: Level) {
        let slot = match level {
            Level::Unknown => &mut self.unknown,
            Level::Trace => &mut self.trace,
            Level::Debug => &mut self.debug,
            Level::Info => &mut self.info,
            Level::Warn => &mut self.warn,
            Level::Error => &mut self.error,
            Level::Fatal => &mut self.fatal,
        };
        *slot += 1;
    }
}

/// One line, fit to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Position in the stream, from 1, blank lines included.
    pub number: u64,
    /// The line's own time. A line without a zone is taken as UTC, as containers run in it.
    pub at: Option<Timestamp>,
    /// Its level.
    pub level: Level,
    /// Lossy UTF-8 without control characters, at most 2 KiB, cut at a character boundary.
    pub text: String,
}

/// Lines that differ only in numbers, identifiers and quoted names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The text they share, with `<*>` where they differ; no leading time. At most 400 bytes.
    pub pattern: String,
    /// Their level.
    pub level: Level,
    /// How many lines.
    pub count: u64,
    /// The first of them.
    pub first: LogLine,
    /// The last of them.
    pub last: LogLine,
    /// First seen at or after the onset, in a stream that also has lines from before it.
    pub new_since_onset: bool,
    /// One minute holds at least ten of them and at least five times the stream's average minute, over five minutes or more.
    pub burst: bool,
}

/// A stack trace, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackTrace {
    /// How often the same trace (head, root cause and frames without numbers) was seen.
    pub count: u64,
    /// The line that opens it.
    pub head: LogLine,
    /// The line with the innermost cause; the head when there is no other.
    pub root_cause: LogLine,
    /// The lines of its first occurrence, at most 50.
    pub lines: Vec<String>,
}

/// What a log stream says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDigest {
    /// Lines, blank ones included.
    pub lines: u64,
    /// Bytes, newlines included.
    pub bytes: u64,
    /// Most bytes stand in lines that are mostly unprintable: not a text log.
    pub binary: bool,
    /// Lines longer than 16 KiB, of which only the beginning was read.
    pub overlong_lines: u64,
    /// Lines per level.
    pub levels: LevelCounts,
    /// Time of the first line that has one.
    pub first_at: Option<Timestamp>,
    /// Time of the last line that has one.
    pub last_at: Option<Timestamp>,
    /// At most 20 templates: errors first, then warnings, then the rest; by count within each.
    pub templates: Vec<Template>,
    /// How many templates were kept track of in all (at most 2,000).
    pub distinct_templates: u64,
    /// Lines counted to no template: 2,000 were already kept, or the stream had more than 20,000 distinct wordings
    /// and the line was told apart only by the words that rules know.
    pub template_overflow: u64,
    /// At most 64 groups, by the number of their first line.
    pub hits: Vec<Hit>,
    /// Signature hits beyond the 64 groups: seen, but not kept.
    pub hit_overflow: u64,
    /// The first error of the last run in this stream; of the run before when the last one has none.
    pub first_error: Option<LogLine>,
    /// What a crashed process said last: the last fatal line, or the error of a crash at the end of the stream.
    pub fatal: Option<LogLine>,
    /// The last 20 lines that are not blank.
    pub tail: Vec<LogLine>,
    /// At most 8 distinct traces, in order of appearance.
    pub traces: Vec<StackTrace>,
    /// Traces beyond the 8 distinct ones: seen, but not kept.
    pub trace_overflow: u64,
    /// The last line that says things work.
    pub last_success: Option<LogLine>,
    /// The lines that were asked for; none when none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picked: Option<Picked>,
}
