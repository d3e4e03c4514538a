//! A unit of work: read what a decision stands on, decide in Rust, and let one script apply all changes if nothing that was
//! read has changed meanwhile; else begin anew. So the rules stand once, in Rust, and a commit is as atomic as a script.
//!
//! What is read is a *cell*: a string key, or a field of a hash. A cell that was changed in the unit reads as changed, so the
//! parts of one commit see each other. Sorted sets and lists are written blindly ([`Unit::effect`]): they are indexes, and
//! every one of them follows from cells that are checked.
//!
//! Must never keep anything between two tries, nor hold an effect that Redis could refuse half-way: keys have one type each,
//! and numbers are numbers. Start at [`Unit::get`].

use std::collections::{BTreeMap, BTreeSet};

/// A place that holds one value: a string key, or a field of a hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) key: String,
    pub(crate) field: Option<String>,
}

/// What a unit knows of a cell.
#[derive(Clone, Debug)]
struct Known {
    /// As it was read.
    was: Option<String>,
    /// As it is in this unit.
    now: Option<String>,
    /// Whether the script compares it: not so when another cell vouches for it (a body for which a revision stands).
    checked: bool,
}

/// A unit of work, filled by reads and changes; applied by one script.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    cells: BTreeMap<Cell, Known>,
    /// Sorted sets that must have fewer members than so many.
    below: Vec<(String, u64)>,
    effects: Vec<Vec<String>>,
}

impl Unit {
    /// What a cell holds in this unit; none in the outer option when it was not read yet.
    pub(crate) fn get(&self, cell: &Cell) -> Option<Option<&str>> {
        self.cells.get(cell).map(|known| known.now.as_deref())
    }

    /// Keeps what was read.
    pub(crate) fn learn(&mut self, cell: Cell, value: Option<String>, checked: bool) {
        self.cells.entry(cell).or_insert(Known { was: value.clone(), now: value, checked });
    }

    /// Changes a cell that was read.
    pub(crate) fn set(&mut self, cell: &Cell, value: Option<String>) {
        if let Some(known) = self.cells.get_mut(cell) {
            known.now = value;
        }
    }

    /// A sorted set must have fewer members than this when the unit is applied.
    pub(crate) fn below(&mut self, key: String, bound: u64) {
        self.below.push((key, bound));
    }

    /// A command that is run when the unit is applied; its second word is a key.
    pub(crate) fn effect<const N: usize>(&mut self, words: [&str; N]) {
        self.effects.push(words.map(str::to_owned).to_vec());
    }

    /// The keys and arguments of the script.
    pub(crate) fn arguments(&self) -> (BTreeSet<&str>, Vec<String>) {
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        let (mut checks, mut count) = (Vec::new(), 0_usize);
        for (cell, known) in self.cells.iter().filter(|(_, known)| known.checked) {
            let kind = if cell.field.is_some() { "field" } else { "string" };
            let field = cell.field.clone().unwrap_or_default();
            let there = if known.was.is_some() { "1" } else { "0" };
            let value = known.was.clone().unwrap_or_default();
            checks.extend([kind.to_owned(), cell.key.clone(), field, there.to_owned(), value]);
            count += 1;
        }
        for (key, bound) in &self.below {
            let nothing = String::new;
            checks.extend(["below".to_owned(), key.clone(), nothing(), "0".to_owned(), bound.to_string()]);
            count += 1;
        }
        keys.extend(self.cells.keys().map(|cell| cell.key.as_str()));
        keys.extend(self.below.iter().map(|(key, _)| key.as_str()));
        keys.extend(self.effects.iter().filter_map(|words| words.get(1).map(String::as_str)));
        let changed =
            self.cells.iter().filter(|(_, known)| known.now != known.was).map(|(cell, known)| cell.change(known));
        let mut arguments = vec![count.to_string()];
        arguments.append(&mut checks);
        for words in changed.chain(self.effects.iter().cloned()) {
            arguments.push(words.len().to_string());
            arguments.extend(words);
        }
        (keys, arguments)
    }
}

impl Cell {
    /// The command that makes a cell what it is in the unit.
    fn change(&self, known: &Known) -> Vec<String> {
        let key = self.key.clone();
        match (&self.field, &known.now) {
            (Some(field), Some(value)) => vec!["HSET".to_owned(), key, field.clone(), value.clone()],
            (Some(field), None) => vec!["HDEL".to_owned(), key, field.clone()],
            (None, Some(value)) => vec!["SET".to_owned(), key, value.clone()],
            (None, None) => vec!["DEL".to_owned(), key],
        }
    }
}
