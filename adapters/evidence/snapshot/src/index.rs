//! What each file of a recording may answer, decided at open from names and a look at the ends of each data file.
//!
//! Must never rule a file out on its name alone. Start at [`Index::build`]; [`Index::candidates`] says which files a
//! probe for objects needs.

use std::collections::{BTreeMap, BTreeSet};

use midwatch_diagnosis::entity::Kind;

use crate::logfiles::{self, LogFiles};
use crate::names;
use crate::peek::Peek;
use crate::walk::{Entry, Tree};

/// Names of directories that people give to a whole recording or a part of it, not to a namespace.
const GENERIC: &[&str] =
    &["cluster", "dump", "data", "resources", "objects", "manifests", "snapshot", "cluster-scoped"];

/// A file of objects.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    /// Where it is.
    pub(crate) path: std::path::PathBuf,
    /// Its path below the root, for a person.
    pub(crate) rel: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Names of the directories above it.
    pub(crate) dirs: Vec<String>,
    /// The namespace that its directory stands for, if it does.
    pub(crate) home: Option<String>,
    /// Kinds that its name or a refusal in it speaks of.
    pub(crate) names: Vec<Kind>,
    /// What its ends say.
    pub(crate) peek: Peek,
}

/// How a file fits a kind, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// It says itself that it is the list of this kind.
    Listed,
    /// Its name says so and nothing in it says otherwise.
    Named,
    /// It may hold several kinds.
    Mixed,
    /// Its name and first object speak of one other kind; worth a look only when nothing better is there.
    Unlikely,
}

impl DataFile {
    /// The kind to assume for objects that name none.
    pub(crate) fn hint(&self) -> Option<&Kind> {
        match self.names.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// How the file fits a kind; nothing when it cannot hold it.
    pub(crate) fn fit(&self, kind: &Kind) -> Option<Fit> {
        if let Some(listed) = &self.peek.listed {
            return (listed == kind).then_some(Fit::Listed);
        }
        if self.names.contains(kind) {
            return Some(Fit::Named);
        }
        let only = self.hint().is_some() && self.peek.first.as_ref().is_none_or(|first| self.hint() == Some(first));
        if only && self.peek.no_data { None } else { Some(if only { Fit::Unlikely } else { Fit::Mixed }) }
    }

    /// Whether it may hold objects of namespaces.
    pub(crate) fn namespaced(&self) -> bool {
        let known = self.peek.listed.as_ref().or(self.peek.first.as_ref()).or(self.hint());
        known.is_none_or(Kind::namespaced)
    }

    /// Whether it lists what is at the root of a recording.
    pub(crate) fn of_cluster(&self) -> bool {
        let known = self.peek.listed.as_ref().or(self.peek.first.as_ref()).or(self.hint());
        matches!(known, Some(Kind::Node | Kind::Namespace))
    }
}

/// What the files of one directory say of namespaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    /// Namespaces that were seen in it.
    pub(crate) seen: BTreeSet<String>,
    /// Whether one of its files lists several namespaces, as `-A` does.
    pub(crate) all: bool,
}

/// The files of a recording by what they may hold.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Files of objects, in order of their paths.
    pub(crate) data: Vec<DataFile>,
    /// Log files.
    pub(crate) logs: LogFiles,
    /// Directories that are namespaces.
    pub(crate) homes: BTreeSet<String>,
    /// What the directories say of namespaces.
    pub(crate) spread: BTreeMap<Vec<String>, Spread>,
    /// What was not looked at, for a person.
    pub(crate) notes: Vec<String>,
}

impl Index {
    /// Decides what each file may hold.
    pub(crate) fn build(tree: Tree) -> Index {
        let mut index = Index { notes: tree.notes, ..Index::default() };
        for entry in tree.files {
            if let Some(file) = data_file(&entry) {
                index.data.push(file);
            } else if logfiles::is_log(&entry.name) {
                index.logs.add(entry);
            }
        }
        index.place();
        index
    }

    /// Whether anything in it came from the Kubernetes API.
    pub(crate) fn is_recording(&self) -> bool {
        self.data.iter().any(|f| f.peek.kubernetes || (f.peek.no_data && !f.names.is_empty()))
    }

    /// Finds out which directories are namespaces.
    fn place(&mut self) {
        for file in &self.data {
            let spread = self.spread.entry(file.dirs.clone()).or_default();
            spread.seen.extend(file.peek.namespaces.iter().cloned());
            spread.all |= file.peek.namespaces.len() > 1;
        }
        for (dirs, spread) in &self.spread {
            let Some(name) = dirs.last() else { continue };
            let inside = || self.data.iter().filter(|f| f.dirs == *dirs);
            let nothing_seen = spread.seen.is_empty()
                && !GENERIC.contains(&name.as_str())
                && inside().any(|f| f.namespaced() && !f.names.is_empty())
                && !inside().any(DataFile::of_cluster);
            if (spread.seen.contains(name) && !spread.all) || nothing_seen {
                self.homes.insert(name.clone());
            }
        }
        for file in &mut self.data {
            let name = file.dirs.last().filter(|name| self.homes.contains(*name));
            // A file in the directory of one namespace that shows objects of another speaks for itself.
            let agrees = |name: &&String| file.peek.namespaces.iter().all(|ns| ns == *name);
            file.home = name.filter(agrees).cloned();
        }
    }

    /// The files that a probe needs, the best first; in each rank in order of their paths.
    pub(crate) fn candidates(&self, kind: &Kind, namespace: Option<&str>) -> Vec<usize> {
        let mut ranked: Vec<(Fit, usize)> = Vec::new();
        for (at, file) in self.data.iter().enumerate() {
            let near = match (namespace, &file.home) {
                (Some(namespace), Some(home)) => namespace == home,
                _ => true,
            };
            ranked.extend(file.fit(kind).filter(|_| near).map(|fit| (fit, at)));
        }
        ranked.sort_unstable();
        let best = ranked.first().map(|(fit, _)| *fit);
        if matches!(best, Some(Fit::Listed | Fit::Named)) {
            ranked.retain(|(fit, _)| *fit != Fit::Unlikely);
        }
        ranked.into_iter().map(|(_, at)| at).collect()
    }
}

/// A file that may hold objects; nothing for other programs' files.
fn data_file(entry: &Entry) -> Option<DataFile> {
    let (stem, extension) = names::split(&entry.name);
    if !matches!(extension.as_str(), "json" | "yaml" | "yml") {
        return None;
    }
    let peek = Peek::of(&entry.path).unwrap_or_default();
    let mut kinds = names::kinds_in(stem);
    kinds.extend(peek.refused.iter().cloned());
    if !peek.kubernetes && kinds.is_empty() {
        return None;
    }
    let (path, dirs) = (entry.path.clone(), entry.dirs.clone());
    Some(DataFile { path, rel: entry.rel(), size: entry.size, dirs, home: None, names: kinds, peek })
}
