//! All packs: the built-in ones, those of the operator, and which of them are switched off.
//!
//! Which pack is taken, always by the same rule: the fitting one with the most matchers (for a verb: one that names
//! channels before one that does not); of equals the operator's own before a built-in one; then by name. A pack that is
//! switched off is still chosen: what it would have taken is not investigated, rather than by another pack that nobody
//! chose. Must never forget what was switched when the packs are read again. Start at [`Packs::load`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use midwatch_diagnosis::alert::Alert;
use tokio::sync::Mutex;

use super::{FILE_CAP, Pack, PackById, PackErrors, check};
use crate::intake::PackChoice;
use crate::policy::{Verb, fits};
use crate::port::store::{Store, StoreError};

/// Files that are read from one directory.
const FILES_CAP: usize = 500;

/// The packs there are.
#[derive(Debug)]
pub struct Packs {
    by_name: BTreeMap<String, Entry>,
    off: RwLock<BTreeSet<String>>,
    /// One refresh at a time: an older reading must not come after a newer one.
    refreshing: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Entry {
    pack: Pack,
    own: bool,
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
        self.get(name).cloned()
    }

    fn is_enabled(&self, name: &str) -> bool {
        Packs::is_enabled(self, name)
    }
}

impl Packs {
    /// Reads the built-in packs, given as name and text, and those of a directory: each `*.yaml` or `*.yml` file in it.
    /// One of the operator's replaces a built-in one of the same name. Blocks on files; called at start.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn load(built_in: &[(&str, &str)], directory: Option<&Path>) -> Result<Self, LoadErrors> {
        let mut errors = Vec::new();
        let mut packs = BTreeMap::new();
        for (name, text) in built_in {
            match check(text, &format!("built-in pack {name}")) {
                Ok(pack) => drop(packs.insert(pack.id.name.clone(), Entry { pack, own: false })),
                Err(mistakes) => errors.push(mistakes),
            }
        }
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (file, text) in directory.map(|d| files(d, &mut errors)).unwrap_or_default() {
            match check(&text, &file) {
                Ok(pack) => match seen.insert(pack.id.name.clone(), file.clone()) {
                    None => drop(packs.insert(pack.id.name.clone(), Entry { pack, own: true })),
                    Some(first) => {
                        let what = format!("the pack `{}` is in {first} already; keep one of them", pack.id.name);
                        errors.push(PackErrors::whole(&file, what));
                    }
                },
                Err(mistakes) => errors.push(mistakes),
            }
        }
        if errors.is_empty() {
            Ok(Self { by_name: packs, off: RwLock::default(), refreshing: Mutex::default() })
        } else {
            Err(LoadErrors(errors))
        }
    }

    /// Every pack, by name, with whether it is the operator's own.
    pub fn all(&self) -> impl Iterator<Item = (&Pack, bool)> {
        self.by_name.values().map(|entry| (&entry.pack, entry.own))
    }

    /// A pack by its name.
    pub fn get(&self, name: &str) -> Option<&Pack> {
        self.by_name.get(name).map(|entry| &entry.pack)
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
        let ranked = self.by_name.values().filter_map(|e| matchers(&e.pack).map(|n| ((Reverse(n), !e.own), e)));
        // Of equals the first, and the map is in order of names.
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, entry)| entry.pack.clone())
    }

    /// Whether there is such a pack and it is not switched off.
    pub fn is_enabled(&self, name: &str) -> bool {
        self.by_name.contains_key(name) && !self.off.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Reads from the store which packs are switched off; names that are no packs (any more) do no harm.
    ///
    /// # Errors
    /// When the storage failed; what was known stays.
    pub async fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        let _one_at_a_time = self.refreshing.lock().await;
        let switched = store.packs().await?;
        self.set(&switched);
        Ok(())
    }

    fn set(&self, switched: &[(String, bool)]) {
        let off = switched.iter().filter(|(_, enabled)| !enabled).map(|(name, _)| name.clone()).collect();
        *self.off.write().unwrap_or_else(PoisonError::into_inner) = off;
    }
}

impl PackChoice for Packs {
    fn by_name(&self, name: &str) -> Option<Pack> {
        self.get(name).cloned()
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

/// The pack files of a directory with their texts, in order of their names.
fn files(directory: &Path, errors: &mut Vec<PackErrors>) -> Vec<(String, String)> {
    let listed = std::fs::read_dir(directory).and_then(|entries| {
        let paths: Result<Vec<_>, _> = entries.take(10 * FILES_CAP).map(|entry| entry.map(|e| e.path())).collect();
        paths
    });
    let mut paths = match listed {
        Ok(paths) => paths,
        Err(error) => {
            errors.push(PackErrors::whole(&directory.to_string_lossy(), format!("cannot be listed: {error}")));
            return Vec::new();
        }
    };
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml") && path.is_file());
    paths.sort();
    if paths.len() > FILES_CAP {
        let what = format!("holds {} packs; at most {FILES_CAP} are read", paths.len());
        errors.push(PackErrors::whole(&directory.to_string_lossy(), what));
        return Vec::new();
    }
    let mut texts = Vec::new();
    for path in paths {
        let file = path.to_string_lossy().into_owned();
        match text(&path) {
            Ok(text) => texts.push((file, text)),
            Err(error) => errors.push(PackErrors::whole(&file, format!("cannot be read: {error}"))),
        }
    }
    texts
}

/// A file's text; one byte more than a pack may have is enough to be told that it is too large.
fn text(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let cap = u64::try_from(FILE_CAP).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(cap).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_chosen_and_says_so() {
        let text = "name: a\nversion: 1.0.0\ndescription: d\ntriggers: {alerts: all}\n";
        let packs = Packs::load(&[("a", text)], None).unwrap();
        assert!(packs.is_enabled("a") && !packs.is_enabled("b"));
        packs.set(&[("a".to_owned(), false), ("gone".to_owned(), false)]);
        assert!(!packs.is_enabled("a"));
        assert_eq!(packs.for_alerts(&[Alert::default()]).map(|p| p.id.name).as_deref(), Some("a"));
        packs.set(&[("a".to_owned(), true)]);
        assert!(packs.is_enabled("a"));
    }
}
