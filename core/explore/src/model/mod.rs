//! Models made of models: with patience, with a fallback, without tool calling; recorded ones.
//!
//! Must never change what is asked but for the form ([`PlainTools`]), or hide which model answered. They are put together
//! so: `Fallback` of `Patient` of one model each. Waiting goes by tokio's time, so that tests may pause it.

mod fallback;
mod patient;
mod plain;
pub mod recorded;
#[cfg(test)]
mod tests;

pub use fallback::Fallback;
pub use patient::{Patience, Patient};
pub use plain::PlainTools;
pub use recorded::{Conversation, Exchange, Recorded, Recorder};

use std::sync::atomic::{AtomicBool, Ordering};

use crate::port::{Delta, Hear};

/// Knows whether anything was heard that the next try makes void.
#[derive(Default)]
struct Ear(AtomicBool);

impl Ear {
    /// Notes what is told.
    fn note(&self, delta: Delta<'_>) {
        self.0.store(matches!(delta, Delta::Text(_)), Ordering::Relaxed);
    }

    /// Before the request is made again: what was heard is void.
    fn again(&self, hear: Hear<'_>) {
        if self.0.swap(false, Ordering::Relaxed) {
            hear(Delta::Again);
        }
    }
}
