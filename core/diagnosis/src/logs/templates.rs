//! Lines that differ only in values, counted together.
//!
//! At most 2,000 templates live at once; a fifth of the room is kept for warnings and errors, so that a flood of
//! distinct ordinary lines does not hide them. Lines beyond that are counted and the count is stated.

use std::collections::HashMap;

use super::digest::{Level, Template};
use super::minutes::Minutes;
use super::pattern::pattern;
use super::raw::RawLine;
use super::stamp::{self, Clock};

const MAX_TEMPLATES: usize = 2000;
/// Room for templates that are no warnings or errors.
const MAX_ORDINARY: usize = 1600;
/// Templates shown.
const MAX_SHOWN: usize = 20;

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
    slots: Vec<Live>,
    index: HashMap<(String, Level), u32>,
    minutes: Minutes,
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
        let room = if level >= Level::Warn {
            MAX_TEMPLATES
        } else {
            MAX_ORDINARY
        };
        if self.slots.len() >= room {
            return None;
        }
        let index = u32::try_from(self.slots.len()).ok()?;
        let (first, last) = (RawLine::default(), RawLine::default());
        self.slots.push(Live {
            pattern: key.0.clone(),
            count: 0,
            first,
            last,
            minute: 0,
            in_minute: 0,
            busiest: 0,
        });
        self.index.insert(key, index);
        Some(index)
    }

    /// Counts a line to its template.
    pub(super) fn count(
        &mut self,
        index: Option<u32>,
        number: u64,
        level: Level,
        line: &[u8],
        clock: Clock,
    ) {
        let Some(slot) = index.and_then(|index| self.slots.get_mut(usize::try_from(index).ok()?))
        else {
            self.overflow += 1;
            return;
        };
        slot.count += 1;
        if slot.count == 1 {
            slot.first.set(number, level, line);
        }
        slot.last.set(number, level, line);
        if level >= Level::Warn
            && let Some(minute) = self.minutes.of(line, clock)
        {
            slot.tick(minute);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The first and the last line with a time, of all lines kept.
    pub(super) fn span(&self, clock: Clock) -> (Option<stamp::Stamp>, Option<stamp::Stamp>) {
        let timed =
            |line: &RawLine| stamp::find(&line.bytes, clock).map(|stamp| (line.number, stamp));
        let first = self
            .slots
            .iter()
            .filter_map(|live| timed(&live.first))
            .min_by_key(|(number, _)| *number);
        let last = self
            .slots
            .iter()
            .filter_map(|live| timed(&live.last))
            .max_by_key(|(number, _)| *number);
        (first.map(|(_, stamp)| stamp), last.map(|(_, stamp)| stamp))
    }

    /// The ranked handful.
    pub(super) fn finish(mut self, onset: Option<jiff::Timestamp>, clock: Clock) -> Vec<Template> {
        let (start, end) = self.span(clock);
        let minutes = start
            .zip(end)
            .map_or(0, |(start, end)| (end.seconds - start.seconds) / 60 + 1);
        let start = start.and_then(stamp::Stamp::to_timestamp);
        let onset = onset.filter(|onset| start.is_some_and(|start| start < *onset));
        self.slots.retain(|live| live.count > 0);
        self.slots.sort_by_key(|live| {
            (
                rank(live.first.level),
                std::cmp::Reverse(live.count),
                live.first.number,
            )
        });
        self.slots.truncate(MAX_SHOWN);
        self.slots
            .into_iter()
            .map(|live| live.finish(onset, minutes, clock))
            .collect()
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
            burst: minutes >= 5
                && self.busiest >= 10
                && self.busiest.saturating_mul(minutes) >= self.count.saturating_mul(5),
            pattern: self.pattern,
            level: first.level,
            count: self.count,
            last: self.last.to_line(clock),
            first,
        }
    }
}
