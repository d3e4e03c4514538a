//! One container of one pod, as the pod detectors look at it: how it last ended, whether that goes on, how to speak of it.
//!
//! Start at [`cases`]: it leaves out the pods that are nobody's trouble any more (completed, being deleted, evicted,
//! attempts of a Job that went on). Must never call a container crashing that has outlived its trouble: see [`Course`].

use jiff::Timestamp;

use crate::detect::say;
use crate::entity::{EntityRef, Kind};
use crate::evidence::{Evidence, object};
use crate::finding::Finding;
use crate::kube::{Container, ContainerStatus, Event, Pod, Terminated, Waiting};
use crate::logs::LogDigest;
use crate::probe::{ContainerRef, log_command};
use crate::view::View;
use crate::view::relate::pod_ref;

use super::attempt::attempt_is_over;

/// A container that restarted more than once has outlived its trouble after this many seconds at least: the kubelet's
/// back-off starts at 10 s and doubles, so a shorter run proves nothing.
const SETTLED: i64 = 120;

/// The same for a single restart.
const SETTLED_ONCE: i64 = 60;

/// A run of this many seconds was not short: its end was an incident of its own, not a round of a loop.
const LONG_RUN: i64 = 3600;

/// For a single restart a run counts as long after this many seconds (the kubelet forgets its back-off then, too).
const LONG_ONLY_RUN: i64 = 600;

/// One container of one pod.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) view: &'a View,
    pub(crate) pod: &'a Pod,
    pub(crate) spec: &'a Container,
    pub(crate) status: Option<&'a ContainerStatus>,
    pub(crate) init: bool,
}

/// What becomes of a container's ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It has not ended, or as it should, or long ago.
    Fine,
    /// It ended in the window and has run well since.
    Over,
    /// It is down, or runs no longer than the runs that ended.
    Ongoing,
}

/// The containers of all pods whose state says something about now.
pub(crate) fn cases(view: &View) -> impl Iterator<Item = Case<'_>> {
    view.pods.iter().filter(|pod| is_current(view, pod)).flat_map(move |pod| of_pod(view, pod))
}

/// The containers of one pod, init containers first.
pub(super) fn of_pod<'a>(view: &'a View, pod: &'a Pod) -> impl Iterator<Item = Case<'a>> {
    pod.containers().map(move |(spec, status, init)| Case { view, pod, spec, status, init })
}

/// Whether a pod's state says something about now.
pub(super) fn is_current(view: &View, pod: &Pod) -> bool {
    let ended_by_node = pod.status.phase == "Failed" && !pod.status.reason.is_empty();
    let gone = pod.metadata.deletion_timestamp.is_some() || pod.is_completed() || ended_by_node;
    !gone && !attempt_is_over(view, pod)
}

impl<'a> Case<'a> {
    /// The pod.
    pub(crate) fn pod_ref(&self) -> EntityRef {
        pod_ref(self.pod)
    }

    /// The workload of the pod, or the bare pod.
    pub(crate) fn unit(&self) -> EntityRef {
        self.view.unit(&self.pod_ref())
    }

    /// The events of its pod in the window, oldest first.
    pub(crate) fn events(&self) -> Vec<&'a Event> {
        let pod = self.pod_ref();
        self.view.events_of(&pod).collect()
    }

    /// The namespace.
    pub(crate) fn ns(&self) -> &'a str {
        &self.pod.metadata.namespace
    }

    /// Where its log is.
    pub(crate) fn of(&self) -> ContainerRef {
        ContainerRef {
            namespace: self.pod.metadata.namespace.clone(),
            pod: self.pod.metadata.name.clone(),
            container: self.spec.name.clone(),
        }
    }

    /// As a claim says it: `container api of Deployment shop/checkout`.
    pub(crate) fn who(&self) -> String {
        let kind = if self.is_plain_init() { "init container" } else { "container" };
        format!("{kind} {} of {}", self.spec.name, self.unit())
    }

    /// An init container that must end (a sidecar must not).
    pub(crate) fn is_plain_init(&self) -> bool {
        self.init && self.spec.restart_policy != "Always"
    }

    /// Whether the pod belongs to a Job.
    pub(crate) fn of_job(&self) -> bool {
        self.pod.metadata.controller().is_some_and(|o| o.kind == "Job")
    }

    /// Why it waits, if it does.
    pub(crate) fn waiting(&self) -> Option<&'a Waiting> {
        self.status?.state.waiting.as_ref()
    }

    /// Since when it runs, if it does.
    pub(crate) fn running_since(&self) -> Option<Timestamp> {
        self.status?.state.running.as_ref().and_then(|r| *r.started_at)
    }

    /// How its newest ended run ended.
    pub(crate) fn ended(&self) -> Option<&'a Terminated> {
        let status = self.status?;
        status.state.terminated.as_ref().or(status.last_state.terminated.as_ref())
    }

    /// How often it restarted.
    pub(crate) fn restarts(&self) -> i64 {
        self.status.map_or(0, |s| s.restart_count)
    }

    /// What becomes of its ends.
    pub(crate) fn course(&self) -> Course {
        let Some(status) = self.status else { return Course::Fine };
        let Some(end) = self.ended() else { return Course::Fine };
        if let Some(now) = &status.state.terminated {
            let policy = if self.is_plain_init() { "OnFailure" } else { self.pod.spec.restart_policy.as_str() };
            let meant = now.exit_code == 0 && matches!(policy, "OnFailure" | "Never");
            return if meant { Course::Fine } else { Course::Ongoing };
        }
        if let Some(waiting) = &status.state.waiting {
            return if waiting.reason == "CrashLoopBackOff" { Course::Ongoing } else { Course::Fine };
        }
        let Some(since) = self.running_since() else { return Course::Fine };
        let recent = end.finished_at.is_some_and(|at| self.view.in_window(at));
        match (self.view.age(since) >= self.settling_time(end), status.ready, recent) {
            (_, true, false) | (true, false, _) => Course::Fine,
            (true, true, true) => Course::Over,
            (false, ..) => Course::Ongoing,
        }
    }

    /// How long it must run until the last end is history.
    fn settling_time(&self, end: &Terminated) -> i64 {
        let last = ran_for(end).unwrap_or(0);
        if self.restarts() <= 1 {
            if last >= LONG_ONLY_RUN { SETTLED_ONCE } else { last.max(SETTLED_ONCE) }
        } else if last >= LONG_RUN {
            SETTLED
        } else {
            (2 * last).max(SETTLED)
        }
    }

    /// The log of the run that ended: the current one while the container is down, the previous one once it runs again.
    pub(crate) fn end_log(&self) -> Option<(&'a LogDigest, bool)> {
        let of = self.of();
        let current = self.view.log(&of, false).and_then(|l| l.as_ref().ok()).map(|l| (l, false));
        let previous = self.view.log(&of, true).and_then(|l| l.as_ref().ok()).map(|l| (l, true));
        if self.running_since().is_some() { previous } else { current.filter(|(l, _)| l.lines > 0).or(previous) }
    }

    /// The log of the run under way.
    pub(crate) fn run_log(&self) -> Option<&'a LogDigest> {
        self.view.log(&self.of(), false).and_then(|l| l.as_ref().ok())
    }

    /// Fields of the pod, as evidence.
    pub(crate) fn says(&self, text: impl Into<String>) -> Evidence {
        object(&self.pod_ref(), text)
    }

    /// The path of the container in the pod's status.
    pub(crate) fn path(&self) -> String {
        let list = if self.init { "initContainerStatuses" } else { "containerStatuses" };
        format!("status.{list}[{}]", self.spec.name)
    }

    /// How the run ended, as evidence.
    pub(crate) fn end_evidence(&self, end: &Terminated) -> Evidence {
        let time = |t: Option<Timestamp>| t.map_or_else(|| "unknown".to_owned(), |t| t.to_string());
        let mut text = format!(
            "{} terminated: exitCode={} reason={} startedAt={} finishedAt={} restartCount={}",
            self.path(),
            end.exit_code,
            end.reason,
            time(*end.started_at),
            time(*end.finished_at),
            self.restarts()
        );
        if !end.message.is_empty() {
            text.push_str(" message=");
            text.push_str(end.message.trim());
        }
        self.says(text)
    }

    /// Why it waits, as evidence.
    pub(crate) fn waiting_evidence(&self, waiting: &Waiting) -> Evidence {
        self.says(format!("{} waiting: reason={} message={}", self.path(), waiting.reason, waiting.message))
    }

    /// Turns a finding of this container's workload into one of this container.
    pub(crate) fn mark(&self, finding: Finding) -> Finding {
        let mut finding = finding.container(&self.spec.name);
        finding.pods.insert(self.pod_ref());
        finding
    }

    /// `kubectl -n NS`.
    pub(crate) fn kubectl(&self) -> String {
        format!("kubectl -n {}", self.ns())
    }

    /// The command that shows its log.
    pub(crate) fn log_command(&self, previous: bool) -> String {
        log_command(&self.of(), previous)
    }

    /// The command that shows whether the pods of its workload become ready.
    pub(crate) fn watch(&self) -> String {
        say::watch(&self.unit())
    }

    /// The command that edits its workload.
    pub(crate) fn edit(&self) -> String {
        say::edit(&self.unit())
    }

    /// The command that goes back to the revision before, where there is one.
    pub(crate) fn undo(&self) -> Option<String> {
        let unit = self.unit();
        let revisions =
            self.view.replica_sets.within(self.ns()).filter(|r| {
                r.metadata.controller().is_some_and(|o| o.kind == unit.kind.as_str() && o.name == unit.name)
            });
        (unit.kind == Kind::Deployment && revisions.count() > 1)
            .then(|| format!("{} rollout undo {}", self.kubectl(), unit.slash()))
    }
}

/// Seconds that a run lasted.
pub(super) fn ran_for(end: &Terminated) -> Option<i64> {
    let (from, to) = ((*end.started_at)?, (*end.finished_at)?);
    Some(to.duration_since(from).as_secs().max(0))
}
