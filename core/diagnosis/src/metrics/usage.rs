//! What the containers of the scope use: memory against its limit, CPU throttling, restarts; told beside a cause or
//! against a rival.
//!
//! Must never contradict the kernel or the kubelet: a container that they killed for memory is not cleared by samples, which
//! miss what grows between two scrapes. Start at [`queries`] and [`beside`].

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{metric as metric_of, of_pods};
use super::seen::Answer;
use super::{MetricQuery, Point as Sample, Purpose, Series, number};
use crate::entity::EntityRef;
use crate::evidence::metric;
use crate::finding::{Finding, Point, Reason};
use crate::kube::{Container, ContainerStatus, Pod};
use crate::link::Incident;
use crate::quantity;
use crate::report::Gap;
use crate::scope::Scope;
use crate::verdict::{Diagnosis, Verdict};
use crate::view::View;
use crate::view::relate::pod_ref;

/// Pods whose use is read, what fails first.
const PODS_CAP: usize = 20;

/// Namespaces in which it is read.
const NAMESPACES_CAP: usize = 3;

/// Memory is near its limit from this share on.
const NEAR: f64 = 0.9;

/// Memory is far from its limit below this share. Between the two nothing is said.
const FAR: f64 = 0.5;

/// Samples that a statement of "at most" needs.
const SAMPLES: usize = 5;

/// Throttling counts from this share on (kube-prometheus' `CPUThrottlingHigh`).
const THROTTLED: f64 = 0.25;

/// Below this share throttling explains nothing.
const UNTHROTTLED: f64 = 0.01;

/// Points told of each kind.
const POINTS_CAP: usize = 3;

/// What to read about the pods of a scope.
pub fn queries(view: &View, scope: &Scope) -> Vec<MetricQuery> {
    let mut by_namespace: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pod in pods(view, scope) {
        by_namespace.entry(&pod.metadata.namespace).or_default().insert(&pod.metadata.name);
    }
    let window = (view.window_start(), view.now());
    by_namespace.iter().take(NAMESPACES_CAP).flat_map(|(ns, pods)| of_pods(ns, pods, window.0, window.1)).collect()
}

/// Pods of the scope, those that fail or restart first.
fn pods<'a>(view: &'a View, scope: &Scope) -> Vec<&'a Pod> {
    let reach = scope.reach(view);
    let mut pods: Vec<&Pod> =
        view.pods.iter().filter(|p| !p.is_completed() && reach.holds(view, &pod_ref(p))).collect();
    let restarts = |p: &Pod| p.containers().filter_map(|(_, s, _)| s).map(|s| s.restart_count).max().unwrap_or(0);
    pods.sort_by_key(|p| (p.is_ready(), std::cmp::Reverse(restarts(p))));
    pods.truncate(PODS_CAP);
    pods
}

/// What use says beside a verdict.
#[derive(Debug, Default)]
pub struct Beside {
    /// What supports it, or is worth knowing.
    pub because: Vec<Point>,
    /// Rivals that it excludes.
    pub against: Vec<Point>,
}

/// What the use of the containers that matter says: those of the incident, or of the scope while the question is open.
pub fn beside(view: &View, scope: &Scope, diagnosis: &Diagnosis) -> Beside {
    let findings: Vec<&Finding> =
        diagnosis.incidents.iter().take(diagnosis.in_scope.max(1)).flat_map(Incident::findings).collect();
    let mut told = Beside::default();
    for worst in worst(view, scope) {
        let about: Vec<&Finding> = findings.iter().copied().filter(|f| worst.is_of(view, f)).collect();
        let open = diagnosis.verdict == Verdict::Inconclusive && findings.is_empty();
        worst.memory(&about, open, &mut told);
        worst.throttling(&about, open, &mut told);
        worst.restarts(&about, &mut told);
    }
    told.because.truncate(POINTS_CAP);
    told.against.truncate(POINTS_CAP);
    told
}

/// One container of a workload with the readings of the pod that stands worst.
struct Worst<'a> {
    unit: EntityRef,
    container: &'a str,
    readings: Vec<Reading<'a>>,
}

/// What was read about one container of one pod.
struct Reading<'a> {
    pod: &'a Pod,
    spec: &'a Container,
    status: Option<&'a ContainerStatus>,
    found: BTreeMap<Purpose, (&'a MetricQuery, &'a Series)>,
}

/// The containers of the scope for which there are series, by workload.
fn worst<'a>(view: &'a View, scope: &Scope) -> Vec<Worst<'a>> {
    let mut by_unit: BTreeMap<(EntityRef, &str), Vec<Reading<'_>>> = BTreeMap::new();
    for pod in pods(view, scope) {
        for (spec, status, _) in pod.containers() {
            let found = found(view, pod, spec);
            if !found.is_empty() {
                let reading = Reading { pod, spec, status, found };
                by_unit.entry((view.unit(&pod_ref(pod)), spec.name.as_str())).or_default().push(reading);
            }
        }
    }
    by_unit.into_iter().map(|((unit, container), readings)| Worst { unit, container, readings }).collect()
}

fn found<'a>(view: &'a View, pod: &Pod, spec: &Container) -> BTreeMap<Purpose, (&'a MetricQuery, &'a Series)> {
    let is = |series: &Series| {
        let label = |name: &str| series.labels.get(name).map(String::as_str).unwrap_or_default();
        label("namespace") == pod.metadata.namespace
            && label("pod") == pod.metadata.name
            && label("container") == spec.name
    };
    let of = |purpose: Purpose| {
        let mut answers = view.metrics().answers(purpose);
        answers.find_map(|(query, answer)| Some((query, answer.series.iter().find(|s| is(s))?)))
    };
    let purposes = [Purpose::Memory, Purpose::Throttling, Purpose::Restarts];
    purposes.into_iter().filter_map(|p| Some((p, of(p)?))).collect()
}

impl Reading<'_> {
    fn peak(&self, purpose: Purpose) -> Option<Sample> {
        self.found.get(&purpose)?.1.peak().filter(|p| p.value.is_finite())
    }

    fn limit(&self, resource: &str) -> Option<(&str, f64)> {
        let text = self.spec.resources.limits.get(resource)?;
        Some((text, quantity::parse(text).filter(|v| *v > 0.0)?))
    }

    /// The highest share of the memory limit.
    fn memory(&self) -> Option<(f64, Sample)> {
        let peak = self.peak(Purpose::Memory)?;
        Some((peak.value / self.limit("memory")?.1, peak))
    }

    /// Whether the kernel killed it for memory, as far as its status remembers.
    fn was_oom_killed(&self) -> bool {
        let states = self.status.into_iter().flat_map(|s| [&s.state, &s.last_state]);
        states.filter_map(|s| s.terminated.as_ref()).any(|t| t.reason == "OOMKilled" || t.exit_code == 137)
    }

    fn point(&self, purpose: Purpose, text: String, says: String, sample: Sample) -> Option<Point> {
        let (query, _) = self.found.get(&purpose)?;
        Some(Point { text, evidence: metric(pod_ref(self.pod), query, says, sample.at) })
    }
}

impl Worst<'_> {
    fn who(&self) -> String {
        format!("container {} of {}", self.container, self.unit)
    }

    /// Whether a finding is about this container.
    fn is_of(&self, view: &View, finding: &Finding) -> bool {
        let named = finding.container.as_ref().is_none_or(|c| c == self.container);
        named && (view.unit(&finding.subject) == self.unit || finding.pods.iter().any(|p| view.unit(p) == self.unit))
    }

    fn memory(&self, about: &[&Finding], open: bool, told: &mut Beside) {
        let shares = self.readings.iter().filter_map(|r| Some((r, r.memory()?)));
        let Some((reading, (share, peak))) = shares.max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else { return };
        let Some((limit, _)) = reading.limit("memory") else { return };
        let used = quantity::bytes(peak.value);
        let says = format!("highest {used} of {limit}");
        if share >= NEAR && (open || about.iter().any(|f| f.reason == Reason::OomKilled)) {
            let text = format!("{} used up to {used} of its memory limit of {limit}", self.who());
            told.because.extend(reading.point(Purpose::Memory, text, says, peak));
            return;
        }
        let sampled = self.readings.iter().filter_map(|r| r.found.get(&Purpose::Memory)).map(|(_, s)| s.points.len());
        let enough = sampled.min().is_some_and(|n| n >= SAMPLES);
        let killed = self.readings.iter().any(Reading::was_oom_killed);
        if share < FAR && enough && !killed && (open || about.iter().any(|f| may_be_memory(f.reason))) {
            let text = format!("the memory limit: {} used at most {used} of {limit}", self.who());
            told.against.extend(reading.point(Purpose::Memory, text, says, peak));
        }
    }

    fn throttling(&self, about: &[&Finding], open: bool, told: &mut Beside) {
        let shares = self.readings.iter().filter_map(|r| Some((r, r.peak(Purpose::Throttling)?)));
        let Some((reading, share)) = shares.max_by(|a, b| a.1.value.total_cmp(&b.1.value)) else { return };
        let Some((limit, _)) = reading.limit("cpu") else { return };
        if !open && !about.iter().any(|f| may_be_slowness(f.reason)) {
            return;
        }
        let percent = number((share.value * 1000.0).round() / 10.0);
        let says = format!("throttled in {percent} % of its CPU periods");
        if share.value >= THROTTLED {
            let text = format!("{} was {says}; its CPU limit is {limit}", self.who());
            told.because.extend(reading.point(Purpose::Throttling, text, says, share));
        } else if share.value < UNTHROTTLED {
            let text = format!("the CPU limit of {limit}: {} was {says}", self.who());
            told.against.extend(reading.point(Purpose::Throttling, text, says, share));
        }
    }

    fn restarts(&self, about: &[&Finding], told: &mut Beside) {
        let counts = self.readings.iter().filter_map(|r| Some((r, r.peak(Purpose::Restarts)?)));
        let Some((reading, count)) = counts.max_by(|a, b| a.1.value.total_cmp(&b.1.value)) else { return };
        if count.value >= 1.0 && about.iter().any(|f| restarts_again(f.reason)) {
            let says = format!("restarted {} times in the window", number(count.value));
            let text = format!("{} {says}", self.who());
            told.because.extend(reading.point(Purpose::Restarts, text, says, count));
        }
    }
}

/// Failures that too little memory could explain.
fn may_be_memory(reason: Reason) -> bool {
    restarts_again(reason) && reason != Reason::OomKilled || may_be_slowness(reason)
}

/// Failures that too little CPU could explain.
fn may_be_slowness(reason: Reason) -> bool {
    matches!(reason, Reason::LivenessKills | Reason::ReadinessFails | Reason::ProbeImpatient | Reason::PodNotReady)
}

fn restarts_again(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CrashLoop | Reason::ExitsByItself | Reason::LivenessKills | Reason::OomKilled | Reason::Restarted
    )
}

/// Fixed queries that found nothing: a metric without series proves nothing.
pub(crate) fn missing(view: &View, scope: &Scope) -> Vec<Gap> {
    let limited =
        pods(view, scope).iter().flat_map(|p| &p.spec.containers).any(|c| c.resources.limits.contains_key("cpu"));
    let purposes = [Purpose::Memory, Purpose::Throttling, Purpose::Restarts];
    // Only a container with a CPU limit has CPU periods.
    let expected = purposes.into_iter().filter(|p| *p != Purpose::Throttling || limited);
    let empty = |purpose: &Purpose| {
        let answers: Vec<&Answer> = view.metrics().answers(*purpose).map(|(_, a)| a).collect();
        !answers.is_empty() && answers.iter().all(|a| a.series.is_empty())
    };
    expected.filter(empty).filter_map(metric_of).map(gap).collect()
}

fn gap(metric: &str) -> Gap {
    Gap {
        what: format!("metric {metric}"),
        why: "it has no series for the pods in scope; that proves nothing about them".to_owned(),
        fix: Some(
            if metric.starts_with("kube_") {
                "scrape kube-state-metrics, with `honor_labels: true`"
            } else {
                "scrape cAdvisor of the kubelets (`/metrics/cadvisor`)"
            }
            .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests;
