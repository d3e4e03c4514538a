//! Packs are read again when their files changed.
//!
//! A change counts once the files stood still from one look to the next: nobody wants half of what an editor writes. With a
//! mistake in any file the packs stay as they are. Must never take one pack of a reading without the others. Start at
//! [`Reload::look`].

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::diff::Change;
use super::files::{Stamp, files, stamp};
use super::set::{LoadErrors, Packs};

/// Every which look reads the files although nothing shows that they changed: not every file system tells the time of a
/// change exactly.
const CLOSER: u32 = 15;

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// Nothing new: as it was before, mistakes included.
    Nothing,
    /// The files are without mistakes; this is different now. Empty when they say what was in use already.
    Read(Vec<Change>),
    /// The files have mistakes that were not told before; the packs are as they were.
    Mistakes(LoadErrors),
}

/// The files of a directory of packs, as they were when they were last read.
#[derive(Debug)]
pub struct Reload {
    built_in: &'static [(&'static str, &'static str)],
    directory: PathBuf,
    looks: u32,
    /// As of the look before.
    last: Stamp,
    /// As of the last reading.
    read: Option<(Stamp, [u8; 32])>,
    mistakes: Option<LoadErrors>,
}

impl Reload {
    /// Nothing is read yet: what changed since the packs were loaded is found, too.
    pub fn new(built_in: &'static [(&'static str, &'static str)], directory: &Path) -> Self {
        let directory = directory.to_owned();
        Self { built_in, directory, looks: 0, last: Stamp::default(), read: None, mistakes: None }
    }

    /// Looks whether the files changed and puts what they say into `packs`. Meant to be called every few seconds. Blocks on
    /// files.
    pub fn look(&mut self, packs: &Packs) -> Reloaded {
        self.looks = self.looks.wrapping_add(1);
        let now = stamp(&self.directory);
        let stands_still = self.last == now;
        self.last = now.clone();
        let known = self.read.as_ref().is_some_and(|(then, _)| *then == now);
        if !stands_still || known && !self.looks.is_multiple_of(CLOSER) {
            return Reloaded::Nothing;
        }
        self.again(packs, now)
    }

    fn again(&mut self, packs: &Packs, now: Stamp) -> Reloaded {
        let mut errors = Vec::new();
        let files = files(&self.directory, &mut errors);
        let digest = digest(&files);
        let same = errors.is_empty() && self.read.as_ref().is_some_and(|(_, then)| *then == digest);
        self.read = Some((now, digest));
        // A file that could not be read before can be read now, with the same words as those of others had.
        if same && self.mistakes.is_none() {
            return Reloaded::Nothing;
        }
        match Packs::of(self.built_in, files, errors) {
            Err(mistakes) if self.mistakes.as_ref() == Some(&mistakes) => Reloaded::Nothing,
            Err(mistakes) => {
                self.mistakes = Some(mistakes.clone());
                Reloaded::Mistakes(mistakes)
            }
            Ok(new) => {
                let were_wrong = self.mistakes.take().is_some();
                let changes = packs.replace(new);
                if changes.is_empty() && !were_wrong { Reloaded::Nothing } else { Reloaded::Read(changes) }
            }
        }
    }
}

/// Tells the texts apart, and which file has which.
fn digest(files: &[(String, String)]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for (file, text) in files {
        for part in [file, text] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    digest.finalize().into()
}
