//! Where a job's evidence comes from: the sources of a cluster.
//!
//! Start at [`SourceProvider`]; what a source is stands in the engine's `EvidenceSource`.

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_agent::port::EvidenceSource;

use crate::job::JobError;

/// Opens the sources of a cluster. Sources are shared: two jobs on one cluster get the same one, and so share its limits.
#[async_trait]
pub trait SourceProvider: Send + Sync {
    /// The clusters there are, in order; the first is the default.
    fn clusters(&self) -> Vec<String>;

    /// The sources of a cluster; of the default one when none is named.
    ///
    /// # Errors
    /// Why there is none: an unknown name (`E002`), or a server that cannot be reached (`E006`).
    async fn open(&self, cluster: Option<&str>) -> Result<Arc<dyn EvidenceSource>, JobError>;
}
