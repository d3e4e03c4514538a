//! The recording as an evidence source: opening a directory, and the port's three questions.
//!
//! Must never open what cannot be a recording without saying what was expected. Start at [`Snapshot::open`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ReadFailure};

use crate::error::OpenError;
use crate::index::{DataFile, Index};
use crate::limits::Limits;
use crate::logs::{self, Wanted};
use crate::objects;
use crate::store::Store;
use crate::walk::{Tree, walk};

/// How much deeper than allowed, and how many entries, are looked at to suggest another directory.
const FURTHER: (usize, usize) = (4, 20_000);

/// Custom kinds of one recording that are read; clusters with more have them for machines.
const OTHER_KINDS: usize = 50;

/// A directory that kubectl wrote, opened.
#[derive(Debug)]
pub struct Snapshot {
    root: PathBuf,
    index: Index,
    store: Store,
}

impl Snapshot {
    /// Looks at a directory; no file is read beyond a few KiB.
    ///
    /// # Errors
    /// When it is no recording: not a directory, empty, without Kubernetes objects, or several recordings at once.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, OpenError> {
        let path = dir.to_owned();
        let meta = std::fs::metadata(dir).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        if !meta.is_dir() {
            let nearest = dir.parent().and_then(|parent| above(parent, &limits));
            return Err(OpenError::NotADirectory { path, nearest });
        }
        let tree = walk(dir, &limits).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        if tree.seen == 0 {
            return Err(OpenError::Empty { path });
        }
        let index = Index::build(tree);
        if !index.is_recording() {
            return Err(OpenError::NothingFound { nearest: nearest(dir, &limits), path });
        }
        let (root, index) = settle(path, index, &limits)?;
        let store = Store::new(index.data.len(), limits);
        Ok(Self { root, index, store })
    }

    /// The directory that holds the recording: the one given, or the only recording in it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What was not looked at while opening, for a person.
    pub fn notes(&self) -> &[String] {
        &self.index.notes
    }

    async fn recorded_namespaces(&self) -> Result<BTreeSet<String>, ReadFailure> {
        let mut found = self.index.homes.clone();
        let mut listed = BTreeSet::new();
        let mut all = false;
        for (at, file) in self.index.data.iter().enumerate().filter(|(_, f)| f.home.is_none()) {
            let of_namespaces = file.fit(&Kind::Namespace).is_some();
            if !file.namespaced() && !of_namespaces {
                continue;
            }
            let facts = self.store.facts(at, file).await?;
            let spread = facts.spread();
            all |= spread.len() > 1;
            found.extend(spread.into_iter().map(str::to_owned));
            listed.extend(facts.namespaces.iter().cloned());
        }
        // The list of namespaces names what exists; of what was recorded it speaks only in a recording of all of them.
        if all || found.is_empty() {
            found.extend(listed);
        }
        Ok(found)
    }
}

#[async_trait]
impl EvidenceSource for Snapshot {
    fn describe(&self) -> String {
        format!("recording {}", self.root.display())
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        Ok(self.recorded_namespaces().await?.into_iter().collect())
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        let mut kinds = BTreeSet::new();
        // Only files whose name is none of a known kind are looked into; the large ones all have such names.
        for (at, file) in self.index.data.iter().enumerate().filter(|(_, f)| f.names.is_empty()) {
            let Ok(facts) = self.store.facts(at, file).await else { continue };
            kinds.extend(facts.counts.keys().map(|(kind, _)| kind.clone()).filter(|k| matches!(k, Kind::Other(_))));
            if kinds.len() > OTHER_KINDS {
                break;
            }
        }
        kinds.into_iter().take(OTHER_KINDS).collect()
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        match probe {
            Probe::Objects { kind, namespace } => {
                objects::read(&self.index, &self.store, kind, namespace.as_deref()).await
            }
            Probe::Log { of, previous, onset } => {
                let wanted = Wanted { of: of.clone(), previous: *previous, onset: *onset, pick: None };
                logs::read(&self.index, &self.store, wanted).await
            }
            Probe::Lines { of, previous, pick } => {
                let (previous, pick) = (*previous, Some(pick.clone()));
                logs::read(&self.index, &self.store, Wanted { of: of.clone(), previous, onset: None, pick }).await
            }
            // kubectl records no metrics.
            Probe::Rules { .. } | Probe::Metric(_) => Err(ReadFailure::NotRecorded),
        }
    }
}

/// Finds the recording in the directory: the directory itself, or the only one in it.
fn settle(path: PathBuf, index: Index, limits: &Limits) -> Result<(PathBuf, Index), OpenError> {
    if index.data.iter().any(|f| f.dirs.is_empty() && f.peek.kubernetes) {
        return Ok((path, index));
    }
    let roots = recordings(&index);
    let join = |dirs: &[String]| dirs.iter().fold(path.clone(), |at, dir| at.join(dir));
    match roots.as_slice() {
        [only] if index.data.iter().all(|f| f.dirs.starts_with(only) || !f.peek.kubernetes) => {
            let root = join(only);
            let tree = walk(&root, limits).map_err(|source| OpenError::Io { path: root.clone(), source })?;
            Ok((root, Index::build(tree)))
        }
        [] | [_] => Ok((path, index)),
        [first, ..] => Err(OpenError::Several { first: join(first), count: roots.len(), path }),
    }
}

/// Directories that look like a recording of their own: they list nodes or namespaces, and hold objects of namespaces.
fn recordings(index: &Index) -> Vec<Vec<String>> {
    let mut roots: Vec<Vec<String>> = Vec::new();
    for file in index.data.iter().filter(|f| f.of_cluster() && f.home.is_none() && !f.dirs.is_empty()) {
        let inside = |f: &&DataFile| f.dirs.starts_with(&file.dirs) && f.namespaced();
        let known = roots.iter().any(|root| file.dirs.starts_with(root));
        if !known && index.data.iter().any(|f| inside(&f)) {
            roots.retain(|root| !root.starts_with(&file.dirs));
            roots.push(file.dirs.clone());
        }
    }
    roots
}

/// A directory above or below that would do.
fn nearest(dir: &Path, limits: &Limits) -> Option<PathBuf> {
    let absolute = std::fs::canonicalize(dir).ok()?;
    above(absolute.parent()?, limits).or_else(|| below(dir, limits))
}

/// The topmost of a directory and the two above it that hold Kubernetes objects themselves.
fn above(dir: &Path, limits: &Limits) -> Option<PathBuf> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let flat = Limits { depth: 0, entries: FURTHER.1, ..limits.clone() };
    let holds = |at: &&Path| walk(at, &flat).is_ok_and(|tree: Tree| Index::build(tree).is_recording());
    dir.ancestors().take(3).filter(|at| !at.as_os_str().is_empty()).take_while(holds).last().map(Path::to_owned)
}

/// The directory of the first Kubernetes file further down than was looked.
fn below(dir: &Path, limits: &Limits) -> Option<PathBuf> {
    let deep = Limits { depth: limits.depth + FURTHER.0, entries: FURTHER.1, ..limits.clone() };
    let index = Index::build(walk(dir, &deep).ok()?);
    let file = index.data.iter().find(|f| f.peek.kubernetes)?;
    let up = usize::from(file.home.is_some());
    file.path.ancestors().nth(1 + up).map(Path::to_owned)
}
