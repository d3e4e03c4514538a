//! The file of a recording: one JSON document that says what it is.
//!
//! Facts are kept as the engine reads them, not as the cluster wrote them: a bundle replays what the engine makes of
//! evidence, and is small. Must never become text before it was redacted: [`text`] takes nothing else. Start at [`Bundle`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use midwatch_diagnosis::detect::Detectors;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::report::Report;
use midwatch_diagnosis::verdict::Verdict;
use midwatch_diagnosis::view::Content;
use midwatch_redact::{Redact, Redacted, Redactor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fit;
use crate::port::Reading;
use crate::request::{Limits, LogCaps, Request, SourceKind};

/// What a bundle says it is. The number changes when an older program could not read it.
pub const FORMAT: &str = "midwatch-bundle/1";

/// A recorded investigation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bundle {
    pub(super) format: String,
    /// The version of the program that made it.
    pub(super) engine: String,
    /// What was read: `context prod-eu`.
    pub(super) source: String,
    pub(super) request: Request,
    pub(super) limits: Bounds,
    /// What came of it.
    pub(super) report: Came,
    /// What the report's id is made of does not stand here as it was read, because a secret was in it: the id is only
    /// kept, it cannot be worked out again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) id_is_kept: bool,
    /// What had to be left out for the size of the bundle; with it, the replay is told less than the engine was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<String>,
    pub(super) namespaces: Result<Vec<String>, ReadFailure>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) other_kinds: Vec<Kind>,
    pub(super) serves: BTreeSet<ProbeKind>,
    /// In the order of what was asked.
    pub(super) reads: Vec<Read>,
    /// What a language model replied, where one was asked; in the form of those who ask models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<serde_json::Value>,
}

/// What an investigation came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The report's id.
    pub id: String,
    /// What was now.
    pub as_of: Timestamp,
    /// The verdict of the rules.
    pub verdict: Verdict,
    /// The roots that the rules named.
    #[serde(default)]
    pub root_entities: Vec<EntityRef>,
    /// The cause in a sentence.
    pub root_cause: String,
}

/// The limits that decide what is read and what is looked for. Those of time and of parallel reads do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bounds {
    max_reads: usize,
    pods_per_workload: usize,
    previous_logs: bool,
    log_caps: LogCaps,
    sources: BTreeSet<SourceKind>,
    detectors_off: BTreeSet<String>,
}

/// One question to the source, and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Read {
    pub(super) probe: Probe,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) caps: LogCaps,
    pub(super) answer: Answer,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Given(Given),
    Failed(ReadFailure),
    /// There was one; the bundle would have been too large with it.
    LeftOut(u64),
}

/// A reading, its content packed: it is wanted one at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Given {
    bytes: u64,
    /// In hexadecimal: JSON of other programs has no numbers of 64 bits.
    digest: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
    content: Packed,
}

/// Content as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Packed(Box<RawValue>);

/// Why a file is no bundle that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is something else, or damaged.
    #[error("this is no recording of an investigation: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// It is of another version of the format.
    #[error("this recording is of format `{0}`; this program reads {FORMAT}")]
    Format(String),
    /// It names a detector that is unknown here.
    #[error("this recording was made without detector `{0}`, which this program does not know")]
    Detector(String),
}

impl Bundle {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is none, or of a format of another program's version.
    pub fn parse(text: &[u8]) -> Result<Self, BundleError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let head: Head = serde_json::from_slice(text).map_err(BundleError::Unreadable)?;
        if head.format != FORMAT {
            return Err(BundleError::Format(head.format));
        }
        let bundle: Self = serde_json::from_slice(text).map_err(BundleError::Unreadable)?;
        bundle.limits()?;
        Ok(bundle)
    }

    /// What was asked.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The limits of the investigation; those of time are the usual ones.
    ///
    /// # Errors
    /// When a detector that was off is unknown here.
    pub fn limits(&self) -> Result<Limits, BundleError> {
        let Bounds { max_reads, pods_per_workload, previous_logs, log_caps, sources, detectors_off } = &self.limits;
        let off = detectors_off.iter().map(String::as_str);
        let detectors = Detectors::default().except(off).map_err(|unknown| BundleError::Detector(unknown.0))?;
        Ok(Limits {
            max_reads: *max_reads,
            pods_per_workload: *pods_per_workload,
            previous_logs: *previous_logs,
            log_caps: *log_caps,
            sources: sources.clone(),
            detectors,
            ..Limits::default()
        })
    }

    /// What it came to when it was recorded.
    pub fn came(&self) -> &Came {
        &self.report
    }

    /// The version of the program that recorded it.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// What a language model replied, in the form of those who ask models.
    pub fn model(&self) -> Option<&serde_json::Value> {
        self.model.as_ref()
    }

    /// What had to be left out for its size, for a person.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }
}

impl Bounds {
    pub(super) fn of(limits: &Limits) -> Self {
        Self {
            max_reads: limits.max_reads,
            pods_per_workload: limits.pods_per_workload,
            previous_logs: limits.previous_logs,
            log_caps: limits.log_caps,
            sources: limits.sources.clone(),
            detectors_off: limits.detectors.off().map(str::to_owned).collect(),
        }
    }
}

impl Came {
    pub(super) fn of(report: &Report) -> Self {
        Self {
            id: report.id.clone(),
            as_of: report.as_of,
            verdict: report.verdict,
            root_entities: report.root_entities.clone(),
            root_cause: report.root_cause.clone(),
        }
    }
}

impl Given {
    /// Packs a reading. None for what cannot be written down, which no reading of ours is.
    pub(super) fn pack(reading: &Reading) -> Option<Self> {
        let content = Packed::of(&reading.content)?;
        let digest = format!("{:016x}", reading.digest);
        Some(Self { bytes: reading.bytes, digest, gaps: reading.gaps.clone(), content })
    }

    /// The reading as it was.
    pub(super) fn unpack(&self) -> Result<Reading, ReadFailure> {
        let unreadable = |why: String| ReadFailure::Unreadable(format!("the recording is damaged: {why}"));
        let digest = u64::from_str_radix(&self.digest, 16).map_err(|error| unreadable(error.to_string()))?;
        let content = self.content.unpack().map_err(|error| unreadable(error.to_string()))?;
        Ok(Reading { content, bytes: self.bytes, digest, gaps: self.gaps.clone() })
    }

    /// Its content.
    pub(super) fn content(&self) -> Option<Content> {
        self.content.unpack().ok()
    }

    /// Bytes that it takes.
    pub(super) fn size(&self) -> usize {
        self.content.0.get().len()
    }
}

impl Packed {
    fn of(content: &Content) -> Option<Self> {
        serde_json::value::to_raw_value(content).ok().map(Self)
    }

    fn unpack(&self) -> Result<Content, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }
}

/// The text of the file, no larger than [`fit::CAP`]: of one that would be, what matters least is left out, and it says so.
pub fn text(bundle: &Redacted<Bundle>) -> Redacted<String> {
    bundle.map(fit::text)
}

impl Redact for Bundle {
    fn redact(&mut self, redactor: &Redactor) {
        let (request, probes) = (self.request.clone(), self.probes());
        self.source.redact(redactor);
        self.request.redact(redactor);
        self.namespaces.redact(redactor);
        self.report.redact(redactor);
        self.reads.redact(redactor);
        self.model.redact(redactor);
        self.id_is_kept |= request != self.request || probes != self.probes();
    }
}

impl Bundle {
    fn probes(&self) -> Vec<Probe> {
        self.reads.iter().map(|read| read.probe.clone()).collect()
    }
}

impl Redact for Came {
    fn redact(&mut self, redactor: &Redactor) {
        self.root_entities.redact(redactor);
        self.root_cause.redact(redactor);
    }
}

impl Redact for Read {
    fn redact(&mut self, redactor: &Redactor) {
        self.probe.redact(redactor);
        match &mut self.answer {
            Answer::Given(given) => {
                given.gaps.redact(redactor);
                given.content.redact(redactor);
            }
            Answer::Failed(failure) => failure.redact(redactor),
            Answer::LeftOut(_) => {}
        }
    }
}

impl Redact for Packed {
    fn redact(&mut self, redactor: &Redactor) {
        let safe = self.unpack().ok().and_then(|mut content| {
            content.redact(redactor);
            Self::of(&content)
        });
        // What cannot be looked into must not leave.
        *self = safe.unwrap_or_else(|| Self(RawValue::NULL.to_owned()));
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
