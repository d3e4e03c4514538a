//! One run of the engine.

use midwatch_redact::{Redacted, Redactor};

use crate::port::EvidenceSource;
use crate::request::{Limits, NoReport, Outcome, Plan, Progress, Request};

/// Investigates.
///
/// # Errors
/// See [`NoReport`].
pub async fn investigate(
    source: &dyn EvidenceSource,
    request: &Request,
    limits: &Limits,
    redactor: Redactor,
    progress: &(dyn Fn(Redacted<Progress>) + Sync),
) -> Result<Outcome, Redacted<NoReport>> {
    let _ = (source, request, limits, progress);
    Err(redactor.seal(NoReport::NoMatch { asked: String::new(), nearest: Vec::new() }))
}

/// Says what would be read, without reading more than the list of namespaces.
///
/// # Errors
/// See [`NoReport`].
pub async fn plan(
    source: &dyn EvidenceSource,
    request: &Request,
    limits: &Limits,
    redactor: &Redactor,
) -> Result<Redacted<Plan>, Redacted<NoReport>> {
    let _ = (source, request, limits);
    Err(redactor.seal(NoReport::NoMatch { asked: String::new(), nearest: Vec::new() }))
}
