//! Packs and the engine: what a pack leaves out is left out, is told, and nothing else changes.

use std::path::Path;
use std::sync::Mutex;

use midwatch_agent::port::{EvidenceSource, Reading};
use midwatch_agent::request::{Limits, LogCaps, Outcome};
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::verdict::Verdict;
use midwatch_redact::Redactor;
use midwatch_service::pack::{Pack, check};
use midwatch_snapshot::Snapshot;

use crate::support::{Case, corpus, investigate, open};

fn case() -> Case {
    Case::load(&corpus().join("image-pull-denied"))
}

fn pack(more: &str) -> Pack {
    check(&format!("name: p\nversion: 1.0.0\ndescription: d\n{more}"), "p.yaml").expect("a pack")
}

async fn by(source: &dyn EvidenceSource, case: &Case, limits: &Limits) -> Outcome {
    midwatch_agent::investigate(source, &case.request, limits, Redactor::default(), &|_| {}).await.expect("a report")
}

#[tokio::test]
async fn a_pack_that_leaves_nothing_out_changes_no_byte() {
    let case = case();
    let plain = investigate(&case.cluster, &case.request).await;
    let packed = by(&open(&case.cluster), &case, &pack("").limits()).await;
    assert_eq!(format!("{:?}", *plain.report), format!("{:?}", *packed.report));
}

#[tokio::test]
async fn detectors_that_are_left_out_are_told_and_make_another_report() {
    let case = case();
    let plain = investigate(&case.cluster, &case.request).await;
    let limits = pack("detectors: {use: all, except: [pod.image]}\n").limits();
    let packed = by(&open(&case.cluster), &case, &limits).await;
    assert_eq!(plain.report.verdict, Verdict::Cause);
    assert_ne!(plain.report.id, packed.report.id);
    assert_ne!(plain.report.root_cause, packed.report.root_cause);
    let told = packed.report.could_not_see.iter().find(|gap| gap.what.contains("pod.image")).expect("a gap");
    assert!(told.what.ends_with("look for: pod.image") && told.why.contains("pack"), "{told:?}");
}

/// A recording that says it serves metrics, and writes down what it is asked.
struct Watched {
    inner: Snapshot,
    asked: Mutex<Vec<(ProbeKind, LogCaps)>>,
}

#[async_trait::async_trait]
impl EvidenceSource for Watched {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        self.inner.namespaces().await
    }

    fn serves(&self, _: ProbeKind) -> bool {
        true
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.inner.read(probe).await
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        self.asked.lock().expect("a lock").push((probe.kind(), caps));
        self.read(probe).await
    }
}

async fn asked(cluster: &Path, case: &Case, limits: &Limits) -> Vec<(ProbeKind, LogCaps)> {
    let source = Watched { inner: open(cluster), asked: Mutex::default() };
    by(&source, case, limits).await;
    source.asked.into_inner().expect("a lock")
}

#[tokio::test]
async fn sources_and_log_budgets_reach_the_reads() {
    let case = case();
    let limits = pack("sources: [kubernetes]\nbudgets: {tail_lines: 7, max_log_bytes: 64KiB}\n").limits();
    let narrow = asked(&case.cluster, &case, &limits).await;
    let caps = LogCaps { lines: Some(7), bytes: Some(65_536) };
    assert!(narrow.iter().all(|(kind, c)| *kind != ProbeKind::Metrics && *c == caps), "{narrow:?}");
    let wide = asked(&case.cluster, &case, &pack("").limits()).await;
    assert!(wide.iter().any(|(kind, _)| *kind == ProbeKind::Metrics), "{wide:?}");
    let few = asked(&case.cluster, &case, &pack("budgets: {max_reads: 3}\n").limits()).await;
    assert_eq!(few.len(), 3);
}
