//! What is already known of a fingerprint, so that a repeated line is only counted.
//!
//! A cache of fixed size: 2,048 sets of four. When a set is full the least seen entry goes, and its next line is
//! simply read again; nothing that is counted lives here.

use super::facts::Facts;
use super::fingerprint::Fingerprint;

const SETS: usize = 2048;
const WAYS: usize = 4;

/// One fingerprint and its facts.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    fingerprint: Fingerprint,
    /// How often it was looked up; zero means empty.
    seen: u64,
    /// How often its values were read anew.
    pub(super) parses: u32,
    pub(super) facts: Facts,
}

/// The cache.
#[derive(Debug)]
pub(super) struct Known {
    entries: Vec<Entry>,
}

impl Known {
    pub(super) fn new() -> Self {
        let empty = Entry {
            fingerprint: Fingerprint(0),
            seen: 0,
            parses: 0,
            facts: Facts::default(),
        };
        Self {
            entries: vec![empty; SETS * WAYS],
        }
    }

    /// The entry of a fingerprint, counted as seen.
    pub(super) fn get(&mut self, fingerprint: Fingerprint) -> Option<&mut Entry> {
        let entry = self
            .set(fingerprint)?
            .iter_mut()
            .find(|entry| entry.seen > 0 && entry.fingerprint == fingerprint)?;
        entry.seen += 1;
        Some(entry)
    }

    /// Remembers a fingerprint that `get` did not find.
    pub(super) fn put(&mut self, fingerprint: Fingerprint, facts: Facts) {
        if let Some(entry) = self
            .set(fingerprint)
            .and_then(|set| set.iter_mut().min_by_key(|entry| entry.seen))
        {
            *entry = Entry {
                fingerprint,
                seen: 1,
                parses: 1,
                facts,
            };
        }
    }

    fn set(&mut self, fingerprint: Fingerprint) -> Option<&mut [Entry]> {
        let index = usize::try_from(fingerprint.0 % SETS as u64).unwrap_or(0) * WAYS;
        self.entries.get_mut(index..index + WAYS)
    }
}
