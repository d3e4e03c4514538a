//! How good the engine is: a corpus of recorded incidents, each investigated and marked against what is known of it.
//!
//! Must never let one bad case hide the others: what cannot be read or run is a failed case. Start at [`run`].

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use jiff::SignedDuration;
use midwatch_redact::{Redact, Redacted, Redactor};

use crate::port::EvidenceSource;
use crate::request::{Depth, Limits, Outcome};

mod case;
mod check;
mod table;
#[cfg(test)]
mod tests;

pub use case::{Case, CaseError, Opened, find};
pub use table::{json, text};

/// How the cases are run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Bounds of each investigation.
    pub limits: Limits,
    /// How far back each looks.
    pub lookback: SignedDuration,
    /// How thorough each is.
    pub depth: Depth,
    /// What hides secrets.
    pub redactor: Redactor,
}

/// What an adapter says when a recording cannot be opened.
pub type OpenFailure = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// The directory cannot be listed.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// What was given.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// There is no case in it.
    #[error("{}: no case.yaml in it or below it", .0.display())]
    NoCases(PathBuf),
}

/// The marks of every case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// The cases in the order of their directories.
    pub cases: Vec<CaseScore>,
}

/// The marks of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseScore {
    /// The case's name.
    pub id: String,
    /// Its fault class.
    pub class: String,
    /// What is wrong, in words; empty when it passed.
    pub failures: Vec<String>,
    /// What is counted.
    pub marks: Marks,
    /// How long the investigation took.
    pub elapsed: Duration,
}

/// What is counted of one case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Whether every expected root was named; none where no root is expected.
    pub found: Option<bool>,
    /// How many roots were named.
    pub named: usize,
    /// How many of these are expected.
    pub right: usize,
    /// Whether a cause was claimed where there is none.
    pub false_cause: bool,
    /// Whether the verdict is neither the expected one nor an alternative.
    pub wrong_verdict: bool,
}

/// Sums over cases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// How many cases.
    pub cases: usize,
    /// How many are right in everything.
    pub passed: usize,
    /// Cases whose expected roots were all named, of those that expect one.
    pub recall: Option<f64>,
    /// Named roots that are expected, of all that were named.
    pub precision: Option<f64>,
    /// Causes claimed where there is none.
    pub false_causes: usize,
    /// Wrong verdicts.
    pub wrong_verdicts: usize,
    /// The middle of the times.
    pub median: Duration,
}

impl Redact for CaseScore {
    fn redact(&mut self, redactor: &Redactor) {
        self.id.redact(redactor);
        self.class.redact(redactor);
        self.failures.redact(redactor);
    }
}

impl Redact for Score {
    fn redact(&mut self, redactor: &Redactor) {
        self.cases.redact(redactor);
    }
}

impl Score {
    /// Whether every case passed.
    pub fn passed(&self) -> bool {
        self.cases.iter().all(|case| case.failures.is_empty())
    }

    /// Over all cases.
    pub fn totals(&self) -> Totals {
        Totals::of(self.cases.iter())
    }

    /// By fault class, in order of their names.
    pub fn classes(&self) -> BTreeMap<&str, Totals> {
        let mut classes: BTreeMap<&str, Vec<&CaseScore>> = BTreeMap::new();
        for case in &self.cases {
            classes.entry(&case.class).or_default().push(case);
        }
        classes.into_iter().map(|(class, cases)| (class, Totals::of(cases.into_iter()))).collect()
    }
}

impl Totals {
    fn of<'a>(cases: impl Iterator<Item = &'a CaseScore> + Clone) -> Self {
        let count = |test: fn(&CaseScore) -> bool| cases.clone().filter(|c| test(c)).count();
        let sum = |of: fn(&Marks) -> usize| cases.clone().map(|c| of(&c.marks)).sum();
        let mut times: Vec<Duration> = cases.clone().map(|c| c.elapsed).collect();
        times.sort();
        Self {
            cases: times.len(),
            passed: count(|c| c.failures.is_empty()),
            recall: share(count(|c| c.marks.found == Some(true)), count(|c| c.marks.found.is_some())),
            precision: share(sum(|m| m.right), sum(|m| m.named)),
            false_causes: count(|c| c.marks.false_cause),
            wrong_verdicts: count(|c| c.marks.wrong_verdict),
            median: times.get(times.len() / 2).copied().unwrap_or_default(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of cases are small")]
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Investigates every case at or below a directory, one after the other so that the times mean something. `open`
/// opens a recording; the engine knows no adapter.
///
/// # Errors
/// When there is nothing to score.
pub async fn run<F>(dir: &Path, setup: &Setup, open: F) -> Result<Redacted<Score>, ScoreError>
where
    F: Fn(&Path) -> Result<Box<dyn EvidenceSource>, OpenFailure>,
{
    let unreadable = |error| ScoreError::Unreadable { path: dir.to_owned(), error };
    let dirs = find(dir).map_err(unreadable)?;
    if dirs.is_empty() {
        return Err(ScoreError::NoCases(dir.to_owned()));
    }
    let mut score = Score::default();
    for dir in &dirs {
        score.cases.push(one(dir, setup, &open).await);
    }
    Ok(setup.redactor.seal(score))
}

async fn one<F>(dir: &Path, setup: &Setup, open: &F) -> CaseScore
where
    F: Fn(&Path) -> Result<Box<dyn EvidenceSource>, OpenFailure>,
{
    let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let unread = |why: String| CaseScore {
        id: name.clone(),
        class: "unreadable".to_owned(),
        failures: vec![why],
        ..CaseScore::default()
    };
    let case = match Case::load(dir) {
        Ok(case) => case,
        Err(error) => return unread(error.to_string()),
    };
    let mut score = CaseScore { id: case.id.clone(), class: case.class.clone(), ..CaseScore::default() };
    score.marks.found = case.expect.wants_root().then_some(false);
    let opened = match case.open(dir, setup, open) {
        Ok(opened) => opened,
        Err(error) => return CaseScore { failures: vec![error.to_string()], ..score },
    };
    let started = Instant::now();
    let outcome = investigate(&opened, &setup.redactor).await;
    score.elapsed = started.elapsed();
    match outcome {
        Ok(outcome) => score.marks = check::check(&outcome.report, &case.expect, &mut score.failures),
        Err(why) => score.failures.push(why),
    }
    score
}

/// One investigation; a defect in the engine fails the case and not the score.
///
/// # Errors
/// Why there is no report, in words.
pub async fn investigate(opened: &Opened, redactor: &Redactor) -> Result<Outcome, String> {
    let Opened { source, request, limits } = opened;
    let run = crate::investigate(&**source, request, limits, redactor.clone(), &|_| {});
    match AssertUnwindSafe(run).catch_unwind().await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(no_report)) => Err(format!("no report: {}", no_report.as_ref())),
        Err(_) => Err("no report: the engine panicked".to_owned()),
    }
}
