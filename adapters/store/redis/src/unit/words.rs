//! A unit as keys and arguments of its script.

use std::collections::BTreeSet;

use super::{Cell, Known, Unit, Was};

impl Unit {
    /// Whether there is nothing to apply.
    pub(super) fn changes_nothing(&self) -> bool {
        self.effects.is_empty() && self.changed().next().is_none()
    }

    /// Whether a check could fail.
    pub(super) fn is_checked(&self) -> bool {
        !self.below.is_empty() || self.cells.values().any(|known| known.checked)
    }

    fn changed(&self) -> impl Iterator<Item = (&Cell, &Known)> {
        self.cells.iter().filter(|(_, known)| !matches!(&known.was, Was::Read(was) if *was == known.now))
    }

    /// The keys and arguments of the script; without the effects, only what is checked.
    pub(super) fn arguments(&self, apply: bool) -> (BTreeSet<&str>, Vec<String>) {
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        let (mut arguments, mut count) = (vec![String::new()], 0_usize);
        for (cell, known) in &self.cells {
            let (true, Was::Read(was)) = (known.checked, &known.was) else { continue };
            let kind = if cell.field.is_some() { "field" } else { "string" };
            let field = cell.field.clone().unwrap_or_default();
            let there = if was.is_some() { "1" } else { "0" };
            keys.insert(&cell.key);
            arguments.extend([
                kind.to_owned(),
                cell.key.clone(),
                field,
                there.to_owned(),
                was.clone().unwrap_or_default(),
            ]);
            count += 1;
        }
        for (key, bound) in &self.below {
            keys.insert(key);
            arguments.extend(["below", key, "", "0"].map(str::to_owned));
            arguments.push(bound.to_string());
            count += 1;
        }
        if let Some(first) = arguments.first_mut() {
            *first = count.to_string();
        }
        if apply {
            let changes = self.changed().map(|(cell, known)| cell.change(known.now.as_ref()));
            for words in changes.chain(self.effects.iter().cloned()) {
                arguments.push(words.len().to_string());
                arguments.extend(words);
            }
            keys.extend(self.changed().map(|(cell, _)| cell.key.as_str()));
            keys.extend(self.effects.iter().filter_map(|words| words.get(1).map(String::as_str)));
        }
        (keys, arguments)
    }
}

impl Cell {
    /// The command that makes a cell what it is in the unit.
    fn change(&self, now: Option<&String>) -> Vec<String> {
        let key = self.key.clone();
        match (&self.field, now) {
            (Some(field), Some(value)) => vec!["HSET".to_owned(), key, field.clone(), value.clone()],
            (Some(field), None) => vec!["HDEL".to_owned(), key, field.clone()],
            (None, Some(value)) => vec!["SET".to_owned(), key, value.clone()],
            (None, None) => vec!["DEL".to_owned(), key],
        }
    }
}
