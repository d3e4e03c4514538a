//! Filling secret settings from the files that their `_file` siblings name.
//!
//! Never guesses: a secret that is given twice is a mistake, in whichever layers the two are. Start at [`fill`].

use std::collections::BTreeMap;
use std::path::Path;

use crate::Settings;
use crate::error::{ConfigError, Place, Problem};
use crate::field::{self, Slot};
use crate::load::Origin;
use crate::quote::quote;
use crate::secret::{SecretFileError, read_secret, read_secret_lines};

type Origins = BTreeMap<String, Origin>;

/// Fills every secret setting whose `_file` sibling is set. Both set is a mistake: it would be a guess which of them is
/// the stale one.
pub(crate) fn fill(settings: &mut Settings, origin: &mut Origins, errors: &mut Vec<ConfigError>) {
    for field in field::all() {
        let (path, given) = match &field.slot {
            Slot::Secrets { at, file } => (file(settings).clone(), !at(settings).is_empty()),
            Slot::Secret { at, file } => (file(settings).clone(), at(settings).is_some()),
            _ => continue,
        };
        let sibling = format!("{}_file", field.key);
        let (Some(path), Some(Origin::Set(place))) = (path, origin.get(&sibling).cloned()) else { continue };
        if given {
            errors.push(both(field.key, &sibling, origin).at(place));
        } else if let Err(error) = read(&field.slot, settings, &path) {
            errors.push(unreadable(&sibling, &error).at(place));
        } else {
            origin.insert(field.key.to_owned(), Origin::SecretFile(path));
        }
    }
}

fn read(slot: &Slot, settings: &mut Settings, path: &Path) -> Result<(), SecretFileError> {
    match slot {
        Slot::Secrets { at, .. } => *at(settings) = read_secret_lines(path)?,
        Slot::Secret { at, .. } => *at(settings) = Some(read_secret(path)?),
        _ => {}
    }
    Ok(())
}

fn unreadable(sibling: &str, error: &SecretFileError) -> Problem {
    Problem::new(format!("{}: {error}", quote(sibling)), error.fix())
}

fn both(key: &str, sibling: &str, origin: &Origins) -> Problem {
    let there = origin.get(key).map(ToString::to_string).unwrap_or_default();
    let what = format!("{} and {} are both set, the first by {there}", quote(key), quote(sibling));
    Problem::new(what, "keep one of them")
}

/// Where a setting was set; none for a default.
pub(crate) fn set_at(origin: &Origins, key: &str) -> Option<Place> {
    match origin.get(key)? {
        Origin::Set(place) => Some(place.clone()),
        Origin::SecretFile(_) => set_at(origin, &format!("{key}_file")),
        Origin::Default => None,
    }
}
