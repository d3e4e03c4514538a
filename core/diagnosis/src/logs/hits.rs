//! Signature hits, grouped by what they name.
//!
//! At most 64 groups, each kept with its first and last line. Beyond that hits are only counted.

use super::digest::LogLine;
use super::raw::RawLine;
use super::signature::{Hit, Signature, Values};
use super::stamp::Clock;

/// Cap of the groups.
const MAX_GROUPS: usize = 64;

/// One group in the making. A count of zero means that its only line turned out to be part of another.
#[derive(Debug)]
struct Group {
    signature: Signature,
    values: Values,
    count: u64,
    first: RawLine,
    last: RawLine,
    retried: bool,
    /// The trace counted last, so that one trace counts once.
    trace: u64,
}

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Hits {
    groups: Vec<Group>,
    pub(super) overflow: u64,
}

impl Hits {
    /// Files one hit; the index of its group, when there is room.
    pub(super) fn record(
        &mut self,
        signature: Signature,
        values: Values,
        line: &RawLine,
        retried: bool,
        trace: u64,
    ) -> Option<u32> {
        let found = self
            .groups
            .iter()
            .position(|g| g.signature == signature && g.values == values);
        let index = found.or_else(|| self.open(signature, values, line));
        let Some(index) = index else {
            self.overflow += 1;
            return None;
        };
        let group = self.groups.get_mut(index)?;
        if group.count == 0 {
            group.first.clone_from(line);
        }
        if group.count == 0 || trace == 0 || group.trace != trace {
            group.count += 1;
        }
        group.trace = trace;
        group.retried |= retried;
        group.last.clone_from(line);
        u32::try_from(index).ok()
    }

    /// A new group, when there is room (an emptied one gives way).
    fn open(&mut self, signature: Signature, values: Values, line: &RawLine) -> Option<usize> {
        let group = Group {
            signature,
            values,
            count: 0,
            first: line.clone(),
            last: line.clone(),
            retried: false,
            trace: 0,
        };
        if self.groups.len() >= MAX_GROUPS {
            return None;
        }
        self.groups.push(group);
        Some(self.groups.len() - 1)
    }

    /// Counts one more line to a group, without reading its values.
    pub(super) fn bump(&mut self, index: Option<u32>, number: u64, line: &[u8], trace: u64) {
        let Some(group) = index.and_then(|index| self.groups.get_mut(usize::try_from(index).ok()?))
        else {
            self.overflow += 1;
            return;
        };
        if trace == 0 || group.trace != trace {
            group.count += 1;
        }
        group.trace = trace;
        let level = group.last.level;
        group.last.set(number, level, line);
    }

    /// Takes back the line just recorded, because the lines after it say more.
    pub(super) fn retract(&mut self, index: u32) {
        if let Some(group) = usize::try_from(index)
            .ok()
            .and_then(|index| self.groups.get_mut(index))
        {
            group.count = group.count.saturating_sub(1);
        }
    }

    /// The groups by first line; `works` is the last line that says things work.
    pub(super) fn finish(self, works: Option<&LogLine>, clock: Clock) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .groups
            .into_iter()
            .filter(|group| group.count > 0)
            .map(|group| group.finish(works, clock))
            .collect();
        hits.sort_by(|a, b| {
            (a.first.number, a.signature, &a.values).cmp(&(b.first.number, b.signature, &b.values))
        });
        hits
    }
}

impl Group {
    fn finish(self, works: Option<&LogLine>, clock: Clock) -> Hit {
        Hit {
            signature: self.signature,
            values: self.values,
            count: self.count,
            first: self.first.to_line(clock),
            success_after: works
                .filter(|line| line.number >= self.last.number)
                .cloned(),
            last: self.last.to_line(clock),
            retried: self.retried,
        }
    }
}
