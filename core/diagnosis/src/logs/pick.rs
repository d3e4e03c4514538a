//! Lines to show as they are, beside the digest: the last so many that fit a filter.
//!
//! Must never keep more than [`PICK_CAP`] lines, nor leave unsaid how many were looked at and how many fitted. Start at
//! [`Pick`].

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{Level, LogLine};
use super::raw::RawLine;
use super::stamp::{self, Clock, Stamp};

/// Lines kept of one stream at most: with 4 KiB each at most, 4 MiB.
pub const PICK_CAP: u32 = 1000;

/// Which lines are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pick {
    /// So many, from the end; never more than [`PICK_CAP`].
    pub lines: u32,
    /// Only lines with this text in them, in upper or lower case.
    pub grep: Option<String>,
    /// Only lines written at or after this moment. A line without a time has that of the line before it.
    pub since: Option<Timestamp>,
}

/// What was kept, and out of how much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picked {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Lines that fit, those that are kept among them.
    pub matched: u64,
    /// Lines that were looked at; blank ones are not.
    pub searched: u64,
    /// Lines that fit although no time is known of them: none stands in them nor before them.
    pub untimed: u64,
    /// The times of the lines are not in their texts: they were put before them on request.
    pub stamped: bool,
}

/// Picks lines while a stream passes.
#[derive(Debug)]
pub(super) struct Picker {
    room: usize,
    needle: Option<String>,
    since: Option<Timestamp>,
    /// The time of the last line that has one.
    at: Option<Stamp>,
    kept: VecDeque<RawLine>,
    picked: Picked,
}

impl Picker {
    pub(super) fn new(pick: &Pick) -> Self {
        Self {
            room: pick.lines.min(PICK_CAP) as usize,
            needle: pick.grep.as_ref().map(|text| text.to_lowercase()),
            since: pick.since,
            at: None,
            kept: VecDeque::new(),
            picked: Picked::default(),
        }
    }

    /// Takes a line that is not blank.
    pub(super) fn observe(&mut self, number: u64, level: Level, line: &[u8], clock: Clock) {
        self.picked.searched += 1;
        let timely = self.is_timely(line, clock);
        if !timely || !self.has_needle(line, clock) {
            return;
        }
        self.picked.matched += 1;
        self.picked.untimed += u64::from(self.since.is_some() && self.at.is_none());
        if self.room == 0 {
            return;
        }
        let mut slot =
            if self.kept.len() < self.room { RawLine::default() } else { self.kept.pop_front().unwrap_or_default() };
        slot.set(number, level, line);
        self.kept.push_back(slot);
    }

    fn is_timely(&mut self, line: &[u8], clock: Clock) -> bool {
        let Some(since) = self.since else { return true };
        self.at = stamp::find(line, clock).or(self.at);
        self.at.and_then(Stamp::to_timestamp).is_none_or(|at| at >= since)
    }

    fn has_needle(&self, line: &[u8], clock: Clock) -> bool {
        let Some(needle) = &self.needle else { return true };
        let own = if clock.stamped { line.get(stamp::prefix_len(line)..).unwrap_or(line) } else { line };
        String::from_utf8_lossy(own).to_lowercase().contains(needle)
    }

    pub(super) fn finish(mut self, clock: Clock) -> Picked {
        self.picked.lines = self.kept.iter().map(|line| line.to_line(clock)).collect();
        self.picked.stamped = clock.stamped;
        self.picked
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogDigester, LogOptions};
    use super::*;

    const LOG: &str = "starting\n2026-11-22T04:00:00Z Timeout calling db\n\n2026-11-22T04:00:01Z ok\n  at frame\n2026-11-22T04:00:02Z TIMEOUT again\n";

    fn picked(log: &str, pick: Pick, stamped: bool) -> Picked {
        let mut digester = LogDigester::new(LogOptions { pick: Some(pick), stamped, ..LogOptions::default() });
        digester.push(log.as_bytes());
        digester.finish().picked.unwrap()
    }

    fn numbers(picked: &Picked) -> Vec<u64> {
        picked.lines.iter().map(|line| line.number).collect()
    }

    #[test]
    fn the_last_lines_that_fit_are_kept_and_all_are_counted() {
        let last = picked(LOG, Pick { lines: 2, ..Pick::default() }, false);
        assert_eq!((numbers(&last), last.matched, last.searched), (vec![5, 6], 5, 5));
        let grep = picked(LOG, Pick { lines: 9, grep: Some("timeout".into()), ..Pick::default() }, false);
        assert_eq!((numbers(&grep), grep.matched, grep.searched), (vec![2, 6], 2, 5));
        let none = picked(LOG, Pick { lines: 9, grep: Some("absent".into()), ..Pick::default() }, false);
        assert_eq!((none.lines.len(), none.matched, none.searched), (0, 0, 5));
    }

    #[test]
    fn a_line_without_a_time_has_that_of_the_line_before() {
        let since = Some("2026-11-22T04:00:01Z".parse().unwrap());
        let late = picked(LOG, Pick { lines: 9, since, ..Pick::default() }, false);
        assert_eq!((numbers(&late), late.untimed), (vec![1, 4, 5, 6], 1), "of the first line no time is known");
    }

    #[test]
    fn times_put_before_lines_are_not_searched() {
        let log = "2026-11-22T04:00:00.200Z GET /cart 500\n2026-11-22T04:00:01Z GET /cart 200\n";
        let found = picked(log, Pick { lines: 9, grep: Some("200".into()), ..Pick::default() }, true);
        assert_eq!((numbers(&found), found.lines[0].text.as_str()), (vec![2], "GET /cart 200"));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let log = "line\n".repeat(5000);
        let all = picked(&log, Pick { lines: u32::MAX, ..Pick::default() }, false);
        assert_eq!((all.lines.len(), all.matched), (PICK_CAP as usize, 5000));
    }
}
