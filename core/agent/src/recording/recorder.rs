//! Stands before an evidence source and keeps what it answered.
//!
//! Must never hold more than its bound, nor change an answer. What it holds was not redacted yet and is given out by no
//! other way than [`Recorder::bundle`], which does.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use midwatch_diagnosis::entity::Kind;
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::view::Content;
use midwatch_redact::{Redacted, Redactor};

use super::bundle::{Answer, Bounds, Bundle, Came, FORMAT, Given, Read};
use super::fit::CAP;
use crate::collect::too_late;
use crate::investigate::learn_object;
use crate::port::{EvidenceSource, Reading};
use crate::request::{Limits, LogCaps, Request};

/// Bytes that are held at most; what comes after is left out. A bundle of more than its own bound leaves out what matters
/// least, and has this much to choose from.
const HELD: usize = 4 * CAP;

/// An evidence source whose answers are kept.
pub struct Recorder {
    source: Arc<dyn EvidenceSource>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    namespaces: Option<Result<Vec<String>, ReadFailure>>,
    other_kinds: Vec<Kind>,
    /// None while there is no answer. That of the same question asked again is the same.
    reads: BTreeMap<(Probe, LogCaps), Option<Answer>>,
    bytes: usize,
}

impl Recorder {
    /// Before a source, for one investigation and what is asked after it.
    pub fn new(source: Arc<dyn EvidenceSource>) -> Arc<Self> {
        Arc::new(Self { source, kept: Mutex::default() })
    }

    /// What was kept, with the question, the report that was made of it and what hid the secrets in that, itself without
    /// them. `model` is what a language model replied, in the form of those who ask models.
    ///
    /// It takes time by the size of what was read: not for a thread that others wait for.
    pub fn bundle(
        &self,
        request: &Request,
        limits: &Limits,
        (report, redactor): (&Redacted<Report>, &Redactor),
        model: Option<serde_json::Value>,
    ) -> Redacted<Bundle> {
        let kept = self.kept();
        let reads = kept.reads.iter().map(|((probe, caps), answer)| Read {
            probe: probe.clone(),
            caps: *caps,
            // A question without an answer was cut off by the deadline.
            answer: answer.clone().unwrap_or_else(|| Answer::Failed(too_late())),
        });
        let bundle = Bundle {
            format: FORMAT.to_owned(),
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            source: self.source.describe(),
            request: request.clone(),
            limits: Bounds::of(limits),
            report: Came::of(report),
            id_is_kept: false,
            left_out: Vec::new(),
            namespaces: kept.namespaces.clone().unwrap_or(Err(ReadFailure::NotRecorded)),
            other_kinds: kept.other_kinds.clone(),
            serves: KINDS.into_iter().filter(|kind| self.source.serves(*kind)).collect(),
            reads: reads.collect(),
            model,
        };
        drop(kept);
        learned(&bundle, redactor).seal(bundle)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, key: (Probe, LogCaps), answer: &Result<Reading, ReadFailure>) {
        let packed = match answer {
            Ok(reading) => Given::pack(reading).map_or(Answer::LeftOut(reading.bytes), Answer::Given),
            Err(failure) => Answer::Failed(failure.clone()),
        };
        let mut kept = self.kept();
        let bytes = match &packed {
            Answer::Given(given) => given.size(),
            Answer::Failed(_) | Answer::LeftOut(_) => 0,
        };
        let fits = kept.bytes + bytes <= HELD;
        match kept.reads.entry(key) {
            Entry::Occupied(known) if matches!(known.get(), Some(Answer::Given(_))) => return,
            entry => {
                let kept = if fits { packed } else { Answer::LeftOut(u64::try_from(bytes).unwrap_or(u64::MAX)) };
                *entry.or_insert(None) = Some(kept);
            }
        }
        kept.bytes += if fits { bytes } else { 0 };
    }
}

const KINDS: [ProbeKind; 3] = [ProbeKind::Objects, ProbeKind::Logs, ProbeKind::Metrics];

/// What the investigation learned is not all: a model may have read more after it.
fn learned(bundle: &Bundle, redactor: &Redactor) -> Redactor {
    let mut redactor = redactor.clone();
    for read in bundle.reads.iter().filter(|read| matches!(read.probe, Probe::Objects { .. })) {
        let Answer::Given(given) = &read.answer else { continue };
        if let Some(Content::Objects(objects)) = given.content() {
            for object in &objects {
                learn_object(object, &mut redactor);
            }
        }
    }
    redactor.freeze();
    redactor
}

#[async_trait]
impl EvidenceSource for Recorder {
    fn describe(&self) -> String {
        self.source.describe()
    }

    async fn namespaces(&self) -> Result<Vec<String>, ReadFailure> {
        let answer = self.source.namespaces().await;
        self.kept().namespaces = Some(answer.clone());
        answer
    }

    async fn other_kinds(&self) -> Vec<Kind> {
        let answer = self.source.other_kinds().await;
        self.kept().other_kinds.clone_from(&answer);
        answer
    }

    fn serves(&self, kind: ProbeKind) -> bool {
        self.source.serves(kind)
    }

    async fn read(&self, probe: &Probe) -> Result<Reading, ReadFailure> {
        self.read_within(probe, LogCaps::default()).await
    }

    async fn read_within(&self, probe: &Probe, caps: LogCaps) -> Result<Reading, ReadFailure> {
        let key = (probe.clone(), caps);
        self.kept().reads.entry(key.clone()).or_default();
        let answer = self.source.read_within(probe, caps).await;
        self.keep(key, &answer);
        answer
    }
}
