//! Several sources as one: each probe goes to the source that serves its kind.
//!
//! Must never ask a source for what it does not serve, nor let a second source that is down hide the first. Start at
//! [`Sources`].

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};

use crate::port::{EvidenceSource, Reading};
use crate::request::LogCaps;

/// A source of objects and logs, with a source of metrics beside it where there is one.
pub struct Sources {
    objects: Arc<dyn EvidenceSource>,
    metrics: Option<Arc<dyn EvidenceSource>>,
}

impl Sources {
    /// Objects and logs alone.
    pub fn new(objects: Arc<dyn EvidenceSource>) -> Self {
        Self { objects, metrics: None }
    }

    /// Reads metrics from this source, whatever the first one serves.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<dyn EvidenceSource>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    fn of(&self, kind: ProbeKind) -> Option<&dyn EvidenceSource> {
        let special = self.metrics.as_deref().filter(|_| kind == ProbeKind::Metrics);
        special.or(Some(self.objects.as_ref())).filter(|source| source.serves(kind))
    }
}

#[async_trait]
impl EvidenceSource for Sources {
    fn describe(&self) -> String {
        match &self.metrics {
            Some(metrics) => format!("{}, {}", self.objects.describe(), metrics.describe()),
            None => self.objects.describe(),
        }
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.objects.namespaces().await
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        self.objects.other_kinds().await
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.of(kind).is_some()
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        match self.of(probe.kind()) {
            Some(source) => source.read(probe).await,
            None => Err(ReadFailure::NotRecorded),
        }
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        match self.of(probe.kind()) {
            Some(source) => source.read_within(probe, caps).await,
            None => Err(ReadFailure::NotRecorded),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use midwatch_diagnosis::view::Content;

    use super::*;

    /// Serves one kind and writes down what it was asked.
    struct Only(ProbeKind, Mutex<Vec<Probe>>);

    #[async_trait]
    impl EvidenceSource for Only {
        fn describe(&self) -> String {
            format!("{:?}", self.0)
        }

        async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
            Ok(vec![format!("{:?}", self.0)])
        }

        fn serves(&self, kind: ProbeKind) -> bool {
            kind == self.0
        }

        async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
            self.1.lock().unwrap().push(probe.clone());
            Ok(Reading { content: Content::Objects(Vec::new()), bytes: 0, digest: 0, gaps: Vec::new() })
        }
    }

    #[tokio::test]
    async fn each_probe_goes_where_it_is_served() {
        let of = |kind| Arc::new(Only(kind, Mutex::default()));
        let (objects, metrics) = (of(ProbeKind::Objects), of(ProbeKind::Metrics));
        let pods = Probe::Objects { kind: Kind::Pod, namespace: None };
        let rules = Probe::Rules { alert: "A".into() };
        let alone = Sources::new(objects.clone());
        assert!(!alone.serves(ProbeKind::Metrics) && !alone.serves(ProbeKind::Logs));
        assert_eq!(alone.read(&rules).await.err(), Some(ReadFailure::NotRecorded), "nobody serves it: not asked");
        let both = Sources::new(objects.clone()).with_metrics(metrics.clone());
        both.read(&rules).await.unwrap();
        both.read(&pods).await.unwrap();
        assert_eq!(both.namespaces().await.unwrap(), ["Objects"]);
        assert_eq!(both.describe(), "Objects, Metrics");
        assert_eq!((&*objects.1.lock().unwrap(), &*metrics.1.lock().unwrap()), (&vec![pods], &vec![rules]));
    }
}
