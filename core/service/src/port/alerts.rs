//! Where alerts can be looked up: Alertmanager's API.
//!
//! An implementation only reads, each call with a time limit. Start at [`AlertSource`].

use async_trait::async_trait;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::probe::ReadFailure;

/// A place that knows which alerts fire.
#[async_trait]
pub trait AlertSource: Send + Sync {
    /// What it is called: `alertmanager`.
    fn name(&self) -> &'static str;

    /// The alerts that fire now, neither silenced nor inhibited.
    ///
    /// # Errors
    /// Why they could not be read.
    async fn firing(&self) -> Result<Vec<Alert>, ReadFailure>;
}
