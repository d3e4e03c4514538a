//! Ports: what the engine needs of the outside world, implemented by adapters.

use async_trait::async_trait;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::view::Content;

use crate::request::LogCaps;

/// A place where evidence is read: a recording, a live cluster.
///
/// Implementations only read, never wait without a time limit of their own, and answer the same probe with the same
/// content while one investigation runs.
#[async_trait]
pub trait EvidenceSource: Send + Sync {
    /// What it is, for the reader of a plan: `recording ./dump`, `context prod-eu`.
    fn describe(&self) -> String;

    /// The namespaces that can be read, in order.
    ///
    /// # Errors
    /// When not even that can be told.
    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure>;

    /// Kinds beyond those the engine knows that the source holds: custom resources. Their conditions are read with the same
    /// care. Most sources need not say; then none are read.
    async fn other_kinds(&self) -> Vec<Kind> {
        Vec::new()
    }

    /// Whether it answers probes of this kind at all. What nobody serves is neither planned nor asked.
    fn serves(&self, kind: ProbeKind) -> bool {
        matches!(kind, ProbeKind::Objects | ProbeKind::Logs)
    }

    /// Reads what one probe asks for.
    ///
    /// # Errors
    /// Why it could not be read; the investigation goes on without it.
    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure>;

    /// Reads what one probe asks for, of a log no more than these caps. A source that always reads logs whole, as a
    /// recording does, leaves this as it is.
    ///
    /// # Errors
    /// As [`EvidenceSource::read`].
    async fn read_within(&self, probe: &Probe, _caps: LogCaps) -> Result<Reading, ReadFailure> {
        self.read(probe).await
    }
}

/// What one read gave.
#[derive(Debug)]
pub struct Reading {
    /// The content.
    pub content: Content,
    /// Bytes that were read for it.
    pub bytes: u64,
    /// A digest of what was read; the same bytes give the same digest.
    pub digest: u64,
    /// Parts that could not be used, for a person.
    pub gaps: Vec<String>,
}
