//! Counting what others are asked: `midwatch_external_requests_total`.
//!
//! Wrappers around the sources, so that no adapter knows of the figures. Must never change what is read. Start at
//! [`Calls`].

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::LogCaps;
use midwatch_diagnosis::alert::Alert;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_service::metrics::{CallLabels, Metrics};
use midwatch_service::port::alerts::AlertSource;

/// Where calls are counted.
#[derive(Clone)]
pub(super) struct Calls(Arc<Metrics>);

impl Calls {
    /// In these figures.
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self(metrics)
    }

    /// Counts one.
    pub(super) fn count<T>(&self, integration: &'static str, outcome: &Result<T, ReadFailure>) {
        if let Some(result) = outcome.as_ref().map_or_else(result, |_| Some("ok")) {
            self.0.requests.get_or_create(&CallLabels { integration, result }).inc();
        }
    }
}

/// How a call went whose read failed; none when nobody was asked.
fn result(failure: &ReadFailure) -> Option<&'static str> {
    match failure {
        ReadFailure::NotRecorded | ReadFailure::OutOfBudget => None,
        // An answer, and a useful one: there is no such thing.
        ReadFailure::NotServed | ReadFailure::NotFound(_) | ReadFailure::NoPrevious | ReadFailure::NotStarted => {
            Some("ok")
        }
        ReadFailure::Forbidden(_) => Some("denied"),
        ReadFailure::TimedOut(_) => Some("timeout"),
        ReadFailure::Unreadable(_) => Some("error"),
    }
}

/// A source whose reads are counted.
pub(super) struct Counted<S> {
    /// The source.
    pub(super) source: Arc<S>,
    /// What it is called in the figures.
    pub(super) integration: &'static str,
    /// Where they are counted.
    pub(super) calls: Calls,
}

#[async_trait]
impl<S: EvidenceSource> EvidenceSource for Counted<S> {
    fn describe(&self) -> String {
        self.source.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        let read = self.source.namespaces().await;
        self.calls.count(self.integration, &read);
        read
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        self.source.other_kinds().await
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.source.serves(kind)
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        let read = self.source.read(probe).await;
        self.calls.count(self.integration, &read);
        read
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        let read = self.source.read_within(probe, caps).await;
        self.calls.count(self.integration, &read);
        read
    }
}

#[async_trait]
impl<S: AlertSource> AlertSource for Counted<S> {
    fn name(&self) -> &'static str {
        self.source.name()
    }

    async fn firing(&self) -> Result<Vec<Alert>, ReadFailure> {
        let read = self.source.firing().await;
        self.calls.count(self.integration, &read);
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_by_its_result_and_no_call_is_not() {
        let metrics = Arc::<Metrics>::default();
        let calls = Calls::new(metrics.clone());
        for failure in [
            ReadFailure::Forbidden(String::new()),
            ReadFailure::TimedOut(String::new()),
            ReadFailure::TimedOut(String::new()),
            ReadFailure::Unreadable(String::new()),
            ReadFailure::NotFound(String::new()),
            ReadFailure::NotRecorded,
            ReadFailure::OutOfBudget,
        ] {
            calls.count::<()>("kubernetes", &Err(failure));
        }
        calls.count("kubernetes", &Ok(()));
        let count = |result| metrics.requests.get_or_create(&CallLabels { integration: "kubernetes", result }).get();
        assert_eq!(["ok", "denied", "timeout", "error"].map(count), [2, 1, 2, 1]);
    }
}
