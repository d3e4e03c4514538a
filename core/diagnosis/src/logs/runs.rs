//! The lines that stand out: first error, last words, last success.
//!
//! A stream may hold several runs of a process (a restart in the same stream): its first start line, seen again,
//! begins a new one.

use super::digest::{Level, LogLine};
use super::facts::Facts;
use super::fingerprint::Fingerprint;
use super::raw::RawLine;
use super::rules::Success;
use super::stamp::Clock;

/// Lines within which the start line must stand to count as one.
const BANNER_WITHIN: u64 = 5;
/// Lines that may follow the last words of a process that has died.
const AFTERWORDS: u64 = 10;

/// The lines in the making. `number` zero means none.
#[derive(Debug, Default)]
pub(super) struct Runs {
    banner: Option<Fingerprint>,
    /// Lines that are no stack frames.
    spoken: u64,
    first_error: RawLine,
    earlier_first_error: RawLine,
    fatal: RawLine,
    dying: RawLine,
    dying_at: u64,
    success: RawLine,
    works: RawLine,
}

impl Runs {
    /// Takes note of one line.
    pub(super) fn observe(
        &mut self,
        number: u64,
        line: &[u8],
        fingerprint: Fingerprint,
        facts: &Facts,
    ) {
        self.spoken += 1;
        if facts.starts {
            self.start(fingerprint);
        }
        if facts.level.is_error() {
            self.error(number, line, facts);
        }
        match facts.success {
            Success::None => {}
            Success::Started => self.success.set(number, facts.level, line),
            Success::Works => {
                self.success.set(number, facts.level, line);
                self.works.set(number, facts.level, line);
            }
        }
    }

    fn start(&mut self, fingerprint: Fingerprint) {
        match self.banner {
            None if self.spoken <= BANNER_WITHIN => self.banner = Some(fingerprint),
            Some(banner) if banner == fingerprint && self.first_error.number > 0 => {
                self.earlier_first_error = std::mem::take(&mut self.first_error);
            }
            _ => {}
        }
    }

    fn error(&mut self, number: u64, line: &[u8], facts: &Facts) {
        if self.first_error.number == 0 {
            self.first_error.set(number, facts.level, line);
        }
        if facts.level == Level::Fatal {
            self.fatal.set(number, facts.level, line);
        } else if facts.dying {
            self.dying.set(number, facts.level, line);
            self.dying_at = self.spoken;
        }
    }

    /// The first error of the last run that had one.
    pub(super) fn first_error(&self, clock: Clock) -> Option<LogLine> {
        self.first_error
            .to_line_if_set(clock)
            .or_else(|| self.earlier_first_error.to_line_if_set(clock))
    }

    /// The last words: the last fatal line, unless an error at the very end of the stream came after it.
    pub(super) fn fatal(&self, clock: Clock) -> Option<LogLine> {
        let at_the_end =
            self.dying.number > self.works.number && self.spoken - self.dying_at <= AFTERWORDS;
        if self.dying.number > self.fatal.number && at_the_end {
            return self.dying.to_line_if_set(clock);
        }
        self.fatal.to_line_if_set(clock)
    }

    /// The last line that says things work, starts included.
    pub(super) fn last_success(&self, clock: Clock) -> Option<LogLine> {
        self.success.to_line_if_set(clock)
    }

    /// The last line that says it serves or is connected.
    pub(super) fn works(&self, clock: Clock) -> Option<LogLine> {
        self.works.to_line_if_set(clock)
    }
}
