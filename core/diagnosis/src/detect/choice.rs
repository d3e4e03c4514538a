//! Which detectors run: all of them, unless someone chose.
//!
//! Must never know a detector that is not in the catalogue: a misspelt name is told, not skipped. Start at [`Detectors`].

use std::collections::BTreeSet;

use super::CATALOGUE;
use crate::finding::Finding;
use crate::view::View;

/// A choice of detectors. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detectors {
    off: BTreeSet<&'static str>,
}

/// The name is neither a detector nor a family of detectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDetector(pub String);

impl std::fmt::Display for UnknownDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no detector and no family of detectors called `{}`", self.0)
    }
}

impl std::error::Error for UnknownDetector {}

impl Detectors {
    /// These only. A name is a detector (`pod.image`) or a family (`pod`).
    ///
    /// # Errors
    /// The first name that fits nothing.
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownDetector> {
        let mut off: BTreeSet<&'static str> = CATALOGUE.iter().map(|d| d.id).collect();
        for name in names {
            for id in fitting(name)? {
                off.remove(id);
            }
        }
        Ok(Self { off })
    }

    /// These too are off.
    ///
    /// # Errors
    /// The first name that fits nothing.
    pub fn except<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownDetector> {
        for name in names {
            self.off.extend(fitting(name)?);
        }
        Ok(self)
    }

    /// The names that may be given: every family, then every detector.
    pub fn names() -> Vec<&'static str> {
        let families: BTreeSet<&str> = CATALOGUE.iter().map(|d| family(d.id)).collect();
        families.into_iter().chain(CATALOGUE.iter().map(|d| d.id)).collect()
    }

    /// Those that do not run, in order of their names.
    pub fn off(&self) -> impl Iterator<Item = &'static str> {
        self.off.iter().copied()
    }

    /// Whether none runs.
    pub fn is_none(&self) -> bool {
        self.off.len() == CATALOGUE.len()
    }

    /// Runs the chosen ones, in the order of the catalogue.
    pub fn detect(&self, view: &View) -> Vec<Finding> {
        CATALOGUE.iter().filter(|d| !self.off.contains(d.id)).flat_map(|d| (d.run)(view)).collect()
    }
}

/// The detectors that a name stands for.
fn fitting(name: &str) -> Result<Vec<&'static str>, UnknownDetector> {
    let ids: Vec<&str> = CATALOGUE.iter().map(|d| d.id).filter(|id| *id == name || family(id) == name).collect();
    if ids.is_empty() { Err(UnknownDetector(name.to_owned())) } else { Ok(ids) }
}

pub(super) fn family(id: &'static str) -> &'static str {
    id.split_once('.').map_or(id, |(family, _)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_and_single_detectors() {
        let chosen = Detectors::only(["pod", "log.cause"]).unwrap().except(["pod.oom"]).unwrap();
        let on: Vec<&str> = CATALOGUE.iter().map(|d| d.id).filter(|id| !chosen.off.contains(id)).collect();
        assert!(on.contains(&"pod.crash") && on.contains(&"log.cause"));
        assert!(on.iter().all(|id| id.starts_with("pod.") || *id == "log.cause") && !on.contains(&"pod.oom"));
    }

    #[test]
    fn all_is_the_default_and_none_is_told() {
        assert_eq!(Detectors::default().off().count(), 0);
        let every = Detectors::names();
        assert_eq!(Detectors::only(every.iter().copied()).unwrap(), Detectors::default());
        assert!(Detectors::default().except(every).unwrap().is_none());
    }

    #[test]
    fn a_misspelt_name_is_told() {
        for name in ["pods", "", "pod.", "pod.image ", "POD", "."] {
            assert_eq!(Detectors::only([name]), Err(UnknownDetector(name.to_owned())));
        }
    }
}
