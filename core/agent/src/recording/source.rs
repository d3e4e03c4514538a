//! A bundle as an evidence source: it answers what was asked, and nothing else.

use std::collections::BTreeMap;

use async_trait::async_trait;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};

use super::bundle::{Answer, Bundle, Read};
use crate::port::{EvidenceSource, Reading};
use crate::request::LogCaps;

/// A recorded investigation, to be read again.
#[derive(Debug)]
pub struct BundleSource {
    bundle: Bundle,
    /// Where in the bundle the answer to a question is. The caps count where the same was asked with several.
    at: BTreeMap<(Probe, LogCaps), usize>,
}

impl BundleSource {
    /// Of a bundle.
    pub fn new(bundle: Bundle) -> Self {
        let at = bundle.reads.iter().enumerate().map(|(at, read)| ((read.probe.clone(), read.caps), at)).collect();
        Self { bundle, at }
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    fn find(&self, probe: &Probe, caps: LogCaps) -> Option<&Read> {
        let exact = self.at.get(&(probe.clone(), caps));
        let any = || self.at.range((probe.clone(), LogCaps::default())..).next().filter(|((p, _), _)| p == probe);
        exact.or_else(|| any().map(|(_, at)| at)).and_then(|at| self.bundle.reads.get(*at))
    }
}

#[async_trait]
impl EvidenceSource for BundleSource {
    fn describe(&self) -> String {
        self.bundle.source.clone()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.bundle.namespaces.clone()
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        self.bundle.other_kinds.clone()
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.bundle.serves.contains(&kind)
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.read_within(probe, LogCaps::default()).await
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        match self.find(probe, caps).map(|read| &read.answer) {
            Some(Answer::Given(given)) => given.unpack(),
            Some(Answer::Failed(failure)) => Err(failure.clone()),
            Some(Answer::LeftOut(bytes)) => {
                Err(ReadFailure::Unreadable(format!("left out of the recording for its size of {bytes} bytes")))
            }
            None => Err(ReadFailure::NotRecorded),
        }
    }
}
