//! Several questions over one reading: what was read for one is there for the next.
//!
//! For whoever asks many times about the same incident, as a language model does. Must never read beyond the namespaces that
//! the request names, where it names any, nor give out anything but through the redactor that learned from what was read.
//! Start at [`Session::answer`] and [`Session::find`].

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use midwatch_conversation::answer::Answer;
use midwatch_conversation::question::Question;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::probe::{ContainerRef, Probe};
use midwatch_diagnosis::view::{Collected, View};
use midwatch_redact::Redactor;

use super::logs::{Nothing, choose};
use super::read::{Done, Kept, Reader};
use super::target::{find, has_pods, is_there};
use super::{Context, answered, events};
use crate::collect::Collector;
use crate::port::EvidenceSource;
use crate::request::{Limits, NoReport};
use crate::scope::bounds_of;

pub use super::events::Group;
pub use super::read::{Depth as Needs, moment};

/// Questions about one incident.
pub struct Session {
    source: Arc<dyn EvidenceSource>,
    context: Context,
    limits: Limits,
    redactor: Redactor,
    /// None while a question is being answered, and after one that was given up: then all is read anew.
    kept: Option<Kept>,
    taken: Taken,
}

/// What was read since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Reads that succeeded.
    pub probes: Vec<Probe>,
    /// Bytes.
    pub bytes: u64,
    /// The deadline, or the bound of reads, cut something off.
    pub cut_short: bool,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fits {
    /// Anything that is there.
    Anything,
    /// What has pods.
    Pods,
}

/// Containers to read of, and the words for what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containers {
    /// What fails first comes first.
    pub chosen: Vec<ContainerRef>,
    /// By name.
    pub left_out: Vec<String>,
}

impl Session {
    /// About what a request is about. Each question has its own deadline out of the limits; their bound of reads holds for
    /// all questions together.
    pub fn new(source: Arc<dyn EvidenceSource>, context: Context, limits: Limits, redactor: Redactor) -> Self {
        Self { source, context, limits, redactor, kept: None, taken: Taken::default() }
    }

    /// The namespaces that the request names and that bound all reads; none: all.
    pub fn bounds(&self) -> BTreeSet<String> {
        bounds_of(&self.context.request)
    }

    /// What the question is about, and what came out.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Answers a question as a person is answered.
    ///
    /// # Errors
    /// When the source cannot be listed, or the deadline passed before it was known what the question is about.
    pub async fn answer(&mut self, asked: &Question) -> Result<Answer, NoReport> {
        let mut reader = resume(&*self.source, &self.context, &self.limits, &self.redactor, self.kept.take());
        let answer = answered(&mut reader, asked).await;
        self.keep(reader.done());
        answer
    }

    /// Finds what words name, else what the request is about. The answer instead says what there is.
    ///
    /// # Errors
    /// As [`Session::answer`].
    pub async fn find(
        &mut self,
        words: Option<&str>,
        needs: Needs,
        fits: Fits,
    ) -> Result<Result<Vec<EntityRef>, Answer>, NoReport> {
        let mut reader = resume(&*self.source, &self.context, &self.limits, &self.redactor, self.kept.take());
        let fits = match fits {
            Fits::Anything => is_there,
            Fits::Pods => has_pods,
        };
        let found = find(&mut reader, words, needs, fits).await;
        self.keep(reader.done());
        found
    }

    /// The events of these objects and of what belongs to them (of none: of all that was read), repeats together, in the
    /// order of their last time; and how far back there are any. Objects must have been read ([`Session::find`]).
    pub fn events(&mut self, targets: &[EntityRef], from: Option<Timestamp>) -> (Vec<Group>, String) {
        let reader = resume(&*self.source, &self.context, &self.limits, &self.redactor, self.kept.take());
        let from = from.unwrap_or_else(|| reader.view.window_start());
        let told = (events::groups(&reader, targets, from, None), events::kept(&reader.view, from));
        self.keep(reader.done());
        told
    }

    /// Finds out which namespaces there are: those that may be read, and those beyond the bounds.
    ///
    /// # Errors
    /// When the source cannot be listed.
    pub async fn namespaces(&mut self) -> Result<(Vec<String>, Vec<String>), NoReport> {
        let mut reader = resume(&*self.source, &self.context, &self.limits, &self.redactor, self.kept.take());
        let listed = reader.list().await;
        let all = (reader.readable.clone(), reader.beyond.clone());
        self.keep(reader.done());
        listed.map(|()| all)
    }

    /// Reads the objects of a kind: of one namespace, or of all that may be read. Ask [`Session::namespaces`] first.
    pub async fn objects(&mut self, kind: &Kind, namespace: Option<&str>) {
        let bounds = self.bounds();
        let allowed = |ns: &str| bounds.is_empty() || bounds.contains(ns);
        // Custom kinds may be of a namespace or of the cluster; one read of all of them tells both.
        let namespaced = kind.namespaced() && !matches!(kind, Kind::Other(_));
        let places: Vec<Option<String>> = match namespace {
            Some(ns) if namespaced => vec![Some(ns.to_owned())],
            None if namespaced && !bounds.is_empty() => bounds.iter().cloned().map(Some).collect(),
            _ => vec![None],
        };
        let places = places.into_iter().filter(|place| place.as_deref().is_none_or(allowed));
        let probes = places.map(|namespace| Probe::Objects { kind: kind.clone(), namespace }).collect();
        let mut reader = resume(&*self.source, &self.context, &self.limits, &self.redactor, self.kept.take());
        reader.objects_of(probes).await;
        self.keep(reader.done());
    }

    /// Kinds beyond those that the engine knows.
    pub async fn other_kinds(&self) -> Vec<Kind> {
        tokio::time::timeout(self.limits.deadline, self.source.other_kinds()).await.unwrap_or_default()
    }

    /// The containers of these objects, as a person who asks for logs gets them; the words say what there is instead.
    ///
    /// # Errors
    /// When no container fits.
    pub fn containers(&self, targets: &[EntityRef], named: Option<&str>) -> Result<Containers, String> {
        let Some(kept) = &self.kept else { return Ok(Containers::default()) };
        match choose(&kept.view, targets, named, &self.limits) {
            Ok(chosen) => Ok(Containers {
                chosen: chosen.containers.into_iter().map(|container| container.of).collect(),
                left_out: chosen.left_out,
            }),
            Err(Nothing::Target) => Err("say of what: a pod or a workload".to_owned()),
            Err(Nothing::Pods(_)) => Err("it has no pods, so there is no log to read".to_owned()),
            Err(Nothing::Container { asked, there }) => {
                let there: Vec<String> = there.into_iter().collect();
                Err(format!("no container is called `{asked}`; there are: {}", there.join(", ")))
            }
        }
    }

    /// What was read so far.
    pub fn view(&self) -> Option<&View> {
        self.kept.as_ref().map(|kept| &kept.view)
    }

    /// The redactor, with what it learned from what was read.
    pub fn redactor(&self) -> &Redactor {
        self.kept.as_ref().map_or(&self.redactor, |kept| &kept.redactor)
    }

    /// What was read since this was last asked.
    pub fn taken(&mut self) -> Taken {
        std::mem::take(&mut self.taken)
    }

    fn keep(&mut self, done: Done) {
        let Done { reads, bytes, cut_short, probes, kept, .. } = done;
        self.limits.max_reads = self.limits.max_reads.saturating_sub(reads);
        self.taken.probes.extend(probes);
        self.taken.bytes += bytes;
        self.taken.cut_short |= cut_short;
        self.kept = Some(kept);
    }
}

/// Takes up where the last question ended.
fn resume<'a>(
    source: &'a dyn EvidenceSource,
    context: &'a Context,
    limits: &'a Limits,
    redactor: &Redactor,
    kept: Option<Kept>,
) -> Reader<'a> {
    let kept = kept.unwrap_or_else(|| Kept::new(&context.request, redactor.clone()));
    Reader::resume(source, context, limits, kept)
}

/// Reads what a few probes ask for, apart from any session: logs and metrics, several at a time.
pub async fn read(source: &dyn EvidenceSource, limits: &Limits, probes: Vec<Probe>) -> (Vec<Collected>, Taken) {
    let mut collector = Collector::new(source, limits);
    let collected = collector.read(probes).await;
    let probes = collector.digests().iter().map(|(probe, _)| probe.clone()).collect();
    (collected, Taken { probes, bytes: collector.bytes, cut_short: collector.cut_short })
}
