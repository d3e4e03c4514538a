//! All packs: the built-in ones, those of the operator, and which of them are switched off.
//!
//! Which pack is taken, always by the same rule: the fitting one with the most matchers (for a verb: one that names
//! channels before one that does not); of equals the operator's own before a built-in one; then by name. A pack that is
//! switched off is still chosen: what it would have taken is not investigated, rather than by another pack that nobody
//! chose. They are read again while the program runs ([`Packs::replace`]): whoever has a pack in hand keeps it as it was.
//! Must never forget what was switched when the packs are read again. Start at [`Packs::load`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::Kind;
use tokio::sync::Mutex;

use super::diff::{self, Change};
use super::files::files;
use super::{Pack, PackById, PackErrors, check};
use crate::intake::PackChoice;
use crate::policy::{Verb, fits};
use crate::port::store::{Store, StoreError};

/// The packs there are.
#[derive(Debug)]
pub struct Packs {
    by_name: RwLock<Arc<Set>>,
    off: RwLock<BTreeSet<String>>,
    /// One refresh at a time: an older reading must not come after a newer one.
    refreshing: Mutex<()>,
}

/// Packs as they were read together.
pub(super) type Set = BTreeMap<String, Entry>;

/// A pack, and whether it is the operator's own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) pack: Arc<Pack>,
    pub(super) own: bool,
}

/// Mistakes in one or more files. Shown as [`PackErrors`] shows each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadErrors(pub Vec<PackErrors>);

impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, errors) in self.0.iter().enumerate() {
            write!(f, "{}{errors}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadErrors {}

impl PackById for Packs {
    fn pack(&self, name: &str) -> Option<Pack> {
        self.get(name).map(Arc::unwrap_or_clone)
    }

    fn is_enabled(&self, name: &str) -> bool {
        Packs::is_enabled(self, name)
    }
}

impl Packs {
    /// Reads the built-in packs, given as name and text, and those of a directory: each `*.yaml` or `*.yml` file in it.
    /// One of the operator's replaces a built-in one of the same name. Blocks on files.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn load(built_in: &[(&str, &str)], directory: Option<&Path>) -> Result<Self, LoadErrors> {
        let mut errors = Vec::new();
        let files = directory.map(|directory| files(directory, &mut errors)).unwrap_or_default();
        Self::of(built_in, files, errors)
    }

    /// Of these texts; with the mistakes of those that could not be read.
    pub(super) fn of(
        built_in: &[(&str, &str)],
        files: Vec<(String, String)>,
        mut errors: Vec<PackErrors>,
    ) -> Result<Self, LoadErrors> {
        let mut packs = BTreeMap::new();
        for (name, text) in built_in {
            match check(text, &format!("built-in pack {name}")) {
                Ok(pack) => drop(packs.insert(pack.id.name.clone(), Entry { pack: Arc::new(pack), own: false })),
                Err(mistakes) => errors.push(mistakes),
            }
        }
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (file, text) in files {
            match check(&text, &file) {
                Ok(pack) => match seen.insert(pack.id.name.clone(), file.clone()) {
                    None => drop(packs.insert(pack.id.name.clone(), Entry { pack: Arc::new(pack), own: true })),
                    Some(first) => {
                        let what = format!("the pack `{}` is in {first} already; keep one of them", pack.id.name);
                        errors.push(PackErrors::whole(&file, what));
                    }
                },
                Err(mistakes) => errors.push(mistakes),
            }
        }
        if errors.is_empty() {
            let by_name = RwLock::new(Arc::new(packs));
            Ok(Self { by_name, off: RwLock::default(), refreshing: Mutex::default() })
        } else {
            Err(LoadErrors(errors))
        }
    }

    /// Puts the packs of another reading in the place of these; what is switched off stays so. What is different, by name.
    pub fn replace(&self, with: Self) -> Vec<Change> {
        let new = with.set();
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *by_name, Arc::clone(&new));
        drop(by_name);
        diff::between(&old, &new)
    }

    /// The packs as they are now.
    fn set(&self) -> Arc<Set> {
        Arc::clone(&self.by_name.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every pack, by name, with whether it is the operator's own.
    pub fn all(&self) -> impl Iterator<Item = (Arc<Pack>, bool)> {
        let all: Vec<_> = self.set().values().map(|entry| (Arc::clone(&entry.pack), entry.own)).collect();
        all.into_iter()
    }

    /// A pack by its name.
    pub fn get(&self, name: &str) -> Option<Arc<Pack>> {
        self.set().get(name).map(|entry| Arc::clone(&entry.pack))
    }

    /// The pack that takes these alerts: any of those that fire has to fit, or any at all when none fires.
    pub fn for_alerts(&self, alerts: &[Alert]) -> Option<Pack> {
        let any_fires = alerts.iter().any(|alert| alert.firing);
        let asked: Vec<&Alert> = alerts.iter().filter(|alert| alert.firing || !any_fires).collect();
        self.most_specific(|pack| {
            let fitting = pack.triggers.alerts.iter().filter(|all| asked.iter().any(|a| all.fits(&a.labels)));
            fitting.map(|all| all.0.len()).max()
        })
    }

    /// The pack that takes a question.
    pub fn for_verb(&self, verb: Verb, channel: Option<&str>) -> Option<Pack> {
        self.most_specific(|pack| {
            let channels = &pack.triggers.channels;
            let here = || channel.is_some_and(|channel| channels.iter().any(|pattern| fits(pattern, channel)));
            let fits = pack.triggers.verbs.contains(&verb) && (channels.is_empty() || here());
            fits.then_some(usize::from(!channels.is_empty()))
        })
    }

    fn most_specific(&self, matchers: impl Fn(&Pack) -> Option<usize>) -> Option<Pack> {
        let set = self.set();
        let ranked = set.values().filter_map(|e| matchers(&e.pack).map(|n| ((Reverse(n), !e.own), e)));
        // Of equals the first, and the map is in order of names.
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, entry)| Pack::clone(&entry.pack))
    }

    /// Whether there is such a pack and it is not switched off.
    pub fn is_enabled(&self, name: &str) -> bool {
        self.set().contains_key(name) && !self.off.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// The kinds that the detectors of any pack read, whether it is switched on or not: a switch must not need another
    /// permission.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.set().values().flat_map(|entry| entry.pack.detectors.kinds()).collect()
    }

    /// Reads from the store which packs are switched off; names that are no packs (any more) do no harm.
    ///
    /// # Errors
    /// When the storage failed; what was known stays.
    pub async fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        let _one_at_a_time = self.refreshing.lock().await;
        let switched = store.packs().await?;
        self.switch(&switched);
        Ok(())
    }

    pub(super) fn switch(&self, switched: &[(String, bool)]) {
        let off = switched.iter().filter(|(_, enabled)| !enabled).map(|(name, _)| name.clone()).collect();
        *self.off.write().unwrap_or_else(PoisonError::into_inner) = off;
    }
}

impl PackChoice for Packs {
    fn by_name(&self, name: &str) -> Option<Pack> {
        self.get(name).map(Arc::unwrap_or_clone)
    }

    fn for_alerts(&self, alerts: &[Alert]) -> Option<Pack> {
        Packs::for_alerts(self, alerts)
    }

    fn for_verb(&self, verb: Verb, channel: Option<&str>) -> Option<Pack> {
        Packs::for_verb(self, verb, channel)
    }

    fn is_enabled(&self, name: &str) -> bool {
        Packs::is_enabled(self, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_chosen_and_says_so() {
        let text = "name: a\nversion: 1.0.0\ndescription: d\ntriggers: {alerts: all}\n";
        let packs = Packs::load(&[("a", text)], None).unwrap();
        assert!(packs.is_enabled("a") && !packs.is_enabled("b"));
        packs.switch(&[("a".to_owned(), false), ("gone".to_owned(), false)]);
        assert!(!packs.is_enabled("a"));
        assert_eq!(packs.for_alerts(&[Alert::default()]).map(|p| p.id.name).as_deref(), Some("a"));
        packs.switch(&[("a".to_owned(), true)]);
        assert!(packs.is_enabled("a"));
    }
}
