//! Reads: in parallel, within the budget and the deadline, with the results in the order of the plan.
//!
//! Must never wait longer than the deadline, nor let the order of answers show in the result.

use futures::StreamExt as _;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::view::Collected;
use tokio::time::Instant;

use crate::port::{EvidenceSource, Reading};
use crate::request::{Limits, LogCaps, NoReport, ReadSummary, SourceKind};

/// Makes the reads of one investigation and counts them.
pub(crate) struct Collector<'a> {
    source: &'a dyn EvidenceSource,
    parallel: usize,
    caps: LogCaps,
    metrics: bool,
    left: usize,
    until: Instant,
    /// Reads that were made.
    pub(crate) reads: usize,
    /// Bytes that were read.
    pub(crate) bytes: u64,
    digests: Vec<(Probe, u64)>,
    /// The deadline cut reads off.
    pub(crate) cut_short: bool,
    /// What was read.
    pub(crate) summary: ReadSummary,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(source: &'a dyn EvidenceSource, limits: &Limits) -> Self {
        Self {
            source,
            parallel: limits.parallel_reads.max(1),
            caps: limits.log_caps,
            metrics: limits.sources.contains(&SourceKind::Prometheus),
            left: limits.max_reads,
            until: Instant::now() + limits.deadline,
            reads: 0,
            bytes: 0,
            digests: Vec::new(),
            cut_short: false,
            summary: ReadSummary::default(),
        }
    }

    /// The namespaces that can be read, within the deadline.
    pub(crate) async fn namespaces(&self) -> Result<Vec<String>, NoReport> {
        let answer = tokio::time::timeout_at(self.until, self.source.namespaces()).await;
        answer.map_err(|_| NoReport::TooLate)?.map_err(NoReport::Unreadable)
    }

    /// Custom kinds that can be read, as far as the source tells within the deadline.
    pub(crate) async fn other_kinds(&mut self) -> Vec<Kind> {
        let answer = tokio::time::timeout_at(self.until, self.source.other_kinds()).await;
        self.cut_short |= answer.is_err();
        answer.unwrap_or_default()
    }

    /// Whether the source answers probes of a kind, and may be asked.
    pub(crate) fn serves(&self, kind: ProbeKind) -> bool {
        (kind != ProbeKind::Metrics || self.metrics) && self.source.serves(kind)
    }

    /// Reads what the probes ask for. Reads past the budget or the deadline come back as failures that say so.
    pub(crate) async fn read(&mut self, mut probes: Vec<Probe>) -> Vec<Collected> {
        let beyond = probes.split_off(probes.len().min(self.left));
        self.left -= probes.len();
        self.reads += probes.len();
        let (source, caps, until) = (self.source, self.caps, self.until);
        // Owned probes: over borrowed ones the compiler cannot tell that the future may move between threads.
        let answers: Vec<(usize, Option<Result<Reading, ReadFailure>>)> =
            futures::stream::iter(probes.clone().into_iter().enumerate())
                .map(|(index, probe)| async move { (index, read_one(source, &probe, caps, until).await) })
                .buffer_unordered(self.parallel)
                .collect()
                .await;
        let mut ordered: Vec<_> = answers;
        ordered.sort_by_key(|(index, _)| *index);
        let mut collected: Vec<Collected> =
            probes.into_iter().zip(ordered).map(|(probe, (_, answer))| self.take(probe, answer)).collect();
        collected.extend(beyond.into_iter().map(|probe| failed(probe, ReadFailure::OutOfBudget)));
        collected
    }

    /// `answer` is none when the deadline came first.
    fn take(&mut self, probe: Probe, answer: Option<Result<Reading, ReadFailure>>) -> Collected {
        self.cut_short |= answer.is_none();
        match answer.unwrap_or_else(|| Err(too_late())) {
            Ok(reading) => {
                self.summary.count(&probe);
                self.bytes += reading.bytes;
                self.digests.push((probe.clone(), reading.digest));
                Collected { probe, result: Ok(reading.content), gaps: reading.gaps }
            }
            Err(failure) => failed(probe, failure),
        }
    }

    /// What was read, as digests, in the order of the plan: the input of the report's id.
    pub(crate) fn digests(&self) -> &[(Probe, u64)] {
        &self.digests
    }
}

/// What a read is that the deadline cut off.
pub(crate) fn too_late() -> ReadFailure {
    ReadFailure::TimedOut("the deadline of the investigation passed".to_owned())
}

fn failed(probe: Probe, failure: ReadFailure) -> Collected {
    Collected { probe, result: Err(failure), gaps: Vec::new() }
}

async fn read_one(
    source: &dyn EvidenceSource,
    probe: &Probe,
    caps: LogCaps,
    until: Instant,
) -> Option<Result<Reading, ReadFailure>> {
    tokio::time::timeout_at(until, source.read_within(probe, caps)).await.ok()
}
