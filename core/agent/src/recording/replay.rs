//! The same investigation again, from a bundle: same question, same limits, same answers, same report.

use midwatch_redact::{Redacted, Redactor};

use super::bundle::BundleError;
use super::source::BundleSource;
use crate::investigate::{Watcher, investigate};
use crate::request::{NoReport, Outcome};

/// What came of it.
#[derive(Debug)]
pub struct Replayed {
    /// The report, as an investigation gives it.
    pub outcome: Outcome,
    /// It has the id, the verdict and the roots that were recorded. Not so, the program has changed since, or something was
    /// left out of the recording.
    pub same: bool,
}

/// Why there is nothing.
#[derive(Debug, thiserror::Error)]
pub enum NoReplay {
    /// The bundle cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// As of an investigation.
    #[error("{}", .0.as_ref())]
    NoReport(Redacted<NoReport>),
}

/// Investigates what was recorded.
///
/// # Errors
/// When the bundle names what this program does not know, or when there is no report, which the recorded run had.
pub async fn replay(source: &BundleSource, redactor: Redactor, watcher: Watcher<'_>) -> Result<Replayed, NoReplay> {
    let bundle = source.bundle();
    let limits = bundle.limits()?;
    let run = investigate(source, bundle.request(), &limits, redactor, watcher).await;
    let mut outcome = run.map_err(NoReplay::NoReport)?;
    let came = bundle.came();
    if bundle.id_is_kept {
        let mut report = outcome.report.into_inner();
        report.id.clone_from(&came.id);
        outcome.report = outcome.redactor.seal(report);
    }
    let report = &outcome.report;
    let same = report.id == came.id && report.verdict == came.verdict && report.root_entities == came.root_entities;
    Ok(Replayed { outcome, same })
}
