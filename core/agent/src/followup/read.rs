//! What every answer with new reads begins with: the objects of the namespaces it is about.
//!
//! Must never read a namespace beyond those that the request names, where it names any: the permission to ask was decided
//! on them. Start at [`Reader::objects`].

use std::collections::BTreeSet;
use std::ops::Deref;

use jiff::Timestamp;
use midwatch_conversation::question::When;
use midwatch_diagnosis::entity::{EntityRef, Kind};
use midwatch_diagnosis::probe::{Probe, ProbeKind, ReadFailure};
use midwatch_diagnosis::report::{Gap, gaps_of_kinds};
use midwatch_diagnosis::view::View;
use midwatch_redact::Redactor;

use super::Context;
use crate::collect::Collector;
use crate::investigate::learn_secrets;
use crate::plan as reads;
use crate::port::EvidenceSource;
use crate::request::{Limits, NoReport, ReadSummary, Request};
use crate::scope::{bounds_of, namespaces_of};

/// How much of a cluster's kinds an answer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What runs, and what names it.
    Workloads,
    /// All but permissions and admission.
    Objects,
    /// Everything, custom kinds too.
    Everything,
}

impl Depth {
    fn takes(self, kind: &Kind) -> bool {
        let workloads = kind.is_workload()
            || matches!(
                kind,
                Kind::Pod | Kind::Service | Kind::Ingress | Kind::ConfigMap | Kind::Event | Kind::Node | Kind::Secret
            );
        let rights = matches!(
            kind,
            Kind::Role | Kind::RoleBinding | Kind::ClusterRole | Kind::ClusterRoleBinding | Kind::APIService
        );
        match self {
            Depth::Workloads => workloads,
            Depth::Objects => !rights,
            Depth::Everything => true,
        }
    }
}

/// What was read, kept from one answer to the next.
pub(super) struct Kept {
    pub(super) redactor: Redactor,
    pub(super) view: View,
    /// The namespaces that may be read; none before they were listed.
    pub(super) readable: Vec<String>,
    /// The namespaces that there are beyond those.
    pub(super) beyond: Vec<String>,
    /// The namespaces that were read; empty: all.
    pub(super) namespaces: BTreeSet<String>,
}

impl Kept {
    pub(super) fn new(request: &Request, redactor: Redactor) -> Self {
        let view = View::new(Vec::new(), request.as_of, request.lookback);
        Self { redactor, view, readable: Vec::new(), beyond: Vec::new(), namespaces: BTreeSet::new() }
    }
}

/// Reads for one answer.
pub(super) struct Reader<'a> {
    collector: Collector<'a>,
    source: &'a dyn EvidenceSource,
    pub(super) context: &'a Context,
    pub(super) limits: &'a Limits,
    kept: Kept,
}

impl Deref for Reader<'_> {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.kept
    }
}

/// What is left when an answer is made.
pub(super) struct Done {
    pub(super) reads: usize,
    pub(super) bytes: u64,
    pub(super) cut_short: bool,
    pub(super) summary: ReadSummary,
    pub(super) probes: Vec<Probe>,
    pub(super) kept: Kept,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &'a dyn EvidenceSource,
        context: &'a Context,
        limits: &'a Limits,
        redactor: Redactor,
    ) -> Self {
        Self::resume(source, context, limits, Kept::new(&context.request, redactor))
    }

    /// Reads further, on what was read before.
    pub(super) fn resume(source: &'a dyn EvidenceSource, context: &'a Context, limits: &'a Limits, kept: Kept) -> Self {
        Self { collector: Collector::new(source, limits), source, context, limits, kept }
    }

    pub(super) fn done(self) -> Done {
        let probes = self.collector.digests().iter().map(|(probe, _)| probe.clone()).collect();
        let Collector { reads, bytes, cut_short, summary, .. } = self.collector;
        Done { reads, bytes, cut_short, summary, probes, kept: self.kept }
    }

    /// Reads the objects of the namespaces that the thread and the words are about.
    ///
    /// # Errors
    /// When the source cannot be listed.
    pub(super) async fn objects(&mut self, words: Option<&str>, depth: Depth) -> Result<(), NoReport> {
        self.list().await?;
        let bounds = bounds_of(&self.context.request);
        self.kept.namespaces = if bounds.is_empty() { self.home(words) } else { bounds };
        self.read_namespaces(&self.namespaces.clone(), depth).await;
        Ok(())
    }

    /// Finds out which namespaces there are, once.
    ///
    /// # Errors
    /// When the source cannot be listed.
    pub(super) async fn list(&mut self) -> Result<(), NoReport> {
        if self.readable.is_empty() && self.beyond.is_empty() {
            let bounds = bounds_of(&self.context.request);
            let within = |ns: &String| bounds.is_empty() || bounds.contains(ns);
            let all = self.collector.namespaces().await?;
            (self.kept.readable, self.kept.beyond) = all.into_iter().partition(within);
        }
        Ok(())
    }

    /// Reads further namespaces, where that is allowed; whether it was.
    pub(super) async fn also(&mut self, namespaces: BTreeSet<String>, depth: Depth) -> bool {
        let bounds = bounds_of(&self.context.request);
        let allowed = bounds.is_empty() || (!namespaces.is_empty() && namespaces.is_subset(&bounds));
        let known = self.namespaces.is_empty() || (!namespaces.is_empty() && namespaces.is_subset(&self.namespaces));
        if allowed && !known {
            self.read_namespaces(&namespaces, depth).await;
            let read = &mut self.kept.namespaces;
            if namespaces.is_empty() { read.clear() } else { read.extend(namespaces) }
        }
        allowed
    }

    async fn read_namespaces(&mut self, namespaces: &BTreeSet<String>, depth: Depth) {
        if namespaces.is_empty() && self.view.coverage_of(&Kind::Event, "").is_none() {
            // Events of some namespaces, read again with those of all, would count twice.
            self.kept.view = Kept::new(&self.context.request, Redactor::default()).view;
        }
        let others = if depth == Depth::Everything { self.collector.other_kinds().await } else { Vec::new() };
        let wanted = |probe: &Probe| matches!(probe, Probe::Objects { kind, .. } if depth.takes(kind));
        let probes = reads::objects(namespaces, self.readable.len(), &others).into_iter().map(|r| r.probe);
        let probes = probes.filter(wanted).collect();
        self.objects_of(probes).await;
    }

    /// Reads objects that were not read yet.
    pub(super) async fn objects_of(&mut self, mut probes: Vec<Probe>) {
        probes.retain(|probe| !self.is_read(probe));
        if !probes.is_empty() {
            self.read(probes).await;
        }
        let readable: Vec<String> = self.readable.clone();
        self.kept.view.limit_to(readable);
        let alerted = self.context.request.alerts.iter().filter_map(|alert| alert.starts_at).min();
        self.kept.view.reach_back_to(alerted);
        learn_secrets(&self.kept.view, &mut self.kept.redactor);
    }

    /// Whether objects were read before, or could not be for a reason that lasts.
    fn is_read(&self, probe: &Probe) -> bool {
        let Probe::Objects { kind, namespace } = probe else { return false };
        match self.view.coverage_of(kind, namespace.as_deref().unwrap_or_default()) {
            None | Some(Err(ReadFailure::TimedOut(_) | ReadFailure::OutOfBudget)) => false,
            Some(_) => true,
        }
    }

    /// Whether an object is of the namespaces that were read. Events of nodes stand in `default`, beside those of others.
    pub(super) fn covers(&self, entity: &EntityRef) -> bool {
        let here = |ns: &String| self.namespaces.is_empty() || self.namespaces.contains(ns);
        entity.namespace.as_ref().is_none_or(here)
    }

    /// Reads more: logs, metrics.
    pub(super) async fn read(&mut self, probes: Vec<Probe>) {
        let collected = self.collector.read(probes).await;
        self.kept.view.extend(collected);
    }

    /// Whether metrics can be read.
    pub(super) fn has_metrics(&self) -> bool {
        self.collector.serves(ProbeKind::Metrics)
    }

    /// What the source calls itself.
    pub(super) fn source(&self) -> String {
        self.source.describe()
    }

    /// Whether the deadline cut something off.
    pub(super) fn is_cut_short(&self) -> bool {
        self.collector.cut_short
    }

    /// The namespaces that words name, else those of the thread. None: all.
    fn home(&self, words: Option<&str>) -> BTreeSet<String> {
        let asked = Request { text: words.map(str::to_owned), ..Request::default() };
        let named = if words.is_some() { namespaces_of(&asked, &self.readable) } else { BTreeSet::new() };
        let report = self.context.report.iter().flat_map(|r| r.root_entities.iter().chain(&r.scope));
        let of_report: BTreeSet<String> = report.filter_map(|e: &EntityRef| e.namespace.clone()).collect();
        let mut home = namespaces_of(&self.context.request, &self.readable);
        // Of a question about the whole cluster the namespaces of its report are meant.
        home.extend(of_report);
        home.extend(named);
        home
    }

    /// A moment of the past.
    pub(super) fn moment(&self, when: When) -> Timestamp {
        moment(self.view.now(), when)
    }

    /// Reads of these kinds that failed, and parts of answers that could not be used.
    pub(super) fn gaps(&self, kinds: &[Kind]) -> Vec<Gap> {
        let part = |text: &str| Gap { what: "part of an answer".to_owned(), why: text.to_owned(), fix: None };
        let mut gaps = gaps_of_kinds(&self.view, kinds);
        // Events of nodes stand there, too; whoever asks about a namespace does not miss them.
        gaps.retain(|gap| gap.what != "events in default" || self.namespaces.contains("default"));
        gaps.extend(self.view.gaps().map(part));
        gaps
    }
}

/// A moment of the past. The clock's time is that of the last day.
pub fn moment(now: Timestamp, when: When) -> Timestamp {
    let back = |by| now.saturating_sub(by).unwrap_or(Timestamp::MIN);
    match when {
        When::Ago(by) => back(by.abs()),
        When::At(at) => at,
        When::Clock(time) => {
            let utc = now.to_zoned(jiff::tz::TimeZone::UTC);
            let today = utc.date().to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC);
            let at = today.map_or(now, |zoned| zoned.timestamp());
            if at <= now { at } else { at.saturating_sub(jiff::SignedDuration::from_hours(24)).unwrap_or(at) }
        }
    }
}
