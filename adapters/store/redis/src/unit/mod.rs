//! A unit of work: read what a decision stands on, decide in Rust, and let one script apply all changes if nothing that was
//! read has changed meanwhile; else begin anew. So the rules stand once, in Rust, and a commit is as atomic as a script.
//!
//! The decision is a *plan*: a plain function `(&mut Unit) -> Result<T, Fault>`, without I/O. It reads as if all were there;
//! what was not read yet ends it with `Fault::Missing`, is read in one pipeline with everything else it asked for, and the plan
//! begins anew. To save rounds, a plan asks beforehand for what it will need: [`Unit::want`].
//!
//! What is read is a *cell*: a string key, or a field of a hash. A cell that was changed in the unit reads as changed, so the
//! parts of one commit see each other. Sorted sets and lists are written blindly ([`Unit::effect`]): they are indexes, and
//! every one of them follows from cells that are checked. They are read with [`Unit::ask`], as they were before the unit.
//!
//! Must never keep anything between two tries, nor hold an effect that Redis could refuse half-way: keys have one type each,
//! and numbers are numbers. Start at [`Unit::get`].

mod ask;
mod run;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use self::run::{look, work};
use std::collections::{BTreeMap, BTreeSet};

use crate::fault::Fault;
use crate::keys::Keys;

/// A place that holds one value: a string key, or a field of a hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) key: String,
    pub(crate) field: Option<String>,
}

/// A read that a plan asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    /// A cell.
    Cell(Cell),
    /// Any command that only reads.
    Words(Vec<String>),
}

/// What a cell held before the unit.
#[derive(Clone, Debug)]
enum Was {
    /// It is written without having been read.
    Unread,
    Read(Option<String>),
}

impl Was {
    fn is_read(&self) -> bool {
        matches!(self, Was::Read(_))
    }

    fn value(&self) -> Option<&str> {
        match self {
            Was::Unread => None,
            Was::Read(value) => value.as_deref(),
        }
    }
}

/// What a unit knows of a cell.
#[derive(Clone, Debug)]
struct Known {
    /// As it was read.
    was: Was,
    /// As it is in this unit.
    now: Option<String>,
    /// Whether the script compares it: not so when another cell vouches for it (a body for which a revision stands).
    checked: bool,
}

/// A unit of work, filled by reads and changes; applied by one script.
#[derive(Debug)]
pub(crate) struct Unit {
    keys: Keys,
    cells: BTreeMap<Cell, Known>,
    answers: BTreeMap<Vec<String>, Vec<String>>,
    /// What to read before the plan begins anew.
    wanted: BTreeSet<Ask>,
    /// Sorted sets that must have fewer members than so many.
    below: Vec<(String, u64)>,
    effects: Vec<Vec<String>>,
}

impl Unit {
    pub(crate) fn new(keys: Keys) -> Self {
        Self {
            keys,
            cells: BTreeMap::new(),
            answers: BTreeMap::new(),
            wanted: BTreeSet::new(),
            below: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// The names of keys.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What a cell holds in this unit. The unit is applied only if it still holds that.
    pub(crate) fn get(&mut self, cell: &Cell) -> Result<Option<String>, Fault> {
        self.look(cell, true)
    }

    /// The same without the check: for what never changes, or changes only together with a cell that is checked.
    pub(crate) fn peek(&mut self, cell: &Cell) -> Result<Option<String>, Fault> {
        self.look(cell, false)
    }

    fn look(&mut self, cell: &Cell, checked: bool) -> Result<Option<String>, Fault> {
        if let Some(known) = self.cells.get_mut(cell) {
            known.checked |= checked && known.was.is_read();
            return Ok(known.now.clone());
        }
        self.wanted.insert(Ask::Cell(cell.clone()));
        Err(Fault::Missing)
    }

    /// Says that a cell will be asked for.
    pub(crate) fn want(&mut self, cell: Cell) {
        if !self.cells.contains_key(&cell) {
            self.wanted.insert(Ask::Cell(cell));
        }
    }

    /// What a command answers that only reads, flattened: `ZRANGE`, `LRANGE`, `ZCARD` and so forth; nothing is an empty list.
    /// As it is without the changes of this unit, and not checked: a cell must vouch for what is decided on it.
    pub(crate) fn ask<const N: usize>(&mut self, words: [&str; N]) -> Result<Vec<String>, Fault> {
        let words = words.map(str::to_owned).to_vec();
        if let Some(answer) = self.answers.get(&words) {
            return Ok(answer.clone());
        }
        self.wanted.insert(Ask::Words(words));
        Err(Fault::Missing)
    }

    /// Changes a cell, read or not.
    pub(crate) fn set(&mut self, cell: Cell, value: Option<String>) {
        match self.cells.get_mut(&cell) {
            Some(known) => known.now = value,
            None => {
                self.cells.insert(cell, Known { was: Was::Unread, now: value, checked: false });
            }
        }
    }

    /// The cells of a hash that this unit knows: each as it was, and as it is now.
    pub(crate) fn changed_in(&self, key: &str) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
        let cells = self.cells.iter().filter(move |(cell, _)| cell.key == key);
        cells.map(|(_, known)| (known.was.value(), known.now.as_deref()))
    }

    /// How many members a sorted set has in this unit, what was entered and removed in it counted.
    pub(crate) fn size(&mut self, key: &str) -> Result<u64, Fault> {
        let there: i64 = match self.ask(["ZCARD", key])?.first() {
            Some(count) => crate::value::number("count", count)?,
            None => 0,
        };
        Ok(u64::try_from(there + self.grown(key)).unwrap_or(0))
    }

    /// The commit needs room in a sorted set: refused anew when it has `bound` members or more by then.
    pub(crate) fn below(&mut self, key: &str, bound: u64) {
        let before = i64::try_from(bound).unwrap_or(i64::MAX).saturating_sub(self.grown(key));
        self.below.push((key.to_owned(), u64::try_from(before).unwrap_or(0)));
    }

    /// By how many members this unit makes a sorted set grow.
    fn grown(&self, key: &str) -> i64 {
        let of_key = |words: &&Vec<String>| words.get(1).is_some_and(|there| there == key);
        let step = |words: &Vec<String>| match words.first().map(String::as_str) {
            Some("ZADD") => 1,
            Some("ZREM") => -1,
            _ => 0,
        };
        self.effects.iter().filter(of_key).map(step).sum()
    }

    /// Puts a member into a sorted set. Once for each member in a unit where [`Unit::size`] is asked.
    pub(crate) fn enter(&mut self, key: &str, score: &str, member: &str) {
        self.effect(["ZADD", key, score, member]);
    }

    /// Takes a member out of a sorted set in which it is.
    pub(crate) fn remove(&mut self, key: &str, member: &str) {
        self.effect(["ZREM", key, member]);
    }

    /// A command that is run when the unit is applied; its second word is a key.
    pub(crate) fn effect<const N: usize>(&mut self, words: [&str; N]) {
        self.effects.push(words.map(str::to_owned).to_vec());
    }
}
