//! One case of a corpus: a recorded incident and what a correct investigation says about it.
//!
//! Start at [`find`] and [`Case::load`].

use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::verdict::Verdict;
use serde::Deserialize;

use crate::alertmanager;
use crate::request::{Depth, Request};

/// Directories below the corpus in which cases are looked for.
const DEPTH: usize = 4;

/// The file that makes a directory a case.
const FILE: &str = "case.yaml";

/// What is expected of one recording.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) class: String,
    as_of: Timestamp,
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    scope: Place,
    pub(super) expect: Expect,
}

#[derive(Debug, Default, Deserialize)]
struct Place {
    #[serde(default)]
    namespace: Option<String>,
}

/// The part of a case that is checked.
#[derive(Debug, Deserialize)]
pub(super) struct Expect {
    verdict: String,
    #[serde(default)]
    verdict_alternatives: Vec<String>,
    #[serde(default)]
    root: Vec<Root>,
    #[serde(default)]
    root_alternatives: Vec<Vec<Root>>,
    #[serde(default)]
    pub(super) reason_any: Vec<String>,
    #[serde(default)]
    pub(super) must_mention: Vec<String>,
    #[serde(default)]
    pub(super) must_not_claim: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Root {
    kind: String,
    #[serde(default)]
    namespace: Option<String>,
    name: String,
}

/// Why a case cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum CaseError {
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{FILE} cannot be used: {0}")]
    Yaml(String),
    #[error(
        "{FILE} names the verdict `{0}`, which is none of cause, healthy, recovered, expected, blind, inconclusive"
    )]
    Verdict(String),
    #[error("alert.json cannot be used: {0}")]
    Alert(#[from] alertmanager::AlertError),
}

impl Case {
    /// Reads the case of a directory.
    pub(super) fn load(dir: &Path) -> Result<Self, CaseError> {
        let text = String::from_utf8_lossy(&read(&dir.join(FILE))?).into_owned();
        let case: Case = serde_saphyr::from_str(&text).map_err(|e| CaseError::Yaml(e.to_string()))?;
        let unknown = case.expect.verdict_names().find(|name| verdict_named(name).is_none()).cloned();
        unknown.map_or(Ok(case), |name| Err(CaseError::Verdict(name)))
    }

    /// What is asked: the alert of the case, or its question in its namespace.
    pub(super) fn request(&self, dir: &Path, lookback: SignedDuration, depth: Depth) -> Result<Request, CaseError> {
        let base = Request { as_of: Some(self.as_of), lookback, depth, ..Request::default() };
        let path = dir.join("alert.json");
        if path.is_file() {
            let group = alertmanager::parse(&read(&path)?)?;
            return Ok(Request { alerts: group.alerts, ..base });
        }
        Ok(Request { text: self.question.clone(), namespace: self.scope.namespace.clone(), ..base })
    }
}

impl Expect {
    fn verdict_names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.verdict).chain(&self.verdict_alternatives)
    }

    /// Verdicts that are right, the best first.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        self.verdict_names().filter_map(|name| verdict_named(name)).collect()
    }

    /// Whether there is a root to be found.
    pub(super) fn wants_root(&self) -> bool {
        !self.root.is_empty()
    }

    /// Sets of roots that are right, the best first.
    pub(super) fn roots(&self) -> Vec<Vec<EntityRef>> {
        let entities = |roots: &Vec<Root>| roots.iter().map(Root::entity).collect();
        std::iter::once(&self.root).chain(&self.root_alternatives).map(entities).collect()
    }
}

impl Root {
    fn entity(&self) -> EntityRef {
        EntityRef::new(Kind::named(&self.kind), self.namespace.as_deref().unwrap_or_default(), self.name.clone())
    }
}

fn verdict_named(name: &str) -> Option<Verdict> {
    Verdict::ALL.into_iter().find(|v| v.as_str() == name)
}

fn read(path: &Path) -> Result<Vec<u8>, CaseError> {
    std::fs::read(path).map_err(|error| CaseError::File { path: path.to_owned(), error })
}

/// The directories of all cases at or below one, in the order of their names. Links are not followed.
pub(super) fn find(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(dir, DEPTH, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if dir.join(FILE).is_file() {
        found.push(dir.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if depth > 0 && entry.file_type()?.is_dir() {
            collect(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}
