//! One case of a corpus: a recorded incident and what a correct investigation says about it.
//!
//! Start at [`find`] and [`Case::load`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::verdict::Verdict;
use serde::Deserialize;

use super::{OpenFailure, Setup};
use crate::alertmanager;
use crate::port::EvidenceSource;
use crate::recording::{Bundle, BundleError, BundleSource};
use crate::request::{Depth, Limits, Request};

/// Directories below the corpus in which cases are looked for.
const DEPTH: usize = 4;

/// The file that makes a directory a case.
const FILE: &str = "case.yaml";

/// The recording of an investigation that can stand in the place of a recording of a cluster.
const BUNDLE: &str = "bundle.json";

/// What is expected of one recording.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Its fault class.
    pub class: String,
    as_of: Timestamp,
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    scope: Place,
    pub(super) expect: Expect,
    /// What is expected of a language model, in the form of those who ask models.
    #[serde(default)]
    pub model: Option<serde_json::Value>,
}

/// A case ready to be investigated.
pub struct Opened {
    /// Where its evidence is.
    pub source: Arc<dyn EvidenceSource>,
    /// What is asked.
    pub request: Request,
    /// Within which bounds.
    pub limits: Limits,
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
pub enum CaseError {
    /// A file of it cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        error: io::Error,
    },
    /// Its description is not as it must be.
    #[error("{FILE} cannot be used: {0}")]
    Yaml(String),
    /// It expects a verdict that there is not.
    #[error(
        "{FILE} names the verdict `{0}`, which is none of cause, healthy, recovered, expected, blind, inconclusive"
    )]
    Verdict(String),
    /// Its alert is none.
    #[error("alert.json cannot be used: {0}")]
    Alert(#[from] alertmanager::AlertError),
    /// Its recording of an investigation cannot be used.
    #[error("{BUNDLE}: {0}")]
    Bundle(#[from] BundleError),
    /// Its recording of a cluster cannot be used.
    #[error("recording: {0}")]
    Recording(OpenFailure),
}

impl Case {
    /// Reads the case of a directory.
    ///
    /// # Errors
    /// When its description cannot be used.
    pub fn load(dir: &Path) -> Result<Self, CaseError> {
        let text = String::from_utf8_lossy(&read(&dir.join(FILE))?).into_owned();
        let case: Case = serde_saphyr::from_str(&text).map_err(|e| CaseError::Yaml(e.to_string()))?;
        let unknown = case.expect.verdict_names().find(|name| verdict_named(name).is_none()).cloned();
        unknown.map_or(Ok(case), |name| Err(CaseError::Verdict(name)))
    }

    /// Opens its recording: that of an investigation says itself what was asked, within which bounds; of a cluster, that is
    /// the case's and the setup's. `open` opens the latter.
    ///
    /// # Errors
    /// When its recording, its alert or its bundle cannot be used.
    pub fn open<F>(&self, dir: &Path, setup: &Setup, open: &F) -> Result<Opened, CaseError>
    where
        F: Fn(&Path) -> Result<Box<dyn EvidenceSource>, OpenFailure>,
    {
        let bundle = dir.join(BUNDLE);
        if bundle.is_file() {
            let bundle = Bundle::parse(&read(&bundle)?)?;
            let (request, limits) = (bundle.request().clone(), bundle.limits()?);
            return Ok(Opened { source: Arc::new(BundleSource::new(bundle)), request, limits });
        }
        let source = Arc::from(open(&dir.join("cluster")).map_err(CaseError::Recording)?);
        let request = self.request(dir, setup.lookback, setup.depth)?;
        Ok(Opened { source, request, limits: setup.limits.clone() })
    }

    /// Verdicts that are right, the best first.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.expect.verdicts()
    }

    /// Sets of roots that are right, the best first; of a case without a root there is only the empty one.
    pub fn roots(&self) -> Vec<Vec<EntityRef>> {
        self.expect.roots()
    }

    /// What is asked: the alert of the case, or its question in its namespace.
    fn request(&self, dir: &Path, lookback: SignedDuration, depth: Depth) -> Result<Request, CaseError> {
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
///
/// # Errors
/// When a directory cannot be listed.
pub fn find(dir: &Path) -> io::Result<Vec<PathBuf>> {
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
